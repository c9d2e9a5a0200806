// Inhibition: which neuron of a sample wins the step.
#pragma once

#include <spiketape/kernels/rows.hpp>
#include <spiketape/neuron/step.hpp>

#include <limits>

namespace spiketape::detail {

/// The index of the neuron with the largest x = V − θ, the first of equals; NaN never wins, and with nothing
/// but NaN nobody does (-1). `x(i, extent)` gives a lane of a row.
template <Real Scalar, typename X>
SPIKETAPE_INLINE Index winner_of(Index features, X&& x) {
  using L = Lane<Scalar>;
  // Each place in a lane has a winner of its own; among those the last word is said at the end.
  const auto search = [&](auto&& better) SPIKETAPE_INLINE_LAMBDA {
    L largest(-std::numeric_limits<Scalar>::infinity()), winner(-1);
    for_lanes<Scalar>(features, [&](Index first, auto extent) SPIKETAPE_INLINE_LAMBDA {
      const L numbers = x(first, extent), index = L::counting_from(first);
      const Mask<Scalar> wins = better(numbers, largest, winner) & (index < L(features));
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
  };
  const Index winner = search([](const L& number, const L& largest, const L&) { return number > largest; });
  if (winner >= 0) return winner;
  // Nothing but −∞ and NaN.
  return search(
      [](const L& number, const L&, const L& found) { return (found < L(0)) & (number == number); });
}

template <Real Scalar>
SPIKETAPE_INLINE Winners<Lane<Scalar>> winners_at(Index i, Index now, Index before) {
  const Lane<Scalar> index = Lane<Scalar>::counting_from(i);
  return {index == Lane<Scalar>(now), index == Lane<Scalar>(before)};
}

}  // namespace spiketape::detail
