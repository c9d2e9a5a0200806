#include "laws.hpp"

SPIKETAPE_LAWS(, float)
SPIKETAPE_LAWS(, double)
