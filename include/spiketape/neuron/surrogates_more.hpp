// Surrogates of other libraries in the field that snnTorch does not have.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/surrogates_snntorch.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace spiketape::inline SPIKETAPE_ABI::surrogate {

/// max(0, 1 − k|x|), k = slope: a triangle. Norse, Spyx: triangle.
/// Source: Esser et al., Convolutional networks for fast, energy-efficient neuromorphic computing, PNAS 113
/// (2016).
struct PiecewiseLinear {
  double slope = 1;
  void check() const { detail::check_above_zero("surrogate::PiecewiseLinear", "slope", slope); }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    return max(T(1) - T(slope) * abs(x), T(0));
  }
  double primitive(double x) const {
    const double inside = std::clamp(x, -1 / slope, 1 / slope);
    return inside - slope / 2 * inside * std::abs(inside);
  }
  double band() const { return 1 / slope; }
};

/// `height` for |x| < width / 2, else 0. Spyx: boxcar; Rockpool.
/// Source: Kaiser, Mostafa, Neftci, Synaptic plasticity dynamics for deep continuous local learning (2020).
struct Boxcar {
  double width = 2;
  double height = 0.5;
  void check() const {
    detail::check_above_zero("surrogate::Boxcar", "width", width);
    detail::check_above_zero("surrogate::Boxcar", "height", height);
  }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    return where(abs(x) < T(width / 2), T(height));
  }
  double primitive(double x) const { return height * std::clamp(x, -width / 2, width / 2); }
  double band() const { return width / 2; }
};

/// exp(−x²/(2σ²)) / (σ√(2π)), σ = sigma. Sinabs: Gaussian.
/// Source: Yin, Corradi, Bohté, Accurate and efficient time-domain classification, Nature Machine
/// Intelligence 3 (2021).
struct Gaussian {
  double sigma = 0.5;
  void check() const { detail::check_above_zero("surrogate::Gaussian", "sigma", sigma); }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    const T z = T(1 / sigma) * x;
    return T(std::numbers::inv_sqrtpi / (std::numbers::sqrt2 * sigma)) * exp(T(-0.5) * z * z);
  }
  double primitive(double x) const { return 0.5 * std::erf(x / (sigma * std::numbers::sqrt2)); }
};

/// (α/√π) exp(−α²x²). SpikingJelly: Erf; norse with another factor.
struct Erf {
  double alpha = 2;
  void check() const { detail::check_above_zero("surrogate::Erf", "alpha", alpha); }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    const T z = T(alpha) * x;
    return T(alpha * std::numbers::inv_sqrtpi) * exp(-(z * z));
  }
  double primitive(double x) const { return 0.5 * std::erf(alpha * x); }
};

/// (α/2) exp(−α|x|). SpikingJelly: PiecewiseExp; SLAYER.
/// Source: Shrestha and Orchard, SLAYER, NeurIPS 2018.
struct Exponential {
  double alpha = 1;
  void check() const { detail::check_above_zero("surrogate::Exponential", "alpha", alpha); }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    return T(alpha / 2) * exp(-(T(alpha) * abs(x)));
  }
  double primitive(double x) const { return std::copysign((1 - std::exp(-alpha * std::abs(x))) / 2, x); }
};

/// 1 − tanh²(kx), k = slope. Norse, Spyx: tanh.
struct Tanh {
  double slope = 1;
  void check() const { detail::check_above_zero("surrogate::Tanh", "slope", slope); }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    const T e = exp(T(-2 * slope) * abs(x));
    const T sum = T(1) + e;
    return T(4) * e / (sum * sum);
  }
  double primitive(double x) const { return std::tanh(slope * x) / slope; }
};

/// 1 / (1 + α|x|)², FastSigmoid with the default of norse and of the paper.
/// Source: Zenke and Ganguli, SuperSpike, Neural Computation 30 (2018).
struct SuperSpike {
  double alpha = 100;
  void check() const { detail::check_above_zero("surrogate::SuperSpike", "alpha", alpha); }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    return FastSigmoid{alpha}.derivative(x);
  }
  double primitive(double x) const { return FastSigmoid{alpha}.primitive(x); }
};

/// (1 + h) N(x; 0, σ²) − h N(x; σ, (sσ)²) − h N(x; −σ, (sσ)²), N the normal density: a bump with negative
/// flanks. Sinabs: MultiGaussian.
/// Source: Yin, Corradi, Bohté, Nature Machine Intelligence 3 (2021).
struct MultiGaussian {
  double sigma = 0.5;
  double h = 0.15;
  double s = 6;
  void check() const {
    detail::check_above_zero("surrogate::MultiGaussian", "sigma", sigma);
    detail::check_finite("surrogate::MultiGaussian", "h", h);
    detail::check_above_zero("surrogate::MultiGaussian", "s", s);
  }
  template <typename T>
  SPIKETAPE_INLINE T derivative(const T& x) const {
    const Gaussian wide{s * sigma};
    return T(1 + h) * Gaussian{sigma}.derivative(x) -
           T(h) * (wide.derivative(x - T(sigma)) + wide.derivative(x + T(sigma)));
  }
  double primitive(double x) const {
    const Gaussian wide{s * sigma};
    return (1 + h) * Gaussian{sigma}.primitive(x) -
           h * (wide.primitive(x - sigma) + wide.primitive(x + sigma));
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::surrogate

#include <spiketape/core/pop_macros.hpp>
