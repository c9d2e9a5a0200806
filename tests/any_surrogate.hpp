// A surrogate chosen at run time, so that tests over many of them compile one neuron instead of many.
#pragma once

#include <spiketape/kernels/lanes.hpp>
#include <spiketape/neuron/surrogates_more.hpp>
#include <spiketape/neuron/surrogates_snntorch.hpp>

#include <cstdint>

// clang-format off
#define FOR_SURROGATES(X) \
  X(ATan) X(FastSigmoid) X(Sigmoid) X(StraightThrough) X(Triangular) X(SpikeRateEscape) X(Heaviside) \
  X(LeakySpike) X(SparseFastSigmoid) X(PiecewiseLinear) X(Boxcar) X(Gaussian) X(Erf) X(Exponential) X(Tanh) \
  X(SuperSpike) X(MultiGaussian)
// clang-format on

struct AnySurrogate {
#define X(name) name,
  enum Kind { FOR_SURROGATES(X) with_primitive, StochasticSpike = with_primitive, count };
#undef X

  Kind kind = ATan;
#define X(name) spiketape::surrogate::name name##_{};
  FOR_SURROGATES(X)
#undef X
  spiketape::surrogate::StochasticSpike StochasticSpike_{};

  /// A function of the test's own in place of `kind`, of x and two parameters.
  template <typename T>
  using Own = T (*)(const T& x, double a, double b);
  Own<spiketape::Lane<float>> own_float = nullptr;
  Own<spiketape::Lane<double>> own_double = nullptr;
  double a = 0, b = 0;

  /// Sets the function: `Function::of(x, a, b)`, a template.
  template <typename Function>
  void set_own(double a_, double b_) {
    own_float = &Function::template of<spiketape::Lane<float>>;
    own_double = &Function::template of<spiketape::Lane<double>>;
    a = a_;
    b = b_;
  }

  /// Calls visitor with the chosen surrogate, unless it is the random one.
  template <typename Visitor>
  decltype(auto) visit(Visitor&& visitor) const {
    switch (kind) {
#define X(name) \
  case name: return visitor(name##_);
      FOR_SURROGATES(X)
#undef X
      case StochasticSpike:
      case count: break;
    }
    return visitor(ATan_);
  }

  // Compiled once, in any_policies.cpp, for Lane<float> and Lane<double>.
  template <typename T>
  T derivative(const T& x, std::uint64_t element) const;
  double primitive(double x) const;
};
