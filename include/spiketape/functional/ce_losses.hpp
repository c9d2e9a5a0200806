// The cross entropy of spikes and membranes with labels. With w the weight of a class, C classes and
// p = softmax(x), the loss of a sample with label y is
//
//     CE(x, y) = −(1 − ε) w_y log p_y − (ε/C) Σ_c w_c log p_c
//
// The functions take labels, one for each sample of the whole batch, or none: then they are the kind of loss
// with its options, which gets labels later (see LossKind). Where each step counts by itself, there may be a
// label for each step and sample, too, step by step. `weight` is copied.
//
// All are differentiated by the spikes or membranes. They throw std::invalid_argument for labels that are no
// classes or not as many as samples, and for options that cannot be. In snnTorch 0.9.4: functional/loss.py.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/arithmetic.hpp>
#include <spiketape/functional/class_entropy.hpp>
#include <spiketape/functional/loss_kind.hpp>
#include <spiketape/functional/mean_square.hpp>
#include <spiketape/functional/readouts.hpp>

#include <span>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of ce_rate_loss and ce_count_loss.
struct CeLossOptions {
  /// `mean` divides by the number of samples, as snnTorch does, `weighted_mean` by the sum of their weights,
  /// as PyTorch does.
  Reduction reduction = Reduction::mean;
  std::vector<double> weight = {};  ///< w, one for each class, at least 0; empty: 1.
  double label_smoothing = 0;       ///< ε, 0 to 1. (Szegedy et al., 2016.)
  /// Population code: the outputs are groups of neighbours, one for each of so many classes, and the spikes
  /// of a group are added up. 0: each output is a class.
  Index num_classes = 0;
};

/// The kind of loss of ce_rate_loss.
struct CeRateLoss : LossKind<CeRateLoss> {
  static constexpr const char* name = "ce_rate_loss";
  CeLossOptions options;

  explicit CeRateLoss(const CeLossOptions& o) : options(o) {}
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    const detail::LossPart part(name, out.spk, targets.mask);
    return detail::class_entropy(part, detail::spike_sums(part, out.spk, options.num_classes, false), targets,
                                 {options.reduction, options.weight, options.label_smoothing, true});
  }
};

/// The cross entropy of the spikes S of each step, a mean over steps and samples:
///
///     L = (1/B) Σ_b (1/T) Σ_t CE(S[t, b], y)
[[nodiscard]] inline CeRateLoss ce_rate_loss(const CeLossOptions& options = {}) {
  return CeRateLoss(options);
}
[[nodiscard]] inline auto ce_rate_loss(std::span<const int> labels, const CeLossOptions& options = {}) {
  return CeRateLoss(options).with(labels);
}

/// The kind of loss of ce_count_loss.
struct CeCountLoss : LossKind<CeCountLoss> {
  static constexpr const char* name = "ce_count_loss";
  CeLossOptions options;

  explicit CeCountLoss(const CeLossOptions& o) : options(o) {}
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    const detail::LossPart part(name, out.spk, targets.mask);
    return detail::class_entropy(part, detail::spike_sums(part, out.spk, options.num_classes, true), targets,
                                 {options.reduction, options.weight, options.label_smoothing, false});
  }
};

/// The cross entropy of the spike counts: L = (1/B) Σ_b CE(Σ_t S[t, b], y). It needs all steps at once.
[[nodiscard]] inline CeCountLoss ce_count_loss(const CeLossOptions& options = {}) {
  return CeCountLoss(options);
}
[[nodiscard]] inline auto ce_count_loss(std::span<const int> labels, const CeLossOptions& options = {}) {
  return CeCountLoss(options).with(labels);
}

/// The options of ce_max_membrane_loss.
struct CeMaxMembraneLossOptions {
  /// As in CeLossOptions.
  Reduction reduction = Reduction::mean;
  std::vector<double> weight = {};
  double label_smoothing = 0;
};

