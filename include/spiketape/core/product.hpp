// Moved to kernels/product.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/kernels/product.hpp>
