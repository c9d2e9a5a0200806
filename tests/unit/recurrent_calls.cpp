#include "neuron_calls.hpp"

namespace recurrent_calls_test {

namespace st = spiketape;

TEMPLATE_TEST_CASE("states of recurrent neurons are explicit, hidden, or in memory of the caller's", "",
                   st::RLeaky<double>, st::RSynaptic<double>, st::Alif<double>) {
  calls::check_all<TestType>();
}

}  // namespace recurrent_calls_test
