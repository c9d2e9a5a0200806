// Training on long sequences in batches that are split over processes.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/mpi/driver.hpp>
#include <spiketape/train/windows.hpp>

#include <memory>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::mpi {

/// spiketape::Windows over the processes of an MPI job; see mpi::Shards for how a batch is split. A process
/// runs its shards one after the other, since hidden state belongs to one thread: give each process one.
///
///     st::mpi::Windows<float> windows(processes, net.parameters(), 100, {.truncate = true}, {.shards = 4});
///     windows.run(net, input, st::ce_rate_loss(labels));
///     adam.step(windows.gradients());
///
/// Unlike spiketape::Windows each run begins with all states reset, and leaves them reset: of a state at its
/// end each process would have a part. So states are allocated again in each run, and nothing else once
/// everything has warmed up, besides what MPI does. A Trainer takes one that truncates.
template <Real Scalar>
class Windows : public detail::Driver<Scalar, spiketape::Windows<Scalar>> {
 public:
  /// `steps` and `options` are those of spiketape::Windows, `parameters` as in mpi::Shards. Throws
  /// std::invalid_argument for an option out of range, and for threads or a block, which windows do not have.
  Windows(const Processes& processes, ParameterList<Scalar> parameters, Index steps,
          const WindowsOptions& options, const ShardsOptions& shards)
      : detail::Driver<Scalar, spiketape::Windows<Scalar>>(
            "mpi::Windows", processes, std::move(parameters), shards,
            options.truncate ? "truncated_steps" : "steps", steps),
        truncate_(options.truncate) {
    if (shards.threads != 1 || shards.block != 0)
      spiketape::detail::fail_argument("spiketape::mpi::Windows: threads is ", shards.threads,
                                       " and block is ", shards.block, ", expected 1 and 0");
    for (Index i = 0; i < this->own(); ++i)
      this->add(std::make_unique<spiketape::Windows<Scalar>>(steps, options));
    if (this->own() == 0) static_cast<void>(spiketape::Windows<Scalar>(steps, options));  // checks them
  }
  Windows(const Processes&&, ParameterList<Scalar>, Index, const WindowsOptions&,
          const ShardsOptions&) = delete;  // would not live long enough

  /// As Windows::run from states that are reset, on the whole batch in every process. Returns the loss of the
  /// whole. Throws as mpi::Shards::run does. Waits for all processes.
  template <typename Network, typename Loss>
  Scalar run(const Network& net, const SequenceView<const Scalar>& input, Loss&& loss) {
    return run_windows(net, input, true,
                       [&](auto& windows, const auto& samples) { windows.run(net, samples, loss); });
  }
  /// As Windows::evaluate, likewise.
  template <typename Network, typename Loss>
  Scalar evaluate(const Network& net, const SequenceView<const Scalar>& input, Loss&& loss) {
    return run_windows(net, input, false,
                       [&](auto& windows, const auto& samples) { windows.evaluate(net, samples, loss); });
  }

  /// Whether the loss gets the windows in their order; else from the last to the first.
  bool truncates() const noexcept { return truncate_; }

 private:
  template <typename Network, typename Run>
  Scalar run_windows(const Network& net, const SequenceView<const Scalar>& input, bool training,
                     const Run& run) {
    const Scalar loss = this->run_all(net, input, training, 1, [&](auto& windows, const auto& samples) {
      net.reset_hidden();
      run(windows, samples);
    });
    net.reset_hidden();
    return loss;
  }

  bool truncate_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::mpi

#include <spiketape/core/pop_macros.hpp>
