// snnTorch's losses, regularizers and metrics, and some more. docs/losses.md lists them.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/functional/loss_kind.hpp>
#include <spiketape/functional/metrics.hpp>
#include <spiketape/functional/mse_losses.hpp>
#include <spiketape/functional/regularizers.hpp>
#include <spiketape/functional/temporal_losses.hpp>

#include <spiketape/core/pop_macros.hpp>
