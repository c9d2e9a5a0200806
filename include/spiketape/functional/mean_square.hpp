// Squared distances from targets: what the losses of functional/mse_losses.hpp have in common.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/function_ref.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/functional/loss_part.hpp>

#include <algorithm>
#include <span>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// What a squared distance is divided by, of the whole batch.
SPIKETAPE_NOINLINE inline double squares_divisor(const LossPart& part, Reduction reduction, Index outputs) {
  if (reduction == Reduction::weighted_mean)
    fail_argument("spiketape::", part.name, ": reduction is weighted_mean, expected mean, sum or none");
  if (reduction != Reduction::mean) return 1;
  return static_cast<double>(part.samples.whole) * static_cast<double>(outputs);
}

/// Numbers for each step, sample and output of a part, on its tape. A distance of 0 repeats them.
template <Real Scalar>
struct PartNumbers {
  const Scalar* data = nullptr;
  Index step = 0, sample = 0, output = 0;  // distances

  Scalar at(Index t, Index b, Index i) const { return data[t * step + b * sample + i * output]; }
};

/// `on` for the output of a sample's class, `off` for the others.
template <Real Scalar>
PartNumbers<Scalar> one_hot_numbers(const LossPart& part, const PartLabels& labels, Scalar on, Scalar off,
                                    Index outputs, Tape<Scalar>& tape) {
  const Index batch = part.samples.count, steps = labels.vary() ? part.steps.count : 1;
  auto* numbers = tape.template allocate<Scalar>(steps * batch * outputs);
  std::fill_n(numbers, steps * batch * outputs, off);
  for (Index t = 0; t < steps; ++t)
    for (Index b = 0; b < batch; ++b) numbers[(t * batch + b) * outputs + labels.at(t, b)] = on;
  return {numbers, steps == 1 ? 0 : batch * outputs, outputs, 1};
}

/// Where a part begins in numbers that some extent counts: 0 if they are those of the part or count for all.
inline Index begin_in(const char* name, const char* what, Index extent, const PartRange& range,
                      bool whole_targets) {
  if (extent != 1 && extent != range.whole && (extent != range.count || whole_targets))
    fail_argument("spiketape::", name, ": targets have ", extent, " ", what, ", expected ", range.whole,
                  ", or 1 that counts for all");
  return extent == range.count || extent == 1 ? 0 : range.first;
}

/// The part's numbers of given ones, copied to the tape. `steps` are those of the numbers' first extent.
template <Real Scalar>
PartNumbers<Scalar> part_numbers(const LossPart& part, const LossTargets<Scalar>& targets,
                                 const PartRange& steps, Index outputs, Tape<Scalar>& tape) {
  const SequenceView<const Scalar>& from = targets.values;
  if (!targets.labels.empty() || from.empty())
    fail_argument("spiketape::", part.name, ": targets are ", targets.labels.empty() ? "missing" : "labels",
                  ", expected numbers");
  const Index first_step = begin_in(part.name, "steps", from.steps, steps, part.whole_targets),
              first_sample = begin_in(part.name, "samples", from.batch, part.samples, part.whole_targets);
  begin_in(part.name, "outputs", from.features, {0, outputs, outputs}, true);
  const Index own_steps = from.constant || from.steps == 1 ? 1 : steps.count,
              own_batch = from.batch == 1 ? 1 : part.samples.count, width = from.features;
  auto* numbers = tape.template allocate<Scalar>(own_steps * own_batch * width);
  for (Index t = 0; t < own_steps; ++t)
    for (Index b = 0; b < own_batch; ++b)
      std::copy_n(from.row(first_step + t, first_sample + b), width, numbers + (t * own_batch + b) * width);
  return {numbers, own_steps == 1 ? 0 : own_batch * width, own_batch == 1 ? 0 : width, width == 1 ? 0 : 1};
}

template <Real Scalar>
struct MeanSquareOp {
  Var<Scalar> input, loss;
  LossPart part;
  PartNumbers<Scalar> targets;
  const Scalar* factors;  // of each sample
  bool every_step;

