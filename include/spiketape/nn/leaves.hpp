// The layers of a network of networks, with their paths.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/parameters.hpp>

#include <string>
#include <string_view>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

template <typename L>
concept HasLayers = requires(L& net) {
  net.for_each_layer(TakesAnything());
};

/// Calls f(path, layer) for each layer of a network that is no network itself. Paths are those of parameters
/// without their last part: fc1, or block.fc1 in an inner network. A layer alone has the path "".
template <typename L, typename F>
void for_each_leaf(L& net, const std::string& path, F&& f) {
  if constexpr (HasLayers<L>)
    net.for_each_layer([&](std::string_view name, auto& layer) {
      for_each_leaf(layer, (path.empty() ? "" : path + '.') + std::string(name), f);
    });
  else
    f(path, net);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
