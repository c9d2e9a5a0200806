// Finds the first fault in a neuron's Dynamics: the compile-time check of the contract in dynamics.hpp. The
// messages are in dynamics_check.hpp.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/neuron/dynamics.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// The first fault in a Dynamics.
enum class DynamicsFault {
  none,
  copyable,
  state_count,
  coefficient_count,
  state_names,
  result,
  integrate,
  recurrent_integrate,
  integrate_adjoint,
  recurrent_integrate_adjoint,
  threshold,
  threshold_adjoint,
  reset,
  reset_adjoint
};

// --- Numbers and types.

// g++ stops at the value of a non-static member, so the kind of member is checked first.
template <typename D>
concept HasStateCount = !requires {
  requires std::is_member_object_pointer_v<decltype(&D::state_count)>;
} && requires { requires std::integral_constant<std::size_t, D::state_count>::value >= 1; };
template <typename D>
concept HasCoefficientCount = !requires {
  requires std::is_member_object_pointer_v<decltype(&D::coefficient_count)>;
} && requires { typename std::integral_constant<std::size_t, D::coefficient_count>; };
template <typename D>
concept HasStateNames = !requires {
  requires std::is_member_object_pointer_v<decltype(&D::state_names)>;
} && requires {
  requires std::integral_constant<std::size_t, std::size(D::state_names)>::value == D::state_count;
  { D::state_names[0] } -> std::convertible_to<const char*>;
};

template <typename Result, typename T, std::size_t... k>
constexpr bool is_made_of(std::index_sequence<k...>) {
  return requires(const T part) { Result{(static_cast<void>(k), part)...}; };
}
/// An aggregate of exactly 1 + state_count parts.
template <typename D, typename T>
concept HasResult = requires {
  requires std::is_aggregate_v<typename D::template Result<T>>;
  requires is_made_of<typename D::template Result<T>, T>(std::make_index_sequence<1 + D::state_count>());
  requires !is_made_of<typename D::template Result<T>, T>(std::make_index_sequence<2 + D::state_count>());
};

// --- Functions.

/// The arguments that they read. None is defined, because requirements alone use them.
template <typename D, typename Reset, typename T>
struct DynamicsReads {
  static const D dynamics;
  static const std::array<T, D::state_count> states;
  static const std::array<T, D::coefficient_count> c;
  static const T x;
  static const MaskOf<T> signal;
  static const Reset policy;
};

/// Whether a call compiles with a temporary in place of one of the arguments that it writes.
template <std::size_t temporary, typename Call, typename... Written, std::size_t... k>
constexpr bool callable_with_temporary(std::index_sequence<k...>) {
  return std::is_invocable_v<Call, std::conditional_t<k == temporary, Written, Written&>...>;
}
/// Whether a call compiles and takes all that it writes by reference, so that it refuses temporaries.
template <typename... Written, typename Call>
consteval bool writes(const Call&) {
  return []<std::size_t... k>(std::index_sequence<k...> all) {
    return std::is_invocable_v<Call, Written&...> &&
           !(callable_with_temporary<k, Call, Written...>(all) || ...);
  }(std::index_sequence_for<Written...>());
}

/// A name in NamesOf<D> is ambiguous if D has a function of that name, whatever the function takes.
struct OptionalNames {
  int threshold, threshold_adjoint, reset, reset_adjoint;
};
template <typename D>
struct NamesOf : std::conditional_t<std::is_final_v<D>, std::false_type, D>, OptionalNames {};

/// Whether D has functions for a threshold or a reset of its own. (Numbers of those names do not count.)
template <typename D>
concept NamesThreshold = !requires { &NamesOf<D>::threshold_adjoint; } ||
                         (!requires { &NamesOf<D>::threshold; } &&
                          !requires { std::declval<decltype(D::threshold)&>(); });
template <typename D>
concept NamesReset = !requires { &NamesOf<D>::reset_adjoint; } ||
                     (!requires { &NamesOf<D>::reset; } &&
                      !requires { std::declval<decltype(D::reset)&>(); });

