// The layers of a network of networks, with their paths.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/parameters.hpp>
#include <spiketape/core/type_name.hpp>

#include <string>
#include <string_view>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

template <typename L>
concept HasLayers = requires(L& net) {
  net.for_each_layer(TakesAnything());
};

/// The path of something in a layer: fc1.weight. Not inlined, since each network would repeat it.
SPIKETAPE_NOINLINE inline std::string inner_path(const std::string& path, std::string_view name) {
  return joined({path, path.empty() ? "" : ".", name});
}

/// Calls f(path, layer) for each layer of a network that is no network itself. Paths are those of parameters
/// without their last part: fc1, or block.fc1 in an inner network. A layer alone has the path "".
template <typename L, typename F>
void for_each_leaf(L& net, const std::string& path, F&& f) {
  if constexpr (HasLayers<L>)
    net.for_each_layer([&](std::string_view name, auto& layer) {
      for_each_leaf(layer, inner_path(path, name), f);
    });
  else
    f(path, net);
}

/// The reason of the first layer, or inner network, that couples samples, or nullptr.
template <typename Network>
const char* coupling_of(const Network& net) {
  const char* reason = nullptr;
  net.for_each_layer([&](std::string_view, const auto& layer) {
    using L = std::remove_cvref_t<decltype(layer)>;
    if (reason != nullptr) return;
    if constexpr (requires { layer.couples_samples(); })
      reason = layer.couples_samples();
    else if constexpr (requires { L::couples_samples; })
      reason = L::couples_samples;
  });
  return reason;
}

/// For files that hold layers one after the other: throws std::invalid_argument, with its path, for a network
/// that is more than that (one with `is_chain` = false).
template <typename L>
void check_chain(const char* function, const L& net, const std::string& path = "") {
  if constexpr (requires { requires !L::is_chain; })
    fail_argument("spiketape::", function, ": ", path.empty() ? "the network" : path, " is a ", type_name<L>(),
                  ", expected layers one after the other");
  else if constexpr (HasLayers<L>)
    net.for_each_layer([&](std::string_view name, const auto& layer) {
      check_chain(function, layer, inner_path(path, name));
    });
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
