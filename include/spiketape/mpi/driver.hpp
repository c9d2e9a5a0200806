// What mpi::Shards and mpi::Windows have in common.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/batch_part.hpp>
#include <spiketape/mpi/joined_gradients.hpp>
#include <spiketape/train/driver.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::mpi {

/// The options of mpi::Shards and, but for `threads` and `block`, of mpi::Windows.
struct ShardsOptions {
  /// How many shards a batch is cut into, over all processes; at least 1. With as many as there are
  /// processes, or a multiple, all have as much to do; of fewer, some processes have none. The bits of a
  /// training depend on this number, so choose it once.
  int shards = 1;
  /// Of each process: its shards run on so many threads.
  int threads = 1;
  /// As in spiketape::Shards.
  Index block = 0;
  /// The order in which gradients are added.
  Sum sum = Sum::in_order;
};

namespace detail {

/// Runs this process's shards of a batch, each by an object of type Inner of its own, and joins what they
/// give.
template <Real Scalar, typename Inner>
class Driver {
 public:
  /// The gradients of the last run, of all processes: the same in each, to the bit.
  GradientSums<Scalar>& gradients() { return joined_.sums(); }

  /// The seed of layers' random numbers: 0 unless set.
  void set_seed(std::uint64_t seed) { seed_ = seed; }

