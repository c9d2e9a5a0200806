// One time step of a leaky integrate-and-fire neuron, forward and adjoint: the order of integration, reset,
// quantizer and spike. Only this file defines it. Dynamics define the integration (dynamics.hpp), policies
// define the reset (reset.hpp). Single steps, sequences and the tape all call these functions, on SIMD lanes
// (T below).
//
// U is the membrane, I the input current, θ the threshold, g the graded-spikes factor (membrane, current and
// threshold share one dimensionless unit), H(x) = 1 where x > 0 else 0, σ' the surrogate derivative, m the
// inhibition mask: 1 for the winner of its sample, or for all without inhibition. Neither m nor the delayed
// reset signal R is differentiated. H, R and m select instead of multiplying (except in the exact same-step
// reset): an infinite membrane resets cleanly, and a NaN stays in its own neuron. x̄ is the adjoint of x, the
// derivative of the loss with respect to x.
//
//   delayed reset   R = m_prev·H(U_prev − θ);  V = Q(reset of the integrated membrane where R), or, for a
//                   policy that resets before the input, Q(the integrated reset of U_prev where R)
//   same-step       V = Q(the integrated membrane)
//   both            h = m·H(V − θ);  S = g·h
//   then            U = V if delayed;  U = reset of V where h, if same-step
//
// States other than the membrane are integrated and quantized with it. Where a neuron's threshold moves, V
// and U_prev are compared with the moved threshold; a reset by subtraction subtracts θ.
//
// `exact` follows snnTorch 0.9.4 where it differs. R is not masked and acts with both timings. A same-step
// reset uses D = κh − R instead of h (κ = 1, or 1/g under inhibition), so a membrane that was reset at the
// start of the step and does not spike is "un-reset". Under inhibition S = h.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/lanes.hpp>
#include <spiketape/neuron/dynamics.hpp>
#include <spiketape/neuron/quantizer.hpp>
#include <spiketape/neuron/surrogate.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The rules above that hold for a neuron.
struct Rules {
  static constexpr bool rare = true;  // compiled small rather than fast
  bool delayed = true;
  bool inhibited = false;
  bool exact = false;

  /// Whether S = g·h; else S = h, and g acts through the reset.
  constexpr bool graded() const { return !(exact && inhibited); }
  /// Whether these are CommonRules. Without inhibition the exact rules differ only with a same-step reset.
  constexpr bool common() const { return !inhibited && (!exact || delayed); }
};

/// The rules without inhibition and without `exact`, known at compile time: a scan with them has no branches.
/// All others share one scan that checks Rules in its loops, since each instance costs the user compile time.
template <bool delayed_>
struct CommonRules {
  static constexpr bool rare = false;
  static constexpr bool delayed = delayed_;
  static constexpr bool inhibited = false;
  static constexpr bool exact = false;

  explicit CommonRules(const Rules&) {}
  static constexpr bool graded() { return true; }
};

/// The coefficients of a step: those of the neuron's own dynamics, then those that LIF has for all.
template <typename T, std::size_t count>
struct StepCoefficients {
  std::array<T, count> own;
  T threshold;
  T graded;
};

/// Which neuron won in its sample, now and in the step before. Read under inhibition only.
template <typename T>
struct Winners {
  MaskOf<T> now;
  MaskOf<T> before;
};

/// What the adjoint step returns.
template <typename T, std::size_t states, std::size_t count>
struct StepAdjoint {
  T input;
  T spk_before;                  // of the spike that entered the step; recurrent neurons only
  std::array<T, states> before;  // of the states that entered the step
  StepCoefficients<T, count> coefficients;
};

