#include "laws.hpp"
#include "synaptic.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("Synaptic obeys the laws quantized", "", st::reset::None, st::reset::Zero) {
  // The other resets are quantized in float.
  laws::Laws<laws::Synaptic, double, TestType, st::quant::Uniform>().check();
}
