// Labels of samples, and the neurons that code for a class.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>

#include <cstddef>
#include <span>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Throws std::invalid_argument if a label of `data` is below 0.
SPIKETAPE_NOINLINE inline void check_labels(const char* function, const char* data,
                                            std::span<const int> labels) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0)
      fail_argument("spiketape::", function, ": ", data, " has label ", i, " of ", labels[i],
                    ", expected at least 0");
}

/// Throws std::invalid_argument unless all targets are classes, 0 to classes − 1. `first` is the number of the
/// first of them in the whole batch.
SPIKETAPE_NOINLINE inline void check_targets(const char* function, std::span<const int> targets,
                                             Index classes, Index first = 0, const char* what = "target") {
  for (std::size_t b = 0; b < targets.size(); ++b)
    if (targets[b] < 0 || targets[b] >= classes)
      fail_argument("spiketape::", function, ": ", what, ' ', first + static_cast<Index>(b), " is ",
                    targets[b], ", expected 0 to ", classes - 1);
}

/// The number of neighbouring neurons that code for a class; 1 if there are `classes` = 0.
inline Index neurons_of_class(const char* name, Index neurons, Index classes) {
  if (classes < 0 || (classes > 0 && neurons % classes != 0))
    fail_argument("spiketape::", name, ": num_classes is ", classes, ", expected a divisor of the ", neurons,
                  " outputs");
  return classes == 0 ? 1 : neurons / classes;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
