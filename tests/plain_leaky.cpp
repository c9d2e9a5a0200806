#include "plain_neurons.hpp"

SPIKETAPE_PLAIN_LEAKY()
