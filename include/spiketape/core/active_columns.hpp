// Moved to kernels/active_columns.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/kernels/active_columns.hpp>
