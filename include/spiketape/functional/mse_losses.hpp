// Mean squared distances of spike counts and membranes from labels, and of membranes or spikes from any
// numbers.
//
// The functions take targets, those of the whole batch, or none: then they are the kind of loss with its
// options, which gets targets later (see LossKind). All are differentiated by the spikes or membranes. They
// throw std::invalid_argument for targets that do not fit, and for options that cannot be. In snnTorch 0.9.4:
// functional/loss.py.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/functional/loss_kind.hpp>
#include <spiketape/functional/mean_square.hpp>
#include <spiketape/functional/readouts.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// The weight of the class of sample b.
inline double sample_weight(std::span<const double> weight, const PartLabels& labels, Index b) {
  return weight.empty() ? 1 : weight[static_cast<std::size_t>(labels.at(0, b))];
}

}  // namespace detail

/// The options of mse_count_loss.
struct MseCountLossOptions {
  double correct_rate = 1;    ///< How often the output of the right class fires, in spikes per step.
  double incorrect_rate = 0;  ///< The same for the other outputs.
  Index num_classes = 0;      ///< Population code, see CeLossOptions.
  /// `mean` divides by samples and outputs; `none` gives a number for each of these.
  Reduction reduction = Reduction::mean;
  std::vector<double> weight = {};  ///< A factor for the samples of each class, at least 0; empty: 1.
};

/// The kind of loss of mse_count_loss.
struct MseCountLoss : LossKind<MseCountLoss> {
  static constexpr const char* name = "mse_count_loss";
  MseCountLossOptions options;

  /// Throws std::invalid_argument unless rates are 0 to 1.
  explicit MseCountLoss(const MseCountLossOptions& o) : options(o) { check(); }
  void check() const {
    detail::check_within(name, "correct_rate", options.correct_rate, 0, 1);
    detail::check_within(name, "incorrect_rate", options.incorrect_rate, 0, 1);
  }
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    check();
    const detail::LossPart part(name, out.spk, targets.mask);
    const Var<Scalar> counts = detail::spike_sums(part, out.spk, options.num_classes, true);
    const Index classes = counts.features(), group = out.spk.features() / classes;
    detail::check_class_weights(name, options.weight, classes);
    Tape<Scalar>& tape = counts.tape();
    const detail::PartLabels labels(part, targets, classes, false, tape);
    auto* wanted = tape.template allocate<Scalar>(counts.batch() * classes);
    for (Index b = 0; b < counts.batch(); ++b)
      for (Index c = 0; c < classes; ++c) {
        const double rate = c == labels.at(0, b) ? options.correct_rate : options.incorrect_rate;
        wanted[b * classes + c] = static_cast<Scalar>(
            static_cast<Index>(static_cast<double>(part.steps_of(b)) * rate * static_cast<double>(group)));
      }
    const double divisor = detail::squares_divisor(part, options.reduction, classes);
    return detail::mean_square<Scalar>(part, counts, {wanted, 0, classes, 1},
                                       options.reduction == Reduction::none, false, [&](Index b) {
                                         return detail::sample_weight(options.weight, labels, b) /
                                                (divisor * static_cast<double>(part.steps_of(b)));
                                       });
  }
};

/// The distance of spike counts from those of given rates r, with whole spikes, as a mean over steps:
///
///     L = (1/B) Σ_b (w_y/T) (1/C) Σ_c ( Σ_t S[t, b, c] − ⌊T r_c G⌋ )²
///
/// where G neurons code for a class. It needs all steps at once. (Shrestha and Orchard, SLAYER, 2018.)
[[nodiscard]] inline MseCountLoss mse_count_loss(const MseCountLossOptions& options = {}) {
  return MseCountLoss(options);
}
[[nodiscard]] inline auto mse_count_loss(std::span<const int> labels,
                                         const MseCountLossOptions& options = {}) {
  return MseCountLoss(options).with(labels);
}

/// The options of mse_membrane_loss.
struct MseMembraneLossOptions {
  double on_target = 1;                   ///< The membrane that the output of the right class is to have.
  double off_target = 0;                  ///< The same for the other outputs.
  Reduction reduction = Reduction::mean;  ///< As in MseCountLossOptions.
  std::vector<double> weight = {};        ///< As in MseCountLossOptions; for one label a sample.
};

