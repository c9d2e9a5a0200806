// Moved to kernels/lane_block.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/kernels/lane_block.hpp>
