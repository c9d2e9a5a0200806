// expect: must have a const apply(v) or levels<Scalar>()
#include <spiketape/neuron/leaky.hpp>

namespace st = spiketape;

struct Ternary {
  std::vector<float> values() const { return {-1, 0, 1}; }
};

int main() {
  st::Leaky<float, st::reset::Subtract, st::surrogate::ATan, Ternary> lif({.beta = 0.9f});
}
