// The optimizers Adam and AdamW.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/rows.hpp>
#include <spiketape/optim/optimizer.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of Adam, all finite; see there for the equations.
struct AdamOptions {
  /// The learning rate, at least 0. Adam::set_lr changes it later.
  double lr = 1e-3;
  /// β₁, the decay of the mean of gradients per update, in [0, 1).
  double beta1 = 0.9;
  /// β₂, the decay of the mean of squared gradients per update, in [0, 1).
  double beta2 = 0.999;
  /// Keeps the divisor away from zero: more than 0, also in Scalar.
  double eps = 1e-8;
  /// The factor of the parameters that is added to their gradients (an L2 penalty), at least 0.
  double weight_decay = 0;
  /// The number of threads of a step (OpenMP), at least 1; of several groups, the largest. The result does
  /// not depend on it, to the bit.
  int threads = 1;
};

/// The options of AdamW: those of Adam, but for the meaning of weight_decay.
struct AdamWOptions {
  /// As in Adam.
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  /// The part of the parameters, times lr, that they lose in each update, at least 0.
  double weight_decay = 1e-2;
  /// As in Adam.
  int threads = 1;
};

namespace detail {

/// `decoupled`: weight decay does not pass through the gradient.
template <Real Scalar, typename Options_, bool decoupled>
struct AdamRule {
  using Options = Options_;
  static constexpr const char* name = decoupled ? "AdamW" : "Adam";

  struct State {
    AlignedVector<Scalar> first, second;  // m and v
    double beta1_power = 1, beta2_power = 1;

    template <typename F>
    void visit(F&& f) {
      f("first", first);
      f("second", second);
      f("beta1_power", beta1_power);
      f("beta2_power", beta2_power);
    }
  };

  static void check(const Options& options) {
    check_option<Scalar>(name, "beta1", options.beta1, 0, 1);
    check_option<Scalar>(name, "beta2", options.beta2, 0, 1);
    check_option<Scalar>(name, "eps", options.eps, 0);
    // Without it, a parameter whose gradients have all been zero would become 0/0, and so would padding.
    if (constexpr Scalar least = std::numeric_limits<Scalar>::min(); options.eps < static_cast<double>(least))
      fail_argument("spiketape::", name, ": eps is ", options.eps, ", expected at least ", least);
    check_option<Scalar>(name, "weight_decay", options.weight_decay, 0);
  }
  template <typename F>
  static void visit(Options& options, F&& f) {
    f("beta1", options.beta1);
    f("beta2", options.beta2);
    f("eps", options.eps);
    f("weight_decay", options.weight_decay);
  }

  static void prepare(State& state, std::size_t count) {
    state.first.resize(count);
    state.second.resize(count);
  }
  static void advance(State& state, const Options& options) {
    state.beta1_power *= options.beta1;
    state.beta2_power *= options.beta2;
  }
  static void update(Scalar* all, const Scalar* all_gradients, Index begin, Index end, State& state,
                     const Options& options) {
    using L = Lane<Scalar>;
    const L beta1 = options.beta1, rest1 = 1 - options.beta1;
    const L beta2 = options.beta2, rest2 = 1 - options.beta2;
    const L eps = options.eps, decay = decoupled ? 0 : options.weight_decay;
    const L kept = 1 - options.lr * options.weight_decay;  // if decoupled
    const L rate = options.lr / (1 - state.beta1_power);
    const L unbias = 1 / std::sqrt(1 - state.beta2_power);
    Scalar* values = all + begin;
    const Scalar* gradient = all_gradients + begin;
    Scalar* first = state.first.data() + begin;
    Scalar* second = state.second.data() + begin;
    for_lanes<Scalar>(end - begin, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
      const L before = load(values + i, extent);
      const L p = decoupled ? before * kept : before;
      const L given = load(gradient + i, extent);
      const L g = decoupled ? given : multiply_add(decay, p, given);
      const L m = multiply_add(beta1, load(first + i, extent), rest1 * g);
      const L v = multiply_add(beta2, load(second + i, extent), rest2 * (g * g));
      store(m, first + i, extent);
      store(v, second + i, extent);
      store(p - rate * (m / multiply_add(sqrt(v), unbias, eps)), values + i, extent);
    });
  }
};

}  // namespace detail

/// Adam with bias correction, in the form of PyTorch:
///
///     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,   g the gradient plus weight_decay·p
///     p ← p − lr/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps)
///
/// t counts the updates of each parameter. `step` updates every parameter that a gradient has reached and
/// clears that gradient; it leaves the others unchanged. It allocates in a parameter's first update only.
/// Throws std::invalid_argument for an option out of range. Source: Kingma and Ba, arXiv:1412.6980.
template <Real Scalar>
class Adam : public detail::Optimizer<Scalar, detail::AdamRule<Scalar, AdamOptions, false>> {
 public:
  /// An optimizer of these parameters, whose memory it shares. Allocates.
  explicit Adam(ParameterList<Scalar> parameters, const AdamOptions& options = {})
      : Adam::Optimizer(std::move(parameters), options) {}
  /// Does not compile, and the compiler says why: parameters of another Scalar, or a network.
  template <typename Given>
  requires detail::no_parameters<Given, Scalar>
  explicit Adam(const Given& given, const AdamOptions& options = {})
      : Adam(detail::refuse_parameters<Scalar>(given), options) {}
};
template <typename Network>
requires requires { typename Network::Scalar; }
Adam(const Network&, const AdamOptions& = {})->Adam<typename Network::Scalar>;

/// Adam with decoupled weight decay: p ← (1 − lr·weight_decay) p before each update, and the gradient is
/// taken as it is. All else is as in Adam. Source: Loshchilov and Hutter, arXiv:1711.05101, as in
/// PyTorch 1.13.
template <Real Scalar>
class AdamW : public detail::Optimizer<Scalar, detail::AdamRule<Scalar, AdamWOptions, true>> {
 public:
  /// An optimizer of these parameters, whose memory it shares. Allocates.
  explicit AdamW(ParameterList<Scalar> parameters, const AdamWOptions& options = {})
      : AdamW::Optimizer(std::move(parameters), options) {}
  /// Does not compile, and the compiler says why: parameters of another Scalar, or a network.
  template <typename Given>
  requires detail::no_parameters<Given, Scalar>
  explicit AdamW(const Given& given, const AdamWOptions& options = {})
      : AdamW(detail::refuse_parameters<Scalar>(given), options) {}
};
template <typename Network>
requires requires { typename Network::Scalar; }
AdamW(const Network&, const AdamWOptions& = {})->AdamW<typename Network::Scalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
