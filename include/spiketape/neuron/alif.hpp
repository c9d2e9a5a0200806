// Alif, a leaky integrate-and-fire neuron with an adaptive threshold, which each spike raises.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/lif.hpp>

#include <array>

namespace spiketape::inline SPIKETAPE_ABI {

/// What Alif returns: spikes S, adaptation A, membrane U.
template <typename T>
struct SpkAdaptMem {
  T spk;    ///< S, the spikes.
  T adapt;  ///< A, the adaptation.
  T mem;    ///< U, the membrane.
};

namespace detail {

/// States A and U; coefficients β, ρ and the strength of adaptation κ. See dynamics.hpp.
struct AlifDynamics {
  static constexpr std::size_t state_count = 2, coefficient_count = 3;
  static constexpr std::array state_names = {"adapt", "mem"};
  static constexpr bool recurrent = true;  // A needs the spike of the step before
  template <typename T>
  using Result = SpkAdaptMem<T>;

  /// A becomes ρ̂A + (1 − ρ̂)S, U becomes β̂U + I.
  template <typename T>
  SPIKETAPE_INLINE void integrate(std::array<T, 2>& states, const T& input, const T& spk,
                                  const std::array<T, 3>& c) const {
    states[0] = multiply_add(clamped(c[1]), states[0] - spk, spk);
    states[1] = multiply_add(clamped(c[0]), states[1], input);
  }

  template <typename T>
  SPIKETAPE_INLINE void integrate_adjoint(const std::array<T, 2>& entered, const T&, const T& spk,
                                          const std::array<T, 3>& c, std::array<T, 2>& adjoint,
                                          T& input_adjoint, T& spk_adjoint,
                                          std::array<T, 3>& c_adjoint) const {
    input_adjoint = adjoint[1];
    spk_adjoint = (T(1) - clamped(c[1])) * adjoint[0];
    c_adjoint = {where(unclamped(c[0]), adjoint[1] * entered[1]),
                 where(unclamped(c[1]), adjoint[0] * (entered[0] - spk)), T(0)};
    adjoint = {clamped(c[1]) * adjoint[0], clamped(c[0]) * adjoint[1]};
  }

  /// The neuron fires where U > θ + κA.
  template <typename T>
  SPIKETAPE_INLINE T threshold(const std::array<T, 2>& states, const T& threshold,
                               const std::array<T, 3>& c) const {
    return multiply_add(c[2], states[0], threshold);
  }

  template <typename T>
  SPIKETAPE_INLINE void threshold_adjoint(const std::array<T, 2>& states, const std::array<T, 3>& c,
                                          const T& level, std::array<T, 2>& adjoint, T& threshold,
                                          std::array<T, 3>& c_adjoint) const {
    threshold += level;
    adjoint[0] += c[2] * level;
    c_adjoint[2] += level * states[0];
  }
};

}  // namespace detail

/// The options of Alif; those that it shares with Leaky are described there.
template <typename Scalar, typename Reset, typename Surrogate, typename Quantizer>
struct AlifOptions {
  /// β, the membrane's decay per step, clamped to [0, 1]. Required.
  Coefficient<Scalar> beta = detail::required_beta<Scalar>();
  /// ρ, the adaptation's decay per step, clamped to [0, 1]: exp(−1/τ) for a time constant of τ steps.
  Coefficient<Scalar> rho = 0.99;
  /// κ: how far the threshold rises in a neuron that fires in every step.
  Coefficient<Scalar> adaptation = 1.8;
  /// As in Leaky.
  Coefficient<Scalar> threshold = 1;
  Surrogate spike_grad{};
  bool surrogate_disable = false;
  bool init_hidden = false;
  bool inhibition = false;
  bool learn_beta = false;
  bool learn_rho = false;
  bool learn_adaptation = false;
  bool learn_threshold = false;
  Reset reset_mechanism{};
  Quantizer state_quant{};
  bool output = false;
  Coefficient<Scalar> graded_spikes_factor = 1;
  bool learn_graded_spikes_factor = false;
  bool reset_delay = true;
};

/// A layer of neurons with adaptive thresholds (Bellec, Salaj, Subramoney, Legenstein and Maass, Long
/// short-term memory and learning-to-learn in networks of spiking neurons, NeurIPS 2018), which snnTorch does
/// not have:
///
///     A[t] = ρ A[t−1] + (1 − ρ) S[t−1],   U[t] = β U[t−1] + I[t] − R[t] θ,   S[t] = g·H(U[t] − θ − κ A[t])
///
/// A reset by subtraction subtracts θ, not the raised threshold. Gradients flow back through S[t−1]. The
/// layer remembers its input over 1/(1 − ρ) steps. All else is as in Leaky.
///
///     st::Alif<float> lif({.beta = 0.9f, .rho = 0.98f});
///     auto [spk, adapt, mem] = lif(input);           // or lif(input, spk, adapt, mem)
template <typename Scalar, typename Reset = reset::Subtract, typename Surrogate = surrogate::ATan,
          typename Quantizer = quant::None>
class Alif : public LIF<Alif<Scalar, Reset, Surrogate, Quantizer>, detail::AlifDynamics, Scalar, Reset,
                        Surrogate, Quantizer> {
  using Base = LIF<Alif, detail::AlifDynamics, Scalar, Reset, Surrogate, Quantizer>;

 public:
  using Options = AlifOptions<Scalar, Reset, Surrogate, Quantizer>;
  static constexpr const char* name = "Alif";

  /// Throws std::invalid_argument as Leaky does, and for an infinite κ.
  explicit Alif(const Options& options)
      : Base(options, {{{name, "beta", options.beta, options.learn_beta},
                        {name, "rho", options.rho, options.learn_rho},
                        {name, "adaptation", options.adaptation, options.learn_adaptation, false,
                         detail::Allowed::finite},  // 0·∞ is NaN
                        {name, "threshold", options.threshold, options.learn_threshold},
                        {name, "graded_spikes_factor", options.graded_spikes_factor,
                         options.learn_graded_spikes_factor}}}) {}

  /// Says what is wrong with options that fit no other constructor.
  template <typename = void>
  explicit Alif(const detail::AnyOptions<AlifOptions, Scalar, Reset, Surrogate, Quantizer>&);

  /// β, ρ and κ: one number (1, 1) or one for each neuron (1, features).
  Parameter<Scalar>& beta() { return this->coefficient(0); }
  const Parameter<Scalar>& beta() const { return this->coefficient(0); }
  Parameter<Scalar>& rho() { return this->coefficient(1); }
  const Parameter<Scalar>& rho() const { return this->coefficient(1); }
  Parameter<Scalar>& adaptation() { return this->coefficient(2); }
  const Parameter<Scalar>& adaptation() const { return this->coefficient(2); }

  /// The hidden adaptation, see LIF::mem.
  const Array<Scalar>& adapt() const { return this->hidden(1); }
};

Alif(const detail::OptionsWithoutScalar<AlifOptions>&)->Alif<float, detail::WithoutScalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
