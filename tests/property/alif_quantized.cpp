#include "alif.hpp"
#include "laws.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("Alif obeys the laws quantized", "", st::reset::None, st::reset::Subtract, st::reset::Zero,
                   st::reset::ZeroBeforeInput) {
  laws::Laws<laws::Alif, double, TestType, st::quant::Uniform>().check();
}
