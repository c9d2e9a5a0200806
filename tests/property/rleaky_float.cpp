#include "../any_neuron.hpp"
#include "laws.hpp"
#include "rleaky.hpp"

namespace st = spiketape;

SPIKETAPE_ANY_NEURON(extern, st::RLeaky, float)

TEMPLATE_TEST_CASE("RLeaky obeys the laws in float", "", st::reset::None, st::reset::Subtract, st::reset::Zero,
                   st::reset::ZeroBeforeInput) {
  laws::check<laws::RLeaky, float, TestType>({AnyQuantizer::None, AnyQuantizer::Uniform});
}
