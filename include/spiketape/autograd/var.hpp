// A value on a tape.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/generation.hpp>
#include <spiketape/kernels/bit_rows.hpp>

#include <atomic>

namespace spiketape::inline SPIKETAPE_ABI {

template <Real Scalar>
class Tape;

namespace detail {

/// A value on a tape; lies in the tape's arena.
template <Real Scalar>
struct Node {
  SequenceView<Scalar> value;             // spikes: no data until it is first read
  SequenceView<Scalar> adjoint;           // no data until the first touch
  bool differentiable;                    // a constant has no adjoint
  bool touched;                           // the adjoint has been written
  const BitRows<Scalar>* bits = nullptr;  // spikes: where they are
  std::atomic<bool> as_bits = false;      // spikes: not yet written to `value`
};

}  // namespace detail

/// A handle to a value on a tape and to its adjoint, the derivative of the loss by it; both have the shape
/// (steps, batch, features). Cheap to copy. It is valid until its tape is reset or destroyed; reading it
/// after that throws std::invalid_argument. An empty handle stands for "no value"; reading it throws, too.
template <Real Scalar>
class Var {
 public:
  Var() = default;

  /// Whether it stands for no value.
  [[nodiscard]] bool empty() const noexcept { return node_ == nullptr; }
  /// Whether its tape exists and has not been reset since.
  [[nodiscard]] bool valid() const noexcept { return recording_.valid(); }
  /// Whether it is a valid handle of `tape`.
  [[nodiscard]] bool on(const Tape<Scalar>& tape) const noexcept { return tape_ == &tape && valid(); }

  /// (steps, batch, features) of the value.
  Shape shape() const { return node("shape").value.shape(); }
  Index steps() const { return shape().steps; }
  Index batch() const { return shape().batch; }
  Index features() const { return shape().features; }
  /// Whether all steps are the same and one is stored.
  bool constant() const { return node("constant").value.constant; }
  /// Whether the loss is differentiated by it.
  bool differentiable() const { return node("differentiable").differentiable; }

  /// The value; its rows are padded to whole cache lines. Spikes are stored as bits; the first call writes
  /// them out as numbers. Threads may read the values of a tape at once. The view is memory of the tape, not
  /// checked later: copy it before the tape is reset.
  SequenceView<const Scalar> value() const;
  /// The stored rows of the value as an Eigen array, a view like that of value().
  ArrayMap<const Scalar> array() const { return value().array(); }
  /// The value of a single number, such as a loss. Throws std::invalid_argument for any other shape.
  Scalar item() const {
    if (shape() != Shape{1, 1, 1})
      detail::fail_argument("spiketape::Var::item: shape is ", shape(), ", expected (1, 1, 1)");
    return *value().data;
  }

  /// Whether the backward pass has reached it.
  bool has_adjoint() const { return node("has_adjoint").touched; }
  /// The adjoint after a backward pass. Throws std::invalid_argument if none has reached it. For a constant
  /// sequence it is the adjoint of the one stored step, the sum over all steps. A view like that of value().
  SequenceView<const Scalar> adjoint() const {
    if (!has_adjoint())
      detail::fail_argument("spiketape::Var::adjoint: no gradient has reached this value",
                            differentiable() ? "" : ": it is a constant");
    return node("adjoint").adjoint;
  }

  /// The tape that the value is on.
  Tape<Scalar>& tape() const {
    node("tape");
    return *tape_;
  }

 private:
  friend class Tape<Scalar>;
  Var(Tape<Scalar>& tape, detail::Node<Scalar>& node, const detail::Generation& recording)
      : tape_(&tape), node_(&node), recording_(recording) {}

  SPIKETAPE_NOINLINE detail::Node<Scalar>& node(const char* function) const {
    if (empty())
      detail::fail_argument("spiketape::Var::", function, ": the handle is empty", detail::why_empty(0, 0));
    if (!valid())
      detail::fail_argument("spiketape::Var::", function,
                            ": the tape of the handle has been reset or destroyed since, expected a new "
                            "handle");
    return *node_;
  }

  Tape<Scalar>* tape_ = nullptr;
  detail::Node<Scalar>* node_ = nullptr;
  detail::Generation::Reference recording_;
};

template <Real Scalar>
SequenceView<const Scalar> view_of(const Var<Scalar>& var) {
  return var.value();
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
