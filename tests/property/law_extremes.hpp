// NaN and infinity stay where they are, or go where a reset sends them.
#pragma once

#include "common.hpp"

#include <functional>
#include <limits>

namespace laws {

/// A NaN in the input of one neuron stays in that neuron, which does not spike; the others do to the bit what
/// they do without it, and get the same gradients where spikes do not act on others. Of the clean run it must
/// be known that the neuron does not act on others: where that could be, its threshold is out of reach.
template <typename Scalar>
void check_nan(const Subject<Scalar>& neuron, const Setup<Scalar>& s, Index sample, Index hit) {
  const auto clean = neuron.sequence(s.input, {});
  Setup<Scalar> dirty = s;
  dirty.input(1, sample, hit) = std::numeric_limits<Scalar>::quiet_NaN();
  const auto results = neuron.sequence(dirty.input, {});
  const std::size_t membrane = results.size() - 1;
  bool stays = true, others_same = true;
  for (Index t = 0; t < s.shape().steps; ++t)
    for (Index b = 0; b < s.shape().batch; ++b)
      for (Index i = 0; i < s.shape().features; ++i) {
        if (t > 0 && b == sample && i == hit)
          stays = stays && results[0](t, b, i) == 0 && std::isnan(results[membrane](t, b, i));
        else
          for (std::size_t k = 0; k <= membrane; ++k)
            others_same = others_same && results[k](t, b, i) == clean[k](t, b, i);
      }
  CHECK(stays);
  CHECK(others_same);

  if (!neuron.recurrence().empty()) return;
  const auto gradients_of = [&](const st::Sequence<Scalar>& input) {
    st::Tape<Scalar> tape;
    const auto x = tape.variable(input);
    tape.backward(weighted(s, neuron.on_tape(x, {})));
    Numbers<Scalar> all = gradients(neuron, x, {});
    for (Index t = 0; t < s.shape().steps; ++t) all["input"](t * s.shape().batch + sample, hit) = 0;
    for (auto& [name, values] : all) {
      if (name == "input") continue;
      if (values.size() == 1)  // shared with the neuron that is hit
        values.setZero();
      else
        values(0, hit) = 0;
    }
    return all;
  };
  check_same(gradients_of(dirty.input), gradients_of(s.input));
}

/// An infinite membrane spikes, and under no policy becomes a NaN. A reset to zero leaves nothing of it: all
/// goes on as it does from a membrane that is merely large. `infinite` says which states are so, `highest`
/// that no quantizer gives others the same level where only one may spike.
template <typename Scalar>
void check_infinity(const Subject<Scalar>& neuron, const Setup<Scalar>& s, bool highest, Index sample, Index hit,
                    const std::function<bool(std::size_t k, std::size_t count)>& infinite) {
  const bool to_zero = s.choice.to_zero();
  const auto from = [&](Scalar number) {
    typename Subject<Scalar>::Arrays states;
    const std::size_t count = neuron.carried_names().size();
    for (std::size_t k = 0; k < count; ++k) {
      states.emplace_back(st::Array<Scalar>::Zero(s.shape().batch, s.shape().features));
      if (infinite(k, count)) states.back()(sample, hit) = number;
    }
    return states;
  };
  const auto from_infinity = from(std::numeric_limits<Scalar>::infinity()), from_large = from(Scalar(1000));
  const auto results = neuron.sequence(s.input, from_infinity);
  const auto large = neuron.sequence(s.input, from_large);
  for (std::size_t k = 0; k < results.size(); ++k) {
    INFO("result " << k);
    CHECK_FALSE(results[k].array().isNaN().any());
    if (to_zero) CHECK(numeric::same(results[k].array(), large[k].array()));
  }
  // Delayed, a reset to zero acts before the neuron can fire, and nothing flows back through it.
  if (!(to_zero && s.choice.reset_delay)) {
    if (highest) CHECK(results[0](0, sample, hit) != 0);
    return;
  }
  const auto gradients_from = [&](const typename Subject<Scalar>::Arrays& states) {
    st::Tape<Scalar> tape;
    const auto x = tape.variable(s.input);
    const auto vars = variables(tape, states);
    tape.backward(weighted(s, neuron.on_tape(x, vars)));
    return gradients(neuron, x, vars);
  };
  const auto expected = gradients_from(from_large);
  CHECK_FALSE(has_nan(expected));
  check_same(gradients_from(from_infinity), expected);
}

}  // namespace laws
