#include "bits.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("a sequence equals a loop of steps, and a tape the plain call, in float", "", st::reset::None,
                   st::reset::Subtract, st::reset::Zero, st::reset::ZeroBeforeInput) {
  laws::check_all_bits<float, TestType>();
}
