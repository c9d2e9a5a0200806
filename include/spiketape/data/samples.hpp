// Data of any kind, in memory: numbers and sequences, one input or several, labels, target numbers, and
// samples of different length.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/labels.hpp>
#include <spiketape/core/step_mask.hpp>
#include <spiketape/data/batches.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// Samples and what a network is to make of them. Samples stand behind each other in the second extent of all
/// sequences; one step, or a constant sequence, is the same in all steps.
///
///     st::Samples<float> letters{.inputs = {readings}, .labels = labels};             // (steps, count, features)
///     st::Samples<float> curves{.inputs = {x}, .targets = y, .lengths = lengths};     // numbers, of different length
///     st::Batches batches(curves, 64, random);
///     for (const auto& batch : batches.shuffled()) train(batch.input, batch.targets, batch.mask);
template <Real Scalar>
struct Samples {
  /// Each (steps, count, features); their steps and features may differ.
  std::vector<Sequence<Scalar>> inputs;
  /// A class for each sample, or for each step and sample, step by step; or none.
  std::vector<int> labels = {};
  /// Target numbers, (steps, count, outputs) of any number of steps; or none.
  Sequence<Scalar> targets = {};
  /// The steps that count of each sample, 1 to those of the first input; none: all.
  std::vector<Index> lengths = {};

  /// The number of samples.
  Index count() const { return inputs.empty() ? 0 : inputs[0].batch(); }
  /// Throws std::invalid_argument, in the name of `function`, unless there is an input, all have as many
  /// samples, one at least, and some features, and labels, none below 0, targets and lengths fit.
  void check(const char* function) const {
    const auto fail = [&](const auto&... parts) {
      detail::fail_argument("spiketape::", function, ": ", parts...);
    };
    if (inputs.empty()) fail("samples has no input, expected at least one");
    const Shape& first = inputs[0].shape();
    for (const auto& input : inputs)
      if (input.batch() != first.batch || input.shape().batch == 0 || input.features() == 0 ||
          input.steps() == 0)
        fail("samples has inputs of ", first, " and ", input.shape(),
             ", expected as many samples in all and no extent of 0");
    if (!labels.empty() && !std::cmp_equal(labels.size(), first.batch) &&
        !std::cmp_equal(labels.size(), first.steps * first.batch))
      fail("samples has ", labels.size(), " labels for ", first.batch, " samples of ", first.steps,
           " steps, expected none, one each, or one for each step");
    detail::check_labels(function, "samples", labels);
    if (targets.shape() != Shape{} && targets.batch() != first.batch)
      fail("samples has targets of ", targets.shape(), ", expected ", first.batch, " samples");
    if (!lengths.empty() && !std::cmp_equal(lengths.size(), first.batch))
      fail("samples has ", lengths.size(), " lengths for ", first.batch,
           " samples, expected none or as many");
    for (const Index length : lengths)
      if (length < 1 || length > first.steps)
        fail("samples has a length of ", length, ", expected 1 to ", first.steps);
  }
};

/// Sequences of different length as one, and their lengths.
template <Real Scalar>
struct Padded {
  Sequence<Scalar> input;      ///< (most steps, sequences, features)
  std::vector<Index> lengths;  ///< The steps of each.
};

/// Puts sequences, of one sample each, behind each other: (most steps, sequences, features), zero where a
/// sequence has ended. Allocates the result. Throws std::invalid_argument for no sequence, and unless each is
/// (1 or more, 1, features) with the same features.
template <Real Scalar>
[[nodiscard]] Padded<Scalar> padded(std::span<const Sequence<Scalar>> sequences) {
  if (sequences.empty())
    detail::fail_argument("spiketape::padded: there are 0 sequences, expected at least 1");
  Shape shape{0, static_cast<Index>(sequences.size()), sequences[0].features()};
  Padded<Scalar> all;
  for (const auto& each : sequences) {
    if (each.batch() != 1 || each.steps() == 0 || each.features() != shape.features)
      detail::fail_argument("spiketape::padded: sequence ", all.lengths.size(), " has shape ", each.shape(),
                            ", expected some steps of 1 sample and ", shape.features, " features");
    shape.steps = std::max(shape.steps, each.steps());
    all.lengths.push_back(each.steps());
  }
  all.input = Sequence<Scalar>(shape);
  for (Index b = 0; b < shape.batch; ++b) {
    const SequenceView<const Scalar> from = sequences[static_cast<std::size_t>(b)];
    for (Index t = 0; t < from.steps; ++t)
      std::copy_n(from.row(t, 0), shape.features, all.input.view().row(t, b));
  }
  return all;
}
template <Real Scalar>
[[nodiscard]] Padded<Scalar> padded(const std::vector<Sequence<Scalar>>& sequences) {
  return padded(std::span<const Sequence<Scalar>>(sequences));
}

namespace detail {

/// Copies samples of a sequence, in some order (null: as they are, from `first` on).
template <Real Scalar>
void copy_samples(const SequenceView<const Scalar>& from, const Index* order, Index first,
                  const SequenceView<Scalar>& to) {
  for (Index t = 0; t < from.stored_steps(); ++t)
    for (Index b = 0; b < to.batch; ++b)
      std::copy_n(from.row(t, order ? order[first + b] : first + b), from.features, to.row(t, b));
}

}  // namespace detail

