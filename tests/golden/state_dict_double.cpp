// The state_dicts of snnTorch in float64.
#include "state_dict_case.hpp"

TEST_CASE("state_dicts of snnTorch, float64") { golden_state::check_all<double>(); }
