// Penalties on the activity of a layer, to be added to a loss: they need no targets.
//
//     tape.backward(loss(out, labels) + st::l1_rate_sparsity(1e-4)(hidden.spk));
//
// They are kinds of loss (see LossKind), differentiated by the spikes.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/arithmetic.hpp>
#include <spiketape/autograd/reductions.hpp>
#include <spiketape/functional/loss_kind.hpp>
#include <spiketape/functional/mean_square.hpp>
#include <spiketape/functional/readouts.hpp>

#include <algorithm>

namespace spiketape::inline SPIKETAPE_ABI {

/// The kind of loss of l1_rate_sparsity.
struct L1RateSparsity : LossKind<L1RateSparsity> {
  static constexpr const char* name = "l1_rate_sparsity";
  double lambda;  ///< λ

  /// Throws std::invalid_argument unless λ is finite.
  explicit L1RateSparsity(double lambda_) : lambda(lambda_) { check(); }
  void check() const { detail::check_within(name, "lambda", lambda); }
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    check();
    const detail::LossPart part(name, out.spk, targets.mask);
    return lambda * sum(detail::spike_sums(part, out.spk, 1, false));
  }
};

/// The number of spikes, L = λ Σ S. With λ times the number of synapses behind a neuron it is the number of
/// synaptic operations. Throws std::invalid_argument unless λ is finite. (snnTorch 0.9.4, functional/reg.py.)
[[nodiscard]] inline L1RateSparsity l1_rate_sparsity(double lambda = 1e-5) { return L1RateSparsity(lambda); }

/// The options of firing_rate_loss.
struct FiringRateLossOptions {
  double lambda = 1;  ///< The factor λ.
  double lower = 0;   ///< The smallest rate without a penalty, in spikes per step.
  double upper = 1;   ///< The largest; at least `lower`.
};

/// The kind of loss of firing_rate_loss.
struct FiringRateLoss : LossKind<FiringRateLoss> {
  static constexpr const char* name = "firing_rate_loss";
  FiringRateLossOptions options;

  /// Throws std::invalid_argument unless all are finite and lower at most upper.
  explicit FiringRateLoss(const FiringRateLossOptions& o) : options(o) { check(); }
  void check() const {
    detail::check_within(name, "lambda", options.lambda);
    detail::check_within(name, "lower", options.lower);
    detail::check_within(name, "upper", options.upper);
    if (!(options.lower <= options.upper))
      detail::fail_argument("spiketape::firing_rate_loss: lower is ", options.lower, " and upper ",
                            options.upper, ", expected at most upper");
  }
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    check();
    const detail::LossPart part(name, out.spk, targets.mask);
    const Var<Scalar> counts = detail::spike_sums(part, out.spk, 0, true);
    const Index batch = counts.batch(), neurons = counts.features();
    auto* wanted = counts.tape().template allocate<Scalar>(batch * neurons);
    for (Index b = 0; b < batch; ++b) {
      const auto steps = static_cast<double>(part.steps_of(b));
      for (Index i = 0; i < neurons; ++i)
        wanted[b * neurons + i] =
            std::clamp(counts.value().row(0, b)[i], static_cast<Scalar>(options.lower * steps),
                       static_cast<Scalar>(options.upper * steps));
    }
    const double divisor = detail::squares_divisor(part, Reduction::mean, neurons);
    return detail::mean_square<Scalar>(part, counts, {wanted, 0, neurons, 1}, false, false, [&](Index b) {
      const auto steps = static_cast<double>(part.steps_of(b));
      return options.lambda / (divisor * steps * steps);
    });
  }
};

/// The distance of firing rates r[b, n] = (1/T) Σ_t S[t, b, n] from a range:
///
///     L = λ (1/B) Σ_b (1/N) Σ_n ( max(0, lower − r)² + max(0, r − upper)² )
///
/// lower = upper makes it a target rate; `lower` alone punishes silent neurons. It needs all steps at once.
/// (Zenke and Vogels, The remarkable robustness of surrogate gradient learning, 2021, have such bounds.)
[[nodiscard]] inline FiringRateLoss firing_rate_loss(const FiringRateLossOptions& options) {
  return FiringRateLoss(options);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
