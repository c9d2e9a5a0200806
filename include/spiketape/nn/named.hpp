// Names of layers.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// A layer with a name, for Sequential; see named.
template <typename L>
struct Named {
  std::string name;  ///< Without points: paths have them between names.
  L layer;           ///< The layer itself.
};

namespace detail {

/// Whether a network would copy what is given, parameters and all: it is an lvalue, not a lambda.
template <typename Given>
inline constexpr bool copies_parameters =
    std::is_lvalue_reference_v<Given>&& requires(std::remove_cvref_t<Given>& layer) {
  layer.for_each_parameter([](const auto&...) {});
};

}  // namespace detail

/// Names a layer of a Sequential: st::named("fc1", st::Linear<float>(784, 100, random)). Its parameters are
/// then fc1.weight and fc1.bias; without a name they begin with the number of the layer, 0.weight.
template <typename L>
requires(!detail::copies_parameters<L>)
    [[nodiscard]] Named<std::remove_cvref_t<L>> named(std::string name, L&& layer) {
  return {std::move(name), std::forward<L>(layer)};
}
/// The same with a copy of the layer. The network trains the copy.
template <typename L>
requires(detail::copies_parameters<L>)
[[nodiscard, deprecated("spiketape::named: a layer given by its name is copied, and only the copy learns: "
                        "write std::move(fc), or st::Linear(fc) for a copy")]]
auto named(std::string name, L&& layer) {
  return Named<std::remove_cvref_t<L>>{std::move(name), layer};
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

/// Marks the constructor of a network that the others call.
struct MakeNetwork {};

/// Whether a network of these layers, a tuple, is made of what is given.
template <typename Layers, typename... Given>
inline constexpr bool made_of = false;
template <typename... Layers, typename... Given>
requires(sizeof...(Layers) ==
         sizeof...(Given)) inline constexpr bool made_of<std::tuple<Layers...>, Given...> =
    (std::same_as<unnamed<Given>, Layers> && ...);

/// The layer, moved out of what is given unless that is an lvalue.
template <typename Given>
unnamed<Given> without_name(std::remove_reference_t<Given>& given) {
  if constexpr (is_named<Given>)
    return std::forward<Given>(given).layer;
  else
    return std::forward<Given>(given);
}

/// The name that a layer is given, or a null pointer.
template <typename Given>
const std::string* own_name(const Given& given) {
  if constexpr (is_named<Given>)
    return &given.name;
  else
    return nullptr;
}

/// Names layer i of a network by its own name, or without one by its number. Throws std::invalid_argument if
/// the name is empty, has a dot, or is that of a layer before it.
SPIKETAPE_NOINLINE inline void name_layer(std::span<std::string> names, std::size_t i,
                                          const std::string* own) {
  if (own != nullptr && (own->empty() || own->find('.') != std::string::npos))
    fail_argument("spiketape::named: name is '", *own, "', expected some letters and no dot");
  names[i] = own == nullptr ? joined({i}) : *own;
  for (std::size_t k = 0; k < i; ++k)
    if (names[k] == names[i])
      fail_argument("spiketape::Sequential: two layers have the name '", names[i],
                    "', expected different ones");
}

}  // namespace detail

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
