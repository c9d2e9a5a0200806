// What a network predicts, and how well: by the numbers of spikes, or by who fires first.
//
// `outputs` is a step or a sequence, on arrays or on a tape, of (steps, batch, neurons); spikes that a tape
// stores as bits are counted as such. Nothing here is differentiated. Of equal outputs the first is
// predicted. All throw std::invalid_argument without steps, samples or neurons, for a wrong number of
// targets, a target that is no class, and a num_classes that does not divide the neurons. All allocate. In
// snnTorch 0.9.4: functional/acc.py.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/functional/accuracy.hpp>
#include <spiketape/functional/loss_kind.hpp>
#include <spiketape/functional/readouts.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of metrics.
struct MetricOptions {
  /// Population code: the outputs are groups of neighbours, one for each of so many classes. 0: each output
  /// is a class.
  Index num_classes = 0;
  /// Which steps count.
  StepMask mask = {};
};

namespace detail {

template <Real Scalar>
SpikeReader<Scalar> output_rows(const Var<Scalar>& x) {
  return SpikeReader<Scalar>(x);
}
template <typename Outputs>
auto output_rows(const Outputs& x) {
  return SpikeReader<typename NumbersOf<decltype(view_of(x))>::type>(view_of(x));
}

SPIKETAPE_NOINLINE inline void check_outputs(const char* function, const Shape& shape, const StepMask& mask) {
  if (shape.steps == 0 || shape.batch == 0 || shape.features == 0)
    fail_argument("spiketape::", function, ": input has shape ", shape,
                  ", expected at least one step, sample and class", why_empty(shape.batch, shape.features));
  if (!mask.empty() && (mask.steps != shape.steps || mask.batch != shape.batch))
    fail_argument("spiketape::", function, ": mask is ", mask.steps, " x ", mask.batch, ", input has shape ",
                  shape);
  for (Index b = 0; b < mask.batch; ++b)
    if (!mask.counts_some(b))
      fail_argument("spiketape::", function, ": no step of sample ", b,
                    " counts in the mask, expected at least one");
}

/// How much speaks for each class, (batch, classes).
struct ClassScores {
  const char* function;
  Index batch, classes;
  std::vector<double> numbers;

