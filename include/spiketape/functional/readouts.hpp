// What losses read from spikes and membranes over time: sums of spikes, the largest membrane, the times of
// spikes.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/labels.hpp>
#include <spiketape/functional/loss_part.hpp>

#include <algorithm>
#include <bit>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Spikes over time: bits, where a tape stores them so, else numbers.
template <Real Scalar>
class SpikeReader {
 public:
  explicit SpikeReader(const SequenceView<const Scalar>& numbers)
      : shape_(numbers.shape()), numbers_(numbers) {}
  explicit SpikeReader(const Var<Scalar>& x) : shape_(x.shape()), bits_(x.tape().bits(x)) {
    if (bits_ == nullptr) numbers_ = x.value();  // would write out the bits
  }

  const Shape& shape() const noexcept { return shape_; }

  /// Whether a neuron fires: whether its number is not 0.
  bool fires(Index t, Index b, Index i) const {
    if (bits_ == nullptr) return numbers_.row(t, b)[i] != 0;
    return (bits_row(t, b)[i / bits_in_line] >> i % bits_in_line & 1) != 0;
  }

  /// Adds a row to sums of `group` neighbours each.
  template <Real Sum>
  void add(Index t, Index b, Index group, Sum* sums) const {
    if (bits_ == nullptr) {
      const Scalar* row = numbers_.row(t, b);
      for (Index i = 0; i < shape_.features; ++i) sums[i / group] += static_cast<Sum>(row[i]);
      return;
    }
    const LineBits* row = bits_row(t, b);
    for (Index l = 0; l < bits_->lines; ++l)
      for (unsigned set = row[l]; set != 0; set &= set - 1) {
        const Index i = l * bits_in_line + std::countr_zero(set);
        if (i >= shape_.features) break;  // bits behind the end may be anything
        sums[i / group] += static_cast<Sum>(bits_->shared ? *bits_->value : bits_->value[i]);
      }
  }

  /// A spike: its step, and its time, counted in the steps that count.
  struct Spike {
    Index step = 0, time = -1;
  };
  /// Spike `number` of a neuron, from 0 on, of the steps for which mask.counts(t, b). Without it, the last of
  /// these steps.
  template <typename Mask>
  Spike spike(const Mask& mask, Index b, Index i, Index number) const {
    Spike found;
    Index spikes = 0;
    for (Index t = 0; t < shape_.steps; ++t) {
      if (!mask.counts(t, b)) continue;
      found.step = t;
      ++found.time;
      if (fires(t, b, i) && spikes++ == number) break;
    }
    return found;
  }

 private:
  const LineBits* bits_row(Index t, Index b) const { return bits_->row(t * shape_.batch + b); }

  Shape shape_;
  const BitRows<Scalar>* bits_ = nullptr;
  SequenceView<const Scalar> numbers_;
};

template <Real Scalar>
struct SpikeSumsOp {
  Var<Scalar> input, sums;
  LossPart part;
  Index group;
  bool over_steps;

  void backward(Tape<Scalar>& tape) const {
    if (!sums.has_adjoint()) return;
    const SequenceView<const Scalar> from = sums.adjoint();
    const SequenceView<Scalar> to = tape.open_adjoint(input);
    for (Index t = 0; t < to.steps; ++t)
      for (Index b = 0; b < to.batch; ++b) {
        if (!part.counts(t, b)) continue;
        const Scalar* part_of_sums = from.row(over_steps ? 0 : t, b);
        Scalar* row = to.row(t, b);
        for (Index i = 0; i < to.features; ++i) row[i] += part_of_sums[i / group];
      }
  }
};

/// The sums of spikes over the steps that count, or those of each step, over `classes` groups of neighbouring
/// neurons: (1 or steps, batch, classes). classes = 0: each neuron by itself.
template <Real Scalar>
Var<Scalar> spike_sums(const LossPart& part, const Var<Scalar>& x, Index classes, bool over_steps) {
  const Shape shape = x.shape();
  const Index group = neurons_of_class(part.name, shape.features, classes);
  classes = shape.features / group;
  if (over_steps) part.check_all_steps();
  if (!over_steps && group == 1) return x;

  const FlushDenormals flush;
  Tape<Scalar>& tape = x.tape();
  const Var<Scalar> sums =
      tape.result({over_steps ? 1 : shape.steps, shape.batch, classes}, x.differentiable());
  const SequenceView<Scalar> to = tape.writable(sums);
  to.clear();
  const SpikeReader<Scalar> from(x);
  for (Index t = 0; t < shape.steps; ++t)
    for (Index b = 0; b < shape.batch; ++b)
      if (part.counts(t, b)) from.add(t, b, group, to.row(over_steps ? 0 : t, b));
  if (sums.differentiable()) tape.record(SpikeSumsOp<Scalar>{x, sums, part, group, over_steps});
  return sums;
}

