#include <spiketape/core/array.hpp>

void use(spiketape::SequenceView<const float>) {}

int main() {
  const spiketape::Array<double> step = spiketape::Array<double>::Zero(2, 3);
  use(spiketape::Array<float>(step.cast<float>()));
}
