// expect: spiketape: an expression lies nowhere in memory: give its values a name first
#include <spiketape/core/array.hpp>

void use(spiketape::SequenceView<const float>) {}

int main() {
  const spiketape::Array<float> step = spiketape::Array<float>::Zero(2, 3);
  use(2 * step);
}
