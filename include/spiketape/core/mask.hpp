// Moved to kernels/mask.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/kernels/mask.hpp>
