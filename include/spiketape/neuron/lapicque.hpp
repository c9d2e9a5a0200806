// Lapicque, the leaky integrate-and-fire neuron as an RC circuit.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/neuron/lif.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// One state, U; coefficients β, R, and two that follow from them: gain T/C and decay. See dynamics.hpp.
struct LapicqueDynamics {
  static constexpr std::size_t state_count = 1, coefficient_count = 4;
  static constexpr std::array state_names = {"mem"};
  template <typename T>
  using Result = SpkMem<T>;

  bool exact = false;    // the decay is 1 − T/RC, as in snnTorch 0.9.4
  bool given_c = false;  // C is given: the gain, T/C, stays fixed
  bool follows = false;  // gain and decay follow β and R as they change

  template <typename T>
  SPIKETAPE_INLINE void derive(std::array<T, 4>& c) const {
    if (!follows) return;
    auto& [beta, resistance, gain, decay] = c;
    const T log_beta = log(inside(beta));
    if (!given_c) gain = -(resistance * log_beta);
    decay = exact ? T(1) + log_beta : inside(beta);
  }

  /// U becomes decay·U + gain·I.
  template <typename T>
  SPIKETAPE_INLINE void integrate(std::array<T, 1>& states, const T& input, const std::array<T, 4>& c) const {
    states[0] = multiply_add(c[3], states[0], c[2] * input);
  }

  template <typename T>
  SPIKETAPE_INLINE void integrate_adjoint(const std::array<T, 1>& entered, const T& input,
                                          const std::array<T, 4>& c, std::array<T, 1>& adjoint,
                                          T& input_adjoint, std::array<T, 4>& c_adjoint) const {
    const T per_beta = T(1) / inside(c[0]);
    const T by_beta =
        (exact ? entered[0] * per_beta : entered[0]) - (given_c ? T(0) : c[1] * per_beta * input);
    c_adjoint = {adjoint[0] * by_beta, T(0), T(0), T(0)};
    input_adjoint = c[2] * adjoint[0];
    adjoint[0] = c[3] * adjoint[0];
  }
};

}  // namespace detail

/// The options of Lapicque: every parameter of snntorch.Lapicque under its name and in its order; those that
/// it shares with Leaky are described there. Give beta alone, or two of beta, R and C.
template <typename Scalar, typename Reset, typename Surrogate, typename Quantizer>
struct LapicqueOptions {
  /// β, the membrane's decay per step, in (0, 1]. Default: exp(−T/(R C)).
  std::optional<Coefficient<Scalar>> beta{};
  /// R, the membrane's resistance. Default: T/(C ln(1/β)), or 1 if C is not given either.
  std::optional<Coefficient<Scalar>> R{};
  /// C, the membrane's capacitance. Default: T/(R ln(1/β)).
  std::optional<Coefficient<Scalar>> C{};
  /// T, the time that a step takes, in the unit of R·C.
  double time_step = 1;
  /// As in Leaky.
  Coefficient<Scalar> threshold = 1;
  Surrogate spike_grad{};
  bool surrogate_disable = false;
  bool init_hidden = false;
  bool inhibition = false;
  /// Needs beta. What follows from β (C, or R) then changes with it; in snnTorch it stays fixed. A β that is
  /// learned or changed later is kept 10⁻⁶ away from 0 and 1 where it is used, and its gradient passes
  /// everywhere.
  bool learn_beta = false;
  /// As in Leaky.
  bool learn_threshold = false;
  Reset reset_mechanism{};
  Quantizer state_quant{};
  bool output = false;
  Coefficient<Scalar> graded_spikes_factor = 1;
  bool learn_graded_spikes_factor = false;
  bool reset_delay = true;
  /// Compute the decay as snnTorch 0.9.4 does: 1 − T/(R C), the first terms of exp(−T/(R C)). Includes what
  /// snntorch_exact means for Leaky.
  bool snntorch_exact = false;
};

