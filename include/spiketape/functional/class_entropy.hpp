// The cross entropy of labels with class weights and label smoothing: what the losses of
// functional/ce_losses.hpp have in common.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/functional/loss_part.hpp>

#include <algorithm>
#include <span>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// How a cross entropy weighs classes and samples.
struct EntropyRule {
  Reduction reduction;
  std::span<const double> weight;  // of classes; empty: 1
  double smoothing;
  bool every_step;  // the mean over the steps that count; else x has one step

  double of(int label) const { return weight.empty() ? 1 : weight[static_cast<std::size_t>(label)]; }
};

/// What the sum over samples is divided by, of the whole batch.
SPIKETAPE_NOINLINE inline double samples_divisor(const LossPart& part, const EntropyRule& rule,
                                                 std::span<const int> labels, Index classes) {
  const Index whole = part.samples.whole;
  if (rule.reduction == Reduction::sum || rule.reduction == Reduction::none) return 1;
  if (rule.reduction == Reduction::mean || rule.weight.empty()) return static_cast<double>(whole);
  if (static_cast<Index>(labels.size()) != whole)
    fail_argument("spiketape::", part.name, ": targets has ", labels.size(), " labels, expected ", whole,
                  ": weighted_mean adds up the weights of the whole batch's labels");
  check_targets(part.name, labels, classes);
  double sum = 0;
  for (const int label : labels) sum += rule.of(label);
  if (!(sum > 0))
    fail_argument("spiketape::", part.name,
                  ": weight of all labels is 0, expected more for weighted_mean, which divides by the sum");
  return sum;
}

template <Real Scalar>
struct ClassEntropyOp {
  Var<Scalar> input, loss;
  SequenceView<Scalar> probabilities;
  LossPart part;
  PartLabels labels;
  const Scalar* factors;  // of each sample
  const Scalar* weights;  // of each class
  Scalar smoothing;
  bool every_step;

  void backward(Tape<Scalar>& tape) const {
    if (!loss.has_adjoint()) return;
    const SequenceView<const Scalar> from = loss.adjoint();
    const SequenceView<Scalar> to = tape.open_adjoint(input);
    const Index classes = to.features;
    const Scalar share = smoothing / static_cast<Scalar>(classes);
    Scalar shares = 0;
    for (Index c = 0; c < classes; ++c) shares += share * weights[c];
    for (Index t = 0; t < probabilities.steps; ++t)
      for (Index b = 0; b < probabilities.batch; ++b) {
        if (every_step && !part.counts(t, b)) continue;
        const int label = labels.at(t, b);
        const Scalar scale = factors[b] * *from.row(0, from.batch == 1 ? 0 : b);
        const Scalar hot = (1 - smoothing) * weights[label];
        const Scalar* p = probabilities.row(t, b);
        Scalar* row = to.row(t, b);
        for (Index c = 0; c < classes; ++c) row[c] += scale * ((hot + shares) * p[c] - share * weights[c]);
        row[label] -= scale * hot;
      }
  }
};

/// With p = softmax(x) and the weight w of each class, the loss of a row with label y is
///
///     (1 − ε) w_y (−log p_y) + (ε/C) Σ_c w_c (−log p_c),
///
/// summed over rows: over steps, if rule.every_step, as a mean of the steps that count; over samples as
/// rule.reduction says.
template <Real Scalar>
Var<Scalar> class_entropy(const LossPart& part, const Var<Scalar>& x, const LossTargets<Scalar>& targets,
                          const EntropyRule& rule) {
  const Shape shape = x.shape();
  const Index classes = shape.features;
  check_class_weights(part.name, rule.weight, classes);
  if (!(rule.smoothing >= 0 && rule.smoothing <= 1))
    fail_argument("spiketape::", part.name, ": label_smoothing is ", rule.smoothing, ", expected 0 to 1");
  Tape<Scalar>& tape = x.tape();
  const PartLabels labels(part, targets, classes, rule.every_step, tape);
  const double divisor = samples_divisor(part, rule, targets.labels, classes);

  const FlushDenormals flush;
  auto* weights = tape.template allocate<Scalar>(classes);
  for (Index c = 0; c < classes; ++c) weights[c] = static_cast<Scalar>(rule.of(static_cast<int>(c)));
  auto* factors = tape.template allocate<Scalar>(shape.batch);
  auto* totals = tape.template allocate<double>(shape.batch);  // sums of many terms, rounded once
  const SequenceView<const Scalar> values = x.value();
  const SequenceView<Scalar> probabilities = tape.room(shape);
  const double share = rule.smoothing / static_cast<double>(classes);
  for (Index b = 0; b < shape.batch; ++b) {
    const double factor = 1 / (divisor * (rule.every_step ? static_cast<double>(part.steps_of(b)) : 1));
    factors[b] = static_cast<Scalar>(factor);
    double total = 0;
    for (Index t = 0; t < shape.steps; ++t) {
      if (rule.every_step && !part.counts(t, b)) continue;
      const Scalar* row = values.row(t, b);
      const Scalar log_sum = softmax(row, probabilities.row(t, b), classes);
      const int label = labels.at(t, b);
      total += (1 - rule.smoothing) * rule.of(label) * static_cast<double>(log_sum - row[label]);
      if (share > 0)
        for (Index c = 0; c < classes; ++c)
          total += share * static_cast<double>(weights[c]) * static_cast<double>(log_sum - row[c]);
    }
    totals[b] = factor * total;
  }

  const bool reduced = rule.reduction != Reduction::none;
  const Var<Scalar> loss = tape.result({1, reduced ? 1 : shape.batch, 1}, x.differentiable());
  write_totals(tape.writable(loss), totals, shape.batch);
  if (loss.differentiable())
    tape.record(ClassEntropyOp<Scalar>{x, loss, probabilities, part, labels, factors, weights,
                                       static_cast<Scalar>(rule.smoothing), rule.every_step});
  return loss;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
