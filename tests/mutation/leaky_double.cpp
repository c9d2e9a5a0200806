// The neurons of unit/leaky_parameters.cpp, which the build of all tests generates from any_neuron.cpp.in.
#include <spiketape/neuron/leaky.hpp>

#include "any_neuron.hpp"

SPIKETAPE_ANY_NEURON(, spiketape::Leaky, double)
