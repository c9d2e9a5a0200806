// Options that are numbers within bounds.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>

#include <limits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Throws std::invalid_argument unless an option is finite and within [least, most].
SPIKETAPE_NOINLINE inline void check_within(const char* who, const char* option, const double& value,
                                            double least = std::numeric_limits<double>::lowest(),
                                            double most = std::numeric_limits<double>::max()) {
  if (is_finite(value) && value >= least && value <= most) return;
  if (most < std::numeric_limits<double>::max())
    fail_argument("spiketape::", who, ": ", option, " is ", value, ", expected ", least, " to ", most);
  if (least > std::numeric_limits<double>::lowest())
    fail_argument("spiketape::", who, ": ", option, " is ", value, ", expected a finite number of at least ",
                  least);
  fail_argument("spiketape::", who, ": ", option, " is ", value, ", expected a finite number");
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
