#include "../any_neuron.hpp"
#include "alpha.hpp"
#include "laws.hpp"

namespace st = spiketape;

SPIKETAPE_ANY_NEURON(extern, st::Alpha, double)

TEMPLATE_TEST_CASE("Alpha obeys the laws in double", "", st::reset::None, st::reset::Subtract, st::reset::Zero,
                   st::reset::ZeroBeforeInput) {
  laws::check<laws::Alpha, double, TestType>({AnyQuantizer::None, AnyQuantizer::Uniform});
}
