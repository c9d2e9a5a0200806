#include <spiketape/neuron/leaky.hpp>

namespace st = spiketape;

struct Mine {
  std::array<double, 2> slopes = {1, 2};
  float derivative(float x) const { return x; }
};

int main() {
  st::Leaky<float, st::reset::Subtract, Mine> lif({.beta = 0.9f});
}
