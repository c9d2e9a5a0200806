// A window that slides over the planes of an image: what pools and convolutions have in common.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>

#include <algorithm>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// One direction. Number k of the window at output `o` reads the input at o·stride − padding + k·dilation,
/// which is 0 outside of it.
struct SlidingAxis {
  Index in = 1, window = 1, stride = 1, padding = 0, dilation = 1;

  /// The numbers from the first to the last that a window reads.
  Index span() const noexcept { return dilation * (window - 1) + 1; }
  Index out() const noexcept { return (in + 2 * padding - span()) / stride + 1; }
  Index at(Index o, Index k) const noexcept { return o * stride - padding + k * dilation; }

  struct Range {
    Index begin, end;
  };
  /// The numbers k of the window at output `o` that lie in the input.
  Range inside(Index o) const noexcept { return range(padding - o * stride, dilation, window); }
  /// The outputs whose number k of the window lies in the input.
  Range outputs(Index k) const noexcept { return range(padding - k * dilation, stride, out()); }

 private:
  /// The i in 0, …, count − 1 for which i·step lies in first, …, first + in − 1.
  Range range(Index first, Index step, Index count) const noexcept {
    const Index last = first + in - 1;
    const Index begin = first > 0 ? (first + step - 1) / step : 0;
    const Index end = last < 0 ? 0 : std::min(count, last / step + 1);
    return {std::min(begin, end), end};
  }
};

/// Both directions, and how many planes there are.
struct SlidingWindow {
  Index planes = 1;
  SlidingAxis rows, cols;

  Index in_plane() const noexcept { return rows.in * cols.in; }
  Index out_plane() const noexcept { return rows.out() * cols.out(); }
  Index size() const noexcept { return rows.window * cols.window; }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
