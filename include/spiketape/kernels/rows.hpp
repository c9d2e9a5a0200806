// Loops over the lanes of a row.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/line.hpp>
#include <spiketape/kernels/lanes.hpp>

#include <limits>

// Prefetches the cache line at an address, which need not belong to an object. (With g++, Eigen's prefetch
// does nothing.)
#if defined(__GNUC__)
#define SPIKETAPE_PREFETCH(address) __builtin_prefetch(address)
#else
#define SPIKETAPE_PREFETCH(address) Eigen::internal::prefetch(address)
#endif

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A whole lane, or the part of a lane at the end of a row whose memory ends there. The end of a row is
/// computed in a lane, too, so the bits of a neuron do not depend on its place in the row.
struct Whole {};
struct Part {
  Index count;
};

template <typename Scalar>
SPIKETAPE_INLINE Lane<Scalar> load(const Scalar* from, Whole) {
  return Lane<Scalar>::load(from);
}
template <typename Scalar>
SPIKETAPE_INLINE Lane<Scalar> load(const Scalar* from, Part part) {
  return Lane<Scalar>::load(from, part.count);
}
template <typename Scalar>
SPIKETAPE_INLINE void store(const Lane<Scalar>& lane, Scalar* to, Whole) {
  lane.store(to);
}
template <typename Scalar>
SPIKETAPE_INLINE void store(const Lane<Scalar>& lane, Scalar* to, Part part) {
  lane.store(to, part.count);
}

/// Calls body(i, whole or part) for the lanes of a row of `count` numbers.
template <Real Scalar, typename Body>
SPIKETAPE_INLINE void for_lanes(Index count, Body&& body) {
  constexpr Index size = Lane<Scalar>::size;
  Index i = 0;
  for (; i + size <= count; i += size) body(i, Whole{});
  if (i < count) body(i, Part{count - i});
}

/// for_lanes of a padded row, with `count` from whole_lines, two lanes at a time: -O2 does not unroll loops.
template <Real Scalar, typename Body>
SPIKETAPE_INLINE void for_whole_lines(Index count, Body&& body) {
  constexpr Index size = Lane<Scalar>::size;
  constexpr Index together = 2 * size <= line<Scalar> ? 2 : 1;
  for (Index i = 0; i < count; i += together * size) {
    SPIKETAPE_UNROLL
    for (Index k = 0; k < together; ++k) body(i + k * size, Whole{});
  }
}
/// The same from the end to the beginning, `most` lanes at a time. Calls before(i) before these, with the
/// upper one's i.
template <Real Scalar, Index most, typename Before, typename Body>
SPIKETAPE_INNER void for_whole_lines_backward(Index count, Before&& before, Body&& body) {
  constexpr Index size = Lane<Scalar>::size;
  constexpr Index together = most * size <= line<Scalar> ? most : 1;
  for (Index i = count - size; i >= 0; i -= together * size) {
    before(i);
    SPIKETAPE_UNROLL
    for (Index k = 0; k < together; ++k) body(i - k * size, Whole{});
  }
}

/// Adds all rows to `sums`. Rows and sums are whole lines.
template <Real Scalar>
void add_rows(const SequenceView<const Scalar>& rows, Scalar* sums) {
  for (Index row = 0; row < rows.rows(); ++row) {
    const Scalar* from = rows.data + row * rows.stride;
    for_whole_lines<Scalar>(whole_lines<Scalar>(rows.features),
                            [&](Index i, auto whole) SPIKETAPE_INLINE_LAMBDA {
                              store(load(sums + i, whole) + load(from + i, whole), sums + i, whole);
                            });
  }
}

/// Adds each row to a row of `to`.
template <Real Scalar>
SPIKETAPE_NOINLINE void add_rows(const SequenceView<const Scalar>& rows, const SequenceView<Scalar>& to) {
  for (Index row = 0; row < rows.rows(); ++row)
    for_lanes<Scalar>(rows.features, [a = rows.row(0, row), b = to.row(0, row)](Index i, auto extent)
                                         SPIKETAPE_INLINE_LAMBDA {
                                           store(load(b + i, extent) + load(a + i, extent), b + i, extent);
                                         });
}

/// Whether no number is infinite or NaN. (Compilers may take that for granted under -ffast-math.)
template <Real Scalar>
SPIKETAPE_NOINLINE bool all_finite(const SequenceView<const Scalar>& rows) {
  const Lane<Scalar> infinity(std::numeric_limits<Scalar>::infinity());
  Mask<Scalar> finite = Lane<Scalar>(0) == Lane<Scalar>(0);
  for (Index row = 0; row < rows.rows(); ++row)
    for_lanes<Scalar>(rows.features, [&, from = rows.data + row * rows.stride](Index i, auto extent)
                                         SPIKETAPE_INLINE_LAMBDA {
                                           finite = finite & (abs(load(from + i, extent)) < infinity);
                                         });
  return bits_of(finite) == (1u << Lane<Scalar>::size) - 1;
}

/// Prefetches what a backward loop at this address reads some lines later: processors predict downward loops
/// less well than upward ones. It reads nothing, so the address may lie before the row.
template <Real Scalar>
SPIKETAPE_INLINE void prefetch_below(const Scalar* address) {
  constexpr Index below = 64 * line<Scalar>;  // the best of 16 to 160
  SPIKETAPE_PREFETCH(address - below);
}

/// A row that a loop over lanes reads: with stride 1, or with stride 0 where one lane repeats the number that
/// all share. One loop serves both.
template <Real Scalar>
struct Stream {
  const Scalar* data;
  Index stride;

  template <typename Extent>
  SPIKETAPE_INLINE Lane<Scalar> at(Index i, Extent extent) const {
    return load(address(i), extent);
  }
  /// The address of the lane that at(i) reads.
  SPIKETAPE_INLINE const Scalar* address(Index i) const { return data + i * stride; }
};

/// The number that a stream of stride 0 reads. It must outlive the stream.
template <Real Scalar>
struct alignas(alignment) RepeatedNumber {
  Scalar numbers[Lane<Scalar>::size];

  explicit RepeatedNumber(Scalar number = 0) { Lane<Scalar>(number).store(numbers); }
  Stream<Scalar> stream() const { return {numbers, 0}; }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