/// The first fault in the functions for T, a lane or a plain number.
template <typename D, typename Reset, typename T>
consteval DynamicsFault function_fault() {
  using Fault = DynamicsFault;
  using States = std::array<T, D::state_count>;
  using Own = std::array<T, D::coefficient_count>;
  using In = DynamicsReads<D, Reset, T>;

  if constexpr (is_recurrent<D>) {
    constexpr auto integrate = []<typename... Out>(Out&&... out) requires requires {
      In::dynamics.integrate(std::forward<Out>(out)..., In::x, In::x, In::c);
    } {};
    constexpr auto integrate_adjoint = []<typename... Out>(Out&&... out) requires requires {
      In::dynamics.integrate_adjoint(In::states, In::x, In::x, In::c, std::forward<Out>(out)...);
    } {};
    if (!writes<States>(integrate)) return Fault::recurrent_integrate;
    if (!writes<States, T, T, Own>(integrate_adjoint)) return Fault::recurrent_integrate_adjoint;
  } else {
    constexpr auto integrate = []<typename... Out>(Out&&... out) requires requires {
      In::dynamics.integrate(std::forward<Out>(out)..., In::x, In::c);
    } {};
    constexpr auto integrate_adjoint = []<typename... Out>(Out&&... out) requires requires {
      In::dynamics.integrate_adjoint(In::states, In::x, In::c, std::forward<Out>(out)...);
    } {};
    if (!writes<States>(integrate)) return Fault::integrate;
    if (!writes<States, T, Own>(integrate_adjoint)) return Fault::integrate_adjoint;
  }

  constexpr bool moves = requires {
    { In::dynamics.threshold(In::states, In::x, In::c) } -> std::convertible_to<T>;
  };
  constexpr auto threshold_adjoint = []<typename... Out>(Out&&... out) requires requires {
    In::dynamics.threshold_adjoint(In::states, In::c, In::x, std::forward<Out>(out)...);
  } {};
  if (NamesThreshold<D> && !moves) return Fault::threshold;
  if (moves && !writes<States, T, Own>(threshold_adjoint)) return Fault::threshold_adjoint;

  constexpr auto reset = []<typename... Out>(Out&&... out) requires requires {
    In::dynamics.reset(In::signal, In::states, In::policy, In::x, In::c, std::forward<Out>(out)...);
  } {};
  constexpr auto reset_adjoint = []<typename... Out>(Out&&... out) requires requires {
    In::dynamics.reset_adjoint(In::signal, In::policy, In::x, In::c, std::forward<Out>(out)...);
  } {};
  constexpr bool resets = writes<States>(reset);
  if (NamesReset<D> && !resets) return Fault::reset;
  if (resets && !writes<States, States, T, Own>(reset_adjoint)) return Fault::reset_adjoint;
  return Fault::none;
}

template <typename D, typename Reset, typename Scalar>
consteval DynamicsFault dynamics_fault() {
  using Fault = DynamicsFault;
  if constexpr (!std::is_trivially_copyable_v<D>) {
    return Fault::copyable;
  } else if constexpr (!HasStateCount<D>) {
    return Fault::state_count;
  } else if constexpr (!HasCoefficientCount<D>) {
    return Fault::coefficient_count;
  } else if constexpr (!HasStateNames<D>) {
    return Fault::state_names;
  } else if constexpr (!HasResult<D, Array<Scalar>>) {
    return Fault::result;
  } else {
    constexpr Fault on_lanes = function_fault<D, Reset, Lane<Scalar>>();
    return on_lanes != Fault::none ? on_lanes : function_fault<D, Reset, Scalar>();
  }
}

}  // namespace detail

/// The contract of a neuron's Dynamics, see dynamics.hpp. It checks what the functions take and return, not
/// what they do.
template <typename D, typename Scalar, typename Reset>
concept NeuronDynamics = detail::dynamics_fault<D, Reset, Scalar>() == detail::DynamicsFault::none;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
