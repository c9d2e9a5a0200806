#include "alpha_case.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::Alpha, double)

TEST_CASE("Alpha<double> gives the recorded figures") {
  const golden::Counts counts = golden::run_alpha<double>();
  CHECK(counts.exact == 6);
  CHECK(counts.plain == 0);
}
