// Inhibition: which neuron of a sample wins the step.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/rows.hpp>
#include <spiketape/neuron/step.hpp>

#include <limits>

namespace spiketape::detail {

/// The index of the neuron with the largest x = V − θ, the first of equals. NaN never wins; if all are NaN it
/// is -1. `x(i, extent)` gives a lane of a row.
template <Real Scalar, typename X>
SPIKETAPE_INLINE Index winner_of(Index features, X&& x) {
  using L = Lane<Scalar>;
  // Each place in a lane has its own winner; the best of those is chosen at the end.
  L largest(-std::numeric_limits<Scalar>::infinity()), winner(-1);
  for_lanes<Scalar>(features, [&](Index first, auto extent) SPIKETAPE_INLINE_LAMBDA {
    const L numbers = x(first, extent), index = L::counting_from(first);
    const Mask<Scalar> larger = (largest < numbers) | ((winner < L(0)) & (numbers == numbers));
    const Mask<Scalar> wins = larger & (index < L(features));
    largest = select(wins, numbers, largest);
    winner = select(wins, index, winner);
  });
  Scalar numbers[L::size], indices[L::size];
  largest.store(numbers);
  winner.store(indices);
  int best = -1;
  for (int k = 0; k < L::size; ++k)
    if (indices[k] >= 0 && (best < 0 || numbers[k] > numbers[best] ||
                            (numbers[k] == numbers[best] && indices[k] < indices[best])))
      best = k;
  return best < 0 ? -1 : static_cast<Index>(indices[best]);
}

template <Real Scalar>
SPIKETAPE_INLINE Winners<Lane<Scalar>> winners_at(Index i, Index now, Index before) {
  const Lane<Scalar> index = Lane<Scalar>::counting_from(i);
  return {index == Lane<Scalar>(now), index == Lane<Scalar>(before)};
}

}  // namespace spiketape::detail

#include <spiketape/core/pop_macros.hpp>
