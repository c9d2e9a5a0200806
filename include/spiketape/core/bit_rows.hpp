// Moved to kernels/bit_rows.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/kernels/bit_rows.hpp>
