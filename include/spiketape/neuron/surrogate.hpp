// Surrogate gradients replace the derivative of the spike, which is zero wherever it exists.
//
// Forward, a neuron spikes where x = U − θ > 0. Backward, the derivative of that step is replaced by the
// surrogate's `derivative(x)`, a bump around the threshold. A surrogate is a small value; its members are its
// parameters. `derivative` is a template, so one function serves float, double and SIMD lanes.
//
//   primitive(x)  optional: the antiderivative. Tests differentiate it numerically.
//   band()        optional: the half-width of the band outside of which, |x| >= band(), the derivative is 0.
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

#include <spiketape/kernels/lanes.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace spiketape {

namespace detail {

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
/// number by number. `element` is the place of the (first) number in the batch, for random surrogates.
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

}  // namespace spiketape

#include <spiketape/core/pop_macros.hpp>
