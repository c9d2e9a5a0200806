// Batches of any kind of data, under one type.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/function_ref.hpp>
#include <spiketape/functional/loss_kind.hpp>

#include <concepts>

namespace spiketape::inline SPIKETAPE_ABI {

/// A batch for training: a view, valid until the next one is taken.
template <Real Scalar>
struct TrainingBatch {
  SequenceView<const Scalar> input;  ///< (steps, batch, features), or one step.
  LossTargets<Scalar> targets;       ///< What the loss compares with.
};

/// Refers to data that come in batches, such as Batches: an object with
///
///     shuffled(), in_order()      a pass over all samples, a range of batches
///     size()                      the number of batches in a pass
///
/// where a batch has an `input`, a step or a sequence, and `labels`, `targets` (numbers) or both; it may have
/// a `mask` of steps (StepMask). Data that have resume(batches) and resumed(), see Batches, can go on in
/// the middle of a pass. The data must outlive it.
template <Real Scalar>
class BatchSource {
 public:
  /// What is called with each batch; false: no more.
  using Take = detail::FunctionRef<bool(const TrainingBatch<Scalar>&)>;

  /// A source refers to `data`.
  template <typename Data>
  requires(!std::same_as<std::remove_const_t<Data>, BatchSource>) BatchSource(Data& data)  // NOLINT
  {
    constexpr bool gives_batches = requires {
      data.shuffled();
      data.in_order();
      data.size();
    };
    static_assert(
        gives_batches,
        "spiketape::Trainer: data come in batches, from an object with shuffled(), in_order() and size() "
        "that is not const: write st::Batches<float> train(images, 128, random), and give train");
    if constexpr (gives_batches) {
      data_ = &data;
      size_ = [](void* of) { return static_cast<Index>(static_cast<Data*>(of)->size()); };
      each_ = [](void* of, bool shuffled, const Take& take) {
        Data& all = *static_cast<Data*>(of);
        const auto run = [&](auto&& pass) {
          for (const auto& batch : pass)
            if (!take(training_batch(batch))) return;
        };
        shuffled ? run(all.shuffled()) : run(all.in_order());
      };
      if constexpr (requires {
                      data.resume(Index());
                      data.resumed();
                    }) {
        resume_ = [](void* of, Index batches) { static_cast<Data*>(of)->resume(batches); };
        resumed_ = [](void* of) { return static_cast<Index>(static_cast<Data*>(of)->resumed()); };
      }
    }
  }

  /// The number of batches in a pass.
  Index size() const { return size_(data_); }
  /// Calls take(batch) for each batch of a new pass, in random or in their own order, until it returns false.
  void each(bool shuffled, const Take& take) const { each_(data_, shuffled, take); }
  /// Lets the next pass in random order go on with the last one, behind so many of its batches. Returns
  /// whether the data can.
  bool resume(Index batches) const {
    if (resume_ != nullptr) resume_(data_, batches);
    return resume_ != nullptr;
  }
  /// Behind how many batches the next such pass goes on; `unknown` for data that cannot.
  Index resumed(Index unknown) const { return resumed_ != nullptr ? resumed_(data_) : unknown; }

 private:
  template <typename Batch>
  static TrainingBatch<Scalar> training_batch(const Batch& batch) {
    TrainingBatch<Scalar> of;
    static_assert(
        requires { of.input = batch.input; },
        "spiketape::Trainer: a batch has an input, a step or a sequence of the network's Scalar: write "
        "st::Batches<float> or st::Samples<float> for a network of float");
    of.input = batch.input;
    if constexpr (requires { batch.labels; }) of.targets.labels = batch.labels;
    if constexpr (requires { batch.targets; }) of.targets.values = batch.targets;
    if constexpr (requires { batch.mask; }) of.targets.mask = batch.mask;
    return of;
  }

  void* data_ = nullptr;
  Index (*size_)(void*) = nullptr;
  void (*each_)(void*, bool, const Take&) = nullptr;
  void (*resume_)(void*, Index) = nullptr;  // null: it cannot
  Index (*resumed_)(void*) = nullptr;       // likewise
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
