// A block of adjacent lanes, as many as stay in registers while a product sums up.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/rows.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Calls body(0), …, body(count − 1) with numbers that are known at compile time. At -O2 compilers do not
/// unroll a loop, and an array that it indexes then lies in memory.
template <int count, typename Body>
SPIKETAPE_INNER void unrolled(Body&& body) {
  [&]<int... k>(std::integer_sequence<int, k...>) SPIKETAPE_INNER_LAMBDA {
    (body(std::integral_constant<int, k>()), ...);
  }
  (std::make_integer_sequence<int, count>());
}

/// `lanes` adjacent lanes; zero until they are loaded.
template <Real Scalar, int lanes>
struct LaneBlock {
  using L = Lane<Scalar>;

  L lane[std::size_t{lanes}];

  SPIKETAPE_INLINE LaneBlock() {
    SPIKETAPE_UNROLL
    for (int q = 0; q < lanes; ++q) lane[q] = L(0);
  }
  static SPIKETAPE_INLINE LaneBlock load(const Scalar* from) {
    LaneBlock block;
    SPIKETAPE_UNROLL
    for (int q = 0; q < lanes; ++q) block.lane[q] = L::load(from + q * L::size);
    return block;
  }
  SPIKETAPE_INLINE void store(Scalar* to) const {
    SPIKETAPE_UNROLL
    for (int q = 0; q < lanes; ++q) lane[q].store(to + q * L::size);
  }
  /// For at most the first `count` numbers: load sets the others to zero, store leaves them unchanged.
  static SPIKETAPE_INLINE LaneBlock load(const Scalar* from, Index count) {
    if (count >= lanes * L::size) return load(from);
    alignas(alignment) Scalar numbers[lanes * L::size] = {};
    std::copy_n(from, count, numbers);
    return load(numbers);
  }
  SPIKETAPE_INLINE void store(Scalar* to, Index count) const {
    if (count >= lanes * L::size) return store(to);
    alignas(alignment) Scalar numbers[lanes * L::size];
    store(numbers);
    std::copy_n(numbers, count, to);
  }
  /// Prefetches the cache lines of a block, which begins a cache line or lies within one.
  static SPIKETAPE_INLINE void prefetch(const Scalar* from) {
    SPIKETAPE_UNROLL
    for (Index i = 0; i < lanes * L::size; i += line<Scalar>) SPIKETAPE_PREFETCH(from + i);
  }

  friend SPIKETAPE_INLINE LaneBlock operator+(LaneBlock a, const LaneBlock& b) {
    SPIKETAPE_UNROLL
    for (int q = 0; q < lanes; ++q) a.lane[q] = a.lane[q] + b.lane[q];
    return a;
  }
  /// factor·a + b.
  friend SPIKETAPE_INLINE LaneBlock multiply_add(const L& factor, const LaneBlock& a, LaneBlock b) {
    SPIKETAPE_UNROLL
    for (int q = 0; q < lanes; ++q) b.lane[q] = multiply_add(factor, a.lane[q], b.lane[q]);
    return b;
  }
};

/// The columns of a block of for_column_blocks.
template <Real Scalar>
inline constexpr Index column_block = 8 * Lane<Scalar>::size;

/// Calls body(i, lanes) for the columns of a padded row, in blocks of `most` lanes or fewer; `lanes` is a
/// compile-time constant. Callers handle all rows of a block of columns before the next block, so its weights
/// stay in the cache.
template <Real Scalar, int most = 8, typename Body>
SPIKETAPE_INNER void for_column_blocks(Index width, Body&& body) {
  constexpr Index size = Lane<Scalar>::size;
  Index i = 0;
  for (; i + most * size <= width; i += most * size) body(i, std::integral_constant<int, most>());
  const auto rest = [&]<int lanes>() SPIKETAPE_INNER_LAMBDA {
    // Rows are padded: there is no smaller rest.
    if constexpr (lanes < most && lanes * size >= padded<Scalar>(1)) {
      if (i + lanes * size > width) return;
      body(i, std::integral_constant<int, lanes>());
      i += lanes * size;
    }
  };
  rest.template operator()<4>();
  rest.template operator()<2>();
  rest.template operator()<1>();
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
