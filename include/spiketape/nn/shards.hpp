// Moved to train/shards.hpp. This path is there until version 0.3.
#pragma once

#include <spiketape/train/shards.hpp>
