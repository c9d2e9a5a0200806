// The mathematics of one time step of a leaky integrate-and-fire neuron, forward and adjoint. It stands
// here and nowhere else: single steps, sequences, the tape and the tests all call these functions, on
// SIMD lanes or on plain numbers (T below).
//
// U is the membrane, I the input current, θ the threshold, g the graded-spikes factor (membrane, current
// and threshold share one dimensionless unit), H(x) = 1 where x > 0 else 0, σ' the surrogate derivative,
// m the inhibition mask: 1 for the winner of its sample, or for everyone without inhibition. Neither m
// nor the delayed reset signal R is differentiated. H, R and m select, they do not multiply: an infinite
// membrane resets cleanly, and a NaN stays in its own neuron.
//
//   delayed reset   R = m_prev·H(U_prev − θ);  V = Q(reset of the integrated membrane where R)
//   same-step       V = Q(the integrated membrane)
//   both            h = m·H(V − θ);  S = g·h
//   then            U = V if delayed;  U = reset of V where h, if same-step
//
// `exact` follows snnTorch 0.9.4 where it differs: R is not masked and enters in both timings; a
// same-step reset takes D = κh − R in place of h (κ = 1, or 1/g under inhibition), so a membrane that
// was reset at the start of the step and does not spike is "un-reset"; under inhibition S = h.
#pragma once

#include <spiketape/core/lanes.hpp>
#include <spiketape/neuron/quantizer.hpp>
#include <spiketape/neuron/surrogate.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace spiketape::detail {

/// Which of the rules above hold. Chosen once per call, outside all loops.
struct Rules {
  bool delayed = true;
  bool inhibited = false;
  bool exact = false;
};

/// The coefficients of a step: those of the neuron's own integration, then what LIF has for all.
template <typename T, std::size_t count>
struct StepCoefficients {
  std::array<T, count> own;
  T threshold;
  T graded;
};

/// Who won the competition of its sample, now and in the step before. Read under inhibition only.
template <typename T>
struct Winners {
  MaskOf<T> now;
  MaskOf<T> before;
};

template <typename T>
struct Fired {
  T spk;
  T mem;
};

/// What the adjoint step hands back.
template <typename T, std::size_t states, std::size_t count>
struct StepAdjoint {
  T input;
  std::array<T, states> before;  // of the states that entered the step
  StepCoefficients<T, count> coefficients;
};

/// `Neuron` supplies its number of states (membrane last) and coefficients, and
///   integrate(states, input, coefficients)                         states become the integrated ones
///   integrate_adjoint(entered, coefficients, adjoint, input, ...)  see Leaky
/// and the policies' types.
template <typename Neuron, Rules rules, typename T>
struct NeuronStep {
  using Mask = MaskOf<T>;
  using Coefficients = StepCoefficients<T, Neuron::coefficient_count>;
  using States = std::array<T, Neuron::state_count>;
  static constexpr std::size_t membrane = Neuron::state_count - 1;
  static constexpr bool resets_first = rules.delayed || rules.exact;
  static constexpr bool before_input = Neuron::Reset::before_input;

  // Copies, which stay in registers; a quantizer may be a table.
  [[no_unique_address]] const typename Neuron::Reset reset_policy;
  [[no_unique_address]] const typename Neuron::Surrogate surrogate;
  const decltype(Neuron::Policies::quantizer)& quantizer;
  const bool surrogate_disable;  // σ' counts as zero

  NeuronStep(const typename Neuron::Policies& policies, bool surrogate_disable_)
      : reset_policy(policies.reset),
        surrogate(policies.surrogate),
        quantizer(policies.quantizer),
        surrogate_disable(surrogate_disable_) {}

  /// H(U − θ), for the winner only under inhibition.
  static SPIKETAPE_INLINE Mask fires(const T& mem, const T& threshold, const Mask& winner) {
    if constexpr (rules.inhibited) return (threshold < mem) & winner;
    return threshold < mem;
  }

  /// R, from the membrane of the step before.
  static SPIKETAPE_INLINE Mask reset_signal(const T& mem, const T& threshold, const Mask& winner) {
    if constexpr (rules.exact) return threshold < mem;
    return fires(mem, threshold, winner);
  }

  SPIKETAPE_INLINE T reset_where(const Mask& fired, const T& mem, const T& threshold) const {
    return select(fired, reset_policy.after(mem, threshold), mem);
  }

  /// The states after integration and quantizer, before the neuron fires: the membrane becomes V.
  SPIKETAPE_INLINE void integrate(States& states, const T& input, const Coefficients& c,
                                  const Winners<T>& winners) const {
    T& mem = states[membrane];
    if constexpr (resets_first) {
      const Mask reset = reset_signal(mem, c.threshold, winners.before);
      if constexpr (before_input) mem = reset_where(reset, mem, c.threshold);
      Neuron::integrate(states, input, c.own);
      if constexpr (!before_input) mem = reset_where(reset, mem, c.threshold);
    } else {
      Neuron::integrate(states, input, c.own);
    }
    mem = quantize(quantizer, mem);
  }

