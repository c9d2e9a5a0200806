#include <spiketape/neuron/leaky.hpp>

namespace st = spiketape;

int main() {
  st::Leaky<float, st::reset::Zero, st::surrogate::ATan> lif({.beta = 0.9f});
}