/// The kind of loss of mse_membrane_loss.
struct MseMembraneLoss : LossKind<MseMembraneLoss> {
  static constexpr const char* name = "mse_membrane_loss";
  MseMembraneLossOptions options;

  /// Throws std::invalid_argument unless the levels are finite.
  explicit MseMembraneLoss(const MseMembraneLossOptions& o) : options(o) { check(); }
  void check() const {
    detail::check_within(name, "on_target", options.on_target);
    detail::check_within(name, "off_target", options.off_target);
  }
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    check();
    const Var<Scalar>& x = out.mem;
    const detail::LossPart part(name, x, targets.mask);
    const Index outputs = x.features();
    detail::check_class_weights(name, options.weight, outputs);
    const detail::PartLabels labels(part, targets, outputs, true, x.tape());
    if (labels.vary() && !options.weight.empty())
      detail::fail_argument(
          "spiketape::mse_membrane_loss: weight is given for labels of each step, expected "
          "one label for each sample");
    const auto wanted = detail::one_hot_numbers(part, labels, static_cast<Scalar>(options.on_target),
                                                static_cast<Scalar>(options.off_target), outputs, x.tape());
    const double divisor = detail::squares_divisor(part, options.reduction, outputs);
    return detail::mean_square<Scalar>(part, x, wanted, options.reduction == Reduction::none, true,
                                       [&](Index b) {
                                         return detail::sample_weight(options.weight, labels, b) /
                                                (divisor * static_cast<double>(part.steps_of(b)));
                                       });
  }
};

/// The distance of membranes from a level for the right class and one for the others, a mean over steps:
///
///     L = (1/B) Σ_b (w_y/T) Σ_t (1/N) Σ_n ( U[t, b, n] − target_n )²
///
/// Labels are one for each sample, or one for each step and sample, step by step (time_var_targets).
[[nodiscard]] inline MseMembraneLoss mse_membrane_loss(const MseMembraneLossOptions& options = {}) {
  return MseMembraneLoss(options);
}
[[nodiscard]] inline auto mse_membrane_loss(std::span<const int> labels,
                                            const MseMembraneLossOptions& options = {}) {
  return MseMembraneLoss(options).with(labels);
}

/// The options of mse_loss.
struct MseLossOptions {
  Readout readout = Readout::mem;  ///< What it reads of a network's result.
  /// `mean` divides by samples, steps and outputs, `sum` by nothing; `none` gives a number for each sample
  /// and output, the mean over steps.
  Reduction reduction = Reduction::mean;
};

/// The kind of loss of mse_loss.
struct MseLoss : LossKind<MseLoss> {
  static constexpr const char* name = "mse_loss";
  MseLossOptions options;

  explicit MseLoss(const MseLossOptions& o) : options(o) {}
  template <Real Scalar>
  Var<Scalar> of(const LossInput<Scalar>& out, const LossTargets<Scalar>& targets) const {
    const Var<Scalar>& x = options.readout == Readout::mem ? out.mem : out.spk;
    const detail::LossPart part(name, x, targets.mask);
    const auto wanted = detail::part_numbers(part, targets, part.steps, x.features(), x.tape());
    const double divisor = detail::squares_divisor(part, options.reduction, x.features());
    const bool sum = options.reduction == Reduction::sum;
    return detail::mean_square<Scalar>(
        part, x, wanted, options.reduction == Reduction::none, true,
        [&](Index b) { return 1 / (divisor * (sum ? 1 : static_cast<double>(part.steps_of(b)))); });
  }
};

/// The distance of membranes, or spikes, from any numbers:
///
///     L = (1/B) Σ_b (1/T) Σ_t (1/N) Σ_n ( U[t, b, n] − target[t, b, n] )²
///
/// `targets` has the shape of the result, (steps, batch, outputs); an extent of 1 counts for all. It is an
/// Eigen step, a sequence or a view, of the network's Scalar, and is copied.
[[nodiscard]] inline MseLoss mse_loss(const MseLossOptions& options = {}) { return MseLoss(options); }
[[nodiscard]] inline auto mse_loss(const SequenceView<const float>& targets,
                                   const MseLossOptions& options = {}) {
  return MseLoss(options).with(targets);
}
[[nodiscard]] inline auto mse_loss(const SequenceView<const double>& targets,
                                   const MseLossOptions& options = {}) {
  return MseLoss(options).with(targets);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
