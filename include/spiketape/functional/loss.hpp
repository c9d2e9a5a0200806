// The cross entropy of spikes and membranes over time. functional/losses.hpp has snnTorch's losses; others are
// formulas, see autograd/ops.hpp.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/functional/accuracy.hpp>
#include <spiketape/kernels/rows.hpp>

#include <cmath>
#include <limits>
#include <span>

namespace spiketape::inline SPIKETAPE_ABI {

/// How a loss reduces the steps of a sequence.
enum class OverSteps { sum, mean };

/// The options of cross_entropy.
struct CrossEntropyOptions {
  /// The sum over steps, as in snnTorch's tutorials, or the mean, as in its ce_rate_loss.
  OverSteps over_steps = OverSteps::sum;
  /// The number of samples to divide by, at least 0; 0: those of the whole batch (see Tape::part).
  Index samples = 0;
};

namespace detail {

/// Throws std::invalid_argument for a number of labels that is neither of the whole batch nor of its part.
[[noreturn]] SPIKETAPE_NOINLINE inline void fail_label_count(const char* function, Index size,
                                                             const PartRange& samples, bool whole_targets) {
  if (!samples.partial())
    fail_argument("spiketape::", function, ": targets has ", size, " labels, input has a batch of ",
                  samples.count);
  if (whole_targets)
    fail_argument("spiketape::", function, ": targets has ", size,
                  " labels, expected those of the whole batch, ", samples.whole);
  fail_argument("spiketape::", function, ": targets has ", size,
                " labels, expected those of this part of the batch, ", samples.count, ", or of the whole, ",
                samples.whole);
}

/// The labels of a part of a batch, from its own or from those of the whole batch.
SPIKETAPE_NOINLINE inline std::span<const int> labels_of_part(const char* function,
                                                              std::span<const int> labels,
                                                              const PartRange& samples, bool whole_targets) {
  const auto size = static_cast<Index>(labels.size());
  if (size == samples.count && (!samples.partial() || !whole_targets)) return labels;
  if (size != samples.whole) fail_label_count(function, size, samples, whole_targets);
  return labels.subspan(static_cast<std::size_t>(samples.first), static_cast<std::size_t>(samples.count));
}

template <Real Scalar>
struct CrossEntropyOp {
  Var<Scalar> input, loss;
  SequenceView<Scalar> probabilities;  // softmax of the input; stored steps
  const int* targets;
  Scalar factor;

