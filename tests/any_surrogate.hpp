// A surrogate chosen at run time, so that tests over many of them compile one neuron instead of many.
#pragma once

#include <spiketape/neuron/surrogates_more.hpp>
#include <spiketape/neuron/surrogates_snntorch.hpp>

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

  template <typename T>
  T derivative(const T& x, std::uint64_t element) const {
    if (kind == StochasticSpike) return StochasticSpike_.derivative(x, element);
    return visit([&](const auto& surrogate) -> T { return surrogate.derivative(x); });
  }
  double primitive(double x) const {
    return visit([&](const auto& surrogate) { return surrogate.primitive(x); });
  }
};
