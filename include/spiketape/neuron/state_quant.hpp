// Moved to neuron/quantizers_snntorch.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/neuron/quantizers_snntorch.hpp>
