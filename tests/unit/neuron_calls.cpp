#include "neuron_calls.hpp"

namespace neuron_calls_test {

namespace st = spiketape;

TEMPLATE_TEST_CASE("states are explicit, hidden, or in memory of the caller's", "", st::Lapicque<double>,
                   st::Synaptic<double>, st::Alpha<double>) {
  calls::check_all<TestType>();
}

}  // namespace neuron_calls_test