  void backward(Tape<Scalar>& tape) const {
    if (!loss.has_adjoint()) return;
    const Scalar scale = factor * *loss.adjoint().data;
    const Adjoint<Scalar> adjoint = tape.touch(input);
    const SequenceView<Scalar>& p = probabilities;
    // The one row of a constant input collects all steps.
    const Scalar repeats = p.constant ? static_cast<Scalar>(p.steps) : Scalar(1);
    for (Index t = 0; t < p.stored_steps(); ++t) {
      for (Index b = 0; b < p.batch; ++b) {
        const Scalar* from = p.row(t, b);
        Scalar* to = adjoint.view.row(t, b);
        for_whole_lines<Scalar>(
            whole_lines<Scalar>(p.features), [&](Index i, auto whole) SPIKETAPE_INLINE_LAMBDA {
              const Lane<Scalar> part = Lane<Scalar>(scale * repeats) * load(from + i, whole);
              store(adjoint.first ? part : load(to + i, whole) + part, to + i, whole);
            });
        to[targets[b]] -= scale * repeats;
      }
    }
  }
};

/// Writes the softmax of a padded row to `probabilities` (zero in the padding); returns log Σ exp.
template <Real Scalar>
Scalar softmax(const Scalar* row, Scalar* probabilities, Index features) {
  using L = Lane<Scalar>;
  constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
  Scalar largest = -infinity;
  for (Index i = 0; i < features; ++i) largest = row[i] > largest || row[i] != row[i] ? row[i] : largest;
  L sums = L(0);
  for_whole_lines<Scalar>(whole_lines<Scalar>(features), [&](Index i, auto whole) SPIKETAPE_INLINE_LAMBDA {
    const auto inside = L::counting_from(0) < L(features - i);
    const L e = where(inside, exp(load(row + i, whole) - L(largest)));
    store(e, probabilities + i, whole);
    sums += e;
  });
  Scalar parts[L::size];
  sums.store(parts);
  Scalar sum = 0;
  for (const Scalar part : parts) sum += part;
  for_whole_lines<Scalar>(whole_lines<Scalar>(features), [&](Index i, auto whole) SPIKETAPE_INLINE_LAMBDA {
    store(load(probabilities + i, whole) * L(Scalar(1) / sum), probabilities + i, whole);
  });
  return largest + std::log(sum);
}

}  // namespace detail

/// The cross entropy between softmax(x[t]) and the target class, at every step t:
///
///     L = Σ_t (1/B) Σ_b ( log Σ_n exp(x[t, b, n]) − x[t, b, target_b] )
///
/// x is (steps, batch, classes), membranes or spikes; `targets` has one class, 0 to classes − 1, for each
/// sample and is copied. OverSteps::mean divides by the number of steps (snnTorch's ce_rate_loss, on spikes).
/// If x is a part of a batch (see Tape::part), B and the steps are those of the whole, and `targets` has the
/// labels of the part or of the whole. Returns a single number, (1, 1, 1); differentiated by x. Throws
/// std::invalid_argument for an empty batch or sequence, a wrong number of targets, a target out of range, or
/// negative `samples`.
template <Real Scalar>
[[nodiscard]] Var<Scalar> cross_entropy(const Var<Scalar>& x, std::span<const int> targets,
                                        const CrossEntropyOptions& options = {}) {
  const Shape shape = x.shape();
  Tape<Scalar>& tape = x.tape();
  const PartRange samples = tape.part().samples.of(shape.batch);
  if (shape.batch == 0 || shape.steps == 0)
    detail::fail_argument("spiketape::cross_entropy: input has shape ", shape,
                          ", expected at least one sample and step");
  targets = detail::labels_of_part("cross_entropy", targets, samples, tape.part().whole_targets);
  if (options.samples < 0)
    detail::fail_argument("spiketape::cross_entropy: samples is ", options.samples, ", expected at least 0");
  detail::check_targets("cross_entropy", targets, shape.features, samples.first);

  const FlushDenormals flush;
  const Var<Scalar> loss = tape.result({1, 1, 1}, x.differentiable());
  int* kept_targets = tape.template allocate<int>(shape.batch);
  std::copy(targets.begin(), targets.end(), kept_targets);

  const SequenceView<const Scalar> values = x.value();
  const SequenceView<Scalar> probabilities = tape.room(shape, values.constant);
  double total = 0;  // a sum of many terms, rounded once
  for (Index t = 0; t < values.stored_steps(); ++t)
    for (Index b = 0; b < shape.batch; ++b) {
      const Scalar* row = values.row(t, b);
      total += static_cast<double>(detail::softmax(row, probabilities.row(t, b), shape.features) -
                                   row[targets[static_cast<std::size_t>(b)]]);
    }
  if (values.constant) total *= static_cast<double>(shape.steps);

  double factor = 1 / static_cast<double>(options.samples > 0 ? options.samples : samples.whole);
  if (options.over_steps == OverSteps::mean)
    factor /= static_cast<double>(tape.part().steps.of(shape.steps).whole);
  *tape.writable(loss).data = static_cast<Scalar>(factor * total);
  if (loss.differentiable())
    tape.record(
        detail::CrossEntropyOp<Scalar>{x, loss, probabilities, kept_targets, static_cast<Scalar>(factor)});
  return loss;
}

/// Does not compile, and the compiler says why: the whole result of a neuron or network.
template <typename Result>
requires requires(const Result& result) {
  result.spk;
  result.mem;
}
auto cross_entropy(const Result& result, std::span<const int> targets,
                   const CrossEntropyOptions& options = {}) {
  static_assert(
      sizeof(Result) == 0,
      "spiketape: a result with spikes and membranes was given, expected one of them: write out.spk or "
      "out.mem");
  return cross_entropy(result.mem, targets, options);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
