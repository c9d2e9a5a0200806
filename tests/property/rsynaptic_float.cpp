#include "../any_neuron.hpp"
#include "laws.hpp"
#include "rsynaptic.hpp"

namespace st = spiketape;

SPIKETAPE_ANY_NEURON(extern, st::RSynaptic, float)

TEMPLATE_TEST_CASE("RSynaptic obeys the laws in float", "", st::reset::None, st::reset::Subtract, st::reset::Zero,
                   st::reset::ZeroBeforeInput) {
  laws::check<laws::RSynaptic, float, TestType>({AnyQuantizer::None, AnyQuantizer::Uniform});
}
