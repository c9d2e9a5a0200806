#include "lapicque_case.hpp"

TEST_CASE("Lapicque<double> gives the recorded figures") {
  CHECK(golden::run_lapicque<double>().exact == 15);
}
