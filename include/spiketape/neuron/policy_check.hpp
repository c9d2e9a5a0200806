// Error messages for faults in a neuron's template arguments.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/neuron/quantizer.hpp>
#include <spiketape/neuron/reset.hpp>
#include <spiketape/neuron/surrogate.hpp>

#include <array>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A lambda that captures a reference or a pointer: it has captures, and no constant expression makes it of
/// bytes. Structs are not checked: their constructors need not be constexpr.
template <typename S, typename Scalar>
concept CapturesReference = (IsDerivative<S, Scalar> || IsDerivative<S, Lane<Scalar>>) &&
    !std::is_default_constructible_v<S> && !requires {
  typename std::bool_constant<(static_cast<void>(detail::bits_as<S>(std::array<char, sizeof(S)>{})), true)>;
};

/// Replaces a refused policy, so that the compiler reports no further errors.
struct RefusedPolicy {
  static constexpr bool before_input = false;
  static constexpr double d_mem = 1, d_threshold = 0;

  RefusedPolicy() = default;
  template <typename Policy>
  RefusedPolicy(const Policy&) {}  // NOLINT: takes its place

  template <typename T>
  T after(const T& mem, const T&) const {
    return mem;
  }
  template <typename T>
  T derivative(const T& x) const {
    return x;
  }
  template <typename T>
  T apply(const T& v) const {
    return v;
  }
};

/// The reset of a neuron that was written without its Scalar, see option_check.hpp.
struct WithoutScalar : RefusedPolicy {
  using RefusedPolicy::RefusedPolicy;
};

/// The policies that a neuron is compiled with.
template <typename Reset_, typename Surrogate_, typename Quantizer_>
struct PolicySet {
  using Reset = Reset_;
  using Surrogate = Surrogate_;
  using Quantizer = Quantizer_;
};

/// Reports faults in a neuron's template arguments, each once, before anything else of it is compiled.
template <typename Scalar, typename Reset, typename Surrogate, typename Quantizer>
consteval auto checked_policies() {
  constexpr bool real = Real<Scalar>;
  constexpr bool reset = ResetPolicy<Reset>;
  constexpr bool plain_surrogate =
      std::is_trivially_copyable_v<Surrogate> && !CapturesReference<Surrogate, Scalar>;
  constexpr bool surrogate = plain_surrogate && SurrogatePolicy<Surrogate, Scalar>;
  constexpr bool plain_quantizer = std::is_trivially_copyable_v<Quantizer>;
  constexpr bool quantizer = plain_quantizer && QuantizerPolicy<Quantizer, Scalar>;
  static_assert(real, "spiketape: a neuron's Scalar must be float or double: write Leaky<float>");
  static_assert(!std::is_same_v<Reset, WithoutScalar>,
                "spiketape: a neuron's Scalar cannot be deduced: write Leaky<float> lif({.beta = 0.9f})");
  static_assert(
      reset,
      "spiketape: a neuron's Reset, the second template argument, must be a reset policy: "
      "write reset::Subtract, reset::Zero, reset::ZeroBeforeInput or reset::None, or a struct with "
      "before_input, d_mem, d_threshold and a template after(mem, threshold), see neuron/reset.hpp");
  static_assert(
      plain_surrogate,
      "spiketape: a neuron's Surrogate, the third template argument, must be trivially "
      "copyable: write its parameters as plain numbers, without vectors, strings, pointers or references; a "
      "lambda captures by value");
  static_assert(
      surrogate || !plain_surrogate || !real,
      "spiketape: a neuron's Surrogate, the third template argument, must have a const "
      "derivative(x) or be callable with x: write surrogate::ATan, or a struct with template <typename T> T "
      "derivative(const T& x) const, see neuron/surrogate.hpp");
  static_assert(
      plain_quantizer,
      "spiketape: a neuron's Quantizer, the fourth template argument, must be trivially "
      "copyable: write its parameters as plain numbers, without vectors, strings or references");
  static_assert(
      quantizer || !plain_quantizer || !real,
      "spiketape: a neuron's Quantizer, the fourth template argument, must have a const "
      "apply(v) or levels<Scalar>(): write quant::Uniform, quant::NonUniform or quant::None, or a struct of "
      "your own, see neuron/quantizer.hpp");

  return PolicySet<std::conditional_t<reset, Reset, RefusedPolicy>,
                   std::conditional_t<surrogate, Surrogate, RefusedPolicy>,
                   std::conditional_t<quantizer, Quantizer, RefusedPolicy>>();
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
