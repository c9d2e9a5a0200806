// Access to the parameters of a layer or network by name.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/function_ref.hpp>
#include <spiketape/core/parameter.hpp>
#include <spiketape/core/type_name.hpp>

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// A parameter and its path, such as fc1.weight. The reference is valid until the layer moves or ends.
template <typename P>
struct NamedParameter {
  std::string path;  ///< The names of the layers on the way, and its own, with points between.
  P& parameter;      ///< In its layer: what is set here is set there.
};

namespace detail {

struct TakesAnything {
  template <typename... Arguments>
  void operator()(Arguments&&...) const {}
};

template <typename L>
concept NamesParameters = requires(L& layer, TakesAnything& f) {
  layer.for_each_parameter(f);
};

/// Calls f(name, parameter) for each parameter of a layer. Does nothing without a for_each_parameter. A
/// layer's for_each_parameter is compiled once, whatever f is.
template <typename L, typename F>
void for_each_parameter(L& layer, F&& f) {
  if constexpr (NamesParameters<L>) {
    FunctionRef<void(std::string_view, Parameter<typename L::Scalar>&)> visit(f);
    layer.for_each_parameter(visit);
  }
}
/// The same with const parameters. Authors write only a for_each_parameter that is not const, hence the cast.
template <typename L, typename F>
void for_each_parameter(const L& layer, F&& f) {
  if constexpr (NamesParameters<L>) {
    const auto with_const = [&](std::string_view name, const auto& parameter) { f(name, parameter); };
    for_each_parameter(const_cast<L&>(layer), with_const);
  }
}

/// Throws std::invalid_argument, in the name of the layer, if it has been moved from: its parameters are
/// gone.
template <typename L>
void check_not_moved_from(const L& layer) {
  for_each_parameter(layer, [](std::string_view, const auto& parameter) {
    if (parameter.ptr() == nullptr)
      fail_argument(type_name<L>(), ": it has been moved from, expected an assignment before its next use");
  });
}

/// Sets the name of each parameter, for error texts, to its path; not of one that has been moved from.
template <typename L>
void name_parameters(L& layer) {
  for_each_parameter(layer, [](std::string_view path, auto& parameter) {
    if (parameter.ptr() != nullptr) parameter.ptr()->name = path;
  });
}

/// Throws std::invalid_argument, in the name of the layer, if two of these parameters have the same path: one
/// of them could not be found by it.
template <typename List>
void check_paths(std::string (*layer)(), const List& list) {
  for (std::size_t k = 1; k < list.size(); ++k)
    for (std::size_t i = 0; i < k; ++i)
      if (list[i].path == list[k].path)
        fail_argument(layer(), ": for_each_parameter gives two parameters the name '", list[k].path,
                      "', expected different ones");
}

/// Names a parameter unless it has a name. Threads may do so at once.
template <Real Scalar>
SPIKETAPE_NOINLINE void name_unnamed(ParameterData<Scalar>& parameter, std::string_view name) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  if (parameter.name.empty()) parameter.name = name;
}

}  // namespace detail

/// What every layer and network offers (CRTP): its parameters for optimizers and by path. Derived has
/// for_each_parameter(f), which calls f(path, parameter) for each, or none. All throw std::invalid_argument
/// if it has been moved from; those with paths also if one path comes twice.
template <typename Derived>
class HasParameters {
 public:
  /// The learned parameters, for optimizers, in the order of the layers. Frozen ones are left out, so an
  /// optimizer made before `unfreeze` never updates them. Allocates.
  [[nodiscard]] auto parameters() const {
    detail::check_not_moved_from(derived());
    ParameterList<typename Derived::Scalar> list;
    detail::for_each_parameter(derived(), [&](std::string_view path, const auto& parameter) {
      detail::name_unnamed(*parameter.ptr(), path);
      if (parameter.learned()) list.push_back(parameter.ptr());
    });
    return list;
  }
  /// All parameters, learned or not, with their paths, in the same order. Allocates.
  [[nodiscard]] auto named_parameters() { return named(derived()); }
  [[nodiscard]] auto named_parameters() const { return named(derived()); }
  /// The parameter at a path, such as fc1.weight. Throws std::invalid_argument, with all paths, if there is
  /// none. Allocates.
  [[nodiscard]] auto& parameter(std::string_view path) { return at(derived(), path); }
  [[nodiscard]] const auto& parameter(std::string_view path) const { return at(derived(), path); }
  /// `freeze` stops the learning of all parameters, `unfreeze` resumes it; those that are not learned at all
  /// stay so. For one layer of a network: net.layer<0>().freeze().
  void freeze() { set_frozen(true); }
  void unfreeze() { set_frozen(false); }

 private:
  Derived& derived() { return static_cast<Derived&>(*this); }
  const Derived& derived() const { return static_cast<const Derived&>(*this); }

  template <typename Self>
  static auto named(Self& self) {
    detail::check_not_moved_from(static_cast<const Derived&>(self));
    using Scalar = typename Derived::Scalar;
    using P = std::conditional_t<std::is_const_v<Self>, const Parameter<Scalar>, Parameter<Scalar>>;
    std::vector<NamedParameter<P>> list;
    detail::for_each_parameter(self, [&](std::string_view path, P& parameter) {
      list.push_back({std::string(path), parameter});
    });
    detail::check_paths(detail::type_name<Derived>, list);
    return list;
  }
  template <typename Self>
  static auto& at(Self& self, std::string_view path) {
    std::string others;
    for (const auto& each : named(self)) {
      if (each.path == path) return each.parameter;
      others += (others.empty() ? "" : ", ") + each.path;
    }
    detail::fail_argument(detail::type_name<Derived>(), "::parameter: there is no '", path, "', expected ",
                          others.empty() ? "nothing: it has no parameters" : "one of " + others);
  }
  void set_frozen(bool frozen) {
    detail::check_not_moved_from(derived());
    detail::for_each_parameter(derived(),
                               [&](std::string_view, auto& parameter) { parameter.ptr()->frozen = frozen; });
  }
};

namespace detail {

template <typename Derived>
std::type_identity<Derived> named_by_base(const HasParameters<Derived>&);

/// Whether what a class gives HasParameters is itself or a base of it: the base would take it for that.
template <typename L>
inline constexpr bool is_what_its_base_says = true;
template <typename L>
requires requires(const L& layer) { named_by_base(layer); }
inline constexpr bool is_what_its_base_says<L> =
    std::is_base_of_v<typename decltype(named_by_base(std::declval<const L&>()))::type, L>;

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
