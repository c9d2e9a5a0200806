// How the drivers call a loss for a part of a batch.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// loss(out) for a loss that takes its targets from the tape's part by itself, such as ce_rate_loss(labels);
/// else loss(out, first, count).
template <typename Loss, typename Out>
auto part_of_loss(Loss& loss, const Out& out, Index first, Index count) {
  if constexpr (requires { loss(out); })
    return loss(out);
  else
    return loss(out, first, count);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
