// What is better: for whatever watches a loss or an accuracy.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/within.hpp>

#include <cstdint>
#include <limits>

namespace spiketape::inline SPIKETAPE_ABI {

/// Whether a metric is better when it is lower, as a loss, or higher, as an accuracy.
enum class Better { lower, higher };

namespace detail {

/// The best value of a metric so far, and how many values have come since.
struct BestMetric {
  double value = std::numeric_limits<double>::quiet_NaN();  // NaN: none yet
  std::int64_t since = 0;

  /// Takes the next value. True if it is better than the best by more than absolute + relative·|best|. A NaN
  /// is never better.
  bool take(const double& next, Better better, double absolute, double relative = 0) {
    const double margin = absolute + relative * (value < 0 ? -value : value);
    const bool improves =
        !is_nan(next) &&
        (is_nan(value) || (better == Better::lower ? next < value - margin : next > value + margin));
    if (improves) value = next;
    since = improves ? 0 : since + 1;
    return improves;
  }

  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.number("best", value);
    visitor.number("since", since, 0);
  }
};

inline const char* text_of_better(Better better) { return better == Better::lower ? "lower" : "higher"; }

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
