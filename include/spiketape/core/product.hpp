// Moved to kernels/product.hpp. This path is there until version 0.3.
#pragma once

#include <spiketape/kernels/product.hpp>
