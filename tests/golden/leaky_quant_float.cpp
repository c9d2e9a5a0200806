#include "leaky_parity.hpp"

TEST_CASE("a quantized Leaky<float> gives the recorded figures") {
  using namespace spiketape::quant;
  const golden::Counts counts = golden::run_all_groups<float, Uniform, NonUniform>();
  CHECK(counts.exact == 10);
  CHECK(counts.plain == 10);
  CHECK(golden::run_design_extra<float, Uniform, NonUniform>() == 6);
}
