// Samples of different length in one batch: which of the steps count.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array_map.hpp>
#include <spiketape/core/error.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// Which steps of which samples count, for samples of different length: a view of (steps, batch) bytes, step
/// by step, 0 where a step does not count. Empty: all count.
struct StepMask {
  const unsigned char* data = nullptr;  ///< A byte for each step and sample; null: all count.
  Index steps = 0;                      ///< The extents of the mask.
  Index batch = 0;                      ///< Likewise.

  /// Whether all steps of all samples count.
  [[nodiscard]] bool empty() const noexcept { return data == nullptr; }
  /// Whether step t of sample b counts; the indices are not checked.
  [[nodiscard]] bool counts(Index t, Index b) const noexcept { return empty() || data[t * batch + b] != 0; }
  /// Whether some step of sample b counts; likewise.
  [[nodiscard]] bool counts_some(Index b) const noexcept {
    for (Index t = 0; t < steps; ++t)
      if (counts(t, b)) return true;
    return empty();
  }
};

/// Writes the mask of samples of these lengths into `bytes`: sample b counts in its first lengths[b] steps.
/// Returns a view of it, valid until `bytes` changes. Allocates if `bytes` is too small. Throws
/// std::invalid_argument for a length that is not 1 to `steps`.
[[nodiscard]] inline StepMask mask_of_lengths(std::span<const Index> lengths, Index steps,
                                              std::vector<unsigned char>& bytes) {
  const auto batch = static_cast<Index>(lengths.size());
  for (std::size_t b = 0; b < lengths.size(); ++b)
    if (lengths[b] < 1 || lengths[b] > steps)
      detail::fail_argument("spiketape::mask_of_lengths: length ", b, " is ", lengths[b], ", expected 1 to ",
                            steps);
  bytes.clear();
  for (Index t = 0; t < steps; ++t)
    for (const Index length : lengths) bytes.push_back(t < length ? 1 : 0);
  return {bytes.data(), steps, batch};
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
