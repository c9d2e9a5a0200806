// Numbers of another type are refused where they are given; double never becomes float by itself.
//
// CASE_NEURON: the numbers given have another type than those expected
// CASE_SEQUENCE: the numbers given have another type than those expected
// CASE_NETWORK: the numbers given have another type than those expected
// CASE_STATE: the numbers given have another type than those expected
// CASE_CONSTANT: the numbers given have another type than those expected
// CASE_LINEAR: the numbers given have another type than those expected
// CASE_VAR: the numbers given have another type than those expected
// CASE_SPK_MEM: the numbers given have another type than those expected
// CASE_KEPT: the numbers given have another type than those expected
// CASE_VARIABLE: the numbers given have another type than those expected
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/neuron/leaky.hpp>

namespace st = spiketape;

int main() {
  const st::Array<float> step = st::Array<float>::Zero(2, 3);
  const st::Array<double> doubles = step.cast<double>();
  st::Random random(1);
  const st::Leaky<float> lif({.beta = 0.9f});
  const st::Sequential net{st::Linear<float>(3, 2, random), st::Leaky<float>({.beta = 0.9f})};
  auto state = net.state(2);
  st::Tape<float> tape;
#if defined(CASE_NEURON)
  static_cast<void>(lif(doubles));
#elif defined(CASE_SEQUENCE)
  static_cast<void>(lif(st::Sequence<double>(4, 2, 3)));
#elif defined(CASE_NETWORK)
  static_cast<void>(net(doubles));
#elif defined(CASE_STATE)
  static_cast<void>(net(doubles, state));
#elif defined(CASE_CONSTANT)
  static_cast<void>(tape.constant(doubles, 20));
#elif defined(CASE_LINEAR)
  static_cast<void>(st::Linear<float>(3, 2, random)(doubles));
#elif defined(CASE_VAR)
  st::Tape<double> other;
  static_cast<void>(net(other.constant(doubles)));
#elif defined(CASE_SPK_MEM)
  const auto [spk, mem] = lif(doubles);
#elif defined(CASE_KEPT)
  auto out = net(doubles);
#elif defined(CASE_VARIABLE)
  auto v = tape.variable(doubles);
#else
  static_cast<void>(lif(doubles.cast<float>().eval()));
  static_cast<void>(lif(step));
  static_cast<void>(lif(st::Sequence<float>(4, 2, 3)));
  static_cast<void>(net(step));
  static_cast<void>(net(step, state));
  static_cast<void>(tape.constant(step, 20));
#endif
}
