#include "lapicque_case.hpp"

TEST_CASE("Lapicque<float> gives the recorded figures") { CHECK(golden::run_lapicque<float>().exact == 15); }
