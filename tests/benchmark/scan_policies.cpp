// The scans of Leaky with other policies. A surrogate affects only the backward scan.
#include "scan.hpp"

namespace {

namespace st = spiketape;

template <typename Surrogate, typename Quantizer = st::quant::None>
using Leaky = st::Leaky<float, st::reset::Subtract, Surrogate, Quantizer>;

const bool fast_sigmoid = scan::add("Leaky, FastSigmoid", Leaky<st::surrogate::FastSigmoid>({.beta = 0.9f}),
                                    {.adjoint_only = true});

const auto bump = [](auto x) { return 1.0f / (1.0f + x * x); };
const bool lambda = scan::add("Leaky, a lambda", Leaky<decltype(bump)>({.beta = 0.9f, .spike_grad = bump}),
                              {.adjoint_only = true});

const bool quantized =
    scan::add("Leaky, 4 bits",
              Leaky<st::surrogate::ATan, st::quant::Uniform>({.beta = 0.9f, .state_quant = {.num_bits = 4}}));

}  // namespace
