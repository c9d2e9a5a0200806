// Numbers as text that reads back as the same number.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/form.hpp>

#include <string>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

/// The fewest digits that a reader turns into the same number again: 0.1, 1e-05, inf, nan. The same in every
/// locale.
std::string decimal_text(float number);
std::string decimal_text(double number);

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#if SPIKETAPE_IO_INLINE
#include <spiketape/io/impl/decimal.hpp>
#endif

#include <spiketape/core/pop_macros.hpp>
