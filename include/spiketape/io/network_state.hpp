// What a network is made of, without its type: the arrays of its layers by name, and what the layers were
// made with. Writers and readers of files work on this.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/function_ref.hpp>
#include <spiketape/core/parameters.hpp>
#include <spiketape/core/type_name.hpp>
#include <spiketape/io/policy_text.hpp>
#include <spiketape/io/tensor.hpp>
#include <spiketape/io/text_map.hpp>
#include <spiketape/nn/leaves.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// An array of a layer that files hold: a parameter, or a row of positive numbers that is none (a buffer).
template <Real Scalar>
struct StateEntry {
  std::string name;  // lif1.beta
  std::size_t layer;
  Parameter<Scalar>* parameter;
  Row<Scalar>* buffer;
};

/// A layer and, if it is a neuron, its options other than coefficients.
struct LayerFacts {
  std::string path;  // lif1
  std::string type;  // spiketape::Leaky
  TextMap options;
  void* layer = nullptr;  // for `loaded`, which is called after its arrays have been read
  void (*loaded)(void*) = nullptr;

  [[nodiscard]] bool is_neuron() const { return !options.empty(); }
  [[nodiscard]] SPIKETAPE_COLD std::string_view option(const char* name) const {
    const std::string* text = text_at(options, name);
    return text == nullptr ? std::string_view() : std::string_view(*text);
  }
  /// The full name of something in this layer.
  [[nodiscard]] SPIKETAPE_COLD std::string named(std::string_view name) const {
    return joined({path, path.empty() ? "" : ".", name});
  }
};

/// Views of a network's arrays, valid until it moves or ends or a parameter becomes a new one.
template <Real Scalar>
struct NetworkState {
  std::vector<LayerFacts> layers;
  std::vector<StateEntry<Scalar>> entries;
};

inline std::string option_text(bool value) { return value ? "true" : "false"; }

// Not inlined, since each type of layer would repeat them.
SPIKETAPE_COLD inline void add_option(LayerFacts& facts, std::string_view name, std::string text) {
  add_text(facts.options, std::string(name), std::move(text));
}
SPIKETAPE_COLD inline void add_option(LayerFacts& facts, std::string_view name, bool value) {
  add_option(facts, name, option_text(value));
}
template <Real Scalar>
SPIKETAPE_COLD void add_entry(NetworkState<Scalar>& state, const LayerFacts& facts, std::string_view name,
                              Parameter<Scalar>* parameter, Row<Scalar>* buffer) {
  state.entries.push_back({facts.named(name), state.layers.size(), parameter, buffer});
}

/// The network is not changed. Authors write only a for_each_parameter that is not const, hence the cast.
template <typename Network>
NetworkState<typename Network::Scalar> network_state(const Network& net) {
  using Scalar = typename Network::Scalar;
  check_not_moved_from(net);
  NetworkState<Scalar> state;
  for_each_leaf(const_cast<Network&>(net), "", [&](const std::string& path, auto& layer) {
    using L = std::remove_cvref_t<decltype(layer)>;
    LayerFacts facts{path, type_name<L>(), {}, &layer, nullptr};
    if constexpr (requires { layer.loaded(); })
      facts.loaded = [](void* of_l) { static_cast<L*>(of_l)->loaded(); };
    if constexpr (requires { layer.for_each_option(TakesAnything()); })
      layer.for_each_option([&](std::string_view name, const auto& value) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, bool>)
          add_option(facts, name, value);
        else
          add_option(facts, name, policy_text(value));
      });
    for_each_parameter(layer, [&](std::string_view name, Parameter<Scalar>& parameter) {
      add_entry<Scalar>(state, facts, name, &parameter, nullptr);
    });
    if constexpr (requires { layer.for_each_buffer(TakesAnything()); })
      layer.for_each_buffer([&](std::string_view name, Row<Scalar>& row) {
        add_entry<Scalar>(state, facts, name, nullptr, &row);
      });
    state.layers.push_back(std::move(facts));
  });
  return state;
}

/// The shape that files give an array: PyTorch's, so weights are transposed, a row has one extent, and a
/// number that all neurons share none.
template <Real Scalar>
std::vector<Index> saved_shape(const StateEntry<Scalar>& entry) {
  if (entry.buffer != nullptr)
    return entry.buffer->size() == 1 ? std::vector<Index>() : std::vector<Index>{entry.buffer->size()};
  const ParameterData<Scalar>& data = *entry.parameter->ptr();
  if (!data.saved_shape.empty()) return data.saved_shape;
  if (data.whole || (data.widens && data.cols == 1)) return {};
  if (data.transposed) return {data.cols, data.rows};
  if (data.rows == 1) return {data.cols};
  return {data.rows, data.cols};
}

/// Calls f(number) for each number of an array, in the order of files; f may change it.
template <Real Scalar>
void for_each_saved(const StateEntry<Scalar>& entry, FunctionRef<void(Scalar&)> f) {
  if (entry.buffer != nullptr) {
    for (Index i = 0; i < entry.buffer->size(); ++i) f(entry.buffer->data()[i]);
    return;
  }
  ParameterData<Scalar>& data = *entry.parameter->ptr();
  const Index outer = data.transposed ? data.cols : data.rows,
              inner = data.transposed ? data.rows : data.cols;
  for (Index i = 0; i < outer; ++i)
    for (Index j = 0; j < inner; ++j)
      f(data.values[static_cast<std::size_t>(data.transposed ? j * data.stride + i : i * data.stride + j)]);
}

template <Real Scalar>
SPIKETAPE_COLD Tensor saved_tensor(const StateEntry<Scalar>& entry) {
  Tensor tensor{entry.name, dtype_of<Scalar>, saved_shape(entry), {}};
  for_each_saved<Scalar>(entry, [&](Scalar& number) { append_number_bytes(tensor.bytes, number); });
  return tensor;
}

/// snnTorch's number for the reset of a neuron, reset_mechanism_val: 0 subtract, 1 zero, 2 none. "zero" is
/// ZeroBeforeInput for Leaky and Zero for the other neurons. None for resets that snnTorch does not have.
/// Source: snntorch/_neurons/neurons.py, version 0.9.4.
SPIKETAPE_COLD inline std::optional<int> snntorch_reset(const LayerFacts& layer) {
  const std::string_view reset = layer.option("reset_mechanism");
  const bool leaky = layer.type == "spiketape::Leaky";
  if (reset == "reset::Subtract") return 0;
  if (reset == (leaky ? "reset::ZeroBeforeInput" : "reset::Zero")) return 1;
  if (reset == "reset::None") return 2;
  return std::nullopt;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
