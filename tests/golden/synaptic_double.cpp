#include "synaptic_case.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::Synaptic, double)

TEST_CASE("Synaptic<double> gives the recorded figures") {
  const golden::Counts counts = golden::run_synaptic<double>();
  CHECK(counts.exact == 12);
  CHECK(counts.plain == 6);
}
