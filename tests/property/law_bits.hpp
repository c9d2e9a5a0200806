// A sequence equals the loop of single steps, on arrays and on a tape, forward and backward; a tape equals
// the call on arrays. To the bit, but for the gradients of recurrent weights and biases: a sequence sums all
// steps in one product.
#pragma once

#include "common.hpp"

namespace laws {

/// The loop of single steps on a tape, from an input that is one variable.
template <typename Scalar>
st::Var<Scalar> loop_on_tape(const Subject<Scalar>& neuron, const Setup<Scalar>& s, const st::Var<Scalar>& x,
                             std::vector<st::Var<Scalar>> states) {
  std::vector<std::vector<st::Var<Scalar>>> results;
  for (Index t = 0; t < s.shape().steps; ++t) {
    results.push_back(neuron.on_tape(st::step(x, t), states));
    states = neuron.carry(results.back());
  }
  st::Var<Scalar> loss;
  for (Index t = 0; t < s.shape().steps; ++t) {
    const auto part = weighted(s, results[static_cast<std::size_t>(t)], t);
    loss = loss.empty() ? part : loss + part;
  }
  return loss;
}

/// What the runs of a law saw, to know that they could see something.
struct Seen {
  Index runs = 0, spikes = 0, overflows = 0;
};

template <typename Scalar>
void check_bits(const Subject<Scalar>& neuron, const Setup<Scalar>& s, Seen& seen) {
  const auto whole = neuron.sequence(s.input, s.states);
  auto states = s.states;
  for (Index t = 0; t < s.shape().steps; ++t) {
    const auto step = neuron.step(s.input.step(t), states);
    states = neuron.carry(step);
    for (std::size_t k = 0; k < whole.size(); ++k)
      if (!numeric::same(step[k], whole[k].step(t))) {
        INFO("result " << k << " of step " << t);
        CHECK(numeric::same(step[k], whole[k].step(t)));
      }
  }

  st::Tape<Scalar> tape;
  const auto x = tape.variable(s.input);
  const auto from = variables(tape, s.states);
  const auto on_tape = neuron.on_tape(x, from);
  for (std::size_t k = 0; k < whole.size(); ++k) {
    INFO("result " << k << " on a tape");
    CHECK(numeric::same(on_tape[k].array(), whole[k].array()));
  }
  tape.backward(weighted(s, on_tape));

  st::Tape<Scalar> loop_tape;
  const auto loop_x = loop_tape.variable(s.input);
  const auto loop_from = variables(loop_tape, s.states);
  loop_tape.backward(loop_on_tape(neuron, s, loop_x, loop_from));
  const auto expected = gradients(neuron, x, from);
  check_same(gradients(neuron, loop_x, loop_from), expected, true);
  ++seen.runs;
  seen.spikes += (whole[0].array() != 0).count();
  seen.overflows += has_nan(expected) ? 1 : 0;
}

}  // namespace laws
