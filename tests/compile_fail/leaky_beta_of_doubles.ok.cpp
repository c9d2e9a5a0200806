#include <spiketape/neuron/leaky.hpp>

namespace st = spiketape;

int main() {
  const st::Row<double> betas = st::Row<double>::Constant(3, 0.9);
  st::Leaky<float> lif({.beta = betas.cast<float>()});
}
