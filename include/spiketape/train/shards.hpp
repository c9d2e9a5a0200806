// Training on parts of a batch, on several threads.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/parallel.hpp>
#include <spiketape/train/driver.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// Splits a batch into a fixed number of shards, each with its own tape and gradient sums, runs them on up to
/// `threads` threads (OpenMP if the program is compiled with it, else one after the other) and adds the
/// gradients in the order of the shards. So the results depend on the number of shards and on the block size,
/// but not, to the bit, on the number of threads. No more threads start than have something to do.
///
///     st::Shards<float> shards(4, threads, 4);  // four shards, each in blocks of four samples
///
///     float loss = shards.run(net, st::repeat(batch.input, steps), st::ce_rate_loss(batch.labels));
///     optimizer.step(shards.gradients());
///
/// The losses of the parts must add up to the loss of the batch; they are added in double. Those of the library
/// see to it, since the tape knows the part (Tape::part); a formula in a lambda divides by the size of the whole
/// batch. A layer that couples samples, such as a normalisation over the batch,
/// cannot be split. Allocates nothing once the tapes have warmed up.
///
/// Blocks make training fast and small: a few samples at a time go forward and backward while everything the
/// tape keeps of them lies in the cache (capacity() tells how much); the next block reuses that memory. If
/// the input is the same in all steps, the layers before the first neuron run once for the whole batch, since
/// large products are faster; the threads share these products (see Tape::set_threads).
template <Real Scalar>
class Shards {
 public:
  /// `block` is the number of samples in a block; 0: a whole shard. Throws std::invalid_argument unless
  /// `count` and `threads` are at least 1 and `block` is at least 0.
  explicit Shards(int count, int threads = 1, Index block = 0) : threads_(threads), block_(block) {
    if (count < 1) detail::fail_argument("spiketape::Shards: count is ", count, ", expected at least 1");
    if (threads < 1)
      detail::fail_argument("spiketape::Shards: threads is ", threads, ", expected at least 1");
    if (block < 0) detail::fail_argument("spiketape::Shards: block is ", block, ", expected at least 0");
    for (int i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>());
    for (int i = 1; i < count; ++i) others_.push_back(&shards_[static_cast<std::size_t>(i)]->gradients);
    front_tape_ = std::make_unique<Tape<Scalar>>(gradients());
    front_tape_->set_threads(threads);
  }

  /// Runs a network (see Sequential) on a batch, a step or a sequence, block by block, forward and backward.
  /// `loss(out, first, count)` returns the loss, a Var, of the samples first, …, first + count − 1 from their
  /// result `out`; it may also be called as loss(out), such as ce_rate_loss(labels). Returns the sum of the
  /// losses. A batch without samples is 0, without gradients; nothing is called and checked. If something
  /// throws, drops the gradients and rethrows; the same run may then be made again. Throws
  /// std::invalid_argument if a neuron has init_hidden, if a layer couples samples and the batch is split,
  /// for samples without steps, and for an empty loss.
  ///
  /// The network and `loss` are called on several threads at once (front() is not), so they must not write
  /// shared data. A network of your own needs const members: a call on a Var and keeps_state(). With front()
  /// and back() too, layers before the first neuron run once for the whole batch.
  template <typename Network, typename Loss>
  Scalar run(const Network& net, SequenceView<const Scalar> input, Loss&& loss) {
    check_network(net);
    Round round(*this, true);
    return round.ended(run_network(net, input, loss));
  }

  /// The same forward only, as in evaluation: layers such as dropout do not train (see Tape::set_training),
  /// `loss` may return an empty Var, and no gradient comes of it. Returns the sum of the losses. Drops the
  /// gradients of the run before, and changes nothing else that a later run depends on.
  template <typename Network, typename Loss>
  Scalar evaluate(const Network& net, SequenceView<const Scalar> input, Loss&& loss) {
    check_network(net);
    const Round round(*this, false);
    return run_network(net, input, loss);
  }

