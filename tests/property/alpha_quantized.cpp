#include "alpha.hpp"
#include "laws.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("Alpha obeys the laws quantized", "", st::reset::None, st::reset::Subtract,
                   st::reset::Zero, st::reset::ZeroBeforeInput) {
  laws::Laws<laws::Alpha, double, TestType, st::quant::Uniform>().check();
}
