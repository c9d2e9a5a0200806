// expect: beta is required: write Leaky<float> lif({.beta = 0.9f})
#include <spiketape/neuron/leaky.hpp>

namespace st = spiketape;

int main() {
  st::Leaky<float> lif({.threshold = 1});
}
