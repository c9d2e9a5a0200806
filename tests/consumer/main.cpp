// The smallest program of a user: it prints the version and runs something.
#include <spiketape/spiketape.hpp>

#include <cstdio>

#if defined(EXPECT_OPENMP) && !defined(_OPENMP)
#error spiketape::openmp does not give OpenMP
#endif

namespace st = spiketape;

float sum_of(st::SequenceView<const float> input);  // in second.cpp

int main() {
  std::printf("spiketape %d.%d.%d\n", SPIKETAPE_VERSION_MAJOR, SPIKETAPE_VERSION_MINOR,
              SPIKETAPE_VERSION_PATCH);

  st::Random random(1);
  st::Sequence<float> input(4, 2, 3);
  float sum = 0;
  for (float& value : input.array().reshaped()) sum += value = static_cast<float>(random.below(10));

  const bool same = sum == sum_of(input);
  std::printf("sum %g, %s through a view\n", static_cast<double>(sum), same ? "the same" : "another");
  return same ? 0 : 1;
}
