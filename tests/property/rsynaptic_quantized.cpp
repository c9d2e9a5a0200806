#include "laws.hpp"
#include "rsynaptic.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("RSynaptic obeys the laws quantized", "", st::reset::None, st::reset::Subtract,
                   st::reset::Zero, st::reset::ZeroBeforeInput) {
  laws::Laws<laws::RSynaptic, double, TestType, st::quant::Uniform>().check();
}
