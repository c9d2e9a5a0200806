// A layer's call as a record on a tape.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/nn/context.hpp>

#include <array>
#include <cstddef>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// What a call read and wrote, the layer that goes back through it, and the context it ran in.
template <typename L>
struct LayerOp {
  using Scalar = typename L::Scalar;

  const L* layer;
  Var<Scalar> x, y;
  std::array<Var<Scalar>, L::carried> entering, leaving;
  Context<Scalar> forward;

  void backward(Tape<Scalar>& tape) const {
    bool reached = y.has_adjoint();
    for (const auto& var : leaving) reached = reached || var.has_adjoint();
    if (!reached) return;
    std::array<LayerState<Scalar>, L::carried> states{};
    for (std::size_t k = 0; k < L::carried; ++k) {
      if (!entering[k].empty()) states[k].entering = entering[k].value();
      if (leaving[k].has_adjoint()) states[k].leaving_adjoint = leaving[k].adjoint();
      if (!entering[k].empty() && entering[k].differentiable())
        states[k].entering_adjoint = {tape.open_adjoint(entering[k]), false};
    }
    Context<Scalar> context = forward;
    context.states_ = states.data();
    context.result_bits_ = nullptr;
    const SequenceView<const Scalar> y_adjoint = tape.open_adjoint(y);
    const Adjoint<Scalar> x_adjoint = open(tape, x);
    layer->backward(context.bits_ != nullptr ? tape.writable(x) : x.value(), y_adjoint, x_adjoint, context);
  }

  /// The adjoint of an input: zero at first, so that a backward that only adds is right.
  static Adjoint<Scalar> open(Tape<Scalar>& tape, const Var<Scalar>& var) {
    if (!var.differentiable()) return {};
    if constexpr (L::stores_adjoints)
      return tape.touch(var);
    else
      return {tape.open_adjoint(var), false};
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
