// Many recordings as spikes, to train on: a bit for each step and feature, numbers for one batch at a time.
//
//     st::SpikeSamples<float> samples;
//     for (const auto& path : paths) samples.add(st::bin_spikes<float>(st::read_nmnist(path), bins), label);
//     st::Batches batches(samples, 64, random);
//     for (const auto& batch : batches.shuffled()) train(batch.input, batch.labels);
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/labels.hpp>
#include <spiketape/data/binning.hpp>
#include <spiketape/data/samples.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// Samples of spikes and their classes. Samples may have different steps: batches have as many as the longest
/// of all, silent where a sample has ended, and say in `lengths` and `mask` which count.
template <Real Scalar>
struct SpikeSamples {
  std::vector<detail::SpikeTrain<Scalar>> inputs;  ///< Each (1 or more steps, 1, features).
  std::vector<int> labels;                         ///< A class for each, or none.
  BinReport report;                                ///< Where the events of all went.

  /// Adds recordings that were binned, all of this class. Allocates.
  void add(BinnedSpikes<Scalar> binned, int label) {
    inputs.push_back(std::move(binned.spikes));
    labels.push_back(label);
    report += binned.report;
  }
  /// The number of samples.
  Index count() const { return static_cast<Index>(inputs.size()); }
  /// The steps of the longest sample.
  Index steps() const {
    Index most = 0;
    for (const auto& input : inputs) most = std::max(most, input.shape().steps);
    return most;
  }
  /// Throws std::invalid_argument, in the name of `function`, unless there are samples, all have as many
  /// features, some steps and one recording, and labels are as many, none below 0, or none.
  void check(const char* function) const {
    const auto fail = [&](const auto&... parts) {
      detail::fail_argument("spiketape::", function, ": samples has ", parts...);
    };
    if (inputs.empty()) fail("no sample, expected at least one");
    const Index features = inputs[0].shape().features;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (const Shape& shape = inputs[i].shape();
          shape.batch != 1 || shape.steps < 1 || shape.features < 1 || shape.features != features)
        fail("sample ", i, " of ", shape, ", expected some steps of 1 recording and ",
             std::max(features, Index(1)), " features");
    if (!labels.empty() && labels.size() != inputs.size())
      fail(labels.size(), " labels for ", inputs.size(), " samples, expected none or as many");
    detail::check_labels(function, "samples", labels);
  }
};

/// Bins recordings, each by itself, with their labels. Throws what bin_spikes throws.
template <Real Scalar, typename Bins>
[[nodiscard]] SpikeSamples<Scalar> spike_samples(const EventRecordings<typename Bins::Event>& recordings,
                                                 const Bins& bins) {
  SpikeSamples<Scalar> samples;
  for (const auto& events : recordings.recordings) {
    BinnedSpikes<Scalar> binned = bin_spikes<Scalar>(events, bins);
    samples.inputs.push_back(std::move(binned.spikes));
    samples.report += binned.report;
  }
  samples.labels = recordings.labels;
  return samples;
}

/// Some of the samples, in the order given: for train_test_split. The report stays with the whole. Throws
/// std::invalid_argument for an index that is none of them.
template <Real Scalar>
[[nodiscard]] SpikeSamples<Scalar> take(const SpikeSamples<Scalar>& samples, std::span<const Index> which) {
  samples.check("take");
  SpikeSamples<Scalar> taken;
  for (const Index i : which) {
    if (i < 0 || i >= samples.count())
      detail::fail_argument("spiketape::take: index is ", i, ", expected 0 to ", samples.count() - 1);
    taken.inputs.push_back(samples.inputs[static_cast<std::size_t>(i)]);
    if (!samples.labels.empty()) taken.labels.push_back(samples.labels[static_cast<std::size_t>(i)]);
  }
  return taken;
}

namespace detail {

template <Real Scalar>
class BatchRoom<Scalar, SpikeSamples<Scalar>> {
 public:
  using Batch = SampleBatch<Scalar>;

  BatchRoom(const SpikeSamples<Scalar>& samples, Index batch_size) {
    samples.check("Batches");
    const Index features = samples.inputs[0].shape().features, stride = whole_lines<Scalar>(features);
    const SequenceView<const Scalar> input(nullptr, {samples.steps(), batch_size, features}, stride);
    batch_.numbers_.emplace_back(static_cast<std::size_t>(input.rows() * stride));
    batch_.numbers_.emplace_back();  // no targets
    batch_.views_ = {input, {}};
    batch_.labels_.resize(samples.labels.empty() ? 0 : static_cast<std::size_t>(batch_size));
    const auto shorter = [&](const auto& one) { return one.shape().steps < input.steps; };
    if (std::none_of(samples.inputs.begin(), samples.inputs.end(), shorter)) return;
    batch_.lengths_.resize(static_cast<std::size_t>(batch_size));
    batch_.mask_.reserve(static_cast<std::size_t>(input.rows()));
  }
  void fill(const SpikeSamples<Scalar>& samples, const Index* order, Index first, Index size) {
    if (size == 0) return;
    const SequenceView<const Scalar>& input = batch_.views_[0];
    for (Index b = 0; b < size; ++b) {
      const auto sample = static_cast<std::size_t>(order ? order[first + b] : first + b);
      const SpikeTrain<Scalar>& spikes = samples.inputs[sample];
      const Index steps = spikes.shape().steps;
      for (Index t = 0; t < input.steps; ++t) {
        Scalar* row = batch_.numbers_[0].data() + (t * size + b) * input.stride;
        if (t < steps)
          spikes.rows().write(t, row);
        else
          std::fill_n(row, input.stride, Scalar(0));
      }
      if (!batch_.labels_.empty()) batch_.labels_[static_cast<std::size_t>(b)] = samples.labels[sample];
      if (!batch_.lengths_.empty()) batch_.lengths_[static_cast<std::size_t>(b)] = steps;
    }
    batch_.bind(size, first, batch_.labels_.empty() ? 0 : static_cast<std::size_t>(size));
  }
  const Batch& batch() const noexcept { return batch_; }

  template <typename Visitor>
  static void checkpoint(const SpikeSamples<Scalar>& samples, Visitor& visitor) {
    visitor.must_be("inputs",
                    text_of(Shape{samples.steps(), samples.count(), samples.inputs[0].shape().features}));
  }

 private:
  Batch batch_;
};

}  // namespace detail

template <Real Scalar, typename Generator>
Batches(const SpikeSamples<Scalar>&, Index, Generator&&) -> Batches<Scalar, SpikeSamples<Scalar>>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
