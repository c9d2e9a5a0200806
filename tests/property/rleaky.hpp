#pragma once

#include "described.hpp"

#include <spiketape/neuron/rleaky.hpp>

namespace laws {

/// Each on itself, or all to all.
template <std::size_t states>
struct Recurrent : MembraneReset<states> {
  static constexpr int variants = 2;
  static constexpr bool recurrent = true;

  static bool all_to_all(const Choice& choice) { return choice.variant == 1; }
  template <typename Made, typename Scalar>
  static Made made(typename Made::Options options, const Setup<Scalar>& s) {
    s.common(options);
    options.all_to_all = all_to_all(s.choice);
    options.learn_recurrent = s.choice.learned;
    if (!options.all_to_all) return Made(options);
    options.linear_features = s.shape().features;
    st::Random random(s.seed);
    return Made(options, random);
  }
};

struct RLeaky : Recurrent<1> {
  template <typename Scalar, typename Reset>
  using Neuron = st::RLeaky<Scalar, Reset, AnySurrogate, AnyQuantizer>;

  static constexpr std::array coefficients = {Drawn{"beta", 0.3, 1.05, -0.2, 1.2}, Drawn{"V", -0.8, 0.8}};
  static constexpr std::array states = {Drawn{"mem", -0.5, 1.5}};

  static std::vector<std::string> learned(const Choice& choice) {
    return all_to_all(choice) ? std::vector<std::string>{"beta"} : std::vector<std::string>{"beta", "V"};
  }
  template <typename Made, typename Scalar>
  static Made make(const Setup<Scalar>& s) {
    typename Made::Options options{.beta = s["beta"], .V = s["V"]};
    options.learn_beta = s.choice.learned;
    return Recurrent::made<Made>(options, s);
  }

  template <typename C>
  static void integrate(double* u, double current, double spk, const C& c, const Choice&) {
    u[0] = clamp(c[0]) * u[0] + current + c[1] * spk;
  }
};

}  // namespace laws
