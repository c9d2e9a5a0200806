// Training on batches that are split over processes.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/mpi/driver.hpp>
#include <spiketape/train/shards.hpp>

#include <memory>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::mpi {

/// spiketape::Shards over the processes of an MPI job: each takes a run of the shards of every batch, and the
/// gradients of all are added in the order of the shards. Every process has the whole batch, gets the whole
/// gradient and makes the same step of its optimizer, so networks stay the same, to the bit.
///
///     st::mpi::Shards<float> shards(processes, net.parameters(), {.shards = 8, .threads = 2, .block = 4});
///     for (const auto& batch : batches.shuffled()) {
///       shards.run(net, st::repeat(batch.input, 20), st::ce_rate_loss(batch.labels));
///       adam.step(shards.gradients());
///     }
///
/// Or give it to a Trainer: `st::Trainer trainer(net, adam, shards, {.steps = 20})`.
///
/// The bits depend on the number of shards and on the block, not on the number of processes or threads. They
/// are those of spiketape::Shards with as many shards, unless the input is the same in all steps and there
/// are several shards: the layers before the first neuron then run for each shard here, and there once for
/// the whole batch. A sample runs in one process only, so what couples samples, such as batch norm, is
/// refused in training. Allocates nothing once everything has warmed up, besides what MPI does. `processes`
/// must outlive it.
template <Real Scalar>
class Shards : public detail::Driver<Scalar, spiketape::Shards<Scalar>> {
 public:
  /// `parameters` are those whose gradients are joined: all that the network learns. Throws
  /// std::invalid_argument for an option out of range.
  Shards(const Processes& processes, ParameterList<Scalar> parameters, const ShardsOptions& options)
      : detail::Driver<Scalar, spiketape::Shards<Scalar>>("mpi::Shards", processes, std::move(parameters),
                                                          options, "block", options.block),
        threads_(options.threads) {
    for (Index i = 0; i < this->own(); ++i)
      this->add(std::make_unique<spiketape::Shards<Scalar>>(1, this->threads_of_shard(), options.block));
  }

  Shards(const Processes&&, ParameterList<Scalar>,
         const ShardsOptions&) = delete;  // would not live long enough

  /// As Shards::run, on the whole batch in every process: the same batch. Returns the loss of the whole.
  /// Throws what that throws, in the process where it happens; std::invalid_argument for a layer that couples
  /// samples, and for a learned parameter that was not given; std::runtime_error, in all, if another process
  /// does something else. Waits for all processes.
  template <typename Network, typename Loss>
  Scalar run(const Network& net, const SequenceView<const Scalar>& input, Loss&& loss) {
    return this->run_all(net, input, true, threads_,
                         [&](auto& shard, const auto& samples) { shard.run(net, samples, loss); });
  }
  /// As Shards::evaluate, likewise.
  template <typename Network, typename Loss>
  Scalar evaluate(const Network& net, const SequenceView<const Scalar>& input, Loss&& loss) {
    return this->run_all(net, input, false, threads_,
                         [&](auto& shard, const auto& samples) { shard.evaluate(net, samples, loss); });
  }

  /// The largest number of threads of this process.
  int threads() const noexcept { return threads_; }

 private:
  int threads_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::mpi

#include <spiketape/core/pop_macros.hpp>
