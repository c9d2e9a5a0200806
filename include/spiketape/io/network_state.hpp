// What a network is made of, without its type: the arrays of its layers by name, and what the layers were
// made with. Writers and readers of files work on this.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/parameters.hpp>
#include <spiketape/core/type_name.hpp>
#include <spiketape/io/form.hpp>
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

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

/// The numbers of an array in the order of files: `outer` times `inner` of them.
struct StateNumbers {
  void* first = nullptr;  // of floats or doubles
  Index outer = 1, inner = 0, outer_stride = 0, inner_stride = 1;

  [[nodiscard]] Index count() const noexcept { return outer * inner; }
  [[nodiscard]] Index place(Index i, Index j) const noexcept { return i * outer_stride + j * inner_stride; }
};

/// An array of a layer that files hold: a parameter, or a row of positive numbers that is none (a buffer).
struct StateEntry {
  std::string name;  // lif1.beta
  std::size_t layer;
  DType type;
  std::vector<Index> shape{};  // as files have it
  StateNumbers numbers{};
  bool coefficient = true;  // of a neuron: one number, or one for each neuron
  bool whole = false;       // a whole number
  bool positive = false;
  int allowed = 0;  // an enumerator of Allowed
  Index places = 1;  // neurons next to each other that share a number
  // Makes a coefficient one for each of so many neurons.
  void* array = nullptr;
  StateNumbers (*widen)(void* array, Index neurons) = nullptr;
};

/// A layer and, if it is a neuron, its options other than coefficients.
struct LayerFacts {
  std::string path;  // lif1
  std::string type;  // spiketape::Leaky
  TextMap options{};
  void* layer = nullptr;  // for `loaded`, which is called after its arrays have been read
  void (*loaded)(void*) = nullptr;

  [[nodiscard]] bool is_neuron() const { return !options.empty(); }
  [[nodiscard]] std::string_view option(const char* name) const;
  /// The full name of something in this layer.
  [[nodiscard]] std::string named(std::string_view name) const;
};

/// Views of a network's arrays, valid until it moves or ends or a parameter becomes a new one.
struct NetworkState {
  std::vector<LayerFacts> layers;
  std::vector<StateEntry> entries;

  // Defined once: whoever describes a network would repeat them.
  NetworkState();
  NetworkState(NetworkState&&) noexcept;
  ~NetworkState();

  /// Adds a layer, to which all that is added afterwards belongs.
  LayerFacts& add_layer(const std::string& path, std::string (*type)(), void* layer);
  void add_option(std::string_view name, std::string text);
  void add_option(std::string_view name, bool value);
  StateEntry& add_entry(std::string_view name, DType type, void* array);
};

Tensor saved_tensor(const StateEntry& entry);

/// snnTorch's number for the reset of a neuron, reset_mechanism_val: 0 subtract, 1 zero, 2 none. "zero" is
/// ZeroBeforeInput for Leaky and Zero for the other neurons. None for resets that snnTorch does not have.
/// Source: snntorch/_neurons/neurons.py, version 0.9.4.
std::optional<int> snntorch_reset(const LayerFacts& layer);

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

