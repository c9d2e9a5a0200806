#include "leaky_parity.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::Leaky, double)

TEST_CASE("Leaky<double> gives the recorded figures") {
  const golden::Counts counts = golden::run_all_groups<double>(false);
  CHECK(counts.exact == 128);
  CHECK(counts.plain == 124);
  CHECK(golden::run_design_extra<double>(false) == 6);
}

TEST_CASE("a quantized Leaky<double> gives the recorded figures") {
  const golden::Counts counts = golden::run_all_groups<double>(true);
  CHECK(counts.exact == 10);
  CHECK(counts.plain == 10);
  CHECK(golden::run_design_extra<double>(true) == 6);
}
