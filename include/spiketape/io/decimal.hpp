// Numbers as text that reads back as the same number.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>

#include <charconv>
#include <string>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The fewest digits that a reader turns into the same number again: 0.1, 1e-05, inf, nan. The same in every
/// locale.
template <Real Scalar>
std::string decimal_text(Scalar number) {
  char digits[32];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, number);
  return std::string(digits, end.ptr);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
