// expect in a note: SequenceView<const float>
// A double never becomes a float by itself.
#include <spiketape/core/array.hpp>

void use(spiketape::SequenceView<const float>) {}

int main() {
  const spiketape::Array<double> step = spiketape::Array<double>::Zero(2, 3);
  use(step);
}
