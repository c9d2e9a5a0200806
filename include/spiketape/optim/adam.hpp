// The optimizer Adam.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/rows.hpp>
#include <spiketape/optim/optimizer.hpp>

#include <cmath>
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
  /// The number of threads of a step (OpenMP), at least 1. The result does not depend on it, to the bit.
  int threads = 1;
};

namespace detail {

template <Real Scalar>
struct AdamState {
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
class Adam : public detail::Optimizer<Scalar, detail::AdamState<Scalar>> {
 public:
  /// An optimizer of these parameters, whose memory it shares. Allocates.
  explicit Adam(ParameterList<Scalar> parameters, const AdamOptions& options = {})
      : detail::Optimizer<Scalar, detail::AdamState<Scalar>>("Adam", std::move(parameters), options.lr),
        options_(options) {
    detail::check_option<Scalar>("Adam", "beta1", options.beta1, 0, 1);
    detail::check_option<Scalar>("Adam", "beta2", options.beta2, 0, 1);
    detail::check_option<Scalar>("Adam", "eps", options.eps, 0);
    // Without it, a parameter whose gradients have all been zero would become 0/0, and so would padding.
    if (constexpr Scalar least = std::numeric_limits<Scalar>::min(); options.eps < static_cast<double>(least))
      detail::fail_argument("spiketape::Adam: eps is ", options.eps, ", expected at least ", least);
    detail::check_option<Scalar>("Adam", "weight_decay", options.weight_decay, 0);
    detail::check_option<Scalar>("Adam", "threads", options.threads, 1);
  }

  /// One update of every parameter that has a gradient in `gradients`; then drops those gradients. Allocates
  /// in a parameter's first update only; if memory runs out, nothing has changed. Throws std::invalid_argument
  /// if none has one, since the step would have no effect (see Parameter on which network an optimizer
  /// trains), and if the optimizer was moved from.
  void step(GradientSums<Scalar>& gradients) {
    using L = Lane<Scalar>;
    const L beta1 = options_.beta1, rest1 = 1 - options_.beta1;
    const L beta2 = options_.beta2, rest2 = 1 - options_.beta2;
    const L eps = options_.eps, decay = options_.weight_decay;
    const auto prepare = [](auto& state, std::size_t count) {
      state.first.resize(count);
      state.second.resize(count);
    };
    const auto advance = [&](auto& state) {
      state.beta1_power *= options_.beta1;
      state.beta2_power *= options_.beta2;
    };
    this->update_all(
        gradients, options_.threads, prepare, advance,
        [&](Scalar* all, const Scalar* all_gradients, Index begin, Index end, auto& state) {
          const L rate = this->lr() / (1 - state.beta1_power);
          const L unbias = 1 / std::sqrt(1 - state.beta2_power);
          Scalar* values = all + begin;
          const Scalar* gradient = all_gradients + begin;
          Scalar* first = state.first.data() + begin;
          Scalar* second = state.second.data() + begin;
          detail::for_lanes<Scalar>(end - begin, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
            const L p = detail::load(values + i, extent);
            const L g = multiply_add(decay, p, detail::load(gradient + i, extent));
            const L m = multiply_add(beta1, detail::load(first + i, extent), rest1 * g);
            const L v = multiply_add(beta2, detail::load(second + i, extent), rest2 * (g * g));
            detail::store(m, first + i, extent);
            detail::store(v, second + i, extent);
            detail::store(p - rate * (m / multiply_add(sqrt(v), unbias, eps)), values + i, extent);
          });
        });
  }

  /// For Checkpoint.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.fact("beta1", options_.beta1);
    visitor.fact("beta2", options_.beta2);
    visitor.fact("eps", options_.eps);
    visitor.fact("weight_decay", options_.weight_decay);
    detail::Optimizer<Scalar, detail::AdamState<Scalar>>::checkpoint(visitor);
  }

 private:
  AdamOptions options_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
