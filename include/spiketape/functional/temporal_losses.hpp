// Losses of the times of spikes. t₁ is the step of an output's first spike, counted from 0; a silent output
// has that of the last step, T − 1. A spike is a number other than 0.
//
// A time has no derivative by a spike: ∂t/∂S = −1 at the step of the spike stands in for it, and at the last
// step for a silent output, so an earlier spike counts as more.
//
// The functions take targets, those of the whole batch, or none: then they are the kind of loss with its
// options, which gets targets later (see LossKind). All are differentiated by the spikes, in that sense, and
// need all steps at once. They throw std::invalid_argument for targets that do not fit, and for options that
// cannot be. In snnTorch 0.9.4: functional/loss.py.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/functional/class_entropy.hpp>
#include <spiketape/functional/loss_kind.hpp>
#include <spiketape/functional/mse_losses.hpp>
#include <spiketape/functional/readouts.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// How ce_temporal_loss makes early spikes large.
enum class Inverse {
  negate,      ///< −t₁
  reciprocal,  ///< 1/(t₁ + 1)
};

/// The options of ce_temporal_loss.
struct CeTemporalLossOptions {
  Inverse inverse = Inverse::negate;  ///< How early spikes become large.
  /// As in CeLossOptions. This loss divides by the sum of the weights in snnTorch, too.
  Reduction reduction = Reduction::weighted_mean;
  std::vector<double> weight = {};  ///< As in CeLossOptions.
  double label_smoothing = 0;       ///< As in CeLossOptions.
};

/// The kind of loss of ce_temporal_loss.
struct CeTemporalLoss : LossKind<CeTemporalLoss> {
  static constexpr const char* name = "ce_temporal_loss";
  CeTemporalLossOptions options;

  explicit CeTemporalLoss(const CeTemporalLossOptions& o) : options(o) {}
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    const detail::LossPart part(name, out.spk, targets.mask);
    const auto as = options.inverse == Inverse::negate ? detail::TimeAs::negated : detail::TimeAs::reciprocal;
    return detail::class_entropy(part, detail::spike_times(part, out.spk, 1, as), targets,
                                 {options.reduction, options.weight, options.label_smoothing, false});
  }
};

/// The cross entropy of inverted first-spike times: L = Σ_b CE(−t₁[b], y) / Σ_b w_y, with the CE of
/// functional/ce_losses.hpp.
[[nodiscard]] inline CeTemporalLoss ce_temporal_loss(const CeTemporalLossOptions& options = {}) {
  return CeTemporalLoss(options);
}
[[nodiscard]] inline auto ce_temporal_loss(std::span<const int> labels,
                                           const CeTemporalLossOptions& options = {}) {
  return CeTemporalLoss(options).with(labels);
}

/// The options of mse_temporal_loss. Times are steps from 0 on; negative ones count from the end, −1 is the
/// last step.
struct MseTemporalLossOptions {
  /// When the output of the right class is to fire: the step of its first spike, of its second and so on.
  std::vector<double> on_target = {0};
  std::vector<double> off_target = {-1};  ///< The same for the other outputs, as many.
  double tolerance = 0;                   ///< Spikes nearer to their target than this are right, in steps.
  Reduction reduction = Reduction::mean;  ///< As in MseCountLossOptions; `mean` divides by spikes, too.
  std::vector<double> weight = {};        ///< As in MseCountLossOptions; for labels only.
};

/// The kind of loss of mse_temporal_loss.
struct MseTemporalLoss : LossKind<MseTemporalLoss> {
  static constexpr const char* name = "mse_temporal_loss";
  MseTemporalLossOptions options;

