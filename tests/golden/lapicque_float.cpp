#include "lapicque_case.hpp"

SPIKETAPE_ANY_NEURON(extern, spiketape::Lapicque, float)

TEST_CASE("Lapicque<float> gives the recorded figures") { CHECK(golden::run_lapicque<float>().exact == 15); }
