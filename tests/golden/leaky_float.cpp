#include "leaky_parity.hpp"

TEST_CASE("Leaky<float> gives the recorded figures") {
  const golden::Counts counts = golden::run_all_groups<float, spiketape::quant::None>();
  CHECK(counts.exact == 124);
  CHECK(counts.plain == 122);
  CHECK(golden::run_design_extra<float, spiketape::quant::None>() == 6);
}
