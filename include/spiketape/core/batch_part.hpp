// Which part of a batch is computed at once.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>

namespace spiketape::inline SPIKETAPE_ABI {

/// The samples or steps first, …, first + count − 1 of `whole`. With whole = 0, as by default: all there are.
struct PartRange {
  Index first = 0;  ///< The number of the first, from 0.
  Index count = 0;  ///< How many.
  Index whole = 0;  ///< Of how many; 0: of all.

  /// The range for a value with `extent` samples or steps: this one if it has as many, else all of the value.
  PartRange of(Index extent) const noexcept {
    return whole > 0 && count == extent ? *this : PartRange{0, extent, extent};
  }
  /// Whether it is a part, not the whole.
  bool partial() const noexcept { return count < whole; }
};

/// The part of a batch that a tape computes: some of its samples, some of its steps. See Tape::set_part.
struct BatchPart {
  PartRange samples = {};  ///< Which of the batch.
  PartRange steps = {};    ///< Which of the sequence.
  /// Whether losses take targets of the whole batch only, not of the part. Drivers set it for a loss that is
  /// not told its part; labels_of and values_of, which tell, end it.
  bool whole_targets = false;
};

namespace detail {

inline void check_range(const PartRange& range, const char* what) {
  if (range.first < 0 || range.count < 0 || range.whole < 0 ||
      (range.whole > 0 && (range.count > range.whole || range.first > range.whole - range.count)))
    fail_argument("spiketape::Tape::set_part: ", what, " are ", range.count, " from ", range.first,
                  " on, of ", range.whole, ", expected a part of these");
}

}  // namespace detail

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
