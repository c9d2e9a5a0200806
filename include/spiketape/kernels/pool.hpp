// Pooling: one number for each place of a sliding window, forward and backward, for one sample and step.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/kernels/sliding_window.hpp>

#include <algorithm>
#include <cstdint>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// What the sum of a window is divided by: nothing, the window's size, or the numbers of it in the input.
enum class Divisor { one, window, inside };

/// Calls visit(output, input) for all numbers of all windows: the first of every window, then the second, and
/// so on.
template <typename Visit>
SPIKETAPE_INLINE void for_window_numbers(const SlidingWindow& window, Visit&& visit) {
  const Index out_width = window.cols.out(), out_plane = window.out_plane(), step = window.cols.stride;
  for (Index k = 0; k < window.rows.window; ++k)
    for (Index l = 0; l < window.cols.window; ++l) {
      const auto rows = window.rows.outputs(k), cols = window.cols.outputs(l);
      const Index first = window.cols.at(cols.begin, l);
      for (Index plane = 0; plane < window.planes; ++plane)
        for (Index row = rows.begin; row < rows.end; ++row) {
          const Index o = plane * out_plane + row * out_width;
          Index i = plane * window.in_plane() + window.rows.at(row, k) * window.cols.in + first;
          for (Index col = cols.begin; col < cols.end; ++col, i += step) visit(o + col, i);
        }
    }
}

/// The largest number of each window, and which input it is: of equal ones the first, and any NaN before
/// numbers. Without a branch, since no processor could predict which one is the largest.
template <Real Scalar>
void max_pool(const SlidingWindow& window, const Scalar* x, Scalar* y, std::int32_t* winners) {
  const Index outputs = window.planes * window.out_plane();
  std::fill_n(y, outputs, Scalar(0));
  std::fill_n(winners, outputs, -1);
  for_window_numbers(window, [=](Index o, Index i) SPIKETAPE_INLINE_LAMBDA {
    const Scalar& number = x[i];
    const int wins = int(winners[o] < 0) | int(number > y[o]) | int(is_nan(number));
    winners[o] +=
        (static_cast<std::int32_t>(i) - winners[o]) * wins;  // compilers make a branch of wins ? a : b
    y[o] = x[winners[o]];
  });
}
/// x̄ of the winners += ȳ.
template <Real Scalar>
void max_pool_adjoint(Index outputs, const std::int32_t* winners, const Scalar* y_adjoint,
                      Scalar* x_adjoint) {
  for (Index o = 0; o < outputs; ++o) x_adjoint[winners[o]] += y_adjoint[o];
}

/// to = from, divided as the sum of each window is.
template <Real Scalar>
void divide_windows(const SlidingWindow& window, Divisor divisor, const Scalar* from, Scalar* to) {
  const Index height = window.rows.out(), width = window.cols.out();
  const Scalar of_all =
      divisor == Divisor::window ? Scalar(1) / static_cast<Scalar>(window.size()) : Scalar(1);
  for (Index plane = 0; plane < window.planes; ++plane)
    for (Index row = 0; row < height; ++row, from += width, to += width)
      for (Index col = 0; col < width; ++col) {
        if (divisor != Divisor::inside) {
          to[col] = from[col] * of_all;
          continue;
        }
        const auto rows = window.rows.inside(row), cols = window.cols.inside(col);
        to[col] = from[col] / static_cast<Scalar>((rows.end - rows.begin) * (cols.end - cols.begin));
      }
}

/// The sum of each window, divided.
template <Real Scalar>
void sum_pool(const SlidingWindow& window, Divisor divisor, const Scalar* x, Scalar* y) {
  std::fill_n(y, window.planes * window.out_plane(), Scalar(0));
  for_window_numbers(window, [=](Index o, Index i) SPIKETAPE_INLINE_LAMBDA { y[o] += x[i]; });
  divide_windows(window, divisor, y, y);
}
/// x̄ of all inputs of a window += ȳ, divided; `shares` is room for as many numbers as ȳ has.
template <Real Scalar>
void sum_pool_adjoint(const SlidingWindow& window, Divisor divisor, const Scalar* y_adjoint, Scalar* shares,
                      Scalar* x_adjoint) {
  divide_windows(window, divisor, y_adjoint, shares);
  for_window_numbers(window, [=](Index o, Index i) SPIKETAPE_INLINE_LAMBDA { x_adjoint[i] += shares[o]; });
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
