// The state_dicts of snnTorch in float32.
#include "state_dict_case.hpp"

TEST_CASE("state_dicts of snnTorch, float32") { golden_state::check_all<float>(); }
