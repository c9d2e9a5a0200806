// Lanes side by side, as many as stay in registers while a product adds up.
#pragma once

#include <spiketape/kernels/rows.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace spiketape::detail {

/// body(0), …, body(count − 1) with the numbers known at compile time: at -O2 compilers leave a loop as it
/// is, and what it indexes then lies in memory.
template <int count, typename Body>
SPIKETAPE_INLINE void unrolled(Body&& body) {
  [&]<int... k>(std::integer_sequence<int, k...>) SPIKETAPE_INLINE_LAMBDA {
    (body(std::integral_constant<int, k>()), ...);
  }
  (std::make_integer_sequence<int, count>());
}

/// `lanes` lanes that follow each other; zero until they are loaded.
template <Real Scalar, int lanes>
struct LaneBlock {
  using L = Lane<Scalar>;

  L lane[lanes];

  SPIKETAPE_INLINE LaneBlock() {
    unrolled<lanes>([&](auto q) SPIKETAPE_INLINE_LAMBDA { lane[q] = L(0); });
  }
  static SPIKETAPE_INLINE LaneBlock load(const Scalar* from) {
    return made([&](auto q) SPIKETAPE_INLINE_LAMBDA { return L::load(from + q * L::size); });
  }
  SPIKETAPE_INLINE void store(Scalar* to) const {
    unrolled<lanes>([&](auto q) SPIKETAPE_INLINE_LAMBDA { lane[q].store(to + q * L::size); });
  }
  /// The same of the first `count` numbers, all of them or fewer: the others are zero, and stay as they are.
  static SPIKETAPE_INLINE LaneBlock load(const Scalar* from, Index count) {
    if (count >= lanes * L::size) return load(from);
    return made([&](auto q) SPIKETAPE_INLINE_LAMBDA {
      const Index rest = count - q * L::size;
      return rest >= L::size ? L::load(from + q * L::size)
                             : L::load(from + q * L::size, std::max<Index>(rest, 0));
    });
  }
  SPIKETAPE_INLINE void store(Scalar* to, Index count) const {
    if (count >= lanes * L::size) return store(to);
    unrolled<lanes>([&](auto q) SPIKETAPE_INLINE_LAMBDA {
      const Index rest = count - q * L::size;
      if (rest >= L::size)
        lane[q].store(to + q * L::size);
      else if (rest > 0)
        lane[q].store(to + q * L::size, rest);
    });
  }
  /// Asks for the cache lines that all of them lie in: they begin one, or lie within one.
  static SPIKETAPE_INLINE void prefetch(const Scalar* from) {
    SPIKETAPE_UNROLL
    for (Index i = 0; i < lanes * L::size; i += line<Scalar>) SPIKETAPE_PREFETCH(from + i);
  }

  friend SPIKETAPE_INLINE LaneBlock operator+(const LaneBlock& a, const LaneBlock& b) {
    return made([&](auto q) SPIKETAPE_INLINE_LAMBDA { return a.lane[q] + b.lane[q]; });
  }
  /// factor·a + b.
  friend SPIKETAPE_INLINE LaneBlock multiply_add(const L& factor, const LaneBlock& a, const LaneBlock& b) {
    return made([&](auto q) SPIKETAPE_INLINE_LAMBDA { return multiply_add(factor, a.lane[q], b.lane[q]); });
  }

 private:
  template <typename LaneAt>
  static SPIKETAPE_INLINE LaneBlock made(LaneAt&& lane_at) {
    LaneBlock block;
    unrolled<lanes>([&](auto q) SPIKETAPE_INLINE_LAMBDA { block.lane[q] = lane_at(q); });
    return block;
  }
};

/// Calls body(i, lanes) for the columns of a padded row, in blocks of `most` lanes or fewer: `lanes` is a
/// compile-time constant. The rows of a block of columns are then worked on before the next block, so that
/// their weights stay in the cache.
template <Real Scalar, int most = 8, typename Body>
SPIKETAPE_INLINE void for_column_blocks(Index width, Body&& body) {
  constexpr Index size = Lane<Scalar>::size;
  Index i = 0;
  for (; i + most * size <= width; i += most * size) body(i, std::integral_constant<int, most>());
  const auto rest = [&]<int lanes>() SPIKETAPE_INLINE_LAMBDA {
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

}  // namespace spiketape::detail
