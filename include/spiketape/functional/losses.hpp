// All losses of functional/.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/functional/loss.hpp>

#include <spiketape/core/pop_macros.hpp>
