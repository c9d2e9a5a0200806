#include "alpha_case.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::Alpha, float)

TEST_CASE("Alpha<float> gives the recorded figures") {
  const golden::Counts counts = golden::run_alpha<float>();
  CHECK(counts.exact == 6);
  CHECK(counts.plain == 0);
}
