#include <spiketape/core/array.hpp>

void use(spiketape::SequenceView<const float>) {}

int main() {
  const spiketape::Row<float> sample = spiketape::Row<float>::Zero(3);
  use(sample);
}
