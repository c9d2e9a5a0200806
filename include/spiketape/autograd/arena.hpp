// Moved to core/arena.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/core/arena.hpp>
