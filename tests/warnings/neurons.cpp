// Every neuron, policy and way of a call once, to be compiled with the warnings of flags.cmake.
#include <spiketape/spiketape.hpp>

#include "warnings.hpp"

namespace st = spiketape;

namespace {

template <typename Neuron, typename Scalar>
Scalar call(const Neuron& neuron, const st::Sequence<Scalar>& input) {
  const auto step = neuron(input.step(0));
  const auto sequence = neuron(input);
  st::Tape<Scalar> tape;
  const auto out = neuron(tape.variable(input));
  tape.backward(st::sum(out.spk) + st::sum(out.mem));
  return sequence.mem(0, 0, 0) + step.spk(0, 0);
}

template <typename Scalar>
Scalar call_policies() {
  const st::Sequence<Scalar> input(3, 2, 5);
  using st::Leaky;
  using namespace st::surrogate;
  using st::reset::Subtract;
  const Scalar beta = static_cast<Scalar>(0.5);
  return call(Leaky<Scalar, st::reset::Zero, FastSigmoid>({.beta = beta, .learn_beta = true}), input) +
         call(
             Leaky<Scalar, st::reset::ZeroBeforeInput, SparseFastSigmoid>({.beta = beta, .inhibition = true}),
             input) +
         call(Leaky<Scalar, st::reset::None, StochasticSpike>({.beta = beta}), input) +
         call(Leaky<Scalar, Subtract, Sigmoid, st::quant::Uniform>(
                  {.beta = beta, .state_quant = {.num_bits = 3}}),
              input) +
         call(Leaky<Scalar, Subtract, MultiGaussian, st::quant::NonUniform>({.beta = beta}), input);
}

}  // namespace

float warnings::call_neurons() {
  const st::Sequence<float> input(3, 2, 5);
  st::Random random(1);
  return call(st::Lapicque<float>({.beta = 0.5F}), input) +
         call(st::Synaptic<float>({.alpha = 0.5F, .beta = 0.5F, .reset_delay = false}), input) +
         call(st::Alpha<float>({.alpha = 0.75F, .beta = 0.5F}), input) +
         call(st::RLeaky<float>({.beta = 0.5F, .linear_features = 5}, random), input) +
         call(st::Alif<float>({.beta = 0.5F}), input) + call_policies<float>() +
         static_cast<float>(call_policies<double>());
}
