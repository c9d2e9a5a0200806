// Transposes a matrix in memory, in squares of lanes.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/lanes.hpp>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// to[c][r] = from[r][c] for a matrix of (rows, cols). Nothing behind the numbers is read or written.
template <Real Scalar>
void transpose_rows(Index rows, Index cols, const Scalar* from, Index from_stride, Scalar* to,
                    Index to_stride) {
  using L = Lane<Scalar>;
  const Index whole = cols / L::size * L::size;
  Index r = 0;
  for (; r + L::size <= rows; r += L::size)
    for (Index c = 0; c < whole; c += L::size) {
      L square[L::size];
      for (Index q = 0; q < L::size; ++q) square[q] = L::load(from + (r + q) * from_stride + c);
      transpose<Scalar>(square);
      for (Index q = 0; q < L::size; ++q) square[q].store(to + (c + q) * to_stride + r);
    }
  const auto rest = [&](Index first_row, Index end_row, Index first_col) {
    for (Index c = first_col; c < cols; ++c)
      for (Index row = first_row; row < end_row; ++row) to[c * to_stride + row] = from[row * from_stride + c];
  };
  rest(0, r, whole);
  rest(r, rows, 0);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
