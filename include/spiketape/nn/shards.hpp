// Moved to train/shards.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/train/shards.hpp>
