#include "leaky_parity.hpp"

TEST_CASE("Leaky<double> gives the recorded figures") {
  const golden::Counts all = golden::run_all_groups<double>();
  CHECK(all.exact == 98);
  CHECK(all.plain == 98);
  CHECK(all.unlike == 14);
}
