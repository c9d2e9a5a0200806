#include "laws.hpp"
#include "leaky.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("Leaky obeys the laws in float", "", st::reset::None, st::reset::Subtract, st::reset::Zero,
                   st::reset::ZeroBeforeInput) {
  laws::Laws<laws::Leaky, float, TestType>().check();
}