/// `Neuron` supplies its Dynamics and the policies; `ChosenRules` are Rules or CommonRules.
template <typename Neuron, typename ChosenRules, typename T>
struct NeuronStep {
  using Dynamics = typename Neuron::Dynamics;
  using Reset = typename Neuron::Reset;
  using Mask = MaskOf<T>;
  using States = std::array<T, Dynamics::state_count>;
  using Own = std::array<T, Dynamics::coefficient_count>;
  using Coefficients = StepCoefficients<T, Dynamics::coefficient_count>;
  using Adjoint = StepAdjoint<T, Dynamics::state_count, Dynamics::coefficient_count>;
  static constexpr std::size_t membrane = Dynamics::state_count - 1;
  static constexpr bool before_input = Reset::before_input;
  static constexpr bool own_reset = HasOwnReset<Dynamics, Reset, T>;
  static constexpr std::size_t first_reset = own_reset ? 0 : membrane;  // of the states that a reset changes

  // Copies, which stay in registers; the quantizer may be a table, so it is a reference.
  SPIKETAPE_NO_UNIQUE_ADDRESS const ChosenRules rules;
  SPIKETAPE_NO_UNIQUE_ADDRESS const Dynamics dynamics;
  SPIKETAPE_NO_UNIQUE_ADDRESS const Reset reset_policy;
  SPIKETAPE_NO_UNIQUE_ADDRESS const typename Neuron::Surrogate surrogate;
  const decltype(Neuron::Policies::quantizer)& quantizer;
  const Mask with_surrogate;  // else σ' counts as zero

  NeuronStep(const Rules& chosen, const typename Neuron::Policies& policies, bool surrogate_disable)
      : rules(chosen),
        dynamics(policies.dynamics),
        reset_policy(policies.reset),
        surrogate(policies.surrogate),
        quantizer(policies.quantizer),
        with_surrogate(T(surrogate_disable ? 1 : 0) == T(0)) {}

  /// Whether a reset comes before or within the integration.
  SPIKETAPE_INLINE bool resets_first() const { return rules.delayed || rules.exact; }
  /// Whether Winners::before is read.
  SPIKETAPE_INLINE bool asks_winner_before() const {
    return rules.inhibited && rules.delayed && !rules.exact;
  }

  /// The current threshold.
  SPIKETAPE_INLINE T level(const States& states, const Coefficients& c) const {
    if constexpr (HasMovingThreshold<Dynamics, T>)
      return dynamics.threshold(states, c.threshold, c.own);
    else
      return c.threshold;
  }

  /// x = V − θ, or U_prev − θ for entering states.
  SPIKETAPE_INLINE T above(const States& states, const Coefficients& c) const {
    return states[membrane] - level(states, c);
  }

  /// h = m·H(V − θ)
  SPIKETAPE_INLINE Mask fired(const States& integrated, const Coefficients& c, const Mask& winner) const {
    const Mask over = level(integrated, c) < integrated[membrane];
    return rules.inhibited ? over & winner : over;
  }

  /// R, from the states of the step before.
  SPIKETAPE_INLINE Mask reset_signal(const States& entered, const Coefficients& c, const Mask& winner) const {
    return rules.exact ? level(entered, c) < entered[membrane] : fired(entered, c, winner);
  }

  /// S where the neuron fired, else 0.
  SPIKETAPE_INLINE T spike(const Mask& fired, const Coefficients& c) const {
    return where(fired, rules.graded() ? c.graded : T(1));
  }

  /// The states after integration and quantizer, before the neuron fires: the membrane becomes V.
  SPIKETAPE_INNER void integrate(States& states, const T& input, const T& spk_before, const Coefficients& c,
                                 const Mask& winner_before) const {
    if (resets_first()) {
      const Mask signal = reset_signal(states, c, winner_before);
      const States before = states;
      if constexpr (before_input) reset_where(signal, before, c, states);
      const States entered = states;
      run(states, input, spk_before, c);
      if constexpr (!before_input) reset_where(signal, entered, c, states);
    } else {
      run(states, input, spk_before, c);
    }
    for (T& state : states) state = quantize(quantizer, state);
  }