  /// κ of the exact rules.
  static SPIKETAPE_INLINE T kappa(const Coefficients& c) {
    if constexpr (rules.inhibited) return T(1) / c.graded;
    return T(1);
  }

  /// D = κh − R of the exact rules.
  static SPIKETAPE_INLINE T exact_reset(const Mask& fired, const T& mem_before, const Coefficients& c,
                                        const Winners<T>& winners) {
    return where(fired, kappa(c)) - where(reset_signal(mem_before, c.threshold, winners.before), T(1));
  }

  /// The spike S and the membrane U that the step returns, from V.
  SPIKETAPE_INLINE Fired<T> fire(const T& v, const T& mem_before, const Coefficients& c,
                                 const Winners<T>& winners) const {
    const Mask fired = fires(v, c.threshold, winners.now);
    const T spk = where(fired, rules.exact && rules.inhibited ? T(1) : c.graded);
    if constexpr (rules.delayed) return {spk, v};
    if constexpr (!rules.exact) return {spk, reset_where(fired, v, c.threshold)};
    const T jump = reset_policy.after(v, c.threshold) - v;
    return {spk, multiply_add(exact_reset(fired, mem_before, c, winners), jump, v)};
  }

  /// The adjoint of the step. `entered` are the states before the step, `v` the membrane that fired,
  /// `spk_adjoint` and `adjoint` the adjoints of S and of the returned states, `element` the place of the
  /// (first) neuron in the batch, for random surrogates.
  SPIKETAPE_INLINE StepAdjoint<T, Neuron::state_count, Neuron::coefficient_count> adjoint(
      const States& entered, const T& v, const Coefficients& c, const Winners<T>& winners, const T& spk_adjoint,
      const States& adjoint, std::uint64_t element) const {
    StepAdjoint<T, Neuron::state_count, Neuron::coefficient_count> result;
    T& threshold_adjoint = result.coefficients.threshold;
    T& graded_adjoint = result.coefficients.graded;

    const Mask fired = fires(v, c.threshold, winners.now);
    T slope = T(0);  // s = m σ'(V − θ)
    if (!surrogate_disable) slope = surrogate_derivative(surrogate, v - c.threshold, element);
    if constexpr (rules.inhibited) slope = where(winners.now, slope);

    // 1. The reset, if it is in the same step.
    T a = adjoint[membrane];
    threshold_adjoint = T(0);
    graded_adjoint = T(0);
    if constexpr (!rules.delayed) {
      const T mem_adjoint = a;
      const T jump = reset_policy.after(v, c.threshold) - v;
      // An infinite jump has no gradient where the spike has none.
      const T by_spike = except(slope == T(0), jump * slope);
      if constexpr (!rules.exact) {
        a = mem_adjoint * (select(fired, T(Neuron::Reset::d_mem), T(1)) + by_spike);
        threshold_adjoint = mem_adjoint * (where(fired, T(Neuron::Reset::d_threshold)) - by_spike);
      } else {
        const T d = exact_reset(fired, entered[membrane], c, winners);
        const T steep = kappa(c) * by_spike;
        a = mem_adjoint * (T(1) + d * T(Neuron::Reset::d_mem - 1) + steep);
        threshold_adjoint = mem_adjoint * (d * T(Neuron::Reset::d_threshold) - steep);
        if constexpr (rules.inhibited) graded_adjoint = where(fired, -(mem_adjoint * jump) / (c.graded * c.graded));
      }
    }

    // 2. The spike; the quantizer passes the adjoint on unchanged.
    const T through = rules.exact && rules.inhibited ? spk_adjoint * slope : spk_adjoint * c.graded * slope;
    a += through;
    threshold_adjoint -= through;
    if constexpr (!(rules.exact && rules.inhibited)) graded_adjoint += where(fired, spk_adjoint);

    // 3. The integration, and the delayed reset before or after it.
    result.before = adjoint;
    result.before[membrane] = a;
    States integrated_from = entered;
    if constexpr (resets_first) {
      const Mask signal = reset_signal(entered[membrane], c.threshold, winners.before);
      const auto through_reset = [&](T& mem_adjoint) SPIKETAPE_INLINE_LAMBDA {
        threshold_adjoint += where(signal, mem_adjoint * T(Neuron::Reset::d_threshold));
        mem_adjoint = select(signal, mem_adjoint * T(Neuron::Reset::d_mem), mem_adjoint);
      };
      if constexpr (before_input) {
        integrated_from[membrane] = reset_where(signal, entered[membrane], c.threshold);
      } else {
        through_reset(result.before[membrane]);
      }
      Neuron::integrate_adjoint(integrated_from, c.own, result.before, result.input, result.coefficients.own);
      if constexpr (before_input) through_reset(result.before[membrane]);
    } else {
      Neuron::integrate_adjoint(integrated_from, c.own, result.before, result.input, result.coefficients.own);
    }
    return result;
  }
};

}  // namespace spiketape::detail