  /// These do not compile, and the compiler says why: numbers of another type.
  template <typename Network, detail::OfAnotherScalar<Scalar> Input, typename Loss>
  void run(const Network&, const Input&, Loss&&) {
    static_assert(detail::check_scalar_of_network<Network, Scalar>());
    detail::refuse_scalar<Input, Scalar>();
  }
  template <typename Network, detail::OfAnotherScalar<Scalar> Input, typename Loss>
  void evaluate(const Network& net, const Input& input, Loss&& loss) {
    run(net, input, loss);
  }

  /// The same for any function that makes a loss: `forward(tape, first, count)` returns the loss of the
  /// samples first, …, first + count − 1, which are those of a shard, without blocks. It is called on several
  /// threads at once, each time with another tape, so it must not write shared data. Throws
  /// std::invalid_argument for a negative batch.
  template <typename Forward>
  Scalar run(Index batch, Forward&& forward) {
    Round round(*this, true);
    return round.ended(run_shards(batch, [&](Shard& shard, Index first, Index count) {
      start(shard, {first, count, batch});
      finish(shard, forward(shard.tape, in_whole(first, batch), count));
    }));
  }

  /// The batches of later runs are these samples of larger ones, as in Tape::set_part: the losses of the
  /// library divide by the larger batch, `first` of a loss counts in it, and the random numbers of layers are
  /// those of its samples. For whoever splits a batch over several Shards, such as mpi::Shards. {}: they are
  /// whole, as by default.
  void set_samples(const PartRange& samples) {
    detail::check_range(samples, "samples");
    samples_ = samples;
  }
  /// The sum of the losses of the last run, in double.
  double loss() const {
    check_not_moved_from();
    return shards_.front()->loss;
  }

  /// The seed of layers' random numbers: 0 unless set.
  void set_seed(std::uint64_t seed) {
    check_not_moved_from();
    front_tape_->set_seed(seed);
    for (const auto& shard : shards_) shard->tape.set_seed(seed);
  }

