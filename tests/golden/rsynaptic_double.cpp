#include "rsynaptic_case.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::RSynaptic, double)

TEST_CASE("RSynaptic<double> gives the recorded figures") {
  const golden::Counts counts = golden::run_rsynaptic<double>();
  CHECK(counts.exact == 9);
  CHECK(counts.plain == 9);
}
