// expect: must have a const derivative(x) or be callable with x
#include <spiketape/neuron/leaky.hpp>

namespace st = spiketape;

struct Mine {
  template <typename T>
  T gradient(const T& x) const {
    return x;
  }
};

int main() {
  st::Leaky<float, st::reset::Subtract, Mine> lif({.beta = 0.9f});
}