  void backward(Tape<Scalar>& tape) const {
    if (!loss.has_adjoint()) return;
    const SequenceView<const Scalar> from = loss.adjoint(), x = input.value();
    const SequenceView<Scalar> to = tape.open_adjoint(input);
    const bool reduced = from.features == 1;
    for (Index t = 0; t < to.steps; ++t)
      for (Index b = 0; b < to.batch; ++b) {
        if (every_step && !part.counts(t, b)) continue;
        const Scalar* scale = from.row(0, from.batch == 1 ? 0 : b);
        const Scalar* row = x.row(t, b);
        Scalar* adjoint = to.row(t, b);
        for (Index i = 0; i < to.features; ++i)
          adjoint[i] += 2 * factors[b] * scale[reduced ? 0 : i] * (row[i] - targets.at(t, b, i));
      }
  }
};

/// The sum of (x − target)² over steps and outputs, times factor(b) for sample b, over the samples; for
/// `each` it is not added up over samples and outputs, (1, batch, outputs). With `every_step`, x has the
/// steps of the part and those count that its mask names; else x is what was read from all steps.
template <Real Scalar>
Var<Scalar> mean_square(const LossPart& part, const Var<Scalar>& x, const PartNumbers<Scalar>& targets,
                        bool each, bool every_step, FunctionRef<double(Index)> factor) {
  const Shape shape = x.shape();
  const FlushDenormals flush;
  Tape<Scalar>& tape = x.tape();
  auto* factors = tape.template allocate<Scalar>(shape.batch);
  auto* totals = tape.template allocate<double>(shape.features);
  const Var<Scalar> loss = each ? tape.result({1, shape.batch, shape.features}, x.differentiable())
                                : tape.result({1, 1, 1}, x.differentiable());
  const SequenceView<Scalar> to = tape.writable(loss);
  const SequenceView<const Scalar> values = x.value();
  double sum = 0;
  for (Index b = 0; b < shape.batch; ++b) {
    const double scale = factor(b);
    factors[b] = static_cast<Scalar>(scale);
    std::fill_n(totals, shape.features, 0.0);
    for (Index t = 0; t < shape.steps; ++t) {
      if (every_step && !part.counts(t, b)) continue;
      const Scalar* row = values.row(t, b);
      for (Index i = 0; i < shape.features; ++i) {
        const double distance = static_cast<double>(row[i]) - static_cast<double>(targets.at(t, b, i));
        totals[i] += distance * distance;
      }
    }
    double total = 0;
    for (Index i = 0; i < shape.features; ++i) {
      total += totals[i];
      if (each) to.row(0, b)[i] = static_cast<Scalar>(scale * totals[i]);
    }
    sum += scale * total;
  }
  if (!each) *to.data = static_cast<Scalar>(sum);
  if (loss.differentiable()) tape.record(MeanSquareOp<Scalar>{x, loss, part, targets, factors, every_step});
  return loss;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

namespace spiketape::inline SPIKETAPE_ABI {

/// For losses of your own: the numbers that belong to x, on its tape and in its shape, from those of its part
/// or of the whole batch (see Tape::part). Throws std::invalid_argument for numbers of another shape.
template <Real Scalar>
[[nodiscard]] Var<Scalar> values_of(const Var<Scalar>& x, const LossTargets<Scalar>& targets) {
  const detail::LossPart part("values_of", x, {});
  const Shape shape = x.shape();
  const auto numbers = detail::part_numbers(part, targets, part.steps, shape.features, x.tape());
  x.tape().set_whole_targets(false);
  const Var<Scalar> values = x.tape().result(shape, false);
  const SequenceView<Scalar> to = x.tape().writable(values);
  for (Index t = 0; t < shape.steps; ++t)
    for (Index b = 0; b < shape.batch; ++b)
      for (Index i = 0; i < shape.features; ++i) to.row(t, b)[i] = numbers.at(t, b, i);
  return values;
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
