// What a neuron tells the laws about itself. Beside how it is made, these are its equations, written a second
// time by hand, naively and number by number: the laws know nothing of the library's own. A Described has
//
//   Neuron<Scalar, Reset>        the class, with a surrogate and a quantizer that are chosen at run time
//   variants                     in how many ways it is made
//   coefficients, states, input  their names in the neuron's order, and where they are drawn
//   recurrent                    whether a call takes the spikes of the step before
//   infinite(k)                  whether state k is infinite where the membrane is
//   learned(choice)              the coefficients of its own that are learned
//   possible(choice)             the same, or what comes next to it where there is no such neuron
//   make<Neuron>(setup)
//
// and the equations for the double numbers u of its states, membrane last, its coefficients c and threshold
// θ:
//
//   integrate(u, input, spk, c, choice)    one step, without spike and reset; spk is that of the step before
//   level(u, θ, c)                         what the membrane must exceed
//   subtract(h, θ, entered, u, c, choice)  a reset by subtraction of hθ from a step that began with `entered`
//   scale(f, u)                            a reset that leaves the fraction f
#pragma once

#include "setup.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace laws {

inline double clamp(double rate) { return std::min(std::max(rate, 0.0), 1.0); }

/// What holds for most neurons.
struct DescribedByDefault {
  static constexpr int variants = 1;
  static constexpr bool with_exact = false;
  static constexpr bool whole_product = false;
  static constexpr bool recurrent = false;
  static constexpr Drawn input = {"input", -0.4, 1.0};

  static Choice possible(const Choice& choice) { return choice; }
  static bool all_to_all(const Choice&) { return false; }
  template <typename C>
  static double level(const double*, double threshold, const C&) {
    return threshold;
  }
};

/// A reset acts on the membrane alone.
template <std::size_t states>
struct MembraneReset : DescribedByDefault {
  static constexpr bool infinite(std::size_t k) { return k == states - 1; }
  template <typename C>
  static void subtract(double h, double threshold, const double*, double* u, const C&, const Choice&) {
    u[states - 1] -= h * threshold;
  }
  static void scale(double factor, double* u) { u[states - 1] *= factor; }
};

}  // namespace laws
