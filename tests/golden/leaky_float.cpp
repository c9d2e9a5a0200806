#include "leaky_parity.hpp"

TEST_CASE("Leaky<float> gives the recorded figures") {
  const golden::Counts all = golden::run_all_groups<float>();
  CHECK(all.exact == 95);
  CHECK(all.plain == 95);
  CHECK(all.unlike == 13);
}
