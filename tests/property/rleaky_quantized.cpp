#include "laws.hpp"
#include "rleaky.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("RLeaky obeys the laws quantized", "", st::reset::None, st::reset::Subtract,
                   st::reset::Zero, st::reset::ZeroBeforeInput) {
  laws::Laws<laws::RLeaky, double, TestType, st::quant::Uniform>().check();
}
