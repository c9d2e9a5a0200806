// A neuron without its type, so that the laws compile once for many: its calls, and what comes out as lists.
#pragma once

#include "setup.hpp"

#include <spiketape/autograd/ops.hpp>
#include <spiketape/autograd/tape.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace laws {

template <typename Scalar>
class Subject {
 public:
  using Arrays = std::vector<st::Array<Scalar>>;
  using Sequences = std::vector<st::Sequence<Scalar>>;
  using Vars = std::vector<st::Var<Scalar>>;

  virtual ~Subject() = default;
  /// States are all or none; the results are spk and the states.
  virtual Arrays step(const st::Array<Scalar>& input, const Arrays& states) const = 0;
  virtual Sequences sequence(const st::Sequence<Scalar>& input, const Arrays& states) const = 0;
  virtual Vars on_tape(const st::Var<Scalar>& input, const Vars& states) const = 0;
  virtual st::ParameterList<Scalar> parameters() const = 0;
  virtual void reset_mem() const = 0;
  virtual void detach_hidden() const = 0;
  /// W and b where spikes act all to all, else nothing.
  virtual Numbers<Scalar> recurrence() const = 0;
  virtual std::vector<std::string> carried_names() const = 0;

  /// What the next call starts from.
  template <typename T>
  std::vector<T> carry(const std::vector<T>& results) const {
    return {results.end() - static_cast<std::ptrdiff_t>(carried_names().size()), results.end()};
  }
};

template <typename T, typename Result>
std::vector<T> parts(const Result& r) {
  if constexpr (requires { r.syn_exc; })
    return {r.spk, r.syn_exc, r.syn_inh, r.mem};
  else if constexpr (requires { r.syn; })
    return {r.spk, r.syn, r.mem};
  else if constexpr (requires { r.adapt; })
    return {r.spk, r.adapt, r.mem};
  else
    return {r.spk, r.mem};
}

template <typename Neuron>
class SubjectOf final : public Subject<typename Neuron::Scalar> {
 public:
  using Scalar = typename Neuron::Scalar;
  using typename Subject<Scalar>::Arrays;
  using typename Subject<Scalar>::Sequences;
  using typename Subject<Scalar>::Vars;

  explicit SubjectOf(Neuron neuron) : neuron_(std::move(neuron)) {}

  Arrays step(const st::Array<Scalar>& input, const Arrays& states) const override {
    return call<st::Array<Scalar>>(input, states);
  }
  Sequences sequence(const st::Sequence<Scalar>& input, const Arrays& states) const override {
    return call<st::Sequence<Scalar>>(input, states);
  }
  Vars on_tape(const st::Var<Scalar>& input, const Vars& states) const override {
    return call<st::Var<Scalar>>(input, states);
  }
  st::ParameterList<Scalar> parameters() const override { return neuron_.parameters(); }
  void reset_mem() const override { static_cast<void>(neuron_.reset_mem()); }
  void detach_hidden() const override { neuron_.detach_hidden(); }
  Numbers<Scalar> recurrence() const override {
    if constexpr (requires { neuron_.recurrent_weight(); })
      if (neuron_.recurrent_weight().rows() > 0)
        return {{"recurrent.weight", neuron_.recurrent_weight().array()},
                {"recurrent.bias", neuron_.recurrent_bias().array()}};
    return {};
  }
  std::vector<std::string> carried_names() const override {
    std::vector<std::string> names;
    if (Neuron::recurrent) names.emplace_back("spk");
    for (const char* state : Neuron::Dynamics::state_names) names.emplace_back(state);
    return names;
  }

 private:
  template <typename T, typename Input, typename States>
  std::vector<T> call(const Input& input, const States& states) const {
    if (states.empty()) return parts<T>(neuron_(input));
    return [&]<std::size_t... k>(std::index_sequence<k...>) { return parts<T>(neuron_(input, states[k]...)); }
    (std::make_index_sequence<Neuron::carried>());
  }

  Neuron neuron_;
};

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

/// Equal to the bit. Gradients of long sequences may overflow in float: then both are the same NaN.
template <typename Scalar>
void check_same(const Numbers<Scalar>& ours, const Numbers<Scalar>& expected) {
  REQUIRE(ours.size() == expected.size());
  for (const auto& [name, numbers] : expected) {
    INFO("gradient by " << name);
    const st::Array<Scalar>& our = ours.at(name);
    REQUIRE(our.rows() == numbers.rows());
    REQUIRE(our.cols() == numbers.cols());
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
