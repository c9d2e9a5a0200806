// Layers, one after the other.
#pragma once

#include <spiketape/kernels/spike_train.hpp>
#include <spiketape/neuron/lif.hpp>
#include <spiketape/nn/hidden_state.hpp>

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace spiketape {

namespace detail {

template <typename Layer>
concept HasParameters = requires(const Layer layer) {
  layer.parameters();
};
template <typename Layer>
concept HasHiddenState = requires(const Layer layer) {
  layer.reset_hidden();
  layer.detach_hidden();
};

/// Whether a neuron's spikes go to the layer behind it as bits.
template <typename Layer, typename Next, typename Input>
concept PassesSpikes = requires(const Layer& layer, const Input& input) {
  requires Next::takes_spikes;
  { layer.spikes(input) } -> std::same_as<SpikeTrain<typename Next::Scalar>>;
};

/// Whether it is an Eigen expression, which refers to its operands.
template <typename T>
concept EigenExpression = requires {
  typename T::PlainObject;
}
&&!std::same_as<T, typename T::PlainObject>;

// What the next layer receives: the spikes of a neuron, or simply the result.
template <typename T>
const auto& passed_on(const T& result) {
  if constexpr (requires { result.spk; })
    return result.spk;
  else
    return result;
}

}  // namespace detail

/// A network that is one line a layer:
///
///     st::Sequential net{st::Linear<float>(64, 200, random), st::Leaky<float>({.beta = 0.9f}),
///                        st::Linear<float>(200, 10, random), st::Leaky<float>({.beta = 0.9f})};
///     auto [spk, mem] = net(input);
///
/// (In braces the layers draw their weights from first to last; in parentheses C++ leaves the order open.)
/// A layer is anything callable with the result of the layer before (the first one has a type `Scalar`); of a
/// neuron the spikes are passed on. If the last layer is a neuron, the result is its {spk, mem} (or {spk,
/// syn, mem}, …); a last neuron that keeps its states inside (init_hidden) hands them on only with `output =
/// true`, else they are empty. Works on Eigen arrays, on Sequences and on tape variables. Calls are const, so
/// threads share a network.
///
/// Spikes go from a neuron to a dense layer as bits, which become events there: on a tape, and in a Sequence,
/// of which the neuron then keeps no states but the last.
template <typename... Layers>
class Sequential {
  static_assert(sizeof...(Layers) > 0, "spiketape::Sequential: expected at least one layer");

 public:
  using Scalar = typename std::tuple_element_t<0, std::tuple<Layers...>>::Scalar;

  explicit Sequential(Layers... layers) : layers_(std::move(layers)...) {}

  /// The last layer's result for a step, a sequence or a value on a tape. Throws what the layers throw, such
  /// as std::invalid_argument for a wrong number of features. `forward` is the same by name.
  template <typename Input>
  auto operator()(const Input& input) const {
    return call<0, sizeof...(Layers)>(input);
  }
  template <typename Input>
  auto forward(const Input& input) const {
    return (*this)(input);
  }

  /// The network in two parts, net(x) = net.back(net.front(x)): the layers before the first neuron, which
  /// look at each step by itself, and those from it on. Without a neuron, front is all; if a neuron is first,
  /// front hands its input on.
  template <typename Input>
  auto front(const Input& input) const {
    return call<0, first_neuron()>(input);
  }
  template <typename Input>
  auto back(const Input& input) const {
    return call<first_neuron(), sizeof...(Layers)>(input);
  }

  /// Whether a neuron keeps its membrane inside (init_hidden).
  bool keeps_state() const {
    bool keeps = false;
    for_hidden([&](const auto& layer) {
      if constexpr (requires { layer.init_hidden(); })
        keeps = keeps || layer.init_hidden();
      else if constexpr (requires { layer.keeps_state(); })
        keeps = keeps || layer.keeps_state();
    });
    return keeps;
  }

  /// Whether a neuron starts each call from zero or from given states (no init_hidden).
  bool forgets_state() const {
    bool forgets = false;
    for_hidden([&](const auto& layer) {
      if constexpr (requires { layer.init_hidden(); })
        forgets = forgets || !layer.init_hidden();
      else if constexpr (requires { layer.forgets_state(); })
        forgets = forgets || layer.forgets_state();
    });
    return forgets;
  }

  /// Layer i, counted from 0.
  template <std::size_t i>
  auto& layer() {
    return std::get<i>(layers_);
  }
  template <std::size_t i>
  const auto& layer() const {
    return std::get<i>(layers_);
  }

  /// What all layers learn, in their order.
  ParameterList<Scalar> parameters() const {
    ParameterList<Scalar> list;
    const auto add = [&](const auto& layer) {
      if constexpr (detail::HasParameters<std::remove_cvref_t<decltype(layer)>>)
        for (const auto& parameter : layer.parameters()) list.push_back(parameter);
    };
    std::apply([&](const auto&... layer) { (add(layer), ...); }, layers_);
    return list;
  }

  /// Forgets, or detaches, the hidden state of all layers that have one.
  void reset_hidden() const {
    for_hidden([](const auto& layer) { layer.reset_hidden(); });
  }
  void detach_hidden() const {
    for_hidden([](const auto& layer) { layer.detach_hidden(); });
  }

  /// Calls f(values, var) for every hidden state of every layer, see LIF.
  template <typename F>
  void for_each_hidden(F&& f) const {
    for_hidden([&](const auto& layer) {
      if constexpr (requires { layer.for_each_hidden(f); }) layer.for_each_hidden(f);
    });
  }

 private:
  template <std::size_t i>
  using Layer = std::tuple_element_t<i, std::tuple<Layers...>>;

  static constexpr std::size_t first_neuron() {
    std::size_t i = 0;
    static_cast<void>(((detail::HasHiddenState<Layers> || (++i, false)) || ...));
    return i;
  }

  /// The layers i, …, end − 1.
  template <std::size_t i, std::size_t end, typename Input>
  auto call(const Input& input) const {
    if constexpr (i == end) {
      return input;
    } else if constexpr (i + 1 < end) {
      const auto& layer = std::get<i>(layers_);
      if constexpr (detail::PassesSpikes<Layer<i>, Layer<i + 1>, Input>) {
        return call<i + 1, end>(layer.spikes(input));
      } else {
        const auto result = layer(input);
        return call<i + 1, end>(detail::passed_on(result));
      }
    } else {
      auto result = std::get<i>(layers_)(input);
      if constexpr (requires {
                      result.spk;
                      std::get<i>(layers_).output();
                    })
        if (std::get<i>(layers_).init_hidden() && !std::get<i>(layers_).output()) {
          auto spk = std::move(result.spk);
          result = {};
          result.spk = std::move(spk);
        }
      if constexpr (detail::EigenExpression<decltype(result)>)
        return result.eval();  // its operands end here
      else
        return result;
    }
  }

  template <typename Action>
  void for_hidden(Action action) const {
    const auto apply = [&](const auto& layer) {
      if constexpr (detail::HasHiddenState<std::remove_cvref_t<decltype(layer)>>) action(layer);
    };
    std::apply([&](const auto&... layer) { (apply(layer), ...); }, layers_);
  }

  std::tuple<Layers...> layers_;
};

}  // namespace spiketape
