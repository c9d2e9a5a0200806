// A value on a tape.
#pragma once

#include <spiketape/core/array.hpp>
#include <spiketape/core/generation.hpp>
#include <spiketape/kernels/bit_rows.hpp>

namespace spiketape {

template <Real Scalar>
class Tape;

namespace detail {

/// What a tape keeps of a value. Lies in the tape's arena.
template <Real Scalar>
struct Node {
  SequenceView<Scalar> value;             // of spikes: no data until somebody asks for it
  SequenceView<Scalar> adjoint;           // no data until the first touch
  bool differentiable;                    // a constant has no adjoint, and none is computed for it
  bool touched;                           // the adjoint holds something
  const BitRows<Scalar>* bits = nullptr;  // of spikes: which are there
};

}  // namespace detail

/// A handle to a value on a tape and to its adjoint, the derivative of the loss by it; both have the
/// shape (steps, batch, features). Light: copy it freely. It is valid until its tape is reset or destroyed;
/// a use after that throws std::invalid_argument. An empty handle stands for "no value".
template <Real Scalar>
class Var {
 public:
  Var() = default;

  bool empty() const noexcept { return node_ == nullptr; }
  /// Whether the tape that made it is there and has not been reset since.
  bool valid() const noexcept { return recording_.valid(); }
  /// Whether it is a valid handle of that tape.
  bool on(const Tape<Scalar>& tape) const noexcept { return tape_ == &tape && valid(); }

  Shape shape() const { return node("shape").value.shape(); }
  Index steps() const { return shape().steps; }
  Index batch() const { return shape().batch; }
  Index features() const { return shape().features; }
  /// Whether all steps are the same and one is stored.
  bool constant() const { return node("constant").value.constant; }
  /// Whether the loss is differentiated by it.
  bool differentiable() const { return node("differentiable").differentiable; }

  /// The value; its rows are padded to whole cache lines. Spikes are kept as bits, and written out at the
  /// first call.
  SequenceView<const Scalar> value() const;
  /// The stored rows of the value as an Eigen array.
  ArrayMap<const Scalar> array() const { return value().array(); }
  /// The value of a single number, such as a loss. Throws if there are more.
  Scalar item() const {
    if (shape() != Shape{1, 1, 1})
      detail::fail_argument("spiketape::Var::item: shape is ", shape(), ", expected (1, 1, 1)");
    return *value().data;
  }

  /// Whether the backward pass has reached it.
  bool has_adjoint() const { return node("has_adjoint").touched; }
  /// The adjoint after a backward pass; throws if none has reached it. Of a constant sequence the
  /// adjoint is that of the one stored step, the sum over all steps.
  SequenceView<const Scalar> adjoint() const {
    if (!has_adjoint())
      detail::fail_argument("spiketape::Var::adjoint: no gradient has reached this value",
                            differentiable() ? "" : ": it is a constant");
    return node("adjoint").adjoint;
  }

  Tape<Scalar>& tape() const {
    node("tape");
    return *tape_;
  }

 private:
  friend class Tape<Scalar>;
  Var(Tape<Scalar>& tape, detail::Node<Scalar>& node, const detail::Generation& recording)
      : tape_(&tape), node_(&node), recording_(recording) {}

  detail::Node<Scalar>& node(const char* function) const {
    if (empty()) detail::fail_argument("spiketape::Var::", function, ": the handle is empty");
    if (!valid())
      detail::fail_argument("spiketape::Var::", function,
                            ": the tape of the handle has been reset or destroyed since, expected a new handle");
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

}  // namespace spiketape
