// Labels of samples.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>

#include <cstddef>
#include <span>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Throws std::invalid_argument unless all targets are classes, 0 to classes − 1. `first` is the number of the
/// first of them in the whole batch.
SPIKETAPE_NOINLINE inline void check_targets(const char* function, std::span<const int> targets,
                                             Index classes, Index first = 0) {
  for (std::size_t b = 0; b < targets.size(); ++b)
    if (targets[b] < 0 || targets[b] >= classes)
      fail_argument("spiketape::", function, ": target ", first + static_cast<Index>(b), " is ", targets[b],
                    ", expected 0 to ", classes - 1);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
