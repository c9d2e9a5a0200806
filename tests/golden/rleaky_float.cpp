#include "rleaky_case.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::RLeaky, float)

TEST_CASE("RLeaky<float> gives the recorded figures") {
  const golden::Counts counts = golden::run_rleaky<float>();
  CHECK(counts.exact == 15);
  CHECK(counts.plain == 9);
}