  ClassScores(const char* function_, Index batch_, Index classes_, double number)
      : function(function_),
        batch(batch_),
        classes(classes_),
        numbers(static_cast<std::size_t>(batch_ * classes_), number) {}
  double* row(Index b) { return numbers.data() + b * classes; }
  const double* row(Index b) const { return numbers.data() + b * classes; }
};

/// The spikes of each class.
template <Real Scalar>
ClassScores rate_scores(const char* function, const SpikeReader<Scalar>& x, const MetricOptions& options) {
  const Shape shape = x.shape();
  check_outputs(function, shape, options.mask);
  const Index group = neurons_of_class(function, shape.features, options.num_classes);
  const FlushDenormals flush;
  ClassScores scores(function, shape.batch, shape.features / group, 0);
  for (Index t = 0; t < shape.steps; ++t)
    for (Index b = 0; b < shape.batch; ++b)
      if (options.mask.counts(t, b)) x.add(t, b, group, scores.row(b));
  return scores;
}

/// The negated time of each neuron's first spike, that of the last step without one.
template <Real Scalar>
ClassScores time_scores(const char* function, const SpikeReader<Scalar>& x, const StepMask& mask) {
  const Shape shape = x.shape();
  check_outputs(function, shape, mask);
  ClassScores scores(function, shape.batch, shape.features, 0);
  for (Index b = 0; b < shape.batch; ++b)
    for (Index i = 0; i < shape.features; ++i)
      scores.row(b)[i] = -static_cast<double>(x.spike(mask, b, i, 0).time);
  return scores;
}

/// Whether class i stands before class k: with the larger score, or with the same one and the smaller number.
/// A NaN stands behind all numbers.
inline bool stands_before(const double* scores, Index i, Index k) {
  const auto larger = [&](Index a, Index b) {
    return scores[a] > scores[b] || (is_nan(scores[b]) && !is_nan(scores[a]));
  };
  return larger(i, k) || (i < k && !larger(k, i));
}

SPIKETAPE_NOINLINE inline std::vector<int> best_classes(const ClassScores& scores) {
  std::vector<int> classes(static_cast<std::size_t>(scores.batch));
  for (Index b = 0; b < scores.batch; ++b) {
    const double* row = scores.row(b);
    classes[static_cast<std::size_t>(b)] =
        static_cast<int>(index_of_largest(scores.classes, [&](Index i) { return row[i]; }));
  }
  return classes;
}

/// The fraction of samples whose target is among the k best classes.
SPIKETAPE_NOINLINE inline double share_among_best(const ClassScores& scores, std::span<const int> targets,
                                                  Index k) {
  if (static_cast<Index>(targets.size()) != scores.batch)
    fail_argument("spiketape::", scores.function, ": targets has ", targets.size(),
                  " labels, input has a batch of ", scores.batch);
  check_targets(scores.function, targets, scores.classes);
  if (k < 1 || k > scores.classes)
    fail_argument("spiketape::", scores.function, ": k is ", k, ", expected 1 to ", scores.classes);
  Index right = 0;
  for (Index b = 0; b < scores.batch; ++b) {
    const Index target = targets[static_cast<std::size_t>(b)];
    Index before = 0;
    for (Index i = 0; i < scores.classes; ++i) before += stands_before(scores.row(b), i, target) ? 1 : 0;
    right += before < k ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(scores.batch);
}

}  // namespace detail

/// The class of each sample that fires most.
template <typename Outputs>
[[nodiscard]] std::vector<int> predict_rate(const Outputs& outputs, const MetricOptions& options = {}) {
  return detail::best_classes(detail::rate_scores("predict_rate", detail::output_rows(outputs), options));
}
/// The class of each sample that fires first; who is silent fires in the last step.
template <typename Outputs>
[[nodiscard]] std::vector<int> predict_temporal(const Outputs& outputs, const StepMask& mask = {}) {
  return detail::best_classes(detail::time_scores("predict_temporal", detail::output_rows(outputs), mask));
}

/// The fraction of samples whose class fires most, in [0, 1]; with num_classes, of a population code. Without
/// options it is accuracy of functional/accuracy.hpp.
template <typename Outputs>
[[nodiscard]] double accuracy_rate(const Outputs& outputs, std::span<const int> targets,
                                   const MetricOptions& options = {}) {
  return detail::share_among_best(detail::rate_scores("accuracy_rate", detail::output_rows(outputs), options),
                                  targets, 1);
}
/// The fraction of samples whose class fires first.
template <typename Outputs>
[[nodiscard]] double accuracy_temporal(const Outputs& outputs, std::span<const int> targets,
                                       const StepMask& mask = {}) {
  return detail::share_among_best(
      detail::time_scores("accuracy_temporal", detail::output_rows(outputs), mask), targets, 1);
}
/// The fraction of samples whose class is among the k that fire most, k = 1 to the number of classes.
template <typename Outputs>
[[nodiscard]] double accuracy_top_k(const Outputs& outputs, std::span<const int> targets, Index k,
                                    const MetricOptions& options = {}) {
  return detail::share_among_best(
      detail::rate_scores("accuracy_top_k", detail::output_rows(outputs), options), targets, k);
}

/// How often samples of one class are taken for another: (classes, classes), a row for each target and a
/// column for each predicted class. Add matrices of batches to get that of all.
using ConfusionMatrix = Eigen::Array<Index, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The confusion matrix of samples with these predicted and true classes. Throws std::invalid_argument for
/// other numbers of classes in the two lists, for a class that is not 0 to classes - 1, and for no class.
/// Allocates the result.
[[nodiscard]] inline ConfusionMatrix confusion_matrix(std::span<const int> predicted,
                                                      std::span<const int> targets, Index classes) {
  if (predicted.size() != targets.size())
    detail::fail_argument("spiketape::confusion_matrix: predicted has ", predicted.size(),
                          " classes, targets has ", targets.size());
  if (classes < 1)
    detail::fail_argument("spiketape::confusion_matrix: classes is ", classes, ", expected at least 1");
  detail::check_targets("confusion_matrix", targets, classes);
  detail::check_targets("confusion_matrix", predicted, classes, 0, "predicted class");
  ConfusionMatrix matrix = ConfusionMatrix::Zero(classes, classes);
  for (std::size_t b = 0; b < targets.size(); ++b) ++matrix(targets[b], predicted[b]);
  return matrix;
}

/// The number of synaptic operations that spikes cause in a layer with `synapses` for each neuron: the
/// numbers other than 0, of all steps and samples, times that. `spikes` is like `outputs`. Also throws
/// std::invalid_argument for a negative number of synapses.
template <typename Outputs>
[[nodiscard]] double synaptic_operations(const Outputs& spikes, Index synapses) {
  const auto x = detail::output_rows(spikes);
  const Shape shape = x.shape();
  detail::check_outputs("synaptic_operations", shape, {});
  if (synapses < 0)
    detail::fail_argument("spiketape::synaptic_operations: synapses is ", synapses, ", expected at least 0");
  Index count = 0;
  for (Index t = 0; t < shape.steps; ++t)
    for (Index b = 0; b < shape.batch; ++b)
      for (Index i = 0; i < shape.features; ++i) count += x.fires(t, b, i) ? 1 : 0;
  return static_cast<double>(count) * static_cast<double>(synapses);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
