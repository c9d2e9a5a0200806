// Pooling: one number for each place of a sliding window, forward and backward, for one sample and step.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/kernels/sliding_window.hpp>

#include <cstdint>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// What the sum of a window is divided by: nothing, the window's size, or the numbers of it in the input.
enum class Divisor { one, window, inside };

/// Calls visit(output, plane, row of the output, column of the output) for all outputs in order.
template <typename Visit>
SPIKETAPE_INLINE void for_windows(const SlidingWindow& window, Visit&& visit) {
  const Index height = window.rows.out(), width = window.cols.out();
  Index o = 0;
  for (Index plane = 0; plane < window.planes; ++plane)
    for (Index row = 0; row < height; ++row)
      for (Index col = 0; col < width; ++col) visit(o++, plane, row, col);
}
/// Calls visit(input) for the inputs of a window in order.
template <typename Visit>
SPIKETAPE_INLINE void for_window(const SlidingWindow& window, Index plane, Index row, Index col,
                                 Visit&& visit) {
  const auto rows = window.rows.inside(row), cols = window.cols.inside(col);
  for (Index k = rows.begin; k < rows.end; ++k) {
    const Index line = plane * window.in_plane() + window.rows.at(row, k) * window.cols.in;
    for (Index l = cols.begin; l < cols.end; ++l) visit(line + window.cols.at(col, l));
  }
}

/// The largest number of each window, and which input it is: of equal ones the first, and any NaN before
/// numbers.
template <Real Scalar>
void max_pool(const SlidingWindow& window, const Scalar* x, Scalar* y, std::int32_t* winners) {
  for_windows(window, [&](Index o, Index plane, Index row, Index col) SPIKETAPE_INLINE_LAMBDA {
    Index winner = -1;
    Scalar largest = 0;
    for_window(window, plane, row, col, [&](Index i) SPIKETAPE_INLINE_LAMBDA {
      if (winner >= 0 && !(x[i] > largest || is_nan(x[i]))) return;
      winner = i;
      largest = x[i];
    });
    y[o] = largest;
    winners[o] = static_cast<std::int32_t>(winner);
  });
}
/// x̄ of the winners += ȳ.
template <Real Scalar>
void max_pool_adjoint(Index outputs, const std::int32_t* winners, const Scalar* y_adjoint,
                      Scalar* x_adjoint) {
  for (Index o = 0; o < outputs; ++o) x_adjoint[winners[o]] += y_adjoint[o];
}

template <Real Scalar>
Scalar pool_factor(const SlidingWindow& window, Index row, Index col, Divisor divisor) {
  if (divisor == Divisor::one) return 1;
  if (divisor == Divisor::window) return Scalar(1) / static_cast<Scalar>(window.size());
  const auto rows = window.rows.inside(row), cols = window.cols.inside(col);
  return Scalar(1) / static_cast<Scalar>((rows.end - rows.begin) * (cols.end - cols.begin));
}

/// The sum of each window, divided.
template <Real Scalar>
void sum_pool(const SlidingWindow& window, Divisor divisor, const Scalar* x, Scalar* y) {
  for_windows(window, [&](Index o, Index plane, Index row, Index col) SPIKETAPE_INLINE_LAMBDA {
    Scalar sum = 0;
    for_window(window, plane, row, col, [&](Index i) SPIKETAPE_INLINE_LAMBDA { sum += x[i]; });
    y[o] = sum * pool_factor<Scalar>(window, row, col, divisor);
  });
}
/// x̄ of all inputs of a window += ȳ, divided.
template <Real Scalar>
void sum_pool_adjoint(const SlidingWindow& window, Divisor divisor, const Scalar* y_adjoint,
                      Scalar* x_adjoint) {
  for_windows(window, [&](Index o, Index plane, Index row, Index col) SPIKETAPE_INLINE_LAMBDA {
    const Scalar share = y_adjoint[o] * pool_factor<Scalar>(window, row, col, divisor);
    for_window(window, plane, row, col, [&](Index i) SPIKETAPE_INLINE_LAMBDA { x_adjoint[i] += share; });
  });
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
