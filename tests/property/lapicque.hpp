#pragma once

#include "described.hpp"

#include <spiketape/neuron/lapicque.hpp>

namespace laws {

/// Made of β alone, of β and R, of β and C, or of R and C. β stays below 1: outside of (0, 1) the adjoint of a
/// learned one is not the derivative, see unit/learned_range.
struct Lapicque : MembraneReset<1> {
  template <typename Scalar, typename Reset>
  using Neuron = st::Lapicque<Scalar, Reset, AnySurrogate, AnyQuantizer>;

  static constexpr int variants = 4;
  static constexpr bool with_exact = true;
  static constexpr double time_step = 0.7;
  static constexpr std::array coefficients = {Drawn{"beta", 0.3, 0.95, 0.3, 0.99}, Drawn{"R", 0.5, 3},
                                              Drawn{"C", 0.3, 1}};
  static constexpr std::array states = {Drawn{"mem", -0.5, 1.5}};
  static constexpr Drawn input = {"input", -0.4, 2.0};

  static std::vector<std::string> learned(const Choice& choice) {
    return choice.variant == 3 ? std::vector<std::string>{} : std::vector<std::string>{"beta"};
  }
  template <typename Made, typename Scalar>
  static Made make(const Setup<Scalar>& s) {
    typename Made::Options options;
    s.common(options);
    const int variant = s.choice.variant;
    if (variant != 3) options.beta = s["beta"];
    if (variant == 1 || variant == 3) options.R = s["R"];
    if (variant == 2 || variant == 3) options.C = s["C"];
    options.time_step = time_step;
    options.learn_beta = s.choice.learned && variant != 3;
    return Made(options);
  }

  /// dU/dt = (−U/R + I)/C: with β = exp(−T/(RC)), the step is U ← βU + (T/C) I. snnTorch takes 1 − T/(RC) for
  /// β.
  template <typename C>
  static void integrate(double* u, double current, double, const C& c, const Choice& choice) {
    const int variant = choice.variant;
    const auto& [beta, r, capacitance] = c;
    const double R = variant == 1 || variant == 3 ? r : 1;
    const double rate = variant == 3 ? time_step / (r * capacitance) : std::log(1 / clamp(beta));  // T/(RC)
    const double C_ = variant >= 2 ? capacitance : time_step / (R * rate);
    const double decay = choice.snntorch_exact ? 1 - rate : std::exp(-rate);
    u[0] = decay * u[0] + time_step / C_ * current;
  }
};

}  // namespace laws
