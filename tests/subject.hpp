// A neuron without its type, so that what tests ask of neurons compiles once for many: its calls, and what
// comes out as lists.
#pragma once

#include "any_quantizer.hpp"
#include "any_surrogate.hpp"
#include "products.hpp"

#include <spiketape/autograd/ops.hpp>
#include <spiketape/autograd/tape.hpp>
#include <spiketape/nn/hidden_state.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace subject {

namespace st = spiketape;

/// Named numbers: coefficients, states, gradients.
template <typename Scalar>
using Numbers = std::map<std::string, st::Array<Scalar>>;

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
  virtual void reset_hidden() const = 0;  // the function for networks
  virtual void detach_hidden() const = 0;
  /// W and b where spikes act all to all, else nothing.
  virtual Numbers<Scalar> recurrence() const = 0;
  virtual std::vector<std::string> state_names() const = 0;
  virtual bool recurrent() const = 0;

  /// What goes from a call to the next: recurrent neurons take the spikes, too.
  std::vector<std::string> carried_names() const {
    auto names = state_names();
    if (recurrent()) names.insert(names.begin(), "spk");
    return names;
  }
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
  void reset_hidden() const override { st::reset_hidden(neuron_); }
  void detach_hidden() const override { st::detach_hidden(neuron_); }
  Numbers<Scalar> recurrence() const override {
    if constexpr (requires { neuron_.recurrent_weight(); })
      if (neuron_.recurrent_weight().rows() > 0)
        return {{"recurrent.weight", neuron_.recurrent_weight().array()},
                {"recurrent.bias", neuron_.recurrent_bias().array()}};
    return {};
  }
  std::vector<std::string> state_names() const override {
    return {Neuron::Dynamics::state_names.begin(), Neuron::Dynamics::state_names.end()};
  }
  bool recurrent() const override { return Neuron::recurrent; }

 private:
  template <typename T, typename Input, typename States>
  std::vector<T> call(const Input& input, const States& states) const {
    if (states.empty()) return parts<T>(neuron_(input));
    return [&]<std::size_t... k>(std::index_sequence<k...>) { return parts<T>(neuron_(input, states[k]...)); }
    (std::make_index_sequence<Neuron::carried>());
  }

  Neuron neuron_;
};

}  // namespace subject
