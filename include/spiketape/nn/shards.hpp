// Training a batch in parts, on several threads.
#pragma once

#include <spiketape/autograd/tape.hpp>

#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace spiketape {

/// Splits a batch into a fixed number of shards, each with a tape and gradient sums of its own, runs them
/// on up to `threads` threads (OpenMP, where the program is compiled with it; else one after the other)
/// and adds the gradients in the order of the shards. So the results depend on the number of shards, but
/// to the bit not on the number of threads.
///
///     st::Shards<float> shards(4, threads);
///     float loss = shards.run(batch.size(), [&](st::Tape<float>& tape, st::Index first, st::Index count) {
///       auto [spk, mem] = net(tape.constant(batch.input.middleRows(first, count), steps));
///       return st::cross_entropy(mem, labels.subspan(first, count), {.samples = batch.size()});
///     });
///     optimizer.step(shards.gradients());
///
/// The loss of a shard must be its part of the whole: give the losses the size of the whole batch, as
/// above. What couples samples, such as a normalisation over the batch, cannot be split. Allocates
/// nothing once the tapes have warmed up.
template <Real Scalar>
class Shards {
 public:
  /// Throws std::invalid_argument unless both are at least 1.
  explicit Shards(int count, int threads = 1) : threads_(threads) {
    if (count < 1) detail::fail_argument("spiketape::Shards: count is ", count, ", expected at least 1");
    if (threads < 1) detail::fail_argument("spiketape::Shards: threads is ", threads, ", expected at least 1");
    for (int i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>());
  }

  /// Runs `forward(tape, first, count)`, which returns the loss of the samples first, ..., first + count − 1,
  /// and its backward pass for every shard that gets a sample. Returns the sum of the losses. What a shard
  /// throws is thrown here; the gradients are then dropped.
  template <typename Forward>
  Scalar run(Index batch, Forward&& forward) {
    const auto count = static_cast<Index>(shards_.size());
    const auto run_shard = [&](Index i) {
      Shard& shard = *shards_[static_cast<std::size_t>(i)];
      shard.gradients.clear();
      shard.loss = 0;
      const Index first = batch * i / count;
      const Index end = batch * (i + 1) / count;
      if (first == end) return;
      shard.tape.reset();
      shard.tape.set_first_sample(first);
      const Var<Scalar> loss = forward(shard.tape, first, end - first);
      shard.tape.backward(loss);
      shard.loss = loss.item();
    };
    if (threads_ == 1) {  // OpenMP would allocate even so
      for (Index i = 0; i < count; ++i) guarded(i, run_shard);
    } else {
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(threads_)
#endif
      for (Index i = 0; i < count; ++i) guarded(i, run_shard);
    }

    gradients_.clear();
    Scalar loss = 0;
    for (const auto& shard : shards_) rethrow(*shard);
    for (const auto& shard : shards_) {
      gradients_.add(shard->gradients);
      loss += shard->loss;
    }
    return loss;
  }

  /// The gradients of the last run.
  GradientSums<Scalar>& gradients() { return gradients_; }

  int count() const { return static_cast<int>(shards_.size()); }
  int threads() const { return threads_; }

 private:
  struct Shard {
    GradientSums<Scalar> gradients;
    Tape<Scalar> tape{gradients};
    Scalar loss = 0;
    std::exception_ptr error;
  };

  // An exception must not leave a parallel region: it waits in its shard.
  template <typename Run>
  void guarded(Index i, Run& run) {
#if SPIKETAPE_EXCEPTIONS
    std::exception_ptr& error = shards_[static_cast<std::size_t>(i)]->error;
    try {
      run(i);
    } catch (...) {
      error = std::current_exception();
    }
#else
    run(i);
#endif
  }
  static void rethrow(Shard& shard) {
#if SPIKETAPE_EXCEPTIONS
    if (shard.error) std::rethrow_exception(std::exchange(shard.error, nullptr));
#else
    static_cast<void>(shard);
#endif
  }

  int threads_;
  std::vector<std::unique_ptr<Shard>> shards_;
  GradientSums<Scalar> gradients_;
};

}  // namespace spiketape
