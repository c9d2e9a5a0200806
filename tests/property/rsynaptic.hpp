#pragma once

#include "rleaky.hpp"

#include <spiketape/neuron/rsynaptic.hpp>

namespace laws {

struct RSynaptic : Recurrent<2> {
  template <typename Scalar, typename Reset>
  using Neuron = st::RSynaptic<Scalar, Reset, AnySurrogate, AnyQuantizer>;

  static constexpr std::array coefficients = {Drawn{"alpha", 0.2, 1.05, -0.2, 1.2},
                                              Drawn{"beta", 0.3, 1.05, -0.2, 1.2}, Drawn{"V", -0.8, 0.8}};
  static constexpr std::array states = {Drawn{"syn", -0.5, 1}, Drawn{"mem", -0.5, 1.5}};
  static constexpr Drawn input = {"input", -0.4, 0.6};

  static std::vector<std::string> learned(const Choice& choice) {
    std::vector<std::string> names = {"alpha", "beta"};
    if (!all_to_all(choice)) names.emplace_back("V");
    return names;
  }
  template <typename Made, typename Scalar>
  static Made make(const Setup<Scalar>& s) {
    typename Made::Options options{.alpha = s["alpha"], .beta = s["beta"], .V = s["V"]};
    options.learn_alpha = options.learn_beta = s.choice.learned;
    return Recurrent::made<Made>(options, s);
  }

  template <typename C>
  static void integrate(double* u, double current, double spk, const C& c, const Choice&) {
    u[0] = clamp(c[0]) * u[0] + current + c[2] * spk;
    u[1] = clamp(c[1]) * u[1] + u[0];
  }
};

}  // namespace laws
