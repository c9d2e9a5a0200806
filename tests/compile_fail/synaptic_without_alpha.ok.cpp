#include <spiketape/neuron/synaptic.hpp>

namespace st = spiketape;

int main() {
  st::Synaptic<float> lif({.alpha = 0.9f, .beta = 0.8f});
}
