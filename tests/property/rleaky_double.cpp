#include "../any_neuron.hpp"
#include "laws.hpp"
#include "rleaky.hpp"

namespace st = spiketape;

SPIKETAPE_ANY_NEURON(extern, st::RLeaky, double)

TEMPLATE_TEST_CASE("RLeaky obeys the laws in double", "", st::reset::None, st::reset::Subtract, st::reset::Zero,
                   st::reset::ZeroBeforeInput) {
  laws::check<laws::RLeaky, double, TestType>({AnyQuantizer::None, AnyQuantizer::Uniform});
}
