// RLeaky, a leaky integrate-and-fire neuron whose layer sends its spikes to itself.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/lif.hpp>

#include <array>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// One state, U; coefficients β and V. See dynamics.hpp.
struct RLeakyDynamics {
  static constexpr std::size_t state_count = 1, coefficient_count = 2;
  static constexpr std::array state_names = {"mem"};
  static constexpr bool recurrent = true;
  template <typename T>
  using Result = SpkMem<T>;

  /// U becomes β̂U + I + V S.
  template <typename T>
  SPIKETAPE_INLINE void integrate(std::array<T, 1>& states, const T& input, const T& spk,
                                  const std::array<T, 2>& c) const {
    states[0] = multiply_add(clamped(c[0]), states[0], multiply_add(c[1], spk, input));
  }

  template <typename T>
  SPIKETAPE_INLINE void integrate_adjoint(const std::array<T, 1>& entered, const T&, const T& spk,
                                          const std::array<T, 2>& c, std::array<T, 1>& adjoint,
                                          T& input_adjoint, T& spk_adjoint,
                                          std::array<T, 2>& c_adjoint) const {
    input_adjoint = adjoint[0];
    spk_adjoint = c[1] * adjoint[0];
    c_adjoint = {where(unclamped(c[0]), adjoint[0] * entered[0]), adjoint[0] * spk};
    adjoint[0] = clamped(c[0]) * adjoint[0];
  }
};

/// V of a recurrent neuron; a layer where all neurons act on all has no V.
template <typename Options>
auto one_to_one(const Options& options) {
  return options.all_to_all ? decltype(options.V)(0) : options.V;
}

}  // namespace detail

/// The options of RLeaky: every parameter of snntorch.RLeaky under its name and in its order; those that it
/// shares with Leaky are described there.
template <typename Scalar, typename Reset, typename Surrogate, typename Quantizer>
struct RLeakyOptions {
  /// β, the membrane's decay per step, clamped to [0, 1]. Required.
  Coefficient<Scalar> beta = detail::required_beta<Scalar>();
  /// V, the weight of a neuron's own spike, with all_to_all = false: one number, or one for each neuron.
  Coefficient<Scalar> V = 1;
  /// Every neuron acts on all neurons, through a weight matrix and a bias. false: each acts on itself.
  bool all_to_all = true;
  /// With all_to_all: the number of neurons.
  Index linear_features = 0;
  /// With all_to_all, in place of linear_features: the images that the layer is, conv.out_shape(), for a
  /// recurrence through a convolution that keeps their shape; and its kernel, of odd sizes.
  RecurrentImages<Scalar> conv2d_channels{};
  Size2d kernel_size = 0;
  /// As in Leaky.
  Coefficient<Scalar> threshold = 1;
  Surrogate spike_grad{};
  bool surrogate_disable = false;
  bool init_hidden = false;
  bool inhibition = false;
  bool learn_beta = false;
  bool learn_threshold = false;
  /// V, or the weights and the bias, are learned.
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

/// A recurrent layer of leaky integrate-and-fire neurons, snntorch.RLeaky in C++:
///
///     U[t] = β U[t−1] + I[t] + V(S[t−1]) − R[t] θ,   S[t] = g·H(U[t] − θ)
///
/// where V(S) is V·S if each neuron acts on itself, S W + b if all act on all, or a convolution of the images
/// that the layer is. Gradients flow back through S[t−1]. The product adds the rows of W whose neurons fired.
/// All else is as in Leaky.
///
///     st::RLeaky<float> lif({.beta = 0.9f, .linear_features = 100}, random);      // draws W and b
///     st::RLeaky<float> self({.beta = 0.9f, .V = 0.5f, .all_to_all = false});
///     st::RLeaky<float> images({.beta = 0.9f, .conv2d_channels = conv.out_shape(), .kernel_size = 3},
///     random); auto [spk, mem] = lif(input);                                               // or lif(input,
///     spk, mem)
template <typename Scalar, typename Reset = reset::Subtract, typename Surrogate = surrogate::ATan,
          typename Quantizer = quant::None>
class RLeaky : public LIF<RLeaky<Scalar, Reset, Surrogate, Quantizer>, detail::RLeakyDynamics, Scalar, Reset,
                          Surrogate, Quantizer> {
  using Base = LIF<RLeaky, detail::RLeakyDynamics, Scalar, Reset, Surrogate, Quantizer>;

 public:
  using Options = RLeakyOptions<Scalar, Reset, Surrogate, Quantizer>;
  static constexpr const char* name = "RLeaky";

  /// Each neuron acts on itself. Throws std::invalid_argument as Leaky does, and if all_to_all is true.
  explicit RLeaky(const Options& options)
      : RLeaky(options, detail::RecurrentWeights<Scalar>::none(name, options)) {}
  /// All neurons act on all, or through a convolution; W and b are initialized like those of a Linear or of a
  /// Conv2d. Throws std::invalid_argument as Leaky does, and unless all_to_all is true and either
  /// linear_features is at least 1 or conv2d_channels and kernel_size are given, the latter of odd sizes.
  RLeaky(const Options& options, Random& random)
      : RLeaky(options, detail::RecurrentWeights<Scalar>::all_to_all(name, options)) {
    detail::draw_recurrent(*this, random);
  }

  /// Says what is wrong with options that fit no other constructor.
  template <typename = void>
  explicit RLeaky(const detail::AnyOptions<RLeakyOptions, Scalar, Reset, Surrogate, Quantizer>&);
  template <typename = void>
  RLeaky(const detail::AnyOptions<RLeakyOptions, Scalar, Reset, Surrogate, Quantizer>&, Random&);

  /// β and V: one number (1, 1) or one for each neuron (1, features).
  Parameter<Scalar>& beta() { return this->coefficient(0); }
  const Parameter<Scalar>& beta() const { return this->coefficient(0); }
  Parameter<Scalar>& V() { return this->coefficient(1); }
  const Parameter<Scalar>& V() const { return this->coefficient(1); }

  /// snnTorch's older name of reset_mem.
  [[deprecated("use reset_mem()")]] auto init_rleaky() const { return this->reset_mem(); }

 private:
  RLeaky(const Options& options, detail::RecurrentWeights<Scalar> weights)
      : Base(options,
             {{{name, "beta", options.beta, options.learn_beta},
               {name, "V", detail::one_to_one(options), options.learn_recurrent && !options.all_to_all,
                options.all_to_all, detail::Allowed::finite},  // 0·∞ is NaN
               {name, "threshold", options.threshold, options.learn_threshold},
               {name, "graded_spikes_factor", options.graded_spikes_factor,
                options.learn_graded_spikes_factor}}},
             {}, std::move(weights)) {}
};

RLeaky(const detail::OptionsWithoutScalar<RLeakyOptions>&)->RLeaky<float, detail::WithoutScalar>;
RLeaky(const detail::OptionsWithoutScalar<RLeakyOptions>&, Random&)->RLeaky<float, detail::WithoutScalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