/// A layer of RC circuits that fire, snntorch.Lapicque in C++ (Lapicque 1907):
///
///     U[t] = β U[t−1] + (T/C) I[t] − R[t] θ,   S[t] = g·H(U[t] − θ),   β = exp(−T/(R C))
///
/// (R[t] is the reset signal, R the resistance.) All else is as in Leaky.
///
///     st::Lapicque<float> lif({.R = 5, .C = 2});
template <typename Scalar, typename Reset = reset::Subtract, typename Surrogate = surrogate::ATan,
          typename Quantizer = quant::None>
class Lapicque : public LIF<Lapicque<Scalar, Reset, Surrogate, Quantizer>, detail::LapicqueDynamics, Scalar,
                            Reset, Surrogate, Quantizer> {
  using Base = LIF<Lapicque, detail::LapicqueDynamics, Scalar, Reset, Surrogate, Quantizer>;

 public:
  using Options = LapicqueOptions<Scalar, Reset, Surrogate, Quantizer>;
  static constexpr const char* name = "Lapicque";

  /// Throws std::invalid_argument as Leaky does, if too few or all of beta, R and C are given, if one of them
  /// is not positive, if beta is more than 1, or if learn_beta is set without beta.
  explicit Lapicque(const Options& options) : Lapicque(options, Circuit(options)) {}

  /// Says what is wrong with options that fit no other constructor.
  template <typename = void>
  explicit Lapicque(const detail::AnyOptions<LapicqueOptions, Scalar, Reset, Surrogate, Quantizer>&);

  /// β: one number (1, 1) or one for each neuron (1, features). If it changes, R follows where C is given,
  /// else C. Without a given C, R is a parameter, too, named "R".
  Parameter<Scalar>& beta() { return this->coefficient(0); }
  const Parameter<Scalar>& beta() const { return this->coefficient(0); }
  /// R and C as given, or as computed from β when the neuron was made.
  const Row<Scalar>& R() const { return resistance_; }
  const Row<Scalar>& C() const { return capacitance_; }

  /// For writers and readers of files: calls f(name, values) for R, C and the time step, which snnTorch saves
  /// and which are positive. After they or β have been read, `loaded` computes what follows from them.
  template <typename F>
  void for_each_buffer(F&& f) {
    if (this->dynamics().given_c) f("R", resistance_);  // else it is a parameter
    f("C", capacitance_);
    f("time_step", time_step_);
  }
  void loaded() {
    if (!this->dynamics().given_c) resistance_ = this->coefficient(1).array().row(0);
    const Row<Scalar> betas = beta().array().row(0);
    const Index neurons = std::max({betas.size(), resistance_.size(), capacitance_.size()});
    Row<Scalar> gain(neurons), decay(neurons);
    for (Index i = 0; i < neurons; ++i) {
      const auto at = [i](const Row<Scalar>& row) {
        return static_cast<double>(row[row.size() == 1 ? 0 : i]);
      };
      gain[i] = Circuit::gain_of(at(time_step_), at(capacitance_));
      decay[i] = Circuit::decay_of(at(time_step_), at(betas), at(resistance_), at(capacitance_),
                                   this->dynamics().exact);
    }
    this->store(2, gain);
    this->store(3, decay);
  }

  /// snnTorch's older name of reset_mem.
  [[deprecated("use reset_mem()")]] auto init_lapicque() const { return this->reset_mem(); }

 private:
  /// The given parameters and those that follow from them.
  struct Circuit {
    Row<Scalar> beta, R, C, gain, decay;

    explicit Circuit(const Options& options) {
      const int given =
          int(options.beta.has_value()) + int(options.R.has_value()) + int(options.C.has_value());
      if (given == 3 || given == 0 || (given == 1 && !options.beta))
        detail::fail_argument("spiketape::Lapicque: of beta, R and C ",
                              given == 3   ? "all"
                              : given == 0 ? "none"
                                           : "one",
                              given == 1 ? " is" : " are", " given, expected beta alone, or two of them");
      if (options.learn_beta && !options.beta)
        detail::fail_argument(
            "spiketape::Lapicque: learn_beta is true, but beta follows from R and C, expected beta");
      const double time_step = options.time_step;
      check("time_step", Row<Scalar>::Constant(1, static_cast<Scalar>(time_step)));
      Index neurons = 1;
      const auto widen = [&](const char* parameter, const std::optional<Coefficient<Scalar>>& option) {
        if (!option) return;
        check(parameter, option->values());
        if (option->places() > 1)
          detail::fail_argument("spiketape::Lapicque: ", parameter,
                                " has a value for each channel, expected one or one for each neuron, since "
                                "others follow from it");
        const Index size = option->values().size();
        if (size > 1 && neurons > 1 && size != neurons)
          detail::fail_argument("spiketape::Lapicque: ", parameter, " has ", size,
                                " values, another parameter has ", neurons,
                                " (expected 1 value or one for each neuron)");
        neurons = std::max(neurons, size);
      };
      widen("beta", options.beta);
      if (options.beta && (options.beta->values() > 1).any())
        detail::fail_argument("spiketape::Lapicque: beta is ", options.beta->values().maxCoeff(),
                              ", expected at most 1");
      if (options.beta && !options.C && !options.learn_beta && (options.beta->values() == 1).any())
        detail::fail_argument(
            "spiketape::Lapicque: beta is 1, expected less, or C: it would be infinite, and no current "
            "would reach the membrane");
      widen("R", options.R);
      widen("C", options.C);
      const auto at = [](const std::optional<Coefficient<Scalar>>& option, Index i) {
        const Row<Scalar>& values = option->values();
        return static_cast<double>(values[values.size() == 1 ? 0 : i]);
      };
      for (Row<Scalar>* row : {&beta, &R, &C, &gain, &decay}) row->resize(neurons);
      for (Index i = 0; i < neurons; ++i) {
        double b, r, c;
        if (!options.beta) {
          r = at(options.R, i);
          c = at(options.C, i);
          b = std::exp(-time_step / (r * c));
        } else {
          b = at(options.beta, i);
          const double rc = time_step / std::log(1 / b);
          c = options.C ? at(options.C, i) : rc / (options.R ? at(options.R, i) : 1);
          r = options.R ? at(options.R, i) : options.C ? rc / c : 1;
        }
        beta[i] = static_cast<Scalar>(b);
        R[i] = static_cast<Scalar>(r);
        C[i] = static_cast<Scalar>(c);
        gain[i] = gain_of(time_step, c);
        decay[i] = decay_of(time_step, b, r, c, options.snntorch_exact);
        if (!detail::is_finite(gain[i]) || !detail::is_finite(decay[i]))
          detail::fail_argument("spiketape::Lapicque: T/C is ", gain[i], " and the decay is ", decay[i],
                                ", expected finite numbers");
      }
    }

    static Scalar gain_of(double time_step, double c) { return static_cast<Scalar>(time_step / c); }
    static Scalar decay_of(double time_step, double beta, double r, double c, bool exact) {
      return static_cast<Scalar>(exact ? 1 - time_step / (r * c) : beta);
    }

    static void check(const char* parameter, const Row<Scalar>& values) {
      if (values.size() == 0)
        detail::fail_argument("spiketape::Lapicque: ", parameter,
                              " has no values, expected one or one for each neuron");
      for (Index i = 0; i < values.size(); ++i)
        if (!(values[i] > 0))
          detail::fail_argument("spiketape::Lapicque: ", parameter, " is ", values[i],
                                ", expected more than 0");
    }
  };

  Lapicque(const Options& options, const Circuit& circuit)
      : Base(options,
             {{{name, "beta", circuit.beta, options.learn_beta},
               {name, "R", circuit.R, false, options.C.has_value()},
               {name, "gain", circuit.gain, false, true},
               {name, "decay", circuit.decay, false, true},
               {name, "threshold", options.threshold, options.learn_threshold},
               {name, "graded_spikes_factor", options.graded_spikes_factor,
                options.learn_graded_spikes_factor}}},
             {options.snntorch_exact, options.C.has_value()}),
        resistance_(circuit.R),
        capacitance_(circuit.C),
        time_step_(Row<Scalar>::Constant(1, static_cast<Scalar>(options.time_step))) {}

  Row<Scalar> resistance_, capacitance_, time_step_;
};

Lapicque(const detail::OptionsWithoutScalar<LapicqueOptions>&)->Lapicque<float, detail::WithoutScalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
