// Moved to kernels/spike_train.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/kernels/spike_train.hpp>
