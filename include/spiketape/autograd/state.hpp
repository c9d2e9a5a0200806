// The state of a network between calls, apart from its weights.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/steps.hpp>
#include <spiketape/core/arena.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// A state before the call that replaced it; a copy of a state has none.
template <Real Scalar>
struct StateBefore {
  Array<Scalar> values;
  Var<Scalar> var;
  bool zero = true;       // it was empty, and `values` is just memory for a later state
  bool replaced = false;  // since the call began that would put it back

  StateBefore() = default;
  StateBefore(const StateBefore&) {}
  StateBefore(StateBefore&&) noexcept = default;
  StateBefore& operator=(const StateBefore&) { return *this; }
  StateBefore& operator=(StateBefore&&) noexcept = default;
  ~StateBefore() = default;
};

/// One state of one layer. `values` are rows of (features), empty if the state is zero. After a call on a
/// tape, `var` is the value on the tape that they come from; they are its last rows.
template <Real Scalar>
struct StatePart {
  Array<Scalar> values;
  Var<Scalar> var;
  StateBefore<Scalar> before;

  /// Takes the next values; `next` gets memory that may be reused.
  void replace(Array<Scalar>& next, const Var<Scalar>& next_var) {
    before.zero = values.size() == 0;
    if (!before.zero) before.values.swap(values);
    values.swap(next);
    before.var = std::exchange(var, next_var);
    before.replaced = true;
  }
  void put_back() {
    if (!std::exchange(before.replaced, false)) return;
    if (before.zero)
      reset();
    else
      values.swap(before.values);
    var = before.var;
  }
  /// Zero.
  void reset() {
    if (values.size() > 0) before.values.swap(values);  // memory for the next values
    values.resize(0, 0);
    var = {};
  }
};

/// The states of a layer or of several.
template <Real Scalar>
using StateParts = std::span<StatePart<Scalar>>;

/// Resizes an array. Eigen's resize would free it first, and leave it so if memory runs out.
template <Real Scalar>
void give_size(Array<Scalar>& array, Index rows, Index cols) {
  if (array.rows() != rows || array.cols() != cols) array = Array<Scalar>(rows, cols);
}

/// Replaces all states of a layer by copies of these rows, or none if memory runs out. Allocates in the first
/// call only: a state that is zero gets the memory of its next two values.
template <Real Scalar, std::size_t n>
SPIKETAPE_NOINLINE void replace_states(StateParts<Scalar> parts,
                                       const std::array<SequenceView<const Scalar>, n>& values,
                                       const std::array<Var<Scalar>, n>& vars) {
  std::array<Array<Scalar>, n> next, spare;
  for (std::size_t k = 0; k < n; ++k) {
    next[k].swap(parts[k].before.values);
    give_size(next[k], values[k].rows(), values[k].features);
    if (parts[k].values.size() == 0) give_size(spare[k], values[k].rows(), values[k].features);
  }
  for (std::size_t k = 0; k < n; ++k) {
    SequenceView<Scalar>(next[k]).assign(values[k]);
    parts[k].before.values.swap(spare[k]);
    parts[k].replace(next[k], vars[k]);
  }
}

/// Puts the states of a network back unless its call ends well: each_part(f) calls f(part) for each of them.
template <typename EachPart>
class StateUndo {
 public:
  explicit StateUndo(EachPart each_part) : each_part_(std::move(each_part)) {
    each_part_([](auto& part) { part.before.replaced = false; });
  }
  StateUndo(const StateUndo&) = delete;
  StateUndo& operator=(const StateUndo&) = delete;
  ~StateUndo() {
    if (!ended_) each_part_([](auto& part) { part.put_back(); });
  }
  void end() noexcept { ended_ = true; }

 private:
  EachPart each_part_;
  bool ended_ = false;
};
template <typename EachPart>
StateUndo(EachPart) -> StateUndo<EachPart>;

/// The last `steps` steps of a state as a value on a tape, with its history if that is on this tape, else as
/// a constant. An empty handle if the state is zero.
template <Real Scalar>
Var<Scalar> on_tape(const StatePart<Scalar>& part, Tape<Scalar>& tape, Index steps = 1) {
  if (part.values.size() == 0) return {};
  if (part.var.on(tape)) return steps == 1 ? step(part.var, part.var.steps() - 1) : part.var;
  const Shape shape{steps, part.values.rows() / steps, part.values.cols()};
  return tape.constant(SequenceView<const Scalar>(part.values.data(), shape, shape.features));
}

}  // namespace detail

