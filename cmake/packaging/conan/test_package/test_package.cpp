#include <spiketape/spiketape.hpp>

#include <cstdio>

namespace st = spiketape;

int main() {
  const st::Leaky<float> neuron({.beta = 0.9f});
  const st::Array<float> current = st::Array<float>::Constant(1, 1, 0.5f);
  const auto out = neuron(st::Sequence<float>::repeat(current, 10));
  std::printf("%g spikes in 10 steps\n", static_cast<double>(out.spk.array().sum()));
}
