// Sums over a part of a row.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/aligned.hpp>
#include <spiketape/kernels/lanes.hpp>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Σ term(place) of `count` terms, where place(numbers) is a lane of them or, behind the last whole lane, one
/// number. The order is the same for every alignment.
template <Real Scalar, typename Term>
SPIKETAPE_INLINE Scalar sum_terms(Index count, Term&& term) {
  using L = Lane<Scalar>;
  L sums(0);
  Index i = 0;
  for (; i + L::size <= count; i += L::size)
    sums = sums + term([i](const Scalar* from) SPIKETAPE_INLINE_LAMBDA { return L::load(from + i); });
  alignas(alignment) Scalar parts[L::size];
  sums.store(parts);
  Scalar sum = 0;
  for (const Scalar part : parts) sum += part;
  for (; i < count; ++i) sum += term([i](const Scalar* from) SPIKETAPE_INLINE_LAMBDA { return from[i]; });
  return sum;
}

/// Σ of numbers.
template <Real Scalar>
Scalar sum_of(const Scalar* numbers, Index count) {
  return sum_terms<Scalar>(count, [=](auto at) SPIKETAPE_INLINE_LAMBDA { return at(numbers); });
}
/// Σ (a − centre of a)·(b − centre of b).
template <Real Scalar>
Scalar sum_of_products(const Scalar* a, Scalar centre_of_a, const Scalar* b, Scalar centre_of_b,
                       Index count) {
  return sum_terms<Scalar>(count, [=](auto at) SPIKETAPE_INLINE_LAMBDA {
    using T = decltype(at(a));
    return (at(a) - T(centre_of_a)) * (at(b) - T(centre_of_b));
  });
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