namespace spiketape::inline SPIKETAPE_ABI::detail {

inline std::string option_text(bool value) { return value ? "true" : "false"; }

template <Real Scalar>
StateNumbers numbers_of(ParameterData<Scalar>& data) {
  if (data.transposed) return {data.values.data(), data.cols, data.rows, 1, data.stride};
  return {data.values.data(), data.rows, data.cols, data.stride, 1};
}
template <Real Scalar>
StateNumbers numbers_of(Row<Scalar>& buffer) {
  return {buffer.data(), 1, buffer.size(), 0, 1};
}

/// The shape that files give a parameter: PyTorch's, so weights are transposed, a row has one extent, and a
/// number that all neurons share none.
template <Real Scalar>
SPIKETAPE_NOINLINE void add_entry(NetworkState& state, std::string_view name, Parameter<Scalar>& parameter) {
  ParameterData<Scalar>& data = *parameter.ptr();
  StateEntry& entry = state.add_entry(name, dtype_of<Scalar>, &parameter);
  if (!data.saved_shape.empty())
    entry.shape = data.saved_shape;
  else if (data.whole || (data.widens && data.cols == 1))
    entry.shape = {};
  else if (data.rows == 1 && !data.transposed)
    entry.shape = {data.cols};
  else
    entry.shape = {data.transposed ? data.cols : data.rows, data.transposed ? data.rows : data.cols};
  entry.numbers = numbers_of(data);
  entry.coefficient = data.widens;
  entry.whole = data.whole;
  entry.allowed = static_cast<int>(data.allowed);
  entry.places = data.places;
  entry.widen = [](void* array, Index neurons) {
    auto& coefficient = *static_cast<Parameter<Scalar>*>(array);
    widen_coefficient(coefficient, neurons);
    return numbers_of(*coefficient.ptr());
  };
}
/// A buffer is a coefficient of a neuron.
template <Real Scalar>
SPIKETAPE_NOINLINE void add_entry(NetworkState& state, std::string_view name, Row<Scalar>& buffer) {
  StateEntry& entry = state.add_entry(name, dtype_of<Scalar>, &buffer);
  if (buffer.size() != 1) entry.shape = {buffer.size()};
  entry.numbers = numbers_of(buffer);
  entry.positive = true;
  entry.allowed = static_cast<int>(Allowed::finite);
  entry.widen = [](void* array, Index neurons) {
    auto& row = *static_cast<Row<Scalar>*>(array);
    row.resize(neurons);
    return numbers_of(row);
  };
}

template <typename Policy>
SPIKETAPE_NOINLINE void add_policy(NetworkState& state, std::string_view name, const Policy& policy) {
  state.add_option(name, policy_text(policy));
}

/// A network or a layer.
template <typename T>
concept IsNetwork = requires(const T& object) {
  named_by_base(object);
}
|| NamesParameters<T> || HasLayers<T>;

/// The network is not changed. Authors write only a for_each_parameter that is not const, hence the cast.
template <typename Network>
NetworkState network_state(const Network& net) {
  static_assert(IsNetwork<Network>,
                "spiketape: what is saved and loaded is a network or a layer, derived from st::Layer or with "
                "for_each_parameter");
  using Scalar = typename Network::Scalar;
  check_not_moved_from(net);
  NetworkState state;
  for_each_leaf(const_cast<Network&>(net), "", [&](const std::string& path, auto& layer) {
    using L = std::remove_cvref_t<decltype(layer)>;
    LayerFacts& facts = state.add_layer(path, type_name<L>, &layer);
    if constexpr (requires { layer.loaded(); })
      facts.loaded = [](void* of_l) { static_cast<L*>(of_l)->loaded(); };
    if constexpr (requires { layer.for_each_option(TakesAnything()); })
      layer.for_each_option([&](std::string_view name, const auto& value) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, bool>)
          state.add_option(name, value);
        else
          add_policy(state, name, value);
      });
    for_each_parameter(layer, [&](std::string_view name, Parameter<Scalar>& parameter) {
      add_entry<Scalar>(state, name, parameter);
    });
    if constexpr (requires { layer.for_each_buffer(TakesAnything()); })
      layer.for_each_buffer(
          [&](std::string_view name, Row<Scalar>& row) { add_entry<Scalar>(state, name, row); });
  });
  return state;
}

/// For what sets parameters: does not compile for a const network, and the compiler says why.
template <typename Network>
NetworkState writable_state(Network& net) {
  static_assert(!std::is_const_v<Network>,
                "spiketape: a const network is loaded, expected one that may change: leave out const");
  return network_state(net);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#if SPIKETAPE_IO_INLINE
#include <spiketape/io/impl/network_state.hpp>
#endif

#include <spiketape/core/pop_macros.hpp>
