// Where the input of a loss stands in its batch, and what belongs to it there: labels, numbers, steps that
// count.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/within.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/functional/loss_kind.hpp>

#include <algorithm>
#include <span>

namespace spiketape::inline SPIKETAPE_ABI {

/// How a loss reduces the samples of a batch.
enum class Reduction {
  mean,           ///< The sum over the number of samples.
  sum,            ///< The sum.
  none,           ///< One number for each sample, (1, batch, 1), or for each output, (1, batch, outputs).
  weighted_mean,  ///< The sum over the sum of the samples' class weights; only for losses with these.
};

namespace detail {

/// The part of a batch that the input of a loss, `shape`, is. What an op keeps of it lies on the tape.
class LossPart {
 public:
  const char* name;
  PartRange samples, steps;
  bool whole_targets;  // see BatchPart

  template <Real Scalar>
  LossPart(const char* loss, const Var<Scalar>& x, const StepMask& mask)
      : LossPart(loss, x.shape(), x.tape().part(), mask, x.tape().arena()) {}

  /// Whether step t of sample b counts, both numbered in the part.
  bool counts(Index t, Index b) const { return mask_ == nullptr || mask_[t * samples.count + b] != 0; }
  /// How many steps of sample b count, in the whole sequence.
  Index steps_of(Index b) const { return counted_ == nullptr ? steps.whole : counted_[b]; }

  /// Refuses to go on without the other steps.
  void check_all_steps() const {
    if (steps.partial())
      fail_argument("spiketape::", name, ": the tape has ", steps.count, " steps of ", steps.whole,
                    ", expected all: this loss is no sum over steps");
  }

 private:
  SPIKETAPE_NOINLINE LossPart(const char* loss, const Shape& shape, const BatchPart& part,
                              const StepMask& mask, Arena& arena)
      : name(loss),
        samples(part.samples.of(shape.batch)),
        steps(part.steps.of(shape.steps)),
        whole_targets(part.whole_targets) {
    if (shape.batch == 0 || shape.steps == 0 || shape.features == 0)
      fail_argument("spiketape::", name, ": input has shape ", shape,
                    ", expected at least one sample, step and output");
    if (mask.empty()) return;
    if (mask.steps != steps.whole || mask.batch != samples.whole)
      fail_argument("spiketape::", name, ": mask is ", mask.steps, " x ", mask.batch, ", expected ",
                    steps.whole, " steps x ", samples.whole, " samples");
    auto* kept = arena.allocate<unsigned char>(steps.count * samples.count);
    auto* counted = arena.allocate<Index>(samples.count);
    for (Index b = 0; b < samples.count; ++b) {
      const unsigned char* column = mask.data + samples.first + b;
      counted[b] = 0;
      for (Index t = 0; t < steps.whole; ++t) counted[b] += column[t * mask.batch] != 0 ? 1 : 0;
      if (counted[b] == 0)
        fail_argument("spiketape::", name, ": no step of sample ", samples.first + b,
                      " counts in the mask, expected at least one");
      for (Index t = 0; t < steps.count; ++t)
        kept[t * samples.count + b] = column[(steps.first + t) * mask.batch];
    }
    mask_ = kept;
    counted_ = counted;
  }

  const unsigned char* mask_ = nullptr;  // of the part
  const Index* counted_ = nullptr;       // of its samples
};

/// Refuses class weights that a loss of labels cannot have; empty ones are 1.
SPIKETAPE_NOINLINE inline void check_class_weights(const char* name, std::span<const double> weight,
                                                   Index classes) {
  if (!weight.empty() && static_cast<Index>(weight.size()) != classes)
    fail_argument("spiketape::", name, ": weight has ", weight.size(), " numbers, expected ", classes,
                  ", one for each class");
  for (const double one : weight)
    if (!(one >= 0 && is_finite(one)))
      fail_argument("spiketape::", name, ": weight is ", one, ", expected at least 0 and finite");
}

/// The labels of a part: one for each sample, or one for each step and sample.
class PartLabels {
 public:
  /// None.
  PartLabels() = default;
  /// Checks them and copies them to the tape.
  template <Real Scalar>
  PartLabels(const LossPart& part, const LossTargets<Scalar>& targets, Index classes, bool may_vary,
             Tape<Scalar>& tape)
      : PartLabels(part, targets.labels, !targets.values.empty(), classes, may_vary, tape.arena()) {}

  int at(Index t, Index b) const { return labels_[t * step_ + b]; }
  /// Whether each step has its own.
  bool vary() const { return step_ > 0; }

 private:
  SPIKETAPE_NOINLINE PartLabels(const LossPart& part, std::span<const int> labels, bool numbers,
                                Index classes, bool may_vary, Arena& arena) {
    const PartRange &samples = part.samples, &steps = part.steps;
    if (numbers || labels.empty())
      fail_argument("spiketape::", part.name, ": targets are ", numbers ? "numbers" : "missing",
                    ", expected a label for each sample");
    const auto size = static_cast<Index>(labels.size());
    const int* first = labels.data();
    Index rows = 1, distance = 0;
    if (size == samples.whole) {
      first += samples.first;
    } else if (may_vary && size == steps.whole * samples.whole) {
      rows = steps.count;
      step_ = samples.count;
      distance = samples.whole;
      first += steps.first * samples.whole + samples.first;
    } else if (size != samples.count || part.whole_targets) {
      fail_label_count(part.name, size, samples, part.whole_targets);
    }
    int* kept = arena.allocate<int>(rows * samples.count);
    for (Index t = 0; t < rows; ++t) {
      const std::span<const int> row(first + t * distance, static_cast<std::size_t>(samples.count));
      check_targets(part.name, row, classes, samples.first);
      std::copy(row.begin(), row.end(), kept + t * samples.count);
    }
    labels_ = kept;
  }

  const int* labels_ = nullptr;
  Index step_ = 0;
};

/// Writes the totals of `count` samples, or their sum if the loss is one number.
template <Real Scalar>
void write_totals(const SequenceView<Scalar>& loss, const double* totals, Index count) {
  double sum = 0;
  for (Index b = 0; b < count; ++b) sum += totals[b];
  for (Index b = 0; b < loss.batch; ++b)
    *loss.row(0, b) = static_cast<Scalar>(loss.batch == 1 ? sum : totals[b]);
}

}  // namespace detail

/// For losses of your own: the labels of the samples of x, from those of its part or of the whole batch (see
/// Tape::part). A view of them. Throws std::invalid_argument for another number of labels.
template <Real Scalar>
[[nodiscard]] std::span<const int> labels_of(const Var<Scalar>& x, const LossTargets<Scalar>& targets) {
  const BatchPart& part = x.tape().part();
  const std::span<const int> labels =
      detail::labels_of_part("labels_of", targets.labels, part.samples.of(x.batch()), part.whole_targets);
  x.tape().set_whole_targets(false);
  return labels;
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
