// Alpha, a neuron whose membrane follows an alpha function, which rises after an input spike and then falls.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/lif.hpp>

#include <algorithm>
#include <array>

namespace spiketape::inline SPIKETAPE_ABI {

/// What Alpha returns: spikes S, excitatory and inhibitory current, membrane U.
template <typename T>
struct SpkExcInhMem {
  T spk;      ///< S, the spikes.
  T syn_exc;  ///< The excitatory current.
  T syn_inh;  ///< The inhibitory current.
  T mem;      ///< U, the membrane.
};

namespace detail {

/// States I_exc, I_inh and U; coefficients α, β, and τ(α, β) as the neuron was made. See dynamics.hpp.
struct AlphaDynamics {
  static constexpr std::size_t state_count = 3, coefficient_count = 3;
  static constexpr std::array state_names = {"syn_exc", "syn_inh", "mem"};
  template <typename T>
  using Result = SpkExcInhMem<T>;

  bool exact = false;    // as snnTorch 0.9.4 computes, see Alpha
  bool follows = false;  // τ follows α and β as they change

  /// τ as a function of α and β.
  template <typename T>
  SPIKETAPE_INLINE T tau(const T& alpha, const T& beta) const {
    const T a = log(rate(alpha)), b = log(rate(beta));
    return exact ? a / distance(a, b) + T(1) : a / b - a + T(1);
  }
  template <typename T>
  SPIKETAPE_INLINE void derive(std::array<T, 3>& c) const {
    if (follows) c[2] = tau(c[0], c[1]);
  }
  /// Adds τ̄ times the derivatives of τ.
  template <typename T>
  SPIKETAPE_INLINE void tau_adjoint(const std::array<T, 3>& c, const T& adjoint,
                                    std::array<T, 3>& c_adjoint) const {
    if (!follows) return;
    const T a = log(rate(c[0])), b = log(rate(c[1]));
    const T d = exact ? distance(a, b) : b;
    const T across = T(1) / (d * d);
    const T by_alpha = exact ? T(1) / d + a * across : T(1) / d - T(1);
    c_adjoint[0] += adjoint * by_alpha / rate(c[0]);
    c_adjoint[1] -= adjoint * a * across / rate(c[1]);
  }
  /// α or β in τ. The constructor has checked them; they may have changed since.
  template <typename T>
  SPIKETAPE_INLINE T rate(const T& given) const {
    return follows ? inside(given) : clamped(given);
  }
  /// ln β − ln α, less than 0 as it is for β < α.
  template <typename T>
  SPIKETAPE_INLINE T distance(const T& a, const T& b) const {
    return follows ? min(b - a, T(-1e-6)) : b - a;
  }

  /// I_exc becomes α̂ I_exc + I, I_inh becomes β̂ I_inh − I, and U is τ(I_exc + I_inh).
  template <typename T>
  SPIKETAPE_INLINE void integrate(std::array<T, 3>& states, const T& input, const std::array<T, 3>& c) const {
    states[0] = multiply_add(clamped(c[0]), states[0], input);
    states[1] = clamped(c[1]) * states[1] - input;
    states[2] = c[2] * (states[0] + states[1]);
  }

  template <typename T>
  SPIKETAPE_INLINE void integrate_adjoint(const std::array<T, 3>& entered, const T& input,
                                          const std::array<T, 3>& c, std::array<T, 3>& adjoint,
                                          T& input_adjoint, std::array<T, 3>& c_adjoint) const {
    std::array<T, 3> integrated = entered;
    integrate(integrated, input, c);
    const T exc_adjoint = multiply_add(c[2], adjoint[2], adjoint[0]);
    const T inh_adjoint = multiply_add(c[2], adjoint[2], adjoint[1]);
    input_adjoint = exc_adjoint - inh_adjoint;
    c_adjoint = {where(unclamped(c[0]), exc_adjoint * entered[0]),
                 where(unclamped(c[1]), inh_adjoint * entered[1]), T(0)};
    tau_adjoint(c, adjoint[2] * (integrated[0] + integrated[1]), c_adjoint);
    adjoint = {clamped(c[0]) * exc_adjoint, clamped(c[1]) * inh_adjoint, T(0)};
  }

