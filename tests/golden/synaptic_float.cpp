#include "synaptic_case.hpp"

TEST_CASE("Synaptic<float> gives the recorded figures") {
  const golden::Counts counts = golden::run_synaptic<float>();
  CHECK(counts.exact == 12);
  CHECK(counts.plain == 6);
}