/// The states of all layers of a network (membranes, synaptic currents, …), layer by layer.
/// `net.state(batch)` makes one, all zero; each call reads and updates it:
///
///     auto state = net.state(1);
///     for (...) {
///       const auto out = net(step, state);  // on arrays, out lies in the state until the next call
///     }
///
/// The network does not change, so any number of streams and threads share it, each with a state of its own.
/// A value: a copy is a second stream that continues from the same point. On a tape the states keep their
/// history, so the gradient flows back through them until they are detached or the tape is reset.
template <Real Scalar>
class State {
 public:
  State() = default;
  /// `count` states of `batch` samples each, all zero; see net.state(batch). Throws std::invalid_argument if
  /// `batch` is negative.
  State(std::size_t count, Index batch) : parts_(count), batch_(batch) {
    if (batch < 0) detail::fail_argument("spiketape::State: batch is ", batch, ", expected at least 0");
  }
  /// Values of (batch, features), state by state; empty ones are zero. Throws std::invalid_argument if their
  /// batches differ.
  State(std::initializer_list<Array<Scalar>> values) : parts_(values.size()) {
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      const Array<Scalar>& given = values.begin()[k];
      if (batch_ > 0 && given.size() > 0 && given.rows() != batch_)
        detail::fail_argument("spiketape::State: state ", k, " has ", given.rows(),
                              " rows, those before have ", batch_, ", expected as many");
      batch_ = std::max(batch_, given.rows());
      parts_[k].values = given;
    }
  }
  /// A copy has the values of the states and their history, but not the results of the last call.
  State(const State& other) : parts_(other.parts_), batch_(other.batch_) {}
  /// A state that was moved from has no parts and no batch.
  State(State&& other) noexcept
      : parts_(std::move(other.parts_)),
        batch_(std::exchange(other.batch_, 0)),
        memory_(std::move(other.memory_)) {}
  State& operator=(const State& other) {
    parts_ = other.parts_;
    batch_ = other.batch_;
    return *this;
  }
  State& operator=(State&& other) noexcept {
    if (this == &other) return *this;
    parts_ = std::move(other.parts_);
    batch_ = std::exchange(other.batch_, 0);
    memory_ = std::move(other.memory_);
    return *this;
  }
  ~State() = default;

  /// The number of states, over all layers.
  std::size_t size() const noexcept { return parts_.size(); }
  /// The number of samples; 0 if made without one.
  Index batch() const noexcept { return batch_; }

  /// The values of state k, (batch, features), or as many rows for each sample as the layer has steps in its
  /// state; empty before the first call and after reset(), which means zero. `set` replaces them and cuts
  /// their gradient. Both throw std::invalid_argument if there is no state k.
  const Array<Scalar>& operator[](std::size_t k) const { return parts_[checked(k)].values; }
  void set(std::size_t k, Array<Scalar> values) { parts_[checked(k)].replace(values, {}); }

  /// Sets all states to zero.
  void reset() {
    for (auto& part : parts_) part.reset();
  }
  /// Cuts the gradient between earlier calls and the next one (truncated BPTT); the values stay.
  void detach() {
    for (auto& part : parts_) part.var = {};
  }

  /// Whether both have the same values; all empty ones are the same.
  friend bool operator==(const State& a, const State& b) {
    if (a.size() != b.size() || a.batch() != b.batch()) return false;
    for (std::size_t k = 0; k < a.size(); ++k) {
      const Array<Scalar>&x = a[k], &y = b[k];
      if (x.size() == 0 && y.size() == 0) continue;
      if (x.rows() != y.rows() || x.cols() != y.cols() || (x != y).any()) return false;
    }
    return true;
  }

  /// For Checkpoint: visits the values of all states. Their history on a tape is cut.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.must_be("states", parts_.size());
    visitor.number("batch", batch_);
    for (std::size_t k = 0; k < parts_.size(); ++k)
      if (visitor.array(detail::text_of(k), parts_[k].values)) parts_[k].var = {};
  }

  /// For layers: all states.
  detail::StateParts<Scalar> parts() { return parts_; }

  /// For layers: the states, if there are `count` and of the input's batch, else throws std::invalid_argument
  /// in the name of the layer.
  detail::StateParts<Scalar> of_layer(std::string (*layer)(), std::size_t count, Index batch) {
    if (size() != count || this->batch() != batch)
      detail::fail_argument(layer(), ": state has ", size(), " parts of batch ", this->batch(), ", expected ",
                            count, " of batch ", batch, ": make it with state(batch)");
    return parts_;
  }
  /// For layers: memory for the results of a call, which ends the results of the last one. Throws
  /// std::invalid_argument if the input is one of those.
  Arena& memory_for(std::string (*layer)(), const SequenceView<const Scalar>& input) {
    if (memory_ == nullptr) memory_ = std::make_unique<Arena>();
    if (memory_->contains(input.data))
      detail::fail_argument(layer(),
                            ": input is the result of the last call with this state, which ends here: "
                            "expected other memory, such as a copy");
    memory_->rewind();
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

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