  /// The states that the step returns: U is V, or its reset in the same step where the neuron fired.
  SPIKETAPE_INNER void finish(const Mask& fired, const States& entered, const Coefficients& c,
                              const Winners<T>& winners, States& states) const {
    if (rules.delayed) return;
    if (!rules.exact) {
      const States integrated = states;
      reset_where(fired, integrated, c, states);
    } else {
      T& v = states[membrane];
      v = multiply_add(exact_reset(fired, entered, c, winners), reset_policy.after(v, c.threshold) - v, v);
    }
  }

  /// The adjoint of the step. `entered` are the states before the step, `integrated` those that fired,
  /// `spk_adjoint` and `returned` the adjoints of S and of the returned states, `element` the number of the
  /// (first) neuron for random surrogates.
  SPIKETAPE_INNER Adjoint adjoint(const States& entered, const T& input, const T& spk_before,
                                  const States& integrated, const Coefficients& c, const Winners<T>& winners,
                                  const T& spk_adjoint, const States& returned, std::uint64_t element) const {
    Adjoint result;
    States& a = result.before;
    T& threshold_adjoint = result.coefficients.threshold;
    T& graded_adjoint = result.coefficients.graded;
    Own own_adjoint;  // of the neuron's own coefficients, from threshold and reset
    for (T& adjoint : own_adjoint) adjoint = T(0);
    a = returned;
    threshold_adjoint = T(0);
    graded_adjoint = T(0);

    const T& v = integrated[membrane];
    const Mask fired = this->fired(integrated, c, winners.now);
    T slope = where(with_surrogate, surrogate_derivative(surrogate, above(integrated, c), element));
    if (rules.inhibited) slope = where(winners.now, slope);  // s = m σ'(V − θ)

    // 1. A same-step reset: its effect on the states and, through x, on the decision to reset.
    T x_adjoint = rules.graded() ? spk_adjoint * c.graded * slope : spk_adjoint * slope;
    if (!rules.delayed) {
      States after = integrated;
      reset_where(T(0) == T(0), integrated, c, after);
      const auto by_spike = [&](std::size_t k) SPIKETAPE_INLINE_LAMBDA {
        // An infinite jump has no gradient where the spike has none.
        return returned[k] * except(slope == T(0), (after[k] - integrated[k]) * slope);
      };
      if (!rules.exact) {
        for (std::size_t k = first_reset; k <= membrane; ++k) x_adjoint += by_spike(k);
        reset_adjoint(fired, c, a, a, threshold_adjoint, own_adjoint);
      } else {
        const T mem_adjoint = returned[membrane];
        const T d = exact_reset(fired, entered, c, winners);
        x_adjoint += kappa(c) * by_spike(membrane);
        a[membrane] = mem_adjoint * (T(1) + d * T(Reset::d_mem - 1));
        threshold_adjoint = mem_adjoint * (d * T(Reset::d_threshold));
        if (!rules.graded())
          graded_adjoint = where(fired, -(mem_adjoint * (after[membrane] - v)) / (divisor(c) * divisor(c)));
      }
    }

    // 2. The spike; the quantizer passes the adjoint on unchanged.
    a[membrane] += x_adjoint;
    if constexpr (HasMovingThreshold<Dynamics, T>)
      dynamics.threshold_adjoint(integrated, c.own, -x_adjoint, a, threshold_adjoint, own_adjoint);
    else
      threshold_adjoint -= x_adjoint;
    if (rules.graded()) graded_adjoint += where(fired, spk_adjoint);

    // 3. The integration, and the delayed reset before or after it.
    States integrated_from = entered;
    if (resets_first()) {
      const Mask signal = reset_signal(entered, c, winners.before);
      States to_entered;  // what a reset sends directly to the entering states
      for (T& adjoint : to_entered) adjoint = T(0);
      if constexpr (before_input)
        reset_where(signal, entered, c, integrated_from);
      else
        reset_adjoint(signal, c, a, to_entered, threshold_adjoint, own_adjoint);
      // A state that is reset to a constant has no gradient, even if it was reset from infinity: 0·∞ would be
      // NaN.
      if constexpr (!before_input && Reset::d_mem == 0) {
        const T infinity(std::numeric_limits<typename LaneTraits<T>::Scalar>::infinity());
        for (std::size_t k = first_reset; k <= membrane; ++k)
          integrated_from[k] = select(signal, where(abs(entered[k]) < infinity, entered[k]), entered[k]);
      }
      run_adjoint(integrated_from, input, spk_before, c, result);
      if constexpr (before_input)
        reset_adjoint(signal, c, a, a, threshold_adjoint, own_adjoint);
      else if constexpr (own_reset)
        for (std::size_t k = 0; k <= membrane; ++k) a[k] += to_entered[k];
    } else {
      run_adjoint(integrated_from, input, spk_before, c, result);
    }
    if constexpr (own_reset || HasMovingThreshold<Dynamics, T>)
      for (std::size_t k = 0; k < own_adjoint.size(); ++k) result.coefficients.own[k] += own_adjoint[k];
    return result;
  }

