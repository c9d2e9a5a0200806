// Moved to kernels/rows.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/kernels/rows.hpp>
