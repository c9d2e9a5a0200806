// What a class derived from Layer has; Layer says what is missing.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/adjoint.hpp>
#include <spiketape/core/array.hpp>
#include <spiketape/nn/context.hpp>

#include <concepts>

namespace spiketape::inline SPIKETAPE_ABI::detail {

template <typename L, typename Scalar>
concept SaysItsResult = requires(const L layer, Shape shape) {
  { layer.result(shape) } -> std::same_as<Shape>;
};
template <typename L, typename Scalar>
concept GoesForward = requires(const L layer, SequenceView<const Scalar> x, SequenceView<Scalar> y,
                               Context<Scalar>& context) {
  layer.forward(x, y, context);
};
template <typename L, typename Scalar>
concept GoesBackward = requires(const L layer, SequenceView<const Scalar> x,
                                SequenceView<const Scalar> y_adjoint, Adjoint<Scalar> x_adjoint,
                                Context<Scalar>& context) {
  layer.backward(x, y_adjoint, x_adjoint, context);
};

/// The name a second time: with it, a use of the name does not compile if the layer has it, whatever for.
struct NamesForEachParameter {
  void for_each_parameter() const {}
};
template <typename L>
struct LayerAnd : L, NamesForEachParameter {};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
