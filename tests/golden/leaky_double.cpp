#include "leaky_parity.hpp"

TEST_CASE("Leaky<double> gives the recorded figures") {
  const golden::Counts counts = golden::run_all_groups<double, spiketape::quant::None>();
  CHECK(counts.exact == 128);
  CHECK(counts.plain == 124);
  CHECK(golden::run_design_extra<double, spiketape::quant::None>() == 6);
}
