#include "synaptic_case.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::Synaptic, float)

TEST_CASE("Synaptic<float> gives the recorded figures") {
  const golden::Counts counts = golden::run_synaptic<float>();
  CHECK(counts.exact == 12);
  CHECK(counts.plain == 6);
}