 private:
  SPIKETAPE_INLINE void run(States& states, const T& input, const T& spk_before,
                            const Coefficients& c) const {
    if constexpr (is_recurrent<Dynamics>)
      dynamics.integrate(states, input, spk_before, c.own);
    else
      dynamics.integrate(states, input, c.own);
  }
  SPIKETAPE_INLINE void run_adjoint(const States& from, const T& input, const T& spk_before,
                                    const Coefficients& c, Adjoint& result) const {
    if constexpr (is_recurrent<Dynamics>)
      dynamics.integrate_adjoint(from, input, spk_before, c.own, result.before, result.input,
                                 result.spk_before, result.coefficients.own);
    else
      dynamics.integrate_adjoint(from, input, c.own, result.before, result.input, result.coefficients.own);
  }

  /// Resets the states where `signal` holds. `entered` are those before the integration, or with a same-step
  /// reset those that are reset.
  SPIKETAPE_INLINE void reset_where(const Mask& signal, const States& entered, const Coefficients& c,
                                    States& states) const {
    if constexpr (own_reset) {
      dynamics.reset(signal, entered, reset_policy, c.threshold, c.own, states);
    } else {
      T& mem = states[membrane];
      if constexpr (requires { reset_policy.after_where(signal, mem, c.threshold); })
        mem = reset_policy.after_where(signal, mem, c.threshold);
      else
        mem = select(signal, reset_policy.after(mem, c.threshold), mem);
    }
  }

  /// Turns `a`, the adjoint of the states after the reset, into that of those before it, in place. Adds to
  /// `entered` what goes there directly.
  SPIKETAPE_INLINE void reset_adjoint(const Mask& signal, const Coefficients& c, States& a, States& entered,
                                      T& threshold_adjoint, Own& own_adjoint) const {
    if constexpr (own_reset) {
      dynamics.reset_adjoint(signal, reset_policy, c.threshold, c.own, a, entered, threshold_adjoint,
                             own_adjoint);
    } else {
      T& mem_adjoint = a[membrane];
      if constexpr (Reset::d_threshold != 0)
        threshold_adjoint += where(signal, mem_adjoint * T(Reset::d_threshold));
      if constexpr (Reset::d_mem == 0)
        mem_adjoint = except(signal, mem_adjoint);
      else if constexpr (Reset::d_mem != 1)
        mem_adjoint = select(signal, mem_adjoint * T(Reset::d_mem), mem_adjoint);
    }
  }

  /// κ of the exact rules.
  SPIKETAPE_INLINE T kappa(const Coefficients& c) const { return rules.graded() ? T(1) : T(1) / divisor(c); }
  /// g, but not 0, which a learned g may become.
  SPIKETAPE_INLINE T divisor(const Coefficients& c) const {
    return select(abs(c.graded) < T(1e-6), T(1e-6), c.graded);
  }

  /// D = κh − R of the exact rules.
  SPIKETAPE_INLINE T exact_reset(const Mask& fired, const States& entered, const Coefficients& c,
                                 const Winners<T>& winners) const {
    return where(fired, kappa(c)) - where(reset_signal(entered, c, winners.before), T(1));
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
