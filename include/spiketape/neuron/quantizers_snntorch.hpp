// The quantizers of snntorch.functional.quant.state_quant (0.9.4). Its argument `uniform` is the type here;
// its other arguments are the members, with the same defaults.
//
//     st::Leaky<float, st::reset::Subtract, st::surrogate::ATan, st::quant::Uniform> lif(
//         {.beta = 0.5f, .state_quant = {.num_bits = 4}});
//
// n = 2^num_bits levels lie from lo = −θ(1 + lower_limit) to hi = θ(1 + upper_limit), in the membrane's unit;
// θ is the quantizer's own `threshold`, usually the neuron's. With upper_limit = 0 the highest level is θ,
// and a neuron that must exceed θ to spike never does.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/neuron/quantizer.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Checks the parameters that Uniform and NonUniform share and returns {lo, hi}.
template <typename Quantizer>
std::array<double, 2> quantizer_limits(const char* name, const Quantizer& q) {
  if (q.num_bits < 1 || q.num_bits > 16)
    fail_argument("spiketape::quant::", name, ": num_bits is ", q.num_bits, ", expected 1 to 16");
  const double low = -q.threshold - q.threshold * q.lower_limit;
  const double high = q.threshold + q.threshold * q.upper_limit;
  if (!(is_finite(low) && is_finite(high) && low < high))
    fail_argument("spiketape::quant::", name, ": threshold, lower_limit and upper_limit give levels from ",
                  low, " to ", high, ", expected finite ones that ascend");
  return {low, high};
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

namespace spiketape::inline SPIKETAPE_ABI::quant {

/// No quantization, Q(v) = v: the default.
struct None {
  template <typename T>
  SPIKETAPE_INLINE T apply(const T& v) const {
    return v;
  }
};
/// The same under a name that X11's headers, which make None a macro, leave alone.
using NoQuantizer = None;

/// n evenly spaced levels, both ends included. They equal those of torch.linspace in snnTorch to the last
/// bit, so ties go the same way: the lower half is counted from lo, the upper half from hi; from 64 bytes of
/// levels on, each group of 32 bytes is counted from its first level.
struct Uniform {
  int num_bits = 8;          ///< n = 2^num_bits levels.
  double threshold = 1;      ///< θ
  double lower_limit = 0;    ///< lo = −θ(1 + lower_limit)
  double upper_limit = 0.2;  ///< hi = θ(1 + upper_limit)

  static constexpr bool evenly_spaced = true;

  /// Throws std::invalid_argument unless num_bits is 1 to 16 and the limits ascend. Allocates.
  template <Real Scalar>
  std::vector<Scalar> levels() const {
    const auto [low_limit, high_limit] = detail::quantizer_limits("Uniform", *this);
    const auto low = static_cast<Scalar>(low_limit), high = static_cast<Scalar>(high_limit);
    const std::size_t count = std::size_t(1) << num_bits;
    const Scalar step = (high - low) / static_cast<Scalar>(count - 1);
    const std::size_t lane = 32 / sizeof(Scalar);
    const std::size_t group = count < 2 * lane ? 1 : lane;
    std::vector<Scalar> levels(count);
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t first = k / group * group;
      const Scalar base = first < count / 2 ? std::fma(step, static_cast<Scalar>(first), low)
                                            : std::fma(-step, static_cast<Scalar>(count - 1 - first), high);
      // The fma rounds the product by itself, whatever the compiler fuses.
      levels[k] = base + std::fma(step, static_cast<Scalar>(k - first), Scalar(0));
    }
    return levels;
  }
};

/// n levels that are densest around c = θ (thr_centered) or c = 0. The l = ⌊n(c − lo)/(hi − lo)⌋ lower ones
/// start at lo; their l gaps are in the ratio μ⁰, μ¹, … and sum to c − lo (c itself is not a level). The
/// upper n − l are c plus the running sums of gaps in the ratio μ^(n−l−1), …, μ⁰, and end at hi. μ =
/// multiplier; its default is that of snnTorch: .05 .1 .3 .5 .7 .9 .925 for 1 to 7 bits, .95 for more.
struct NonUniform {
  int num_bits = 8;                       ///< n = 2^num_bits levels.
  bool thr_centered = true;               ///< Levels are densest around θ; false: around 0.
  double threshold = 1;                   ///< θ
  double lower_limit = 0;                 ///< lo = −θ(1 + lower_limit)
  double upper_limit = 0.2;               ///< hi = θ(1 + upper_limit)
  std::optional<double> multiplier = {};  ///< μ; none: that of snnTorch.

  /// Throws std::invalid_argument unless num_bits is 1 to 16, the limits ascend around c and μ is positive.
  /// Allocates.
  template <Real Scalar>
  std::vector<Scalar> levels() const {
    constexpr std::array<double, 8> defaults = {.05, .1, .3, .5, .7, .9, .925, .95};
    const auto [low, high] = detail::quantizer_limits("NonUniform", *this);
    const double mu = multiplier.value_or(defaults[static_cast<std::size_t>(std::min(num_bits, 8) - 1)]);
    if (!(detail::is_finite(mu) && mu > 0))
      detail::fail_argument("spiketape::quant::NonUniform: multiplier is ", mu,
                            ", expected a positive number");
    const double center = thr_centered ? threshold : 0;
    if (!(low <= center && center <= high))
      detail::fail_argument("spiketape::quant::NonUniform: levels from ", low, " to ", high,
                            " leave out their centre, ", center);
    const int count = 1 << num_bits;
    const int lower = static_cast<int>(std::floor(count * ((center - low) / (high - low))));
    // The divisor that turns powers of μ into `gaps` gaps that cover `range`; sums in snnTorch's order.
    const auto scale = [mu](int gaps, double range) {
      double sum = 0;
      for (int j = gaps - 1; j >= 0; --j) sum += std::pow(mu, j);
      return sum / range;
    };
    std::vector<Scalar> levels;
    levels.reserve(static_cast<std::size_t>(count));
    double level = low;
    const double lower_scale = scale(lower, center - low);
    for (int j = 0; j < lower; ++j) {
      levels.push_back(static_cast<Scalar>(std::min(level, center)));  // rounding may exceed it
      level += std::pow(mu, j) / lower_scale;
    }
    level = center;
    const double upper_scale = scale(count - lower, high - center);
    for (int j = count - lower - 1; j >= 0; --j) {
      level += std::pow(mu, j) / upper_scale;
      levels.push_back(static_cast<Scalar>(level));
    }
    return levels;
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::quant

#include <spiketape/core/pop_macros.hpp>
