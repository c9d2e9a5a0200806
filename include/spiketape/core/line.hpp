// How rows are padded: to whole cache lines.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/aligned.hpp>
#include <spiketape/core/array.hpp>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The numbers in a cache line: 16 floats or 8 doubles. No machine's SIMD lanes are longer.
template <Real Scalar>
inline constexpr Index line = Index(alignment / sizeof(Scalar));

/// Features rounded up to whole lines: the part of a padded row that is computed.
template <Real Scalar>
constexpr Index whole_lines(Index features) {
  return (features + line<Scalar> - 1) / line<Scalar> * line<Scalar>;
}

/// The stride of rows inside the library. Rows are padded to whole lines, so no row ends within a lane.
/// Strides that are multiples of 1 KiB map to few cache sets, so such rows get one more line.
template <Real Scalar>
constexpr Index padded(Index features) {
  const Index stride = whole_lines<Scalar>(features);
  return stride > 0 && stride % (1024 / Index(sizeof(Scalar))) == 0 ? stride + line<Scalar> : stride;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
