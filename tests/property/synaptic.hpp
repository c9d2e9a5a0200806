#pragma once

#include "described.hpp"

#include <spiketape/neuron/synaptic.hpp>

namespace laws {

struct Synaptic : MembraneReset<2> {
  template <typename Scalar, typename Reset>
  using Neuron = st::Synaptic<Scalar, Reset, AnySurrogate, AnyQuantizer>;

  static constexpr std::array coefficients = {Drawn{"alpha", 0.2, 1.05, -0.2, 1.2},
                                              Drawn{"beta", 0.3, 1.05, -0.2, 1.2}};
  static constexpr std::array states = {Drawn{"syn", -0.5, 1}, Drawn{"mem", -0.5, 1.5}};
  static constexpr Drawn input = {"input", -0.4, 0.6};

  static std::vector<std::string> learned(const Choice&) { return {"alpha", "beta"}; }
  template <typename Made, typename Scalar>
  static Made make(const Setup<Scalar>& s) {
    typename Made::Options options{.alpha = s["alpha"], .beta = s["beta"]};
    s.common(options);
    options.learn_alpha = options.learn_beta = s.choice.learned;
    return Made(options);
  }

  template <typename C>
  static void integrate(double* u, double current, double, const C& c, const Choice&) {
    u[0] = clamp(c[0]) * u[0] + current;
    u[1] = clamp(c[1]) * u[1] + u[0];
  }
};

}  // namespace laws
