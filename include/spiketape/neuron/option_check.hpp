// Error messages for faults in the options of a neuron.
//
// For options that fit no constructor a compiler would list all constructors. So each neuron declares one
// more, a template that is taken only where nothing else fits. Its options are the same except for the
// policies, which take anything and report what is wrong with it. A deduction guide does the same for options
// without a Scalar.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/policy_check.hpp>

#include <concepts>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Replaces a policy in the options of such a constructor.
template <typename Reset>
struct GivenReset {
  GivenReset() = default;
  template <typename Given>
  GivenReset(const Given&) {  // NOLINT: takes anything
    static_assert(std::convertible_to<Given, Reset>,
                  "spiketape: reset_mechanism holds the parameters of the neuron's own reset, which is its "
                  "second template argument: write Leaky<float, reset::Zero> lif({.beta = 0.9f})");
  }
};
template <typename Surrogate>
struct GivenSurrogate {
  GivenSurrogate() = default;
  template <typename Given>
  GivenSurrogate(const Given&) {  // NOLINT: takes anything
    static_assert(std::convertible_to<Given, Surrogate>,
                  "spiketape: spike_grad holds the parameters of the neuron's own surrogate, which is its "
                  "third template argument: write Leaky<float, reset::Subtract, surrogate::FastSigmoid> "
                  "lif({.beta = 0.9f, .spike_grad = {.slope = 10}})");
  }
};
template <typename Quantizer>
struct GivenQuantizer {
  GivenQuantizer() = default;
  template <typename Given>
  GivenQuantizer(const Given&) {  // NOLINT: takes anything
    static_assert(std::convertible_to<Given, Quantizer>,
                  "spiketape: state_quant holds the parameters of the neuron's own quantizer, which is its "
                  "fourth template argument: write Leaky<float, reset::Subtract, surrogate::ATan, "
                  "quant::Uniform> lif({.beta = 0.9f, .state_quant = {.num_bits = 4}})");
  }
};

template <template <typename, typename, typename, typename> typename Options, typename Scalar, typename Reset,
          typename Surrogate, typename Quantizer>
using AnyOptions =
    Options<Scalar, GivenReset<Reset>, GivenSurrogate<Surrogate>, GivenQuantizer<Quantizer>>;
template <template <typename, typename, typename, typename> typename Options>
using OptionsWithoutScalar =
    AnyOptions<Options, float, RefusedPolicy, RefusedPolicy, RefusedPolicy>;

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
