// How rows are padded: what a line is.
#pragma once

#include <spiketape/core/aligned.hpp>
#include <spiketape/core/array.hpp>

namespace spiketape::detail {

/// Numbers in a cache line: 16 floats or 8 doubles. No machine's SIMD lanes are longer.
template <Real Scalar>
inline constexpr Index line = Index(alignment / sizeof(Scalar));

/// Features rounded up to whole lines: what is computed of a padded row.
template <Real Scalar>
constexpr Index whole_lines(Index features) {
  return (features + line<Scalar> - 1) / line<Scalar> * line<Scalar>;
}

/// The stride of rows inside the library. Rows are padded to whole lines, so that no row ends within a lane.
/// Strides of a multiple of 1 KiB fall into few cache sets, so these rows get one line more.
template <Real Scalar>
constexpr Index padded(Index features) {
  const Index stride = whole_lines<Scalar>(features);
  return stride > 0 && stride % (1024 / Index(sizeof(Scalar))) == 0 ? stride + line<Scalar> : stride;
}

}  // namespace spiketape::detail
