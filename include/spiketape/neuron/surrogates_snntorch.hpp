// The surrogates of snntorch.surrogate (0.9.4), with its defaults.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/core/random.hpp>
#include <spiketape/neuron/surrogate.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace spiketape::inline SPIKETAPE_ABI::surrogate {

/// (α/2) / (1 + (π α x / 2)²), the default, as in snnTorch (atan, α = 2).
/// Source: Fang et al., Incorporating learnable membrane time constant, ICCV 2021.
struct ATan {
  double alpha = 2;
  void check() const { detail::check_above_zero("surrogate::ATan", "alpha", alpha); }
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
  void check() const { detail::check_above_zero("surrogate::FastSigmoid", "slope", slope); }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    const T root = multiply_add(T(slope), abs(x), T(1));
    return T(1) / (root * root);
  }
  double primitive(double x) const { return x / (1 + slope * std::abs(x)); }
};

/// k σ(kx) (1 − σ(kx)), σ the logistic function, k = slope. snnTorch: sigmoid, k = 25, which is 0 or NaN for
/// very negative x. The form here is stable: with e = exp(−k|x|) it is k e / (1 + e)².
struct Sigmoid {
  double slope = 25;
  void check() const { detail::check_above_zero("surrogate::Sigmoid", "slope", slope); }
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

/// +c below the threshold, −c from the threshold on, c = threshold. snnTorch 0.9.4 computes this as
/// triangular; its magnitude is constant. For a triangle see PiecewiseLinear.
struct Triangular {
  double threshold = 1;
  void check() const { detail::check_above_zero("surrogate::Triangular", "threshold", threshold); }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    return select(x < T(0), T(threshold), T(-threshold));
  }
  double primitive(double x) const { return -threshold * std::abs(x); }
};

/// k exp(−β|x|), k = slope: largest at the threshold, as in the paper. snnTorch 0.9.4 (spike_rate_escape)
/// puts the peak at x = 1.
/// Source: Gerstner and Kistler, Spiking Neuron Models (2002); Jang et al., arXiv:1910.01059.
struct SpikeRateEscape {
  double beta = 1;
  double slope = 25;
  void check() const {
    detail::check_above_zero("surrogate::SpikeRateEscape", "beta", beta);
    detail::check_above_zero("surrogate::SpikeRateEscape", "slope", slope);
  }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    return T(slope) * exp(-(T(beta) * abs(x)));
  }
  double primitive(double x) const {
    return std::copysign(slope / beta * (1 - std::exp(-beta * std::abs(x))), x);
  }
};

/// 1 above the threshold, else 0. snnTorch: heaviside.
struct Heaviside {
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    return where(x > T(0), T(1));
  }
  double primitive(double x) const { return std::max(x, 0.0); }
};

/// 1 above the threshold, else `slope`. snnTorch: LeakySpikeOperator (LSO), which raises an error there.
struct LeakySpike {
  double slope = 0.1;
  void check() const { detail::check_finite("surrogate::LeakySpike", "slope", slope); }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    return select(x > T(0), T(1), T(slope));
  }
  double primitive(double x) const { return x > 0 ? x : slope * x; }
};

/// 1 / (1 + k|x|)² for |x| < B, else 0; k = slope, B = boundary. This is the paper's band; snnTorch 0.9.4
/// (SFS) passes gradients for x > B only. Source: Perez-Nieves and Goodman, Sparse spiking gradient descent,
/// NeurIPS 2021.
struct SparseFastSigmoid {
  double slope = 25;
  double boundary = 1;
  void check() const {
    detail::check_above_zero("surrogate::SparseFastSigmoid", "slope", slope);
    detail::check_finite("surrogate::SparseFastSigmoid", "boundary", boundary);
  }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    return where(abs(x) < T(boundary), FastSigmoid{slope}.derivative(x));
  }
  double primitive(double x) const {
    const double half = std::max(boundary, 0.0);
    return FastSigmoid{slope}.primitive(std::clamp(x, -half, half));
  }
  double band() const { return std::max(boundary, 0.0); }
};

/// 1 above the threshold, else (u + mean)·variance with u uniform in [−0.5, 0.5). snnTorch:
/// StochasticSpikeOperator (SSO). u depends on the seed here and on that of the tape, the neuron's number in
/// its network, the round of training, step, sample and feature (see RandomKey): a loop of steps draws the
/// numbers of the sequence, and a batch the same ones in blocks and on threads. Outside of a network give two
/// layers different seeds.
struct StochasticSpike {
  double mean = 0;
  double variance = 0.2;
  std::uint64_t seed = 0;
  void check() const {
    detail::check_finite("surrogate::StochasticSpike", "mean", mean);
    detail::check_finite("surrogate::StochasticSpike", "variance", variance);
  }
  /// `element` is the number of x, or of the first number of a lane; the others follow it.
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x, std::uint64_t element) const {
    using Scalar = typename detail::LaneTraits<T>::Scalar;
    const T noise = detail::by_number(
        x, [&](Scalar, Index i) { return uniform(element + static_cast<std::uint64_t>(i)); });
    return select(x > T(0), T(1), (noise + T(mean)) * T(variance));
  }

 private:
  double uniform(std::uint64_t element) const {
    const std::uint64_t hash = detail::mix_bits(detail::mix_bits(seed) + 0x9e3779b97f4a7c15u * (element + 1));
    return detail::unit_interval(hash) - 0.5;
  }
};

/// snnTorch's names for the last three.
using LeakySpikeOperator = LeakySpike;
using StochasticSpikeOperator = StochasticSpike;
using LSO = LeakySpike;
using SFS = SparseFastSigmoid;
using SSO = StochasticSpike;

}  // namespace spiketape::inline SPIKETAPE_ABI::surrogate

#include <spiketape/core/pop_macros.hpp>