  /// The membrane is τ times the sum of the currents, so a reset acts on the currents. What it takes from the
  /// membrane in proportion, it takes from both. What it subtracts from the membrane, it divides by τ and
  /// subtracts from the excitatory current.
  template <typename Policy, typename T>
  SPIKETAPE_INLINE void reset(const MaskOf<T>& signal, const std::array<T, 3>& entered, const Policy& policy,
                              const T& threshold, const std::array<T, 3>& c, std::array<T, 3>& states) const {
    auto& [exc, inh, mem] = states;
    if (exact && Policy::d_threshold != 0) {  // snnTorch's subtraction
      exc = select(signal, exc + T(Policy::d_threshold) * threshold, exc);
      inh = select(signal, T(0), inh);
      mem = select(signal, mem + entered[1], mem);
      return;
    }
    const auto kept = [](const T& current) SPIKETAPE_INLINE_LAMBDA {
      return Policy::d_mem == 0 ? T(0) : T(Policy::d_mem) * current;  // 0 even for an infinite current
    };
    exc = select(signal, kept(exc) + T(Policy::d_threshold) * threshold / c[2], exc);
    inh = select(signal, kept(inh), inh);
    mem = select(signal, policy.after(mem, threshold), mem);
  }

  template <typename Policy, typename T>
  SPIKETAPE_INLINE void reset_adjoint(const MaskOf<T>& signal, const Policy&, const T& threshold,
                                      const std::array<T, 3>& c, std::array<T, 3>& adjoint,
                                      std::array<T, 3>& entered_adjoint, T& threshold_adjoint,
                                      std::array<T, 3>& c_adjoint) const {
    if (exact && Policy::d_threshold != 0) {
      threshold_adjoint += where(signal, T(Policy::d_threshold) * adjoint[0]);
      adjoint[1] = except(signal, adjoint[1]);
      entered_adjoint[1] += where(signal, adjoint[2]);
      return;
    }
    const T by_threshold = where(signal, T(Policy::d_threshold) * adjoint[0]) / c[2];
    threshold_adjoint += by_threshold + where(signal, T(Policy::d_threshold) * adjoint[2]);
    tau_adjoint(c, -(by_threshold * threshold) / c[2], c_adjoint);
    for (T& part : adjoint) part = select(signal, T(Policy::d_mem) * part, part);
  }
};

}  // namespace detail

/// The options of Alpha: every parameter of snntorch.Alpha under its name and in its order; those that it
/// shares with Leaky are described there.
template <typename Scalar, typename Reset, typename Surrogate, typename Quantizer>
struct AlphaOptions {
  /// α, the excitatory current's decay per step, clamped to [0, 1]; larger than β and 0. Required. If α or β
  /// is learned or changed later, both are kept 10⁻⁶ away from 0 and 1 in τ, and τ's gradient passes
  /// everywhere.
  Coefficient<Scalar> alpha = detail::required_alpha<Scalar>();
  /// β, the inhibitory current's decay per step, clamped to [0, 1]; less than 1. Required.
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
  /// Compute as snnTorch 0.9.4 does: τ = ln α / (ln β − ln α) + 1, and a reset by subtraction takes θ from
  /// I_exc, clears I_inh and adds the I_inh of the step before to U. Includes what snntorch_exact means for
  /// Leaky. Requires a delayed reset.
  bool snntorch_exact = false;
};

/// A layer of neurons whose membrane follows an alpha function, snntorch.Alpha in C++:
///
///     I_exc[t] = α I_exc[t−1] + I[t],   I_inh[t] = β I_inh[t−1] − I[t],   U[t] = τ(I_exc[t] + I_inh[t])
///     τ = ln α / ln β − ln α + 1,       S[t] = g·H(U[t] − θ)
///
/// A reset acts on both currents, and so on U: reset::Zero, the default as in snnTorch, clears them;
/// reset::Subtract takes θ/τ from I_exc, and so θ from U. state_quant quantizes all three. All else is as in
/// Leaky.
///
///     st::Alpha<float> lif({.alpha = 0.9f, .beta = 0.8f});
///     auto [spk, syn_exc, syn_inh, mem] = lif(input);    // or lif(input, syn_exc, syn_inh, mem)
template <typename Scalar, typename Reset = reset::Zero, typename Surrogate = surrogate::ATan,
          typename Quantizer = quant::None>
class Alpha : public LIF<Alpha<Scalar, Reset, Surrogate, Quantizer>, detail::AlphaDynamics, Scalar, Reset,
                         Surrogate, Quantizer> {
  using Base = LIF<Alpha, detail::AlphaDynamics, Scalar, Reset, Surrogate, Quantizer>;

 public:
  using Options = AlphaOptions<Scalar, Reset, Surrogate, Quantizer>;
  static constexpr const char* name = "Alpha";

  /// Throws std::invalid_argument as Leaky does, and unless β < α, 0 < α and β < 1 everywhere.
  explicit Alpha(const Options& options)
      : Base(options,
             {{{name, "alpha", options.alpha, options.learn_alpha},
               {name, "beta", options.beta, options.learn_beta},
               {name, "tau", tau_of(options), false, true},
               {name, "threshold", options.threshold, options.learn_threshold},
               {name, "graded_spikes_factor", options.graded_spikes_factor,
                options.learn_graded_spikes_factor}}},
             {options.snntorch_exact}) {}

  /// Says what is wrong with options that fit no other constructor.
  template <typename = void>
  explicit Alpha(const detail::AnyOptions<AlphaOptions, Scalar, Reset, Surrogate, Quantizer>&);

  /// α and β: one number (1, 1) or one for each neuron (1, features). Clamped to [0, 1] where they are used.
  /// τ follows them. Setting one does not compare it with the other, as the constructor does: with α below β, which
  /// training may reach, a positive input lowers the membrane.
  Parameter<Scalar>& alpha() { return this->coefficient(0); }
  const Parameter<Scalar>& alpha() const { return this->coefficient(0); }
  Parameter<Scalar>& beta() { return this->coefficient(1); }
  const Parameter<Scalar>& beta() const { return this->coefficient(1); }

  /// The hidden currents, see LIF::mem.
  const Array<Scalar>& syn_exc() const { return this->hidden(0); }
  const Array<Scalar>& syn_inh() const { return this->hidden(1); }

  /// For readers of files: α or β has been read. Where training has led them to values without a τ, it
  /// follows them in each call, as in training.
  void loaded() {
    bool defined = true;
    const auto values = [](const Parameter<Scalar>& parameter) {
      return detail::for_neurons<Scalar>(parameter.array().row(0), parameter.ptr()->places);
    };
    const Row<Scalar> tau = tau_of(values(alpha()), values(beta()), this->dynamics().exact,
                                   [&](Scalar, Scalar) { defined = false; });
    if (defined) this->store(2, tau);
  }

  /// snnTorch's older name of reset_mem.
  [[deprecated("use reset_mem()")]] auto init_alpha() const { return this->reset_mem(); }

 private:
  static Row<Scalar> tau_of(const Options& options) {
    return tau_of(detail::for_neurons(options.alpha.values(), options.alpha.places()),
                  detail::for_neurons(options.beta.values(), options.beta.places()), options.snntorch_exact,
                  [](Scalar alpha, Scalar beta) {
                    detail::fail_argument("spiketape::Alpha: alpha is ", alpha, " and beta is ", beta,
                                          ", expected alpha > beta, alpha > 0 and beta < 1");
                  });
  }
  /// Calls `otherwise` where there is no τ.
  template <typename Otherwise>
  static Row<Scalar> tau_of(const Row<Scalar>& alpha, const Row<Scalar>& beta, bool exact,
                            Otherwise&& otherwise) {
    Row<Scalar> tau(std::max<Index>({1, alpha.size(), beta.size()}));
    for (Index i = 0; i < tau.size(); ++i) {
      const auto at = [&](const Row<Scalar>& row) {
        return row.size() == 0 ? Scalar(0) : row[i % row.size()];
      };
      if (at(alpha) <= at(beta) || at(alpha) <= 0 || at(beta) >= 1) otherwise(at(alpha), at(beta));
      tau[i] = detail::AlphaDynamics{exact, false}.tau(at(alpha), at(beta));
    }
    return tau;
  }
};

Alpha(const detail::OptionsWithoutScalar<AlphaOptions>&)->Alpha<float, detail::WithoutScalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
