// Moved to train/windows.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/train/windows.hpp>
