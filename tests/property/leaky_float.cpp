#include "../any_neuron.hpp"
#include "laws.hpp"
#include "leaky.hpp"

namespace st = spiketape;

SPIKETAPE_ANY_NEURON(extern, st::Leaky, float)

TEMPLATE_TEST_CASE("Leaky obeys the laws in float", "", st::reset::None, st::reset::Subtract, st::reset::Zero,
                   st::reset::ZeroBeforeInput) {
  laws::check<laws::Leaky, float, TestType>({AnyQuantizer::None, AnyQuantizer::Uniform});
}
