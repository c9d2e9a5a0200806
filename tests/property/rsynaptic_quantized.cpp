#include "laws.hpp"
#include "rsynaptic.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("RSynaptic obeys the laws quantized", "", st::reset::None, st::reset::Zero) {
  // The other resets are quantized in float.
  laws::Laws<laws::RSynaptic, double, TestType, st::quant::Uniform>().check();
}
