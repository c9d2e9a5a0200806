// Error messages for faults in a neuron's Dynamics.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/dynamics_fault.hpp>
#include <spiketape/neuron/reset.hpp>

#include <array>
#include <cstddef>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Replaces refused Dynamics, so that the compiler reports no further errors.
template <typename D>
struct RefusedDynamics {
  static constexpr std::size_t state_count = [] {
    if constexpr (HasStateCount<D>)
      return std::size_t(D::state_count);
    else
      return std::size_t(1);
  }();
  static constexpr std::size_t coefficient_count = [] {
    if constexpr (HasCoefficientCount<D>)
      return std::size_t(D::coefficient_count);
    else
      return std::size_t(1);
  }();
  static constexpr bool recurrent = is_recurrent<D>;
  static constexpr std::array<const char*, state_count> state_names{};

  template <typename T>
  static auto result() {
    if constexpr (HasResult<D, T>)
      return std::type_identity<typename D::template Result<T>>();
    else
      return std::type_identity<std::array<T, 1 + state_count>>();
  }
  template <typename T>
  using Result = typename decltype(result<T>())::type;

  RefusedDynamics(const D&) {}  // NOLINT: takes its place
  template <typename... Arguments>
  void integrate(Arguments&...) const {}
  template <typename... Arguments>
  void integrate_adjoint(Arguments&...) const {}
};

/// Reports a fault in a neuron's Dynamics before anything else of the neuron is compiled. Returns their type,
/// or that of their replacement.
template <typename D, typename Reset, typename Scalar>
consteval auto checked_dynamics() {
  using Fault = DynamicsFault;
  constexpr Fault fault = [] {
    if constexpr (Real<Scalar>)
      return dynamics_fault<D, Reset, Scalar>();
    else
      return Fault::none;  // policy_check.hpp reports this
  }();
  static_assert(
      fault != Fault::copyable,
      "spiketape: the Dynamics of a neuron must be trivially copyable: write what is chosen at run time as "
      "plain numbers, without vectors, strings or references, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::state_count,
      "spiketape: the Dynamics of a neuron must have state_count, how many states it has, at least 1: write "
      "static constexpr std::size_t state_count = 1, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::coefficient_count,
      "spiketape: the Dynamics of a neuron must have coefficient_count, how many coefficients of its own it "
      "has: write static constexpr std::size_t coefficient_count = 1, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::state_names,
      "spiketape: the Dynamics of a neuron must have state_names, a text for each of its state_count "
      "states: write static constexpr std::array state_names = {\"mem\"}, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::result,
      "spiketape: the Dynamics of a neuron must have Result<T>, an aggregate of 1 + state_count members of "
      "type T, the spikes and the states in their order: write template <typename T> using Result = "
      "spiketape::SpkMem<T>, or a struct of your own, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::integrate,
      "spiketape: the Dynamics of a neuron must have a const integrate(states, input, c), for SIMD lanes "
      "and for plain numbers: write template <typename T> void integrate(std::array<T, state_count>& "
      "states, const T& input, const std::array<T, coefficient_count>& c) const, and where it needs the "
      "spike of the step before also recurrent = true, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::recurrent_integrate,
      "spiketape: the Dynamics of a neuron with recurrent = true must have a const integrate(states, input, "
      "spk, c), for SIMD lanes and for plain numbers: write template <typename T> void "
      "integrate(std::array<T, state_count>& states, const T& input, const T& spk, const std::array<T, "
      "coefficient_count>& c) const, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::integrate_adjoint,
      "spiketape: the Dynamics of a neuron must have a const integrate_adjoint(entered, input, c, adjoint, "
      "input_adjoint, c_adjoint), for SIMD lanes and for plain numbers: write template <typename T> void "
      "integrate_adjoint(const std::array<T, state_count>& entered, const T& input, const std::array<T, "
      "coefficient_count>& c, std::array<T, state_count>& adjoint, T& input_adjoint, std::array<T, "
      "coefficient_count>& c_adjoint) const, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::recurrent_integrate_adjoint,
      "spiketape: the Dynamics of a neuron with recurrent = true must have a const "
      "integrate_adjoint(entered, input, spk, c, adjoint, input_adjoint, spk_adjoint, c_adjoint), for SIMD "
      "lanes and for plain numbers: write template <typename T> void integrate_adjoint(const std::array<T, "
      "state_count>& entered, const T& input, const T& spk, const std::array<T, coefficient_count>& c, "
      "std::array<T, state_count>& adjoint, T& input_adjoint, T& spk_adjoint, std::array<T, "
      "coefficient_count>& c_adjoint) const, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::threshold,
      "spiketape: the Dynamics of a neuron whose threshold moves must have a const threshold(states, "
      "threshold, c) beside threshold_adjoint, for SIMD lanes and for plain numbers: write template "
      "<typename T> T threshold(const std::array<T, state_count>& states, const T& threshold, const "
      "std::array<T, coefficient_count>& c) const, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::threshold_adjoint,
      "spiketape: the Dynamics of a neuron whose threshold moves must have a const "
      "threshold_adjoint(states, c, level_adjoint, adjoint, threshold_adjoint, c_adjoint) beside threshold, "
      "for SIMD lanes and for plain numbers: write template <typename T> void threshold_adjoint(const "
      "std::array<T, state_count>& states, const std::array<T, coefficient_count>& c, const T& "
      "level_adjoint, std::array<T, state_count>& adjoint, T& threshold_adjoint, std::array<T, "
      "coefficient_count>& c_adjoint) const, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::reset,
      "spiketape: the Dynamics of a neuron with a reset of its own must have a const reset(signal, entered, "
      "policy, threshold, c, states) beside reset_adjoint, for SIMD lanes and for plain numbers: write "
      "template <typename Policy, typename T> void reset(const spiketape::detail::MaskOf<T>& signal, const "
      "std::array<T, state_count>& entered, const Policy& policy, const T& threshold, const std::array<T, "
      "coefficient_count>& c, std::array<T, state_count>& states) const, see neuron/dynamics.hpp");
  static_assert(
      fault != Fault::reset_adjoint,
      "spiketape: the Dynamics of a neuron with a reset of its own must have a const reset_adjoint(signal, "
      "policy, threshold, c, adjoint, entered_adjoint, threshold_adjoint, c_adjoint) beside reset, for SIMD "
      "lanes and for plain numbers: write template <typename Policy, typename T> void reset_adjoint(const "
      "spiketape::detail::MaskOf<T>& signal, const Policy& policy, const T& threshold, const std::array<T, "
      "coefficient_count>& c, std::array<T, state_count>& adjoint, std::array<T, state_count>& "
      "entered_adjoint, T& threshold_adjoint, std::array<T, coefficient_count>& c_adjoint) const, see "
      "neuron/dynamics.hpp");
  return std::type_identity<std::conditional_t<fault == Fault::none, D, RefusedDynamics<D>>>();
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