  /// For Checkpoint: visits what goes on later, and what the bits of a run depend on. The number of processes
  /// does not matter.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.fact("shards", text_of(options_.shards, " over processes",
                                   options_.sum == Sum::in_order ? "" : ", in any order"));
    visitor.fact(facts_name_, fact_);
    visitor.number("seed", seed_);
    visitor.number("round", round_);
  }

  /// Fills in what other processes have found for their samples of the batch of the last run or evaluation,
  /// one number for each sample. Each process gives those of its own. Waits for all.
  void share(std::span<int> classes) {
    if (classes.empty()) return;
    if (!std::cmp_equal(classes.size(), batch_))
      spiketape::detail::fail_argument("spiketape::mpi: classes has ", classes.size(),
                                       " numbers for a batch of ", batch_, " samples, expected as many");
    for (int p = 0; p < processes_.count(); ++p) {
      const auto at = static_cast<std::size_t>(p);
      shared_from_[at] = count_of(first_sample(joined_.first_shard(p)));
      shared_[at] = count_of(first_sample(joined_.first_shard(p + 1))) - shared_from_[at];
    }
    check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_INT, classes.data(), shared_.data(), shared_from_.data(),
                         MPI_INT, processes_.communicator()),
          "MPI_Allgatherv");
  }
  /// Throws std::runtime_error, in all processes, unless these numbers are the same in all; at most six.
  /// Waits for all.
  void check_same(std::initializer_list<NamedNumber> numbers) { processes_.meet("its options", numbers); }

 protected:
  Driver(const char* name, const Processes& processes, ParameterList<Scalar> parameters,
         const ShardsOptions& options, const char* facts_name, Index fact)
      : name_(name),
        processes_(processes),
        options_(checked(name, options)),
        facts_name_(facts_name),
        fact_(fact),
        joined_(processes, std::move(parameters), options.shards, options.sum, options.threads),
        rows_(static_cast<std::size_t>(joined_.own())),
        losses_(rows_.size()),
        errors_(rows_.size()) {
    shared_.resize(static_cast<std::size_t>(processes.count()));
    shared_from_.resize(static_cast<std::size_t>(processes.count()));
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver() = default;

  /// The threads that each of this process's shards may use for itself.
  int threads_of_shard() const {
    return static_cast<int>(std::max<Index>(1, options_.threads / std::max<Index>(1, joined_.own())));
  }
  Index own() const { return joined_.own(); }
  void add(std::unique_ptr<Inner> inner) { inner_.push_back(std::move(inner)); }

  /// Calls run(inner, input) for each shard of this process, on up to `threads` threads, and joins all.
  template <typename Network, typename Run>
  Scalar run_all(const Network& net, const SequenceView<const Scalar>& input, bool training, int threads,
                 Run&& run) {
    if constexpr (requires { net.couples_samples(); })
      if (const char* reason = net.couples_samples();
          reason != nullptr && training && (options_.shards > 1 || processes_.count() > 1))
        spiketape::detail::fail_argument("spiketape::", name_,
                                         "::run: a layer of the network couples samples (", reason,
                                         "), expected one shard in one process");
    spiketape::detail::has_samples(name_, input.shape());  // in all processes, also where no samples are
    batch_ = input.batch;
    spiketape::detail::parallel_for(threads, own(), [&](Index i) { guarded(i, input, run); });
    for (std::exception_ptr& error : errors_)
      if (error) rethrow(error);
    const auto gradients_of = [&](Index i) -> GradientSums<Scalar>& { return inner(i).gradients(); };
    joined_.note(training, gradients_of, [&](Index i) { return losses_[static_cast<std::size_t>(i)]; });
    processes_.meet(training ? "the training on a batch" : "the evaluation of a batch",
                    {{"batch number", static_cast<double>(round_ + 1)},
                     {"samples", static_cast<double>(input.batch)},
                     {"steps", static_cast<double>(input.steps)},
                     {"features", static_cast<double>(input.features)},
                     {"shards", static_cast<double>(options_.shards)},
                     {"parameters", static_cast<double>(joined_.parameter_count())}});
    const double loss = joined_.join(training, gradients_of);
    if (training) ++round_;
    return static_cast<Scalar>(loss);
  }

 private:
  /// Sets the place of an Inner, which visits it for checkpoints.
  struct Place {
    std::uint64_t seed, round;
    template <typename T>
    void fact(std::string_view, const T&) {}
    bool number(std::string_view name, std::uint64_t& value) {
      value = name == "seed" ? seed : round;
      return true;
    }
  };

  static const ShardsOptions& checked(const char* name, const ShardsOptions& options) {
    const auto check = [&](const char* option, Index value, Index least) {
      if (value < least)
        spiketape::detail::fail_argument("spiketape::", name, ": ", option, " is ", value,
                                         ", expected at least ", least);
    };
    check("shards", options.shards, 1);
    check("threads", options.threads, 1);
    check("block", options.block, 0);
    return options;
  }

  Inner& inner(Index i) { return *inner_[static_cast<std::size_t>(i)]; }
  Index first_sample(Index shard) const {
    return spiketape::detail::part_begin(batch_, shard, options_.shards);
  }

  /// The samples of a shard. Those of a sequence are copied, since they are not next to each other.
  SequenceView<const Scalar> samples_of(Index i, const SequenceView<const Scalar>& input,
                                        const PartRange& samples) {
    const Shape shape{input.steps, samples.count, input.features};
    if (input.stored_steps() <= 1 || samples.count == input.batch)
      return {input.data + samples.first * input.stride, shape, input.stride, input.constant};
    auto& rows = rows_[static_cast<std::size_t>(i)];
    const auto count = static_cast<std::size_t>(shape.steps * shape.batch * shape.features);
    if (rows.size() < count) rows.resize(count);
    const SequenceView<Scalar> copy(rows.data(), shape, shape.features);
    for (Index t = 0; t < shape.steps; ++t)
      for (Index b = 0; b < shape.batch; ++b)
        std::copy_n(input.row(t, samples.first + b), shape.features, copy.row(t, b));
    return copy;
  }

  template <typename Run>
  void run_shard(Index i, const SequenceView<const Scalar>& input, Run& run) {
    const Index shard = joined_.first_shard() + i, first = first_sample(shard);
    const PartRange samples{first, first_sample(shard + 1) - first, input.batch};
    Place place{seed_, round_};
    inner(i).checkpoint(place);
    inner(i).set_samples(samples);
    inner(i).gradients().clear();
    double& loss = losses_[static_cast<std::size_t>(i)];
    loss = 0;
    if (samples.count == 0) return;
    run(inner(i), samples_of(i, input, samples));
    loss = inner(i).loss();
  }
  // An exception must not leave a parallel region.
  template <typename Run>
  void guarded(Index i, const SequenceView<const Scalar>& input, Run& run) {
#if SPIKETAPE_EXCEPTIONS
    try {
      run_shard(i, input, run);
    } catch (...) {
      errors_[static_cast<std::size_t>(i)] = std::current_exception();
    }
#else
    run_shard(i, input, run);
#endif
  }
  void rethrow(std::exception_ptr& error) {
    gradients().clear();
#if SPIKETAPE_EXCEPTIONS
    const std::exception_ptr first = std::exchange(error, nullptr);
    for (std::exception_ptr& each : errors_) each = nullptr;
    std::rethrow_exception(first);
#else
    static_cast<void>(error);
#endif
  }

  const char* name_;
  const Processes& processes_;
  ShardsOptions options_;
  const char* facts_name_;
  Index fact_;
  JoinedGradients<Scalar> joined_;
  std::vector<std::unique_ptr<Inner>> inner_;  // one for each shard of this process
  std::vector<std::vector<Scalar>> rows_;      // of their samples
  std::vector<double> losses_;
  std::vector<std::exception_ptr> errors_;
  std::vector<int> shared_, shared_from_;  // of each process
  std::uint64_t seed_ = 0, round_ = 0;     // counts the runs
  Index batch_ = 0;                        // samples of the last one
};

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI::mpi

#include <spiketape/core/pop_macros.hpp>
