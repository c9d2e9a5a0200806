#include "laws.hpp"
#include "rsynaptic.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("RSynaptic obeys the laws in float", "", st::reset::None, st::reset::Subtract,
                   st::reset::Zero, st::reset::ZeroBeforeInput) {
  // Double meets every reset with every quantizer; float, to compile less, each reset with one of them.
  constexpr bool quantized = TestType::before_input || TestType::d_threshold != 0;
  using Quantizer = std::conditional_t<quantized, st::quant::Uniform, st::quant::None>;
  laws::Laws<laws::RSynaptic, float, TestType, Quantizer>().check();
}
