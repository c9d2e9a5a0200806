#include "../any_neuron.hpp"
#include "laws.hpp"
#include "leaky.hpp"

namespace st = spiketape;

SPIKETAPE_ANY_NEURON(extern, st::Leaky, double)

TEMPLATE_TEST_CASE("Leaky obeys the laws in double", "", st::reset::None, st::reset::Subtract, st::reset::Zero,
                   st::reset::ZeroBeforeInput) {
  laws::check<laws::Leaky, double, TestType>({AnyQuantizer::None, AnyQuantizer::NonUniform});
}
