// Pooling: one number for each place of a sliding window, forward and backward, for one sample and step.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/rows.hpp>
#include <spiketape/kernels/sliding_window.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// What the sum of a window is divided by: nothing, the window's size, or the numbers of it in the input.
enum class Divisor { one, window, inside };

/// Calls visit(output, input) for number (k, l) of all windows where it lies in the input.
template <typename Visit>
SPIKETAPE_INLINE void for_windows(const SlidingWindow& window, Index k, Index l, Visit&& visit) {
  const Index out_width = window.cols.out(), out_plane = window.out_plane(), step = window.cols.stride;
  const auto rows = window.rows.outputs(k), cols = window.cols.outputs(l);
  const Index first = window.cols.at(cols.begin, l);
  for (Index plane = 0; plane < window.planes; ++plane)
    for (Index row = rows.begin; row < rows.end; ++row) {
      const Index o = plane * out_plane + row * out_width;
      Index i = plane * window.in_plane() + window.rows.at(row, k) * window.cols.in + first;
      for (Index col = cols.begin; col < cols.end; ++col, i += step) visit(o + col, i);
    }
}

/// The same for all numbers of all windows: the first of every window, then the second, and so on.
template <typename Visit>
SPIKETAPE_INLINE void for_window_numbers(const SlidingWindow& window, Visit&& visit) {
  for (Index k = 0; k < window.rows.window; ++k)
    for (Index l = 0; l < window.cols.window; ++l) for_windows(window, k, l, visit);
}

/// Whether Scalars hold the offsets of all numbers of a window from its first.
template <Real Scalar>
bool counts_offsets(const SlidingWindow& window) {
  return window.rows.span() * window.cols.in <= Index(1) << std::numeric_limits<Scalar>::digits;
}

/// The largest number of each window, and which input it is: of equal ones the first, and any NaN before
/// numbers. `room` is memory for three rows of y in whole lines. Needs
/// counts_offsets.
template <Real Scalar>
void max_pool(const SlidingWindow& window, const Scalar* x, Scalar* y, std::int32_t* winners, Scalar* room) {
  using L = Lane<Scalar>;
  constexpr Scalar lowest = -std::numeric_limits<Scalar>::infinity();
  const Index outputs = window.planes * window.out_plane(), whole = whole_lines<Scalar>(outputs);
  Scalar *best = room, *offsets = room + whole, *numbers = room + 2 * whole;
  std::fill_n(best, whole, lowest);
  std::fill_n(offsets, whole, Scalar(-1));
  for (Index k = 0; k < window.rows.window; ++k)
    for (Index l = 0; l < window.cols.window; ++l) {
      std::fill_n(numbers, whole, lowest);  // what a window reads outside of the input never wins
      for_windows(window, k, l, [=](Index o, Index i) SPIKETAPE_INLINE_LAMBDA { numbers[o] = x[i]; });
      const L offset(window.rows.dilation * k * window.cols.in + window.cols.dilation * l);
      for_whole_lines<Scalar>(whole, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
        const L number = load(numbers + i, extent), so_far = load(best + i, extent);
        const Mask<Scalar> larger = so_far < number, is_number = number == number;
        const auto winner = [&](const L& new_one, const L& old_one) SPIKETAPE_INLINE_LAMBDA {
          return select(is_number, select(larger, new_one, old_one), new_one);
        };
        store(winner(number, so_far), best + i, extent);
        store(winner(offset, load(offsets + i, extent)), offsets + i, extent);
      });
    }
  std::copy_n(best, outputs, y);
  for (Index plane = 0, o = 0; plane < window.planes; ++plane)
    for (Index row = 0; row < window.rows.out(); ++row) {
      Index first =
          plane * window.in_plane() + window.rows.at(row, 0) * window.cols.in + window.cols.at(0, 0);
      for (Index col = 0; col < window.cols.out(); ++col, ++o, first += window.cols.stride) {
        auto offset = static_cast<Index>(offsets[o]);
        if (offset < 0)  // all are -inf
          offset = window.rows.inside(row).begin * window.rows.dilation * window.cols.in +
                   window.cols.inside(col).begin * window.cols.dilation;
        winners[o] = static_cast<std::int32_t>(first + offset);
      }
    }
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
