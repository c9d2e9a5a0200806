#include "lapicque_case.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::Lapicque, double)

TEST_CASE("Lapicque<double> gives the recorded figures") {
  CHECK(golden::run_lapicque<double>().exact == 15);
}
