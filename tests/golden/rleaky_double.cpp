#include "rleaky_case.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::RLeaky, double)

TEST_CASE("RLeaky<double> gives the recorded figures") {
  const golden::Counts counts = golden::run_rleaky<double>();
  CHECK(counts.exact == 15);
  CHECK(counts.plain == 9);
}
