#include "products.hpp"

SPIKETAPE_PRODUCTS(, float)
SPIKETAPE_PRODUCTS(, double)
