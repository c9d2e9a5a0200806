#include "../any_neuron.hpp"
#include "alif.hpp"
#include "laws.hpp"

namespace st = spiketape;

SPIKETAPE_ANY_NEURON(extern, st::Alif, float)

TEMPLATE_TEST_CASE("Alif obeys the laws in float", "", st::reset::None, st::reset::Subtract, st::reset::Zero,
                   st::reset::ZeroBeforeInput) {
  laws::check<laws::Alif, float, TestType>({AnyQuantizer::None, AnyQuantizer::Uniform});
}
