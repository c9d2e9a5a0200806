#pragma once

#include "described.hpp"

#include <spiketape/neuron/alif.hpp>

namespace laws {

struct Alif : MembraneReset<2> {
  template <typename Scalar, typename Reset>
  using Neuron = st::Alif<Scalar, Reset, AnySurrogate, AnyQuantizer>;

  static constexpr bool recurrent = true;
  static constexpr std::array coefficients = {
      Drawn{"beta", 0.3, 1.05, -0.2, 1.2}, Drawn{"rho", 0.3, 1.05, -0.2, 1.2}, Drawn{"adaptation", 0.2, 1.8}};
  static constexpr std::array states = {Drawn{"adapt", 0, 0.5}, Drawn{"mem", -0.5, 1.5}};

  static std::vector<std::string> learned(const Choice&) { return {"beta", "rho", "adaptation"}; }
  template <typename Made, typename Scalar>
  static Made make(const Setup<Scalar>& s) {
    typename Made::Options options{.beta = s["beta"], .rho = s["rho"], .adaptation = s["adaptation"]};
    s.common(options);
    options.learn_beta = options.learn_rho = options.learn_adaptation = s.choice.learned;
    return Made(options);
  }

  template <typename C>
  static void integrate(double* u, double current, double spk, const C& c, const Choice&) {
    u[0] = clamp(c[1]) * u[0] + (1 - clamp(c[1])) * spk;
    u[1] = clamp(c[0]) * u[1] + current;
  }
  /// The threshold rises with the adaptation; a reset subtracts θ, not where it has risen to.
  template <typename C>
  static double level(const double* u, double threshold, const C& c) {
    return threshold + c[2] * u[0];
  }
};

}  // namespace laws
