// What the laws share: a loss, gradients by name, and how they are compared.
#pragma once

#include "setup.hpp"

#include <spiketape/autograd/ops.hpp>
#include <spiketape/autograd/tape.hpp>

#include <vector>

namespace laws {

/// A part of the loss: Σ weights · results, of all steps or, of results of one step, of step t.
template <typename Scalar>
st::Var<Scalar> weighted(const Setup<Scalar>& s, const std::vector<st::Var<Scalar>>& results, Index t = -1) {
  st::Var<Scalar> loss;
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (s.weights[k].features() == 0) continue;
    st::Tape<Scalar>& tape = results[k].tape();
    const auto weights = t < 0 ? tape.constant(s.weights[k]) : tape.constant(s.weights[k].step(t));
    const auto part = st::sum(weights * results[k]);
    loss = loss.empty() ? part : loss + part;
  }
  return loss;
}

template <typename Scalar>
std::vector<st::Var<Scalar>> variables(st::Tape<Scalar>& tape, const std::vector<st::Array<Scalar>>& states) {
  std::vector<st::Var<Scalar>> vars;
  for (const auto& state : states) vars.push_back(tape.variable(state));
  return vars;
}

/// The adjoint of a variable; zero if the loss does not depend on it.
template <typename Scalar>
st::Array<Scalar> adjoint_of(const st::Var<Scalar>& var) {
  if (!var.has_adjoint()) return st::Array<Scalar>::Zero(var.array().rows(), var.array().cols());
  return var.adjoint().array();
}

/// All gradients of a backward pass by name.
template <typename Scalar>
Numbers<Scalar> gradients(const Subject<Scalar>& neuron, const st::Var<Scalar>& input,
                          const std::vector<st::Var<Scalar>>& states) {
  Numbers<Scalar> all;
  all["input"] = adjoint_of(input);
  for (std::size_t k = 0; k < states.size(); ++k) all[neuron.carried_names()[k]] = adjoint_of(states[k]);
  for (const auto& parameter : neuron.parameters())
    all[parameter->name] = input.tape().gradients().gradient(parameter);
  return all;
}

/// Equal to the bit, but for recurrent weights and biases if they were summed `in_another_order`. Gradients of
/// long sequences may overflow in float: then both are the same NaN.
template <typename Scalar>
void check_same(const Numbers<Scalar>& ours, const Numbers<Scalar>& expected, bool in_another_order = false) {
  REQUIRE(ours.size() == expected.size());
  for (const auto& [name, numbers] : expected) {
    INFO("gradient by " << name);
    const st::Array<Scalar>& our = ours.at(name);
    REQUIRE(our.rows() == numbers.rows());
    REQUIRE(our.cols() == numbers.cols());
    if (in_another_order && name.starts_with("recurrent.") && numbers.isFinite().all())
      CHECK(numeric::near(our, numbers, 10 * tolerance::rounding<Scalar>));
    else
      CHECK((our == numbers || (our.isNaN() && numbers.isNaN())).all());
  }
}

template <typename Scalar>
bool has_nan(const Numbers<Scalar>& all) {
  for (const auto& [name, numbers] : all)
    if (numbers.isNaN().any()) return true;
  return false;
}

}  // namespace laws