  /// Throws std::invalid_argument unless there are as many times of both kinds, all finite, and the tolerance
  /// is finite and at least 0.
  explicit MseTemporalLoss(const MseTemporalLossOptions& o) : options(o) { check(); }
  void check() const {
    if (options.on_target.empty() || options.on_target.size() != options.off_target.size())
      detail::fail_argument("spiketape::mse_temporal_loss: on_target has ", options.on_target.size(),
                            " times and off_target ", options.off_target.size(),
                            ", expected as many, at least one");
    for (const double time : options.on_target) detail::check_within(name, "on_target", time);
    for (const double time : options.off_target) detail::check_within(name, "off_target", time);
    detail::check_within(name, "tolerance", options.tolerance, 0);
  }
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    const detail::LossPart part(name, out.spk, targets.mask);
    check();
    Tape<Scalar>& tape = out.spk.tape();
    const bool times_given = !targets.values.empty();
    const Index batch = part.samples.count, outputs = out.spk.features(),
                spikes = times_given ? targets.values.steps : static_cast<Index>(options.on_target.size());
    detail::check_class_weights(name, options.weight, outputs);
    detail::PartLabels labels;
    detail::PartNumbers<Scalar> given;
    if (times_given) {
      if (!options.weight.empty())
        detail::fail_argument("spiketape::mse_temporal_loss: weight is given, expected labels with it");
      given = detail::part_numbers(part, targets, {0, spikes, spikes}, outputs, tape);
    } else {
      labels = detail::PartLabels(part, targets, outputs, false, tape);
    }

    const Var<Scalar> times = detail::spike_times(part, out.spk, spikes, detail::TimeAs::steps);
    const SequenceView<const Scalar> found = times.value();
    auto* wanted = tape.template allocate<Scalar>(spikes * batch * outputs);
    for (Index f = 0, k = 0; f < spikes; ++f)
      for (Index b = 0; b < batch; ++b)
        for (Index i = 0; i < outputs; ++i, ++k) {
          const auto spike = static_cast<std::size_t>(f);
          double time = times_given            ? static_cast<double>(given.at(f, b, i))
                        : i == labels.at(0, b) ? options.on_target[spike]
                                               : options.off_target[spike];
          if (time < 0) time += static_cast<double>(part.steps_of(b));
          const Scalar now = found.row(f, b)[i];
          wanted[k] =
              std::abs(static_cast<double>(now) - time) < options.tolerance ? now : static_cast<Scalar>(time);
        }
    double divisor = detail::squares_divisor(part, options.reduction, outputs);
    if (options.reduction != Reduction::sum) divisor *= static_cast<double>(spikes);
    return detail::mean_square<Scalar>(
        part, times, {wanted, batch * outputs, outputs, 1}, options.reduction == Reduction::none, false,
        [&](Index b) {
          const auto steps = static_cast<double>(part.steps_of(b));
          return (times_given ? 1 : detail::sample_weight(options.weight, labels, b)) /
                 (divisor * steps * steps);
        });
  }
};

/// The distance of the times of the first F spikes from given ones, as fractions of the sequence:
///
///     L = (1/(B N F)) Σ_b w_y Σ_n Σ_f ( (t_f[b, n] − target) / T )²
///
/// F = 1, or as many as there are in on_target. A spike that is missing has the time T − 1.
[[nodiscard]] inline MseTemporalLoss mse_temporal_loss(const MseTemporalLossOptions& options = {}) {
  return MseTemporalLoss(options);
}
[[nodiscard]] inline auto mse_temporal_loss(std::span<const int> labels,
                                            const MseTemporalLossOptions& options = {}) {
  return MseTemporalLoss(options).with(labels);
}
/// The same with the times of each output (target_is_time), (F, batch, outputs), of the network's Scalar; an
/// extent of 1 counts for all.
[[nodiscard]] inline auto mse_temporal_loss(const SequenceView<const float>& times,
                                            const MseTemporalLossOptions& options = {}) {
  return MseTemporalLoss(options).with(times);
}
[[nodiscard]] inline auto mse_temporal_loss(const SequenceView<const double>& times,
                                            const MseTemporalLossOptions& options = {}) {
  return MseTemporalLoss(options).with(times);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
