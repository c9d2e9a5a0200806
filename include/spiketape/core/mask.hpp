// Moved to kernels/mask.hpp. This path is there until version 0.3.
#pragma once

#include <spiketape/kernels/mask.hpp>
