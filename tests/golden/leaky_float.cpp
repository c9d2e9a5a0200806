#include "leaky_parity.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::Leaky, float)

TEST_CASE("Leaky<float> gives the recorded figures") {
  const golden::Counts counts = golden::run_all_groups<float>(false);
  CHECK(counts.exact == 124);
  CHECK(counts.plain == 122);
  CHECK(golden::run_design_extra<float>(false) == 6);
}

TEST_CASE("a quantized Leaky<float> gives the recorded figures") {
  const golden::Counts counts = golden::run_all_groups<float>(true);
  CHECK(counts.exact == 10);
  CHECK(counts.plain == 10);
  CHECK(golden::run_design_extra<float>(true) == 6);
}
