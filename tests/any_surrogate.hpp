// A surrogate chosen at run time, so that tests over many of them compile one neuron instead of many.
#pragma once

#include <spiketape/neuron/surrogate.hpp>

#include <utility>

struct AnySurrogate {
  enum Kind { atan, fast_sigmoid, sigmoid, straight_through, count };

  Kind kind = atan;
  spiketape::surrogate::ATan atan_{};
  spiketape::surrogate::FastSigmoid fast_sigmoid_{};
  spiketape::surrogate::Sigmoid sigmoid_{};
  spiketape::surrogate::StraightThrough straight_through_{};

  /// Calls visitor with the chosen surrogate.
  template <typename Visitor>
  decltype(auto) visit(Visitor&& visitor) const {
    switch (kind) {
      case fast_sigmoid: return visitor(fast_sigmoid_);
      case sigmoid: return visitor(sigmoid_);
      case straight_through: return visitor(straight_through_);
      default: return visitor(atan_);
    }
  }

  template <typename T>
  T derivative(const T& x) const {
    return visit([&](const auto& surrogate) -> T { return surrogate.derivative(x); });
  }
  double primitive(double x) const {
    return visit([&](const auto& surrogate) { return surrogate.primitive(x); });
  }
};
