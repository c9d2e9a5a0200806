// Names of layers.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <string>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// A layer with a name, for Sequential; see named.
template <typename L>
struct Named {
  std::string name;
  L layer;
};

/// Names a layer of a Sequential: st::named("fc1", st::Linear<float>(784, 100, random)). Its parameters are
/// then fc1.weight and fc1.bias; without a name they begin with the number of the layer, 0.weight.
template <typename L>
[[nodiscard]] Named<L> named(std::string name, L layer) {
  return {std::move(name), std::move(layer)};
}

namespace detail {

template <typename L>
struct Unnamed {
  using type = L;
};
template <typename L>
struct Unnamed<Named<L>> {
  using type = L;
};
template <typename L>
using unnamed = typename Unnamed<std::remove_cvref_t<L>>::type;

template <typename Given>
inline constexpr bool is_named = !std::is_same_v<unnamed<Given>, std::remove_cvref_t<Given>>;

template <typename Given>
decltype(auto) without_name(Given& given) {
  if constexpr (is_named<Given>)
    return std::move(given.layer);
  else
    return std::move(given);
}

}  // namespace detail

}  // namespace spiketape

#include <spiketape/core/pop_macros.hpp>
