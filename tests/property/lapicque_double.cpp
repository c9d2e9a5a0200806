#include "../any_neuron.hpp"
#include "lapicque.hpp"
#include "laws.hpp"

namespace st = spiketape;

SPIKETAPE_ANY_NEURON(extern, st::Lapicque, double)

TEMPLATE_TEST_CASE("Lapicque obeys the laws in double", "", st::reset::None, st::reset::Subtract, st::reset::Zero,
                   st::reset::ZeroBeforeInput) {
  laws::check<laws::Lapicque, double, TestType>({AnyQuantizer::None, AnyQuantizer::Uniform});
}
