#pragma once

#include "described.hpp"

#include <spiketape/neuron/leaky.hpp>

namespace laws {

struct Leaky : MembraneReset<1> {
  template <typename Scalar, typename Reset>
  using Neuron = st::Leaky<Scalar, Reset, AnySurrogate, AnyQuantizer>;

  static constexpr bool with_exact = true;
  static constexpr bool whole_product = true;
  static constexpr std::array coefficients = {Drawn{"beta", 0.3, 1.05, -0.2, 1.2}};
  static constexpr std::array states = {Drawn{"mem", -0.5, 1.5}};

  static std::vector<std::string> learned(const Choice&) { return {"beta"}; }
  template <typename Made, typename Scalar>
  static Made make(const Setup<Scalar>& s) {
    typename Made::Options options{.beta = s["beta"]};
    s.common(options);
    options.learn_beta = s.choice.learned;
    return Made(options);
  }

  template <typename C>
  static void integrate(double* u, double current, double, const C& c, const Choice&) {
    u[0] = clamp(c[0]) * u[0] + current;
  }
};

}  // namespace laws
