// expect: Scalar must be float or double: write Leaky<float>
#include <spiketape/neuron/leaky.hpp>

namespace st = spiketape;

int main() {
  st::Leaky<int> lif({.beta = 1});
}
