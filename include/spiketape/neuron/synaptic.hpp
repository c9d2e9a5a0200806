// Synaptic, the second-order leaky integrate-and-fire neuron, whose synaptic current decays, too.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/lif.hpp>

#include <array>

namespace spiketape::inline SPIKETAPE_ABI {

/// What Synaptic and RSynaptic return: spikes S, synaptic current I_syn, membrane U.
template <typename T>
struct SpkSynMem {
  T spk;  ///< S, the spikes.
  T syn;  ///< I_syn, the synaptic current.
  T mem;  ///< U, the membrane.
};

namespace detail {

/// States I_syn and U; coefficients α and β. See dynamics.hpp.
struct SynapticDynamics {
  static constexpr std::size_t state_count = 2, coefficient_count = 2;
  static constexpr std::array state_names = {"syn", "mem"};
  template <typename T>
  using Result = SpkSynMem<T>;

  /// I_syn becomes α̂ I_syn + I, then U becomes β̂ U + I_syn.
  template <typename T>
  SPIKETAPE_INLINE void integrate(std::array<T, 2>& states, const T& input, const std::array<T, 2>& c) const {
    states[0] = multiply_add(clamped(c[0]), states[0], input);
    states[1] = multiply_add(clamped(c[1]), states[1], states[0]);
  }

  template <typename T>
  SPIKETAPE_INLINE void integrate_adjoint(const std::array<T, 2>& entered, const T&,
                                          const std::array<T, 2>& c, std::array<T, 2>& adjoint,
                                          T& input_adjoint, std::array<T, 2>& c_adjoint) const {
    auto& [syn_adjoint, mem_adjoint] = adjoint;
    syn_adjoint += mem_adjoint;
    input_adjoint = syn_adjoint;
    c_adjoint[0] = where(unclamped(c[0]), syn_adjoint * entered[0]);
    c_adjoint[1] = where(unclamped(c[1]), mem_adjoint * entered[1]);
    syn_adjoint = clamped(c[0]) * syn_adjoint;
    mem_adjoint = clamped(c[1]) * mem_adjoint;
  }
};

}  // namespace detail

/// The options of Synaptic: every parameter of snntorch.Synaptic under its name and in its order; those that
/// it shares with Leaky are described there.
template <typename Scalar, typename Reset, typename Surrogate, typename Quantizer>
struct SynapticOptions {
  /// α, the synaptic current's decay per step, clamped to [0, 1]. Required.
  Coefficient<Scalar> alpha = detail::required_alpha<Scalar>();
  /// β, the membrane's decay per step, clamped to [0, 1]. Required.
  Coefficient<Scalar> beta = detail::required_beta<Scalar>();
  /// As in Leaky.
  Coefficient<Scalar> threshold = 1;
  Surrogate spike_grad{};
  bool surrogate_disable = false;
  bool init_hidden = false;
  bool inhibition = false;
  bool learn_alpha = false;
  bool learn_beta = false;
  bool learn_threshold = false;
  Reset reset_mechanism{};
  Quantizer state_quant{};
  bool output = false;
  Coefficient<Scalar> graded_spikes_factor = 1;
  bool learn_graded_spikes_factor = false;
  bool reset_delay = true;
  bool snntorch_exact = false;
};

/// A layer of second-order neurons, snntorch.Synaptic in C++:
///
///     I_syn[t] = α I_syn[t−1] + I[t],   U[t] = β U[t−1] + I_syn[t] − R[t] θ,   S[t] = g·H(U[t] − θ)
///
/// The reset acts on the membrane, not on the synaptic current; state_quant quantizes both. All else is as in
/// Leaky.
///
///     st::Synaptic<float> lif({.alpha = 0.9f, .beta = 0.8f});
///     auto [spk, syn, mem] = lif(input);             // or lif(input, syn, mem)
template <typename Scalar, typename Reset = reset::Subtract, typename Surrogate = surrogate::ATan,
          typename Quantizer = quant::None>
class Synaptic : public LIF<Synaptic<Scalar, Reset, Surrogate, Quantizer>, detail::SynapticDynamics, Scalar,
                            Reset, Surrogate, Quantizer> {
  using Base = LIF<Synaptic, detail::SynapticDynamics, Scalar, Reset, Surrogate, Quantizer>;

 public:
  using Options = SynapticOptions<Scalar, Reset, Surrogate, Quantizer>;
  static constexpr const char* name = "Synaptic";

  /// Throws std::invalid_argument as Leaky does.
  explicit Synaptic(const Options& options)
      : Base(options, {{{name, "alpha", options.alpha, options.learn_alpha},
                        {name, "beta", options.beta, options.learn_beta},
                        {name, "threshold", options.threshold, options.learn_threshold},
                        {name, "graded_spikes_factor", options.graded_spikes_factor,
                         options.learn_graded_spikes_factor}}}) {}

  /// Says what is wrong with options that fit no other constructor.
  template <typename = void>
  explicit Synaptic(const detail::AnyOptions<SynapticOptions, Scalar, Reset, Surrogate, Quantizer>&);

  /// α and β: one number (1, 1) or one for each neuron (1, features). Clamped to [0, 1] where they are used.
  Parameter<Scalar>& alpha() { return this->coefficient(0); }
  const Parameter<Scalar>& alpha() const { return this->coefficient(0); }
  Parameter<Scalar>& beta() { return this->coefficient(1); }
  const Parameter<Scalar>& beta() const { return this->coefficient(1); }

  /// The hidden synaptic current, see LIF::mem.
  const Array<Scalar>& syn() const { return this->hidden(0); }

  /// snnTorch's older name of reset_mem.
  [[deprecated("use reset_mem()")]] auto init_synaptic() const { return this->reset_mem(); }
};

Synaptic(const detail::OptionsWithoutScalar<SynapticOptions>&)->Synaptic<float, detail::WithoutScalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
