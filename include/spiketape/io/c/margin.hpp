// How far the membranes of a step stay away from where rounding would change a spike or a level.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/neuron/lif.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The smallest |V − θ| of a step over the neurons of a layer, before a same-step reset, in parts of the
/// largest of 1, |θ| and |V|. With inhibition it is that of the winner, or its lead over the second.
template <typename Neuron, Real Scalar>
double least_distance(const Neuron& neuron, const SequenceView<const Scalar>& input,
                      State<Scalar>& entering) {
  using L = std::remove_cvref_t<Neuron>;
  constexpr std::size_t states = L::state_count, first = L::carried - states;
  typename L::CarriedViews initial;
  for (std::size_t k = 0; k < L::carried; ++k)
    if (entering[k].size() > 0) initial[k] = entering[k];
  std::array<Array<Scalar>, 1 + 2 * states> memory;
  for (auto& row : memory) row.setZero(1, input.features);
  typename L::ResultViews results;
  for (std::size_t k = 0; k <= states; ++k) results[k] = memory[k];
  Arena of_channels;
  auto call = neuron.step_call(input, initial, results, of_channels);
  for (std::size_t k = 0; k < states; ++k) call.before_reset[k] = memory[1 + states + k];
  scan_forward(call);

  using Step = NeuronStep<L, Rules, Scalar>;
  const Step step(call.rules, *call.policies, true);
  const auto above = [&](Index i, auto&& state_at) {
    typename Step::States at;
    for (std::size_t k = 0; k < states; ++k) at[k] = state_at(k)[i];
    typename Step::Coefficients c;
    const auto number = [&](std::size_t k) {
      return call.coefficients[k].data[call.coefficients[k].shared ? 0 : i];
    };
    for (std::size_t k = 0; k < c.own.size(); ++k) c.own[k] = number(k);
    c.threshold = number(c.own.size());
    c.graded = number(c.own.size() + 1);
    const double level = static_cast<double>(step.level(at, c)), mem = static_cast<double>(at[states - 1]);
    return (mem - level) / std::max({1.0, std::abs(level), std::abs(mem)});
  };
  const auto integrated = [&](std::size_t k) {
    return memory[call.rules.delayed ? 1 + k : 1 + states + k].data();
  };
  double least = std::numeric_limits<double>::infinity(), most = -least, second = -least;
  for (Index i = 0; i < input.features; ++i) {
    const double distance = above(i, integrated);
    if (call.rules.inhibited) {
      second = std::max(second, std::min(most, distance));
      most = std::max(most, distance);
    } else if (is_finite(distance)) {
      least = std::min(least, std::abs(distance));
    }
    // Here the membranes that enter the step are compared, too.
    if (call.rules.exact && !call.rules.delayed && entering[first].size() > 0)
      least = std::min(least, std::abs(above(i, [&](std::size_t k) { return entering[first + k].data(); })));
  }
  if (call.rules.inhibited && is_finite(most)) least = std::min({least, std::abs(most), most - second});
  return least;
}

/// The same for what a quantizer chooses between: 0 if a current that is larger or smaller by `margin` would
/// choose another level.
template <typename Neuron, Real Scalar>
bool keeps_levels(const Neuron& neuron, const SequenceView<const Scalar>& input,
                  const State<Scalar>& entering, double margin) {
  std::array<State<Scalar>, 2> after = {entering, entering};
  for (std::size_t k = 0; k < 2; ++k) {
    Array<Scalar> moved = input.array();
    for (Scalar& number : moved.reshaped())
      number += static_cast<Scalar>((k == 0 ? margin : -margin) * std::max(1.0, std::abs(double(number))));
    static_cast<void>(neuron(SequenceView<const Scalar>(moved), after[k]));
  }
  return after[0] == after[1];
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
