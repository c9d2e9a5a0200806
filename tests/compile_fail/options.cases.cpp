// Options that are another policy's, and what a neuron is written without.
//
// CASE_RESET: reset_mechanism holds the parameters of the neuron's own reset, which is its second template argument
// CASE_SURROGATE: spike_grad holds the parameters of the neuron's own surrogate, which is its third template argument
// CASE_QUANTIZER: state_quant holds the parameters of the neuron's own quantizer, which is its fourth template argument
// CASE_SCALAR: Scalar cannot be deduced: write Leaky<float>
// CASE_RECURRENT_RESET: reset_mechanism holds the parameters of the neuron's own reset
// CASE_RECURRENT_SCALAR: Scalar cannot be deduced: write Leaky<float>
// CASE_STD_FUNCTION: Surrogate, the third template argument, must be trivially copyable
// CASE_LAMBDA_WITH_REFERENCE: Surrogate, the third template argument, must be trivially copyable
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/neuron/rleaky.hpp>

#include <functional>
#include <type_traits>

namespace st = spiketape;

int main() {
  st::Random random(1);
#if defined(CASE_RESET)
  st::Leaky<float> lif({.beta = 0.9f, .reset_mechanism = "zero"});
#elif defined(CASE_SURROGATE)
  st::Leaky<float> lif({.beta = 0.9f, .spike_grad = st::surrogate::FastSigmoid{}});
#elif defined(CASE_QUANTIZER)
  st::Leaky<float> lif({.beta = 0.9f, .state_quant = st::quant::Uniform{.num_bits = 4}});
#elif defined(CASE_SCALAR)
  st::Leaky lif({.beta = 0.9f});
#elif defined(CASE_RECURRENT_RESET)
  st::RLeaky<float> lif({.beta = 0.9f, .linear_features = 3, .reset_mechanism = st::reset::Zero{}}, random);
#elif defined(CASE_RECURRENT_SCALAR)
  st::RLeaky lif({.beta = 0.9f, .linear_features = 3}, random);
#elif defined(CASE_STD_FUNCTION)
  st::Leaky<float, st::reset::Subtract, std::function<float(float)>> lif({.beta = 0.9f});
#elif defined(CASE_LAMBDA_WITH_REFERENCE)
  float slope = 2;
  const auto bump = [&slope](auto x) { return x * slope; };
  st::Leaky<float, st::reset::Subtract, decltype(bump)> lif({.beta = 0.9f, .spike_grad = bump});
#else
  st::Leaky<float> lif({.beta = 0.9f, .spike_grad = {.alpha = 3}, .reset_mechanism = {}});
  st::Leaky copy(lif);
  st::RLeaky<float> recurrent({.beta = 0.9f, .linear_features = 3}, random);
  const float slope = 2;
  const auto bump = [slope](auto x) { return x * slope; };
  st::Leaky<float, st::reset::Subtract, std::remove_const_t<decltype(bump)>> own({.beta = 0.9f, .spike_grad = bump});
#endif
}
