// Surrogate gradients replace the derivative of the spike, which is zero wherever it exists.
//
// Forward, a neuron spikes where x = U − θ > 0. Backward, the derivative of that step is replaced by the
// surrogate's `derivative(x)`, a bump around the threshold. A surrogate is a small value; its members are its
// parameters. `derivative` is a template, so one function serves float, double and SIMD lanes.
//
//   primitive(x)  optional: the antiderivative. Tests differentiate it numerically.
//   band()        optional: the half-width of the band outside of which, |x| >= band(), the derivative is 0.
//   check()       optional: throws std::invalid_argument for parameters that make no sense. A neuron that is
//                 made with them calls it.
//
// Your own surrogate is a struct with one function or a lambda, and is inlined like these:
//
//     auto bump = [](auto x) { return 1.0 / (1.0 + x * x); };        // lane code, as fast as ours
//     auto mine = [](float x) { return std::abs(x) < 1 ? .5f : 0; };  // called number by number
//
// Code for lanes (`auto`, or a template) uses st::exp, st::abs, st::select and the like: std::exp or ?:
// does not compile for a Lane. A random surrogate takes `derivative(x, element)`, see StochasticSpike.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/kernels/lanes.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// Checks of a policy's parameters; `policy` is its name, such as surrogate::ATan. A parameter above zero is
/// a scale, whose reciprocal must be a number in float as well.
SPIKETAPE_NOINLINE inline void check_above_zero(const char* policy, const char* parameter, double value) {
  if (!(value >= 1e-37 && value <= 1e37))
    fail_argument("spiketape::", policy, ": ", parameter, " is ", value,
                  value > 0 && is_finite(value) ? ", expected 1e-37 to 1e37"
                                                    : ", expected a finite number above 0");
}
SPIKETAPE_NOINLINE inline void check_finite(const char* policy, const char* parameter, double value) {
  if (!(std::abs(value) <= 1e37))
    fail_argument("spiketape::", policy, ": ", parameter, " is ", value,
                  is_finite(value) ? ", expected -1e37 to 1e37" : ", expected a finite number");
}
/// Calls a policy's own check, if it has one.
template <typename Policy>
void check_policy(const Policy& policy) {
  if constexpr (requires { policy.check(); }) policy.check();
}

template <typename S, typename T>
concept HasDerivative = requires(const S surrogate, T x) {
  { surrogate.derivative(x) } -> std::convertible_to<T>;
};
template <typename S, typename T>
concept HasRandomDerivative = requires(const S surrogate, T x, std::uint64_t element) {
  { surrogate.derivative(x, element) } -> std::convertible_to<T>;
};
template <typename S, typename T>
concept IsDerivative = requires(const S surrogate, T x) {
  { surrogate(x) } -> std::convertible_to<T>;
};

/// σ'(x) for a number or a lane. A lane uses the surrogate's own lane code if there is any, else it goes
/// number by number. `element` is for random surrogates: the (first) number's own number, which differs in
/// each round, layer, step, sample and feature.
template <typename T, typename S>
SPIKETAPE_INLINE T surrogate_derivative(const S& surrogate, const T& x, std::uint64_t element) {
  using Scalar = typename LaneTraits<T>::Scalar;
  if constexpr (HasRandomDerivative<S, T>) {
    return surrogate.derivative(x, element);
  } else if constexpr (HasDerivative<S, T>) {
    return static_cast<T>(surrogate.derivative(x));
  } else if constexpr (HasDerivative<S, Scalar>) {
    return by_number(x, [&](Scalar number, Index) { return surrogate.derivative(number); });
  } else if constexpr (IsDerivative<S, T>) {
    return static_cast<T>(surrogate(x));
  } else {
    return by_number(x, [&](Scalar number, Index) { return surrogate(number); });
  }
}

}  // namespace detail

/// The contract of a surrogate: a trivially copyable value with `derivative(x)` or `derivative(x, element)`,
/// or a callable, for Lane<Scalar> or for Scalar.
template <typename S, typename Scalar>
concept SurrogatePolicy = std::is_trivially_copyable_v<S> &&
    (detail::HasRandomDerivative<S, Lane<Scalar>> || detail::HasDerivative<S, Scalar> ||
     detail::IsDerivative<S, Scalar> || detail::HasDerivative<S, Lane<Scalar>> ||
     detail::IsDerivative<S, Lane<Scalar>>);

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
