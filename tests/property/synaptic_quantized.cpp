#include "laws.hpp"
#include "synaptic.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("Synaptic obeys the laws quantized", "", st::reset::None, st::reset::Subtract,
                   st::reset::Zero, st::reset::ZeroBeforeInput) {
  laws::Laws<laws::Synaptic, double, TestType, st::quant::Uniform>().check();
}
