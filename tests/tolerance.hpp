// How near is near enough: every tolerance of the tests stands here.
#pragma once

#include <algorithm>
#include <type_traits>

namespace tolerance {

/// Recorded figures of snnTorch. An error counts against max(1, the largest expected magnitude).
template <typename Scalar>
constexpr double recorded_value = std::is_same_v<Scalar, float> ? 1e-5 : 1e-11;

/// Gradients in float: at least 5e-5, or eight times what the recorded float32 figure itself is off.
template <typename Scalar>
double recorded_gradient(double float32_error) {
  return std::is_same_v<Scalar, float> ? std::max(5e-5, 8 * float32_error) : recorded_value<double>;
}

/// float64 cases of the unmodified library, which rounds spikes to float32.
constexpr double recorded_stock = 2e-6;

/// The same number by another way: sums in another order, exp or a square root that rounds differently. An
/// error counts against max(1, the largest expected magnitude).
template <typename Scalar>
constexpr double rounding = std::is_same_v<Scalar, float> ? 1e-5 : 1e-13;

/// An adjoint in double against central differences of a smooth twin.
constexpr double differences = 1e-6;

}  // namespace tolerance
