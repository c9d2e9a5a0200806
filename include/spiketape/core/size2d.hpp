// A height and a width.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array_map.hpp>
#include <spiketape/core/error.hpp>

#include <string>

namespace spiketape::inline SPIKETAPE_ABI {

/// A height and a width: {3, 2}, or one number for both, 3.
struct Size2d {
  Index height;  ///< Down an image.
  Index width;   ///< Across it.

  /// One number for both, or a height and a width.
  constexpr Size2d(Index both) noexcept : Size2d(both, both) {}  // NOLINT: kernel_size is 3
  constexpr Size2d(Index height_, Index width_) noexcept : height(height_), width(width_) {}

  friend bool operator==(const Size2d&, const Size2d&) = default;
  friend void append(std::string& text, const Size2d& size) {
    text += detail::text_of(size.height, " x ", size.width);
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
