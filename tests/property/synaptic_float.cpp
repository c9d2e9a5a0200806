#include "../any_neuron.hpp"
#include "laws.hpp"
#include "synaptic.hpp"

namespace st = spiketape;

SPIKETAPE_ANY_NEURON(extern, st::Synaptic, float)

TEMPLATE_TEST_CASE("Synaptic obeys the laws in float", "", st::reset::None, st::reset::Subtract, st::reset::Zero,
                   st::reset::ZeroBeforeInput) {
  laws::check<laws::Synaptic, float, TestType>({AnyQuantizer::None, AnyQuantizer::Uniform});
}
