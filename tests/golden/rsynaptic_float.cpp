#include "rsynaptic_case.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::RSynaptic, float)

TEST_CASE("RSynaptic<float> gives the recorded figures") {
  const golden::Counts counts = golden::run_rsynaptic<float>();
  CHECK(counts.exact == 9);
  CHECK(counts.plain == 9);
}
