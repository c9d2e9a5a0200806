#pragma once

#include "described.hpp"

#include <spiketape/neuron/alpha.hpp>

namespace laws {

/// Both decays are learned, and τ with them; or one of them. Decays stay within (0, 1): outside of it the adjoint
/// of a learned one is not the derivative, see unit/learned_range.
struct Alpha : DescribedByDefault {
  template <typename Scalar, typename Reset>
  using Neuron = st::Alpha<Scalar, Reset, AnySurrogate, AnyQuantizer>;

  static constexpr int variants = 4;
  static constexpr bool with_exact = true;
  static constexpr std::array coefficients = {Drawn{"alpha", 0.7, 0.95, 0.7, 0.99},
                                              Drawn{"beta", 0.3, 0.65, 0.05, 0.65}};
  static constexpr std::array states = {Drawn{"syn_exc", -0.5, 2}, Drawn{"syn_inh", -1, 0.5},
                                        Drawn{"mem", -0.5, 1.5}};
  static constexpr Drawn input = {"input", -0.6, 1.6};

  /// snnTorch's Alpha has a delayed reset only.
  static Choice possible(Choice choice) {
    choice.reset_delay = choice.reset_delay || choice.snntorch_exact;
    return choice;
  }
  static bool learns_alpha(const Choice& choice) { return choice.learned && choice.variant % 2 == 0; }
  static bool learns_beta(const Choice& choice) { return choice.learned && choice.variant / 2 == 0; }
  static std::vector<std::string> learned(const Choice& choice) {
    std::vector<std::string> names;
    if (learns_alpha(choice)) names.emplace_back("alpha");
    if (learns_beta(choice)) names.emplace_back("beta");
    return names;
  }
  template <typename Made, typename Scalar>
  static Made make(const Setup<Scalar>& s) {
    typename Made::Options options{.alpha = s["alpha"], .beta = s["beta"]};
    s.common(options);
    options.learn_alpha = learns_alpha(s.choice);
    options.learn_beta = learns_beta(s.choice);
    return Made(options);
  }

  template <typename C>
  static double tau(const C& c, const Choice& choice) {
    const double log_alpha = std::log(clamp(c[0])), log_beta = std::log(clamp(c[1]));
    if (choice.snntorch_exact) return log_alpha / (log_beta - log_alpha) + 1;
    return log_alpha / log_beta - log_alpha + 1;
  }
  template <typename C>
  static void integrate(double* u, double current, double, const C& c, const Choice& choice) {
    u[0] = clamp(c[0]) * u[0] + current;
    u[1] = clamp(c[1]) * u[1] - current;
    u[2] = tau(c, choice) * (u[0] + u[1]);
  }

  // A reset acts on the currents, and so on the membrane.
  static constexpr bool infinite(std::size_t k) { return k != 1; }
  template <typename C>
  static void subtract(double h, double threshold, const double* entered, double* u, const C& c,
                       const Choice& choice) {
    if (choice.snntorch_exact) {
      u[0] -= h * threshold;
      u[1] -= h * u[1];
      u[2] += h * entered[1];
      return;
    }
    u[0] -= h * threshold / tau(c, choice);
    u[2] -= h * threshold;
  }
  static void scale(double factor, double* u) {
    for (int k = 0; k < 3; ++k) u[k] *= factor;
  }
};

}  // namespace laws