  /// For Checkpoint: visits what goes on later, and what the bits of a run depend on.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    check_not_moved_from();
    visitor.fact("shards", count());
    visitor.fact("block", block_);
    std::uint64_t seed = front_tape_->seed();
    visitor.number("seed", seed);
    visitor.number("round", round_);
    set_seed(seed);
  }

  /// The gradients of the last run.
  GradientSums<Scalar>& gradients() {
    check_not_moved_from();
    return shards_.front()->gradients;
  }

  /// The number of shards, and the largest number of threads.
  int count() const { return static_cast<int>(shards_.size()); }
  int threads() const { return threads_; }

  /// Bytes held for values, adjoints and records of all shards.
  std::size_t capacity() const {
    std::size_t bytes = front_tape_ == nullptr ? 0 : front_tape_->capacity();
    for (const auto& shard : shards_) bytes += shard->tape.capacity();
    return bytes;
  }

 private:
  void check_not_moved_from() const {
    if (shards_.empty())
      detail::fail_argument("spiketape::Shards: it has been moved from, expected an assignment first");
  }

  struct Shard {
    GradientSums<Scalar> gradients;
    Tape<Scalar> tape{gradients};  // reset for each block
    double loss = 0;  // a sum of many blocks
    std::exception_ptr error;
  };

  /// A run. If it throws, also std::bad_alloc, it was none: it has no number and leaves no gradients. So is an
  /// evaluation.
  class Round {
   public:
    Round(Shards& shards, bool training) : shards_(shards) {
      shards.check_not_moved_from();
      shards.training_ = training;
      ++shards.round_;
    }
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;
    ~Round() {
      if (ended_) return;
      shards_.gradients().clear();
      --shards_.round_;
    }
    Scalar ended(Scalar loss) {
      ended_ = true;
      return loss;
    }

   private:
    Shards& shards_;
    bool ended_ = false;
  };

  /// What a run refuses.
  template <typename Network>
  void check_network(const Network& net) const {
    static_assert(detail::check_scalar_of_network<Network, Scalar>());
    static_assert(
        requires {
          { net.keeps_state() } -> std::convertible_to<bool>;
        },
        "spiketape::Shards::run: a network of your own needs bool keeps_state() const, whether a neuron in it "
        "has init_hidden = true: see Sequential");
    if (net.keeps_state())
      detail::fail_argument(
          "spiketape::Shards::run: a neuron of the network has init_hidden = true, expected none: "
          "hidden state belongs to one thread and one batch");
    if constexpr (requires { net.couples_samples(); })
      if (const char* reason = net.couples_samples(); reason != nullptr && (count() > 1 || block_ > 0))
        detail::fail_argument("spiketape::Shards::run: a layer of the network couples samples (", reason,
                              "), expected one shard without blocks, Shards(1)");
  }

  template <typename Network, typename Loss>
  Scalar run_network(const Network& net, const SequenceView<const Scalar>& input, Loss& loss) {
    const bool some = detail::has_samples("Shards", input.shape());
    if constexpr (requires(const Var<Scalar>& x) { net.back(net.front(x)); })
      if (some && (input.constant || input.steps == 1)) {
        const Var<Scalar> currents = front(net, input);
        // The rows of a block are contiguous only within a single stored step.
        if (currents.constant() || currents.steps() == 1)
          return run_back(net, currents, loss);
      }
    return run_blocks(input.batch, [&](Shard& shard, Index first, Index count) {
      finish(shard, detail::part_of_loss(shard.tape, loss, net(samples(shard.tape, input, first, count)),
                                         in_whole(first, input.batch), count));
    });
  }

  /// Runs the layers before the first neuron, on a tape for the whole batch.
  template <typename Network>
  Var<Scalar> front(const Network& net, const SequenceView<const Scalar>& input) {
    gradients().clear();
    front_tape_->reset();
    front_tape_->set_part({.samples = samples_.of(input.batch)});
    front_tape_->set_round(round_);
    front_tape_->set_training(training_);
    const Var<Scalar> currents = net.front(front_tape_->constant(input));
    if (currents.batch() != input.batch)
      detail::fail_argument("spiketape::Shards::run: the layers before the first neuron make ",
                            currents.batch(), " samples of ", input.batch, ", expected as many");
    currents.value();  // writes out numbers if these are spikes stored as bits
    return currents;
  }

  /// Runs the other layers block by block, each on a tape that reads its rows of the currents and writes
  /// those of their adjoint; then goes back through the front.
  template <typename Network, typename Loss>
  Scalar run_back(const Network& net, const Var<Scalar>& currents, Loss& loss) {
    const auto value = front_tape_->writable(currents);
    const auto adjoint =  // not initialised: each block writes its rows
        currents.differentiable() ? front_tape_->touch(currents).view : SequenceView<Scalar>();
    const auto rows = [](const SequenceView<Scalar>& view, Index first, Index count) {
      return SequenceView<Scalar>(view.data + first * view.stride, {view.steps, count, view.features},
                                  view.stride, view.constant);
    };
    const Scalar total = run_blocks(currents.batch(), [&](Shard& shard, Index first, Index count) {
      const Var<Scalar> x = currents.differentiable()
                                ? shard.tape.leaf(rows(value, first, count), rows(adjoint, first, count))
                                : shard.tape.constant(rows(value, first, count));
      finish(shard,
             detail::part_of_loss(shard.tape, loss, net.back(x), in_whole(first, currents.batch()), count));
    });
    if (currents.differentiable() && training_) {
      guarded(0, [&](Index) { front_tape_->backward(); });
      rethrow(*shards_.front());
    }
    return total;
  }

  void start(Shard& shard, const PartRange& samples) const {
    const Index whole = samples_.of(samples.whole).whole;
    shard.tape.reset();
    shard.tape.set_part({.samples = {in_whole(samples.first, samples.whole), samples.count, whole}});
    shard.tape.set_round(round_);
    shard.tape.set_training(training_);
  }
  /// The number, in the larger batch, of a sample of this one.
  Index in_whole(Index sample, Index batch) const { return samples_.of(batch).first + sample; }
  void finish(Shard& shard, const Var<Scalar>& loss) const {
    if (!training_ && loss.empty()) return;
    if (loss.empty())
      detail::fail_argument("spiketape::Shards::run: the loss returned an empty Var, expected a number");
    const FlushDenormals flush;
    if (training_) shard.tape.backward(loss);
    shard.loss += static_cast<double>(loss.item());
  }

  /// Copies some samples of a batch to a tape as a constant.
  static Var<Scalar> samples(Tape<Scalar>& tape, const SequenceView<const Scalar>& input, Index first,
                             Index count) {
    const Var<Scalar> x = tape.result({input.steps, count, input.features}, false, input.constant);
    for (Index t = 0; t < input.stored_steps(); ++t)
      tape.writable(x).step(t).array() = input.step(t).array().middleRows(first, count);
    return x;
  }

  /// Calls run(shard, first, count) for every block of every shard.
  template <typename Run>
  Scalar run_blocks(Index batch, Run&& run) {
    return run_shards(batch, [&](Shard& shard, Index first, Index count) {
      const Index block = block_ > 0 ? std::min(block_, count) : count;
      for (Index done = 0; done < count; done += block) {
        const PartRange samples{first + done, std::min(block, count - done), batch};
        start(shard, samples);
        run(shard, samples.first, samples.count);
      }
    });
  }

  /// Calls run(shard, first, count) for every shard that has samples, and joins their losses and gradients.
  template <typename Run>
  Scalar run_shards(Index batch, Run&& run) {
    if (batch < 0)
      detail::fail_argument("spiketape::Shards::run: batch is ", batch, ", expected at least 0");
    const auto count = static_cast<Index>(shards_.size());
    const auto run_shard = [&](Index i) {
      Shard& shard = *shards_[static_cast<std::size_t>(i)];
      shard.gradients.clear();
      shard.loss = 0;
      const Index first = detail::part_begin(batch, i, count);
      const Index end = detail::part_begin(batch, i + 1, count);
      if (first < end) run(shard, first, end - first);
    };
    detail::parallel_for(threads_, count, [&](Index i) { guarded(i, run_shard); });

    // The first shard's sums collect the others'.
    for (const auto& shard : shards_) rethrow(*shard);
    const FlushDenormals flush;
    for (std::size_t i = 1; i < shards_.size(); ++i) shards_[0]->loss += shards_[i]->loss;
    gradients().add_all(others_, threads_);
    return static_cast<Scalar>(shards_[0]->loss);
  }

  // An exception must not leave a parallel region, so the shard keeps it.
  template <typename Run>
  void guarded(Index i, Run&& run) {
#if SPIKETAPE_EXCEPTIONS
    std::exception_ptr& error = shards_[static_cast<std::size_t>(i)]->error;
    error = nullptr;  // left from a run that threw another shard's
    try {
      run(i);
    } catch (...) {
      error = std::current_exception();
    }
#else
    run(i);
#endif
  }
  void rethrow(Shard& shard) {
#if SPIKETAPE_EXCEPTIONS
    if (!shard.error) return;
    std::rethrow_exception(std::exchange(shard.error, nullptr));
#else
    static_cast<void>(shard);
#endif
  }

  int threads_;
  Index block_;
  std::uint64_t round_ = 0;  // counts the runs; layers' random numbers depend on it
  bool training_ = true;     // else an evaluation
  PartRange samples_;        // of a larger batch
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<Tape<Scalar>> front_tape_;         // adds to the first shard's sums
  std::vector<const GradientSums<Scalar>*> others_;  // of all shards but the first
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