/// Some samples: a view of memory that belongs to Batches. A copy has memory of its own, so it may be kept
/// while others are taken; it allocates.
template <Real Scalar>
class SampleBatch {
 public:
  SequenceView<const Scalar> input;                    ///< The first input, (steps, size, features).
  std::span<const SequenceView<const Scalar>> inputs;  ///< All.
  std::span<const int> labels;  ///< As in Samples: one each, or one for each step, step by step; or none.
  SequenceView<const Scalar> targets;  ///< Target numbers; empty if there are none.
  std::span<const Index> lengths;      ///< The steps of each sample that count; empty: all.
  StepMask mask;                       ///< The same as a mask.
  Index first = 0;                     ///< Index of the first sample in this pass: 0, batch_size, ...

  SampleBatch() = default;
  SampleBatch(const SampleBatch& other)
      : numbers_(other.numbers_), views_(other.views_), labels_(other.labels_), lengths_(other.lengths_) {
    bind(other.size(), other.first, other.labels.size());
  }
  /// The memory stays where it is, so views of it stay valid. What was moved from is empty.
  SampleBatch(SampleBatch&& other) noexcept
      : input(std::exchange(other.input, {})),
        inputs(std::exchange(other.inputs, {})),
        labels(std::exchange(other.labels, {})),
        targets(std::exchange(other.targets, {})),
        lengths(std::exchange(other.lengths, {})),
        mask(std::exchange(other.mask, {})),
        first(other.first),
        numbers_(std::move(other.numbers_)),
        views_(std::move(other.views_)),
        labels_(std::move(other.labels_)),
        lengths_(std::move(other.lengths_)),
        mask_(std::move(other.mask_)) {}
  /// The same by assignment.
  SampleBatch& operator=(SampleBatch other) noexcept {
    std::destroy_at(this);
    return *std::construct_at(this, std::move(other));
  }
  ~SampleBatch() = default;

  /// The number of samples.
  Index size() const noexcept { return input.batch; }

 private:
  template <Real, typename>
  friend class detail::BatchRoom;

  /// Memory for up to `size` samples.
  void reserve(const Samples<Scalar>& data, Index size) {
    const auto add = [&](const Sequence<Scalar>& of) {
      SequenceView<const Scalar> view = of;
      view.batch = size;
      view.stride = view.features;
      numbers_.emplace_back(static_cast<std::size_t>(view.rows() * view.features));
      views_.push_back(view);
    };
    for (const auto& each : data.inputs) add(each);
    add(data.targets);  // the last, also if there are none
    const auto samples = static_cast<std::size_t>(size);
    labels_.resize(data.labels.size() / static_cast<std::size_t>(data.count()) * samples);
    if (data.lengths.empty()) return;
    lengths_.resize(samples);
    mask_.reserve(static_cast<std::size_t>(data.inputs[0].steps()) * samples);
  }

  void fill(const Samples<Scalar>& data, const Index* order, Index from, Index size) {
    const auto fill_one = [&](const Sequence<Scalar>& of, std::size_t k) {
      const SequenceView<const Scalar> view = of;
      if (view.rows() == 0) return;
      detail::copy_samples<Scalar>(
          view, order, from,
          {numbers_[k].data(), {view.steps, size, view.features}, view.features, view.constant});
    };
    for (std::size_t k = 0; k < data.inputs.size(); ++k) fill_one(data.inputs[k], k);
    fill_one(data.targets, data.inputs.size());
    const auto all = static_cast<std::size_t>(data.count()), samples = static_cast<std::size_t>(size);
    const std::size_t label_steps = data.labels.size() / all;
    for (std::size_t b = 0; b < samples; ++b) {
      const auto sample = static_cast<std::size_t>(order ? order[from + Index(b)] : from + Index(b));
      for (std::size_t t = 0; t < label_steps; ++t) labels_[t * samples + b] = data.labels[t * all + sample];
      if (!lengths_.empty()) lengths_[b] = data.lengths[sample];
    }
    bind(size, from, label_steps * samples);
  }

  /// Views of the memory, of its first `size` samples.
  void bind(Index size, Index from, std::size_t label_count) {
    for (std::size_t k = 0; k < views_.size(); ++k) {
      views_[k].data = numbers_[k].empty() ? nullptr : numbers_[k].data();
      views_[k].batch = size;
    }
    if (views_.empty()) return;
    input = views_[0];
    inputs = std::span(views_).first(views_.size() - 1);
    targets = views_.back().empty() ? SequenceView<const Scalar>() : views_.back();
    labels = std::span(labels_).first(label_count);
    lengths = std::span(lengths_).first(lengths_.empty() ? 0 : static_cast<std::size_t>(size));
    mask = lengths.empty() ? StepMask() : mask_of_lengths(lengths, input.steps, mask_);
    first = from;
  }

  std::vector<std::vector<Scalar>> numbers_;  // of the inputs, then of the targets
  std::vector<SequenceView<const Scalar>> views_;
  std::vector<int> labels_;
  std::vector<Index> lengths_;
  std::vector<unsigned char> mask_;
};

namespace detail {

template <Real Scalar>
class BatchRoom<Scalar, Samples<Scalar>> {
 public:
  using Batch = SampleBatch<Scalar>;

  BatchRoom(const Samples<Scalar>& data, Index batch_size) {
    data.check("Batches");
    batch_.reserve(data, batch_size);
  }
  void fill(const Samples<Scalar>& data, const Index* order, Index first, Index size) {
    if (size > 0) batch_.fill(data, order, first, size);
  }
  const Batch& batch() const noexcept { return batch_; }

  template <typename Visitor>
  static void checkpoint(const Samples<Scalar>& data, Visitor& visitor) {
    std::string shapes;
    for (const auto& input : data.inputs) append(shapes, input.shape());
    visitor.must_be("inputs", shapes);
  }

 private:
  Batch batch_;
};

}  // namespace detail

template <Real Scalar, typename Generator>
Batches(const Samples<Scalar>&, Index, Generator&&) -> Batches<Scalar, Samples<Scalar>>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
