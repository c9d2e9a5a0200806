// Everything about data as spikes: codes, targets, and encoders as layers.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/nn/encode.hpp>
#include <spiketape/spikegen/delta.hpp>
#include <spiketape/spikegen/latency.hpp>
#include <spiketape/spikegen/phase.hpp>
#include <spiketape/spikegen/population.hpp>
#include <spiketape/spikegen/rate.hpp>
#include <spiketape/spikegen/targets.hpp>

#include <spiketape/core/pop_macros.hpp>
