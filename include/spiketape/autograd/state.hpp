// What a network remembers from call to call, apart from its weights.
#pragma once

#include <spiketape/autograd/steps.hpp>
#include <spiketape/core/arena.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace spiketape {

namespace detail {

/// One state of one layer: its values, rows of (features), empty where it is zero; and, after a call on a
/// tape, the value that they were computed as, whose last rows they are.
template <Real Scalar>
struct StatePart {
  Array<Scalar> values;
  Var<Scalar> var;
};

/// The states of a layer or of several.
template <Real Scalar>
using StateParts = std::span<StatePart<Scalar>>;

/// A state as a value on a tape, with its history if that is still there, else as a constant: its last
/// `steps` steps. Empty if it is zero.
template <Real Scalar>
Var<Scalar> on_tape(const StatePart<Scalar>& part, Tape<Scalar>& tape, Index steps = 1) {
  if (part.values.size() == 0) return {};
  if (part.var.on(tape)) return steps == 1 ? step(part.var, part.var.steps() - 1) : part.var;
  const Shape shape{steps, part.values.rows() / steps, part.values.cols()};
  return tape.constant(SequenceView<const Scalar>(part.values.data(), shape, shape.features));
}

}  // namespace detail

/// The states of all neurons of a network (membranes, synaptic currents, …), layer by layer: what one stream
/// of steps has instead of a network of its own. Made by `net.state(batch)`, all zero, and read and written
/// by each call:
///
///     auto state = net.state(1);
///     for (...) {
///       const auto out = net(step, state);     // of a stream; out lies in the state, until the next call
///     }
///
/// The network itself stays as it is, so any number of streams and threads share it. A value: a copy is a
/// second stream that goes on from the same place. On a tape the states keep their history, so the gradient
/// flows back through them until they are detached or the tape is reset; see detach.
template <Real Scalar>
class State {
 public:
  State() = default;
  /// `count` states of `batch` samples each, all zero. See the network's own state(batch).
  State(std::size_t count, Index batch) : parts_(count), batch_(batch) {
    if (batch < 0) detail::fail_argument("spiketape::State: batch is ", batch, ", expected at least 0");
  }
  State(const State& other) : parts_(other.parts_), batch_(other.batch_) {}
  State(State&&) noexcept = default;
  State& operator=(const State& other) {
    parts_ = other.parts_;
    batch_ = other.batch_;
    return *this;
  }
  State& operator=(State&&) noexcept = default;
  ~State() = default;

  /// The number of states, over all layers.
  std::size_t size() const noexcept { return parts_.size(); }
  /// The number of samples; 0 if nothing has been said of it.
  Index batch() const noexcept { return batch_; }

  /// The values of state k, (batch, features), empty where they are zero. Assigning others cuts the gradient.
  const Array<Scalar>& operator[](std::size_t k) const { return parts_[checked(k)].values; }
  void set(std::size_t k, Array<Scalar> values) { parts_[checked(k)] = {std::move(values), {}}; }

  /// All states become zero.
  void reset() {
    for (auto& part : parts_) part = {Array<Scalar>(), {}};
  }
  /// Cuts the gradient between the calls so far and the next one (truncated BPTT); the values stay.
  void detach() {
    for (auto& part : parts_) part.var = {};
  }

  friend bool operator==(const State& a, const State& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t k = 0; k < a.size(); ++k) {
      const Array<Scalar>&x = a[k], &y = b[k];
      if (x.rows() != y.rows() || x.cols() != y.cols() || (x != y).any()) return false;
    }
    return true;
  }

  /// For layers: the states, and the memory of a call's results.
  detail::StateParts<Scalar> parts() { return parts_; }
  Arena& memory() {
    if (memory_ == nullptr) memory_ = std::make_unique<Arena>();
    return *memory_;
  }

 private:
  std::size_t checked(std::size_t k) const {
    if (k >= parts_.size())
      detail::fail_argument("spiketape::State: k is ", k, ", there are ", parts_.size(), " states");
    return k;
  }

  std::vector<detail::StatePart<Scalar>> parts_;
  Index batch_ = 0;
  std::unique_ptr<Arena> memory_;
};

}  // namespace spiketape
