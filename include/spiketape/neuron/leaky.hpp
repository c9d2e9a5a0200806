// Leaky, the first-order leaky integrate-and-fire neuron.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/lif.hpp>

#include <array>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// One state, U; one coefficient, β. See dynamics.hpp.
struct LeakyDynamics {
  static constexpr std::size_t state_count = 1, coefficient_count = 1;
  static constexpr std::array state_names = {"mem"};
  template <typename T>
  using Result = SpkMem<T>;

  /// U becomes β̂U + I, β̂ = clamp(β, 0, 1).
  template <typename T>
  SPIKETAPE_INLINE void integrate(std::array<T, 1>& states, const T& input, const std::array<T, 1>& c) const {
    states[0] = multiply_add(clamped(c[0]), states[0], input);
  }

  /// Ī = Ū; β̄ = Ū·U, or 0 where the clamp holds β. Ū of the integrated membrane then becomes β̂Ū, that of
  /// the membrane before.
  template <typename T>
  SPIKETAPE_INLINE void integrate_adjoint(const std::array<T, 1>& entered, const T&,
                                          const std::array<T, 1>& c, std::array<T, 1>& adjoint,
                                          T& input_adjoint, std::array<T, 1>& c_adjoint) const {
    input_adjoint = adjoint[0];
    c_adjoint[0] = where(unclamped(c[0]), adjoint[0] * entered[0]);
    adjoint[0] = clamped(c[0]) * adjoint[0];
  }
};

}  // namespace detail

/// The options of Leaky: every parameter of snntorch.Leaky under its name and in its order.
template <typename Scalar, typename Reset, typename Surrogate, typename Quantizer>
struct LeakyOptions {
  /// β, the membrane's decay per step, clamped to [0, 1]: one number, or one for each neuron. Required.
  Coefficient<Scalar> beta = detail::required_beta<Scalar>();
  /// θ: a neuron spikes where U > θ. One number, or one for each neuron.
  Coefficient<Scalar> threshold = 1;
  /// The surrogate gradient's parameters, e.g. `.spike_grad = {.alpha = 2}`.
  Surrogate spike_grad{};
  /// Spikes carry no surrogate gradient; gradients flow through the membrane only.
  bool surrogate_disable = false;
  /// The neuron keeps the membrane itself: call `lif(input)`; passing one throws.
  bool init_hidden = false;
  /// Only the neuron with the largest U − θ of each sample may spike (the first of equals).
  bool inhibition = false;
  /// Whether β is learned; likewise for the other coefficients.
  bool learn_beta = false;
  bool learn_threshold = false;
  /// The reset's parameters, if it has any; the kind of reset is a template parameter.
  Reset reset_mechanism{};
  /// The quantizer's parameters, if it has any.
  Quantizer state_quant{};
  /// With init_hidden in a Sequential: pass on the membrane too.
  bool output = false;
  /// g, the value of a spike. One number, or one for each neuron.
  Coefficient<Scalar> graded_spikes_factor = 1;
  bool learn_graded_spikes_factor = false;
  /// true: the reset acts in the step after the spike; false: in the same step.
  bool reset_delay = true;
  /// Compute what snnTorch 0.9.4 computes where its code differs from its documentation: same-step resets
  /// "un-reset" a membrane that is still above threshold, and under inhibition losers above threshold are
  /// reset and spikes are not scaled by g.
  bool snntorch_exact = false;
};

/// A layer of leaky integrate-and-fire neurons, snntorch.Leaky in C++:
///
///     U[t] = β U[t−1] + I[t] − R[t] θ,   S[t] = g·H(U[t] − θ),   R[t] = H(U[t−1] − θ)
///
/// with H(x) = 1 where x > 0, else 0. Reset defines what R does. Backward, the surrogate replaces the
/// derivative of H; R is not differentiated. All computations are in Scalar, float or double.
///
///     st::Leaky<float> lif({.beta = 0.95f});
///     auto [spk, mem] = lif(input);                  // a step (batch, features), a Sequence, or a Var
///
///     st::Leaky<float, st::reset::Zero, st::surrogate::FastSigmoid> out({.beta = betas,
///                                                                        .spike_grad = {.slope = 10}});
///
/// and with a surrogate of your own, here a lambda:
///
///     auto bump = [](auto x) { return 1.0f / (1.0f + x * x); };
///     st::Leaky<float, st::reset::Subtract, decltype(bump)> mine({.beta = 0.9f, .spike_grad = bump});
///
/// Throws std::invalid_argument if a coefficient is empty or NaN (g: or infinite), or has neither one value
/// nor one for each feature of the input.
template <typename Scalar, typename Reset = reset::Subtract, typename Surrogate = surrogate::ATan,
          typename Quantizer = quant::None>
class Leaky : public LIF<Leaky<Scalar, Reset, Surrogate, Quantizer>, detail::LeakyDynamics, Scalar, Reset,
                         Surrogate, Quantizer> {
  using Base = LIF<Leaky, detail::LeakyDynamics, Scalar, Reset, Surrogate, Quantizer>;

 public:
  using Options = LeakyOptions<Scalar, Reset, Surrogate, Quantizer>;

  /// Throws std::invalid_argument as said above.
  explicit Leaky(const Options& options)
      : Base(options, {{{name, "beta", options.beta, options.learn_beta},
                        {name, "threshold", options.threshold, options.learn_threshold},
                        {name, "graded_spikes_factor", options.graded_spikes_factor,
                         options.learn_graded_spikes_factor}}}) {}

  /// Says what is wrong with options that fit no other constructor.
  template <typename = void>
  explicit Leaky(const detail::AnyOptions<LeakyOptions, Scalar, Reset, Surrogate, Quantizer>&);

  /// β: one number (1, 1) or one for each neuron (1, features). Clamped to [0, 1] where it is used.
  Parameter<Scalar>& beta() { return this->coefficient(0); }
  const Parameter<Scalar>& beta() const { return this->coefficient(0); }

  /// snnTorch's older name of reset_mem.
  [[deprecated("use reset_mem()")]] Array<Scalar> init_leaky() const { return this->reset_mem(); }

  static constexpr const char* name = "Leaky";
};

Leaky(const detail::OptionsWithoutScalar<LeakyOptions>&)->Leaky<float, detail::WithoutScalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