/// The kind of loss of ce_max_membrane_loss.
struct CeMaxMembraneLoss : LossKind<CeMaxMembraneLoss> {
  static constexpr const char* name = "ce_max_membrane_loss";
  CeMaxMembraneLossOptions options;

  explicit CeMaxMembraneLoss(const CeMaxMembraneLossOptions& o) : options(o) {}
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    const detail::LossPart part(name, out.mem, targets.mask);
    return detail::class_entropy(part, detail::largest(part, out.mem), targets,
                                 {options.reduction, options.weight, options.label_smoothing, false});
  }
};

/// The cross entropy of the largest membranes: L = (1/B) Σ_b CE(max_t U[t, b], y). Of equal maxima the first
/// gets the gradient. It needs all steps at once. (Zenke, SpyTorch.)
[[nodiscard]] inline CeMaxMembraneLoss ce_max_membrane_loss(const CeMaxMembraneLossOptions& options = {}) {
  return CeMaxMembraneLoss(options);
}
[[nodiscard]] inline auto ce_max_membrane_loss(std::span<const int> labels,
                                               const CeMaxMembraneLossOptions& options = {}) {
  return CeMaxMembraneLoss(options).with(labels);
}

/// The options of tet_loss.
struct TetLossOptions {
  double lambda = 1e-3;  ///< λ, 0 to 1: how much the distance from `level` weighs.
  double level = 1;      ///< φ: what membranes are held to, usually the threshold.
  /// As in CeLossOptions.
  Reduction reduction = Reduction::mean;
  std::vector<double> weight = {};
  double label_smoothing = 0;
};

/// The kind of loss of tet_loss.
struct TetLoss : LossKind<TetLoss> {
  static constexpr const char* name = "tet_loss";
  TetLossOptions options;

  /// Throws std::invalid_argument unless λ is 0 to 1 and the level finite, and for Reduction::none.
  explicit TetLoss(const TetLossOptions& o) : options(o) { check(); }
  void check() const {
    detail::check_within(name, "lambda", options.lambda, 0, 1);
    detail::check_within(name, "level", options.level);
    if (options.reduction == Reduction::none)
      detail::fail_argument("spiketape::tet_loss: reduction is none, expected mean, sum or weighted_mean");
  }
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    check();
    const detail::LossPart part(name, out.mem, targets.mask);
    const Var<Scalar> entropy = detail::class_entropy(
        part, out.mem, targets, {options.reduction, options.weight, options.label_smoothing, true});
    if (options.lambda == 0) return entropy;
    auto* level = out.mem.tape().template allocate<Scalar>(1);
    *level = static_cast<Scalar>(options.level);
    const double divisor = static_cast<double>(options.reduction == Reduction::sum ? 1 : part.samples.whole) *
                           static_cast<double>(out.mem.features());
    const Var<Scalar> distance = detail::mean_square<Scalar>(
        part, out.mem, {level}, false, true,
        [&](Index b) { return 1 / (divisor * static_cast<double>(part.steps_of(b))); });
    return (1 - options.lambda) * entropy + options.lambda * distance;
  }
};

/// Temporal efficient training: the cross entropy of the membranes U of each step, and their distance from a
/// level,
///
///     L = (1/B) Σ_b (1/T) Σ_t ( (1 − λ) CE(U[t, b], y) + (λ/N) Σ_n (U[t, b, n] − φ)² )
///
/// With λ = 0 it is the cross entropy of membranes, a mean over steps. (Deng, Li, Zhang and Gu, Temporal
/// efficient training of spiking neural network via gradient re-weighting, ICLR 2022.)
[[nodiscard]] inline TetLoss tet_loss(const TetLossOptions& options = {}) { return TetLoss(options); }
[[nodiscard]] inline auto tet_loss(std::span<const int> labels, const TetLossOptions& options = {}) {
  return TetLoss(options).with(labels);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
