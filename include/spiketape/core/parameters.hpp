// Access to the parameters of a layer or network by name.
#pragma once

#include <spiketape/core/parameter.hpp>
#include <spiketape/core/type_name.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace spiketape {

/// A parameter and its path, such as fc1.weight. The reference is valid until the layer moves or ends.
template <typename Parameter>
struct NamedParameter {
  std::string path;
  Parameter& parameter;
};

namespace detail {

struct TakesAnything {
  template <typename... Arguments>
  void operator()(Arguments&&...) const {}
};

template <typename L>
concept NamesParameters = requires(L& layer) {
  layer.for_each_parameter(TakesAnything());
};

/// Calls f(name, parameter) for each parameter of a layer. Does nothing without a for_each_parameter.
template <typename L, typename F>
void for_each_parameter(L& layer, F&& f) {
  if constexpr (NamesParameters<L>) layer.for_each_parameter(f);
}
/// The same with const parameters. Authors write only a for_each_parameter that is not const, hence the cast.
template <typename L, typename F>
void for_each_parameter(const L& layer, F&& f) {
  if constexpr (NamesParameters<L>)
    const_cast<L&>(layer).for_each_parameter(
        [&](std::string_view name, const auto& parameter) { f(name, parameter); });
}

/// Sets the name of each parameter, for error texts, to its path. `prefix` is empty or ends with a dot.
template <typename L>
void name_parameters(L& layer, const std::string& prefix) {
  for_each_parameter(layer, [&](std::string_view name, auto& parameter) {
    parameter.ptr()->name = prefix + std::string(name);
  });
}

}  // namespace detail

/// All parameters of a layer or network, learned or not, in the order of its layers. Allocates.
template <typename L>
auto named_parameters(L& layer) {
  using Scalar = typename L::Scalar;
  using P = std::conditional_t<std::is_const_v<L>, const Parameter<Scalar>, Parameter<Scalar>>;
  std::vector<NamedParameter<P>> list;
  detail::for_each_parameter(layer, [&](std::string_view name, P& parameter) {
    list.push_back({std::string(name), parameter});
  });
  return list;
}

/// The parameter at a path. Throws std::invalid_argument, with all paths, if there is none. Allocates.
template <typename L>
auto& parameter(L& layer, std::string_view path) {
  std::string others;
  for (const auto& named : named_parameters(layer)) {
    if (named.path == path) return named.parameter;
    others += (others.empty() ? "" : ", ") + named.path;
  }
  detail::fail_argument(detail::type_name<std::remove_const_t<L>>(), "::parameter: there is no '", path,
                        "', expected ",
                        others.empty() ? "nothing: it has no parameters" : "one of " + others);
}

namespace detail {

template <typename L>
ParameterList<typename L::Scalar> learned_parameters(const L& layer) {
  ParameterList<typename L::Scalar> list;
  for_each_parameter(layer, [&](std::string_view name, const auto& parameter) {
    if (parameter.ptr()->name.empty()) parameter.ptr()->name = name;
    if (parameter.learned()) list.push_back(parameter.ptr());
  });
  return list;
}

template <typename L>
void set_frozen(L& layer, bool frozen) {
  for_each_parameter(layer, [&](std::string_view, auto& parameter) { parameter.ptr()->frozen = frozen; });
}

}  // namespace detail
}  // namespace spiketape
