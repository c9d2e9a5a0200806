#include "bits.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("a quantized sequence equals a loop of steps, and a tape the plain call", "", st::reset::None,
                   st::reset::Subtract, st::reset::Zero, st::reset::ZeroBeforeInput) {
  laws::check_all_bits<float, TestType, st::quant::Uniform>();
  laws::check_all_bits<double, TestType, st::quant::NonUniform>();
}