/// The adjoint of a result for each sample and output, (rows, batch, features), goes to one step of the
/// input, times a factor.
template <Real Scalar>
struct StepPickOp {
  Var<Scalar> input, picked;
  const Index* steps;
  const Scalar* factors;  // null: 1

  void backward(Tape<Scalar>& tape) const {
    if (!picked.has_adjoint()) return;
    const SequenceView<const Scalar> from = picked.adjoint();
    const SequenceView<Scalar> to = tape.open_adjoint(input);
    Index k = 0;
    for (Index f = 0; f < from.steps; ++f)
      for (Index b = 0; b < from.batch; ++b)
        for (Index i = 0; i < from.features; ++i, ++k)
          to.row(steps[k], b)[i] += (factors == nullptr ? 1 : factors[k]) * from.row(f, b)[i];
  }
};

/// The largest number over the steps that count, (1, batch, features). The first of equal ones gets the
/// adjoint; a NaN is the largest.
template <Real Scalar>
Var<Scalar> largest(const LossPart& part, const Var<Scalar>& x) {
  const Shape shape = x.shape();
  part.check_all_steps();
  const FlushDenormals flush;
  Tape<Scalar>& tape = x.tape();
  const Var<Scalar> result = tape.result({1, shape.batch, shape.features}, x.differentiable());
  auto* steps = tape.template allocate<Index>(shape.batch * shape.features);
  const SequenceView<const Scalar> from = x.value();
  const SequenceView<Scalar> to = tape.writable(result);
  for (Index b = 0; b < shape.batch; ++b) {
    Scalar* best = to.row(0, b);
    Index* best_steps = steps + b * shape.features;
    bool found = false;
    for (Index t = 0; t < shape.steps; ++t) {
      if (!part.counts(t, b)) continue;
      const Scalar* row = from.row(t, b);
      for (Index i = 0; i < shape.features; ++i)
        if (!found || row[i] > best[i] || (row[i] != row[i] && best[i] == best[i])) {
          best[i] = row[i];
          best_steps[i] = t;
        }
      found = true;
    }
  }
  if (result.differentiable()) tape.record(StepPickOp<Scalar>{x, result, steps, nullptr});
  return result;
}

/// What becomes of the time t of a spike, and the derivative of that.
enum class TimeAs { steps, negated, reciprocal };

/// The times of the first `count` spikes of each output, (count, batch, features), counted in the steps that
/// count, T_b for sample b. A spike is a number other than 0. Where there are fewer, the time is T_b − 1.
///
///     steps: t,   negated: −t,   reciprocal: 1/(t + 1)
///
/// Spikes are steps, which have no derivative: ∂t/∂S = −1 at the step of the spike is taken instead.
template <Real Scalar>
Var<Scalar> spike_times(const LossPart& part, const Var<Scalar>& x, Index count, TimeAs as) {
  const Shape shape = x.shape();
  part.check_all_steps();
  const FlushDenormals flush;
  Tape<Scalar>& tape = x.tape();
  const Var<Scalar> times = tape.result({count, shape.batch, shape.features}, x.differentiable());
  auto* steps = tape.template allocate<Index>(count * shape.batch * shape.features);
  auto* factors = tape.template allocate<Scalar>(count * shape.batch * shape.features);
  const SequenceView<Scalar> to = tape.writable(times);
  const SpikeReader<Scalar> from(x);
  for (Index f = 0, k = 0; f < count; ++f)
    for (Index b = 0; b < shape.batch; ++b)
      for (Index i = 0; i < shape.features; ++i, ++k) {
        const auto spike = from.spike(part, b, i, f);
        steps[k] = spike.step;
        const auto number = static_cast<Scalar>(spike.time);
        const Scalar inverse = 1 / (number + 1);
        to.row(f, b)[i] = as == TimeAs::steps ? number : as == TimeAs::negated ? -number : inverse;
        factors[k] = as == TimeAs::steps ? Scalar(-1) : as == TimeAs::negated ? Scalar(1) : inverse * inverse;
      }
  if (times.differentiable()) tape.record(StepPickOp<Scalar>{x, times, steps, factors});
  return times;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
