// expect: Reset, the second template argument, must be a reset policy
#include <spiketape/neuron/leaky.hpp>

namespace st = spiketape;

int main() {
  st::Leaky<float, st::surrogate::ATan> lif({.beta = 0.9f});
}
