// What goes from layer to layer of a network.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/arena.hpp>
#include <spiketape/kernels/spike_train.hpp>
#include <spiketape/nn/layer.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

template <typename L>
concept HasHiddenState = requires(const L layer) {
  layer.reset_hidden();
  layer.detach_hidden();
};
/// The number of states of a layer in a State.
template <typename L>
constexpr std::size_t carried_by() {
  if constexpr (RunsWithStates<L>)
    return L::carried;
  else
    return 0;
}
/// Whether a layer's result for a step depends on earlier steps.
template <typename L>
constexpr bool has_states() {
  if constexpr (RunsWithStates<L>)
    return L::carried > 0;
  else
    return HasHiddenState<L>;
}
/// A layer that is only a function of values on a tape, such as a lambda of ops.
template <typename L, typename Scalar>
concept Function = !requires {
  typename L::Scalar;
}
&&std::invocable<const L&, const Var<Scalar>&>;

/// The result of a function for an input on arrays, computed on a temporary tape, so that ops serve both.
template <typename Scalar, typename F>
Sequence<Scalar> on_arrays(const F& function, const SequenceView<const Scalar>& input) {
  Tape<Scalar> tape;
  tape.set_training(false);
  const Var<Scalar> result = function(tape.constant(input));
  const SequenceView<const Scalar> values = result.value();
  Sequence<Scalar> copy(values.shape(), values.constant);
  if (values.rows() > 0) copy.array() = values.array();
  return copy;
}

/// One layer's result, of whatever kind of layer and input.
template <typename Scalar, typename L, typename Input>
auto layer_result(const L& layer, const Input& input) {
  if constexpr (Function<L, Scalar> && !std::same_as<Input, Var<Scalar>>) {
    Sequence<Scalar> result = on_arrays<Scalar>(layer, view_of(input));
    if constexpr (requires { typename Input::PlainObject; })
      return Array<Scalar>(result.array());
    else
      return result;
  } else {
    return layer(input);
  }
}

/// A copy of values in an arena.
template <typename Scalar>
SequenceView<const Scalar> copied(const SequenceView<const Scalar>& from, Arena& memory) {
  const SequenceView<Scalar> to(memory.allocate<Scalar>(from.rows() * from.features), from.shape(),
                                from.features, from.constant);
  if (from.rows() > 0) to.array() = from.array();
  return to;
}

/// Spikes as bits, see SpikeTrain.
template <typename Input>
concept SpikesAsBits = requires(const Input& input) {
  input.rows().bits;
};
/// What a network is called with.
template <typename Input>
concept NetworkInput = SpikesAsBits<Input> || requires(const Input& input) {
  view_of(input);
};

/// Does not compile for what no network, or none that begins with this layer, is called with, and the
/// compiler says why.
template <typename First, typename Input>
consteval bool check_network_input() {
  static_assert(NetworkInput<Input>,
                "spiketape::Sequential: an input is a step (an Eigen array), a sequence, a Var, or spikes "
                "as bits, such as binned.spikes");
  static_assert(!SpikesAsBits<Input> || std::is_invocable_v<const First&, const Input&>,
                "spiketape::Sequential: spikes as bits are taken by a network that begins with a layer "
                "such as Linear or Conv2d");
  return true;
}

/// Whether a neuron passes its spikes to the next layer as bits.
template <typename L, typename Next, typename Input>
concept PassesSpikes = requires(const L& layer, const Input& input) {
  requires Next::takes_bits;
  { layer.spikes(input) } -> std::same_as<SpikeTrain<typename Next::Scalar>>;
};

/// An Eigen expression, which refers to its operands.
template <typename T>
concept EigenExpression = requires {
  typename T::PlainObject;
}
&&!std::same_as<T, typename T::PlainObject>;

/// The Scalar of the first layer that has one.
template <typename... Layers>
struct FirstScalar {
  static_assert(sizeof...(Layers) > 0,
                "spiketape::Sequential: one layer at least must say its Scalar, such as Linear<float>");
};
template <typename First, typename... Others>
struct FirstScalar<First, Others...> : FirstScalar<Others...> {};
template <typename First, typename... Others>
requires requires { typename First::Scalar; }
struct FirstScalar<First, Others...> {
  using type = typename First::Scalar;
};

/// The input of the next layer: the spikes of a neuron, or the whole result.
template <typename T>
const auto& passed_on(const T& result) {
  if constexpr (requires { result.spk; })
    return result.spk;
  else
    return result;
}

}  // namespace detail

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
