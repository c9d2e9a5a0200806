// Cross entropy of spikes and membranes with labels.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/functional/class_entropy.hpp>
#include <spiketape/functional/loss_kind.hpp>

#include <span>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of ce_rate_loss and ce_count_loss.
struct CeLossOptions {
  Reduction reduction = Reduction::mean;
  /// A factor for the samples of each class; empty: 1.
  std::vector<double> weight;
  /// ε: the target of a class is (1 − ε)[right] + ε/C. (Szegedy et al., 2016.)
  double label_smoothing = 0;
};

/// The kind of loss of ce_rate_loss.
struct CeRateLoss : LossKind<CeRateLoss> {
  static constexpr const char* name = "ce_rate_loss";
  CeLossOptions options;

  explicit CeRateLoss(const CeLossOptions& options_ = {}) : options(options_) {}
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    const detail::LossPart part(name, out.spk, targets.mask);
    return detail::class_entropy(part, out.spk, targets,
                                 {options.reduction, options.weight, options.label_smoothing, true});
  }
};

/// The cross entropy of the spikes of every step, a mean over steps:
///
///     L = (1/B) Σ_b (1/T) Σ_t −w_y log softmax(S[t, b])_y,   y = label_b
///
/// (snnTorch 0.9.4, functional/loss.py.)
[[nodiscard]] inline CeRateLoss ce_rate_loss(const CeLossOptions& options = {}) {
  return CeRateLoss(options);
}
[[nodiscard]] inline auto ce_rate_loss(std::span<const int> labels, const CeLossOptions& options = {}) {
  return CeRateLoss(options).with(labels);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
