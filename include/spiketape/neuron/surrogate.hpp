// Surrogate gradients: what stands in for the derivative of the spike, which is zero wherever it exists.
//
// Forward, a neuron spikes where x = U − θ > 0. Backward, the derivative of that step is replaced by the
// surrogate's `derivative(x)`, a bump around the threshold. A surrogate is a small value; its members are
// its parameters. `derivative` is a template, so one text serves float, double and SIMD lanes.
// `primitive`, where there is one, is its antiderivative: tests differentiate it numerically.
//
// Your own is a struct of one function or a lambda, and is inlined like these:
//
//     auto bump = [](auto x) { return 1.0 / (1.0 + x * x); };        // lane code, as fast as ours
//     auto mine = [](float x) { return std::abs(x) < 1 ? .5f : 0; };  // called lane by lane
//
// Code for lanes (`auto`, or a template) uses st::exp, st::abs, st::select and the like: std::exp or ?:
// does not compile for a Lane.
#pragma once

#include <spiketape/core/lanes.hpp>

#include <cmath>
#include <concepts>
#include <numbers>
#include <type_traits>

namespace spiketape {

namespace detail {

template <typename S, typename T>
concept HasDerivative = requires(const S surrogate, T x) {
  { surrogate.derivative(x) } -> std::convertible_to<T>;
};
template <typename S, typename T>
concept IsDerivative = requires(const S surrogate, T x) {
  { surrogate(x) } -> std::convertible_to<T>;
};

/// σ'(x) for a lane: by the surrogate's own lane code if it has some, else number by number.
template <Real Scalar, typename S>
SPIKETAPE_INLINE Lane<Scalar> surrogate_derivative(const S& surrogate, const Lane<Scalar>& x) {
  if constexpr (HasDerivative<S, Lane<Scalar>>) {
    return surrogate.derivative(x);
  } else if constexpr (HasDerivative<S, Scalar>) {
    return by_number(x, [&](Scalar number) { return surrogate.derivative(number); });
  } else if constexpr (IsDerivative<S, Lane<Scalar>>) {
    return surrogate(x);
  } else {
    return by_number(x, [&](Scalar number) { return surrogate(number); });
  }
}

/// The same for a plain number.
template <Real Scalar, typename S>
SPIKETAPE_INLINE Scalar surrogate_derivative(const S& surrogate, Scalar x) {
  if constexpr (HasDerivative<S, Scalar>) {
    return static_cast<Scalar>(surrogate.derivative(x));
  } else {
    return static_cast<Scalar>(surrogate(x));
  }
}

}  // namespace detail

/// The contract of a surrogate: a trivially copyable value with `derivative(x)`, or a callable, for
/// Lane<Scalar> or for Scalar.
template <typename S, typename Scalar>
concept SurrogatePolicy = std::is_trivially_copyable_v<S> &&
                          (detail::HasDerivative<S, Scalar> || detail::IsDerivative<S, Scalar> ||
                           detail::HasDerivative<S, Lane<Scalar>> || detail::IsDerivative<S, Lane<Scalar>>);

}  // namespace spiketape

namespace spiketape::surrogate {

/// (α/2) / (1 + (π α x / 2)²), the default as in snnTorch (atan, α = 2).
/// Source: Fang et al., Incorporating learnable membrane time constant, ICCV 2021.
struct ATan {
  double alpha = 2;
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    const T scaled = T(alpha * (std::numbers::pi / 2)) * x;
    return T(alpha / 2) / multiply_add(scaled, scaled, T(1));
  }
  double primitive(double x) const { return std::atan(std::numbers::pi / 2 * alpha * x) / std::numbers::pi; }
};

/// 1 / (1 + k|x|)², k = slope. snnTorch: fast_sigmoid, k = 25.
/// Source: Zenke and Ganguli, SuperSpike, Neural Computation 30 (2018).
struct FastSigmoid {
  double slope = 25;
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    const T root = multiply_add(T(slope), abs(x), T(1));
    return T(1) / (root * root);
  }
  double primitive(double x) const { return x / (1 + slope * std::abs(x)); }
};

/// k σ(kx) (1 − σ(kx)), σ the logistic function, k = slope. snnTorch: sigmoid, k = 25; there it is 0 or
/// NaN for very negative x, here it is stable: with e = exp(−k|x|) it is k e / (1 + e)².
struct Sigmoid {
  double slope = 25;
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    const T e = exp(-(T(slope) * abs(x)));
    const T sum = T(1) + e;
    return T(slope) * e / (sum * sum);
  }
  double primitive(double x) const { return 1 / (1 + std::exp(-slope * x)); }
};

/// 1 everywhere. snnTorch: straight_through_estimator.
/// Source: Bengio, Léonard, Courville, arXiv:1308.3432 (2013).
struct StraightThrough {
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T&) const {
    return T(1);
  }
  double primitive(double x) const { return x; }
};

}  // namespace spiketape::surrogate
