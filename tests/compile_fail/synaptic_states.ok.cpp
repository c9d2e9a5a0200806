#include <spiketape/neuron/synaptic.hpp>

namespace st = spiketape;

int main() {
  st::Synaptic<float> lif({.alpha = 0.9f, .beta = 0.8f});
  st::Array<float> input = st::Array<float>::Zero(2, 3), syn, mem;
  lif(input, syn, mem);
}
