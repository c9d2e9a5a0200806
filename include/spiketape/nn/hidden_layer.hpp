// Layers that may keep their states themselves between calls, as neurons with init_hidden do.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/state.hpp>
#include <spiketape/nn/layer.hpp>

#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// States inside of a layer. The copies that a tape keeps for backward need none.
template <Real Scalar>
struct HiddenStates {
  State<Scalar> state;

  explicit HiddenStates(std::size_t count) : state(count, 0) {}
  HiddenStates(const HiddenStates& other)
      : state(SharingCopies::active() ? State<Scalar>() : State<Scalar>(other.state)) {}
  HiddenStates(HiddenStates&&) noexcept = default;
  HiddenStates& operator=(const HiddenStates&) = default;
  HiddenStates& operator=(HiddenStates&&) noexcept = default;
  ~HiddenStates() = default;
};

/// A Layer (CRTP) with states. With init_hidden, a call without a State starts from those inside and updates
/// them, and belongs to one thread; without, it starts from zero.
template <typename Derived, Real Scalar>
class HiddenLayer : public Layer<Derived, Scalar> {
  using Base = Layer<Derived, Scalar>;

 public:
  using Base::operator();

  Var<Scalar> operator()(const Var<Scalar>& input) const { return this->run(input, hidden_parts()); }
  /// One step on an Eigen array (batch, features). Allocates, as do the others.
  template <typename Step>
  Array<Scalar> operator()(const Eigen::DenseBase<Step>& input) const {
    if (!init_hidden_) return Base::operator()(input);
    Arena memory;
    return this->run(SequenceView<const Scalar>(input), hidden_parts(), memory).array();
  }
  Sequence<Scalar> operator()(const SequenceView<const Scalar>& input) const {
    if (!init_hidden_) return Base::operator()(input);
    Arena memory;
    const SequenceView<const Scalar> y = this->run(input, hidden_parts(), memory);
    Sequence<Scalar> result(y.shape());
    result.view().assign(y);
    return result;
  }
  Sequence<Scalar> operator()(const Sequence<Scalar>& input) const { return (*this)(input.view()); }
  Sequence<Scalar> operator()(const SpikeTrain<Scalar>& spikes) const {
    if (!init_hidden_) return Base::operator()(spikes);
    const Shape& shape = spikes.shape();
    const Index stride = whole_lines<Scalar>(shape.features);
    Arena memory;
    const SequenceView<Scalar> x(memory.allocate<Scalar>(shape.steps * shape.batch * stride), shape, stride);
    for (Index row = 0; row < x.rows(); ++row) spikes.rows().write(row, x.data + row * stride);
    return (*this)(SequenceView<const Scalar>(x));
  }

  /// Whether the layer keeps its states itself, between calls.
  bool init_hidden() const noexcept { return init_hidden_; }
  bool keeps_state() const noexcept { return init_hidden_; }
  bool forgets_state() const noexcept { return !init_hidden_; }

  /// Clears the states inside, so that the next call starts from zero.
  void reset_hidden() const { hidden_.state.reset(); }
  /// Cuts the gradient between the calls so far and the next one; the values stay.
  void detach_hidden() const { hidden_.state.detach(); }

  // For networks: see LIF.

  template <typename F>
  void for_each_hidden_part(F&& f) const {
    for (auto& part : hidden_parts()) f(part);
  }
  template <typename F>
  void for_each_hidden(F&& f) const {
    for (auto& part : hidden_parts()) f(part.values, part.var);
  }

 protected:
  explicit HiddenLayer(bool init_hidden) : init_hidden_(init_hidden) {}

 private:
  StateParts<Scalar> hidden_parts() const {
    return init_hidden_ ? hidden_.state.parts() : StateParts<Scalar>();
  }

  bool init_hidden_;
  mutable HiddenStates<Scalar> hidden_{Derived::carried};
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
