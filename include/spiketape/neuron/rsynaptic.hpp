// RSynaptic, a second-order leaky integrate-and-fire neuron whose layer sends its spikes to itself.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/rleaky.hpp>
#include <spiketape/neuron/synaptic.hpp>

#include <array>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// States I_syn and U; coefficients α, β and V. See dynamics.hpp.
struct RSynapticDynamics {
  static constexpr std::size_t state_count = 2, coefficient_count = 3;
  static constexpr std::array state_names = {"syn", "mem"};
  static constexpr bool recurrent = true;
  template <typename T>
  using Result = SpkSynMem<T>;

  /// Synaptic's step with the current I + V S.
  template <typename T>
  SPIKETAPE_INLINE void integrate(std::array<T, 2>& states, const T& input, const T& spk,
                                  const std::array<T, 3>& c) const {
    SynapticDynamics().integrate(states, multiply_add(c[2], spk, input), std::array<T, 2>{c[0], c[1]});
  }

  template <typename T>
  SPIKETAPE_INLINE void integrate_adjoint(const std::array<T, 2>& entered, const T& input, const T& spk,
                                          const std::array<T, 3>& c, std::array<T, 2>& adjoint,
                                          T& input_adjoint, T& spk_adjoint,
                                          std::array<T, 3>& c_adjoint) const {
    std::array<T, 2> decays;
    SynapticDynamics().integrate_adjoint(entered, input, std::array<T, 2>{c[0], c[1]}, adjoint, input_adjoint,
                                         decays);
    spk_adjoint = c[2] * input_adjoint;
    c_adjoint = {decays[0], decays[1], input_adjoint * spk};
  }
};

}  // namespace detail

/// The options of RSynaptic: every parameter of snntorch.RSynaptic under its name and in its order; those
/// that it shares with Leaky, Synaptic and RLeaky are described there.
template <typename Scalar, typename Reset, typename Surrogate, typename Quantizer>
struct RSynapticOptions {
  /// As in Synaptic.
  Coefficient<Scalar> alpha = detail::required_alpha<Scalar>();
  Coefficient<Scalar> beta = detail::required_beta<Scalar>();
  /// As in RLeaky.
  Coefficient<Scalar> V = 1;
  bool all_to_all = true;
  Index linear_features = 0;
  RecurrentImages<Scalar> conv2d_channels{};
  Size2d kernel_size = 0;
  /// As in Leaky.
  Coefficient<Scalar> threshold = 1;
  Surrogate spike_grad{};
  bool surrogate_disable = false;
  bool init_hidden = false;
  bool inhibition = false;
  bool learn_alpha = false;
  bool learn_beta = false;
  bool learn_threshold = false;
  /// As in RLeaky.
  bool learn_recurrent = true;
  /// As in Leaky.
  Reset reset_mechanism{};
  Quantizer state_quant{};
  bool output = false;
  Coefficient<Scalar> graded_spikes_factor = 1;
  bool learn_graded_spikes_factor = false;
  bool reset_delay = true;
  bool snntorch_exact = false;
};

/// A recurrent layer of second-order neurons, snntorch.RSynaptic in C++:
///
///     I_syn[t] = α I_syn[t−1] + I[t] + V(S[t−1])
///     U[t] = β U[t−1] + I_syn[t] − R[t] θ,   S[t] = g·H(U[t] − θ)
///
/// with V(S) as in RLeaky. A same-step reset works here; in snnTorch 0.9.4 it raises an error. All else is as
/// in Synaptic.
///
///     st::RSynaptic<float> lif({.alpha = 0.9f, .beta = 0.8f, .linear_features = 100}, random);
///     auto [spk, syn, mem] = lif(input);             // or lif(input, spk, syn, mem)
template <typename Scalar, typename Reset = reset::Subtract, typename Surrogate = surrogate::ATan,
          typename Quantizer = quant::None>
class RSynaptic : public LIF<RSynaptic<Scalar, Reset, Surrogate, Quantizer>, detail::RSynapticDynamics,
                             Scalar, Reset, Surrogate, Quantizer> {
  using Base = LIF<RSynaptic, detail::RSynapticDynamics, Scalar, Reset, Surrogate, Quantizer>;

 public:
  using Options = RSynapticOptions<Scalar, Reset, Surrogate, Quantizer>;
  static constexpr const char* name = "RSynaptic";

  /// Each neuron acts on itself, or with a Random all act on all: see RLeaky.
  explicit RSynaptic(const Options& options)
      : RSynaptic(options, detail::RecurrentWeights<Scalar>::none(name, options)) {}
  RSynaptic(const Options& options, Random& random)
      : RSynaptic(options, detail::RecurrentWeights<Scalar>::all_to_all(name, options)) {
    detail::draw_recurrent(*this, random);
  }

  /// Says what is wrong with options that fit no other constructor.
  template <typename = void>
  explicit RSynaptic(const detail::AnyOptions<RSynapticOptions, Scalar, Reset, Surrogate, Quantizer>&);
  template <typename = void>
  RSynaptic(const detail::AnyOptions<RSynapticOptions, Scalar, Reset, Surrogate, Quantizer>&, Random&);

  /// α, β and V: one number (1, 1) or one for each neuron (1, features).
  Parameter<Scalar>& alpha() { return this->coefficient(0); }
  const Parameter<Scalar>& alpha() const { return this->coefficient(0); }
  Parameter<Scalar>& beta() { return this->coefficient(1); }
  const Parameter<Scalar>& beta() const { return this->coefficient(1); }
  Parameter<Scalar>& V() { return this->coefficient(2); }
  const Parameter<Scalar>& V() const { return this->coefficient(2); }

  /// The hidden synaptic current, see LIF::mem.
  const Array<Scalar>& syn() const { return this->hidden(1); }

  /// snnTorch's older name of reset_mem.
  [[deprecated("use reset_mem()")]] auto init_rsynaptic() const { return this->reset_mem(); }

 private:
  RSynaptic(const Options& options, detail::RecurrentWeights<Scalar> weights)
      : Base(options,
             {{{name, "alpha", options.alpha, options.learn_alpha},
               {name, "beta", options.beta, options.learn_beta},
               {name, "V", detail::one_to_one(options), options.learn_recurrent && !options.all_to_all,
                options.all_to_all, detail::Allowed::finite},  // 0·∞ is NaN
               {name, "threshold", options.threshold, options.learn_threshold},
               {name, "graded_spikes_factor", options.graded_spikes_factor,
                options.learn_graded_spikes_factor}}},
             {}, std::move(weights)) {}
};

RSynaptic(const detail::OptionsWithoutScalar<RSynapticOptions>&)->RSynaptic<float, detail::WithoutScalar>;
RSynaptic(const detail::OptionsWithoutScalar<RSynapticOptions>&, Random&)
    ->RSynaptic<float, detail::WithoutScalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
