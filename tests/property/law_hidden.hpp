// A neuron that keeps its states inside does what the loop with explicit states does; what is detached gets
// no gradient; what is reset begins again.
#pragma once

#include "common.hpp"

namespace laws {

/// `hidden` is the neuron with init_hidden, `neuron` the same one without; both start from zero.
template <typename Scalar>
void check_hidden(const Subject<Scalar>& hidden, const Subject<Scalar>& neuron, const Setup<Scalar>& s) {
  using Arrays = typename Subject<Scalar>::Arrays;
  using Vars = typename Subject<Scalar>::Vars;
  const Index steps = s.shape().steps, cut = steps / 2;
  const auto same = [](const auto& ours, const auto& expected) {
    bool equal = true;
    for (std::size_t k = 0; k < expected.size(); ++k) equal = equal && numeric::same(ours[k], expected[k]);
    return equal;
  };
  for (int round = 0; round < 2; ++round) {
    hidden.reset_mem();
    Arrays states;
    bool equal = true;
    for (Index t = 0; t < steps; ++t) {
      const Arrays expected = neuron.step(s.input.step(t), states);
      equal = equal && same(hidden.step(s.input.step(t), {}), expected);
      states = neuron.carry(expected);
    }
    INFO("round " << round);
    CHECK(equal);
  }

  // On a tape, the states with their history, or cut off from it.
  for (const bool detach : {false, true}) {
    INFO((detach ? "detached" : "not detached"));
    st::Tape<Scalar> tape, expected_tape;
    hidden.reset_mem();
    Vars xs, expected_xs, states;
    st::Var<Scalar> loss, expected_loss;
    bool equal = true;
    for (Index t = 0; t < steps; ++t) {
      xs.push_back(tape.variable(s.input.step(t)));
      expected_xs.push_back(expected_tape.variable(s.input.step(t)));
      if (detach && t == cut) {
        hidden.detach_hidden();
        for (auto& state : states) state = expected_tape.constant(st::Array<Scalar>(state.array()));
      }
      const Vars ours = hidden.on_tape(xs.back(), {}), expected = neuron.on_tape(expected_xs.back(), states);
      for (std::size_t k = 0; k < expected.size(); ++k)
        equal = equal && numeric::same(ours[k].array(), expected[k].array());
      states = neuron.carry(expected);
      if (t < cut) continue;  // the loss looks at the second half
      const auto add = [](st::Var<Scalar>& sum, const st::Var<Scalar>& part) {
        sum = sum.empty() ? part : sum + part;
      };
      add(loss, weighted(s, ours, t));
      add(expected_loss, weighted(s, expected, t));
    }
    CHECK(equal);
    tape.backward(loss);
    expected_tape.backward(expected_loss);
    for (std::size_t t = 0; t < xs.size(); ++t) {
      INFO("input of step " << t);
      const bool before = static_cast<Index>(t) < cut;
      CHECK(xs[t].has_adjoint() == !(detach && before));
      CHECK(numeric::same(adjoint_of(xs[t]), adjoint_of(expected_xs[t])));
    }
    const auto parameters = hidden.parameters(), expected_parameters = neuron.parameters();
    REQUIRE(parameters.size() == expected_parameters.size());
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      INFO("gradient by " << parameters[k]->name);
      CHECK(numeric::same(tape.gradients().gradient(parameters[k]),
                          expected_tape.gradients().gradient(expected_parameters[k])));
    }
    hidden.reset_mem();
  }
}

}  // namespace laws
