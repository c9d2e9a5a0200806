// Inhibition: which neuron of a sample wins the step.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/rows.hpp>
#include <spiketape/neuron/step.hpp>

#include <algorithm>
#include <limits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The index of the neuron with the largest x = V − θ, the first of equals. NaN never wins; if all are NaN it
/// is -1. `x(i, extent)` gives a lane of a row.
template <Real Scalar, typename X>
SPIKETAPE_INNER Index winner_of(Index features, X&& x) {
  using L = Lane<Scalar>;
  constexpr Index group =
      Index(1) << 20;  // lanes count places, so a group has no more than a float can count
  Index best = -1;
  Scalar best_number = 0;
  for (Index begin = 0; begin < features; begin += group) {
    const Index count = std::min(group, features - begin);
    // Each place in a lane has its own winner; the best of those is chosen at the end.
    L largest(-std::numeric_limits<Scalar>::infinity()), winner(-1);
    for_lanes<Scalar>(count, [&](Index first, auto extent) SPIKETAPE_INNER_LAMBDA {
      const L numbers = x(begin + first, extent), index = L::counting_from(first);
      const Mask<Scalar> larger = (largest < numbers) | ((winner < L(0)) & (numbers == numbers));
      const Mask<Scalar> wins = larger & (index < L(count));
      largest = select(wins, numbers, largest);
      winner = select(wins, index, winner);
    });
    Scalar numbers[L::size], indices[L::size];
    largest.store(numbers);
    winner.store(indices);
    for (int k = 0; k < L::size; ++k) {
      if (indices[k] < 0) continue;
      const Index place = begin + static_cast<Index>(indices[k]);
      if (best < 0 || numbers[k] > best_number || (numbers[k] == best_number && place < best)) {
        best = place;
        best_number = numbers[k];
      }
    }
  }
  return best;
}

template <Real Scalar>
SPIKETAPE_INLINE Winners<Lane<Scalar>> winners_at(Index i, Index now, Index before) {
  const Lane<Scalar> place =
      Lane<Scalar>::counting_from(0);  // Scalar holds any distance that matters exactly
  return {place == Lane<Scalar>(now - i), place == Lane<Scalar>(before - i)};
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
