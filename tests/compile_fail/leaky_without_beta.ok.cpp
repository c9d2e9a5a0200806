#include <spiketape/neuron/leaky.hpp>

namespace st = spiketape;

int main() {
  st::Leaky<float> lif({.beta = 0.9f, .threshold = 1});
}
