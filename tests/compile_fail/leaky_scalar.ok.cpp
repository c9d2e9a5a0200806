#include <spiketape/neuron/leaky.hpp>

namespace st = spiketape;

int main() {
  st::Leaky<double> lif({.beta = 1});
}
