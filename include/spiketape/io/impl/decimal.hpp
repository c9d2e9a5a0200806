// What decimal.hpp declares.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/decimal.hpp>

#include <charconv>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

SPIKETAPE_IO_FUNCTION std::string decimal_text(float number) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}
SPIKETAPE_IO_FUNCTION std::string decimal_text(double number) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#include <spiketape/core/pop_macros.hpp>
