#include "plain_neurons.hpp"

SPIKETAPE_PLAIN_RECURRENT_NEURONS()
