// What a Trainer is told, and what it tells.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/within.hpp>
#include <spiketape/functional/loss_kind.hpp>
#include <spiketape/optim/schedule.hpp>
#include <spiketape/train/training_log.hpp>

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <type_traits>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// How a Trainer runs a network on a batch.
struct TrainerOptions {
  /// For how many steps an input of one step is shown, as a constant current; at least 1. Sequences are taken
  /// as they are.
  Index steps = 1;
  /// As in Shards(shards, threads, block).
  int shards = 1, threads = 1;
  Index block = 0;
  /// More than 0: truncated BPTT in windows of so many steps, as in Windows(window, {.truncate = true}). The
  /// neurons of the network then have init_hidden = true, and there are no shards or threads; their state is
  /// reset before each batch.
  Index window = 0;
  /// What accuracies are computed from: the output with the most spikes, or the largest sum of membranes, over
  /// the steps that count.
  Readout readout = Readout::spk;
  /// Population code: the outputs are groups of neighbours, one for each of so many classes, as in the options
  /// of losses. 0: each output is a class.
  Index num_classes = 0;
  /// The seed of layers' random numbers; 0: that of the driver, which is 0 unless it has another.
  std::uint64_t seed = 0;
};

/// What a Trainer trains for.
template <Real Scalar>
struct FitOptions {
  /// The number of epochs, those before this call included; at least 0.
  Index epochs = 1;
  /// The loss, such as ce_rate_loss(), or a function (out, targets) of a LossInput and LossTargets.
  Loss<Scalar> loss = {};
  /// The learning rate of each epoch, from 0, or of each step: a schedule or a function. None: the
  /// optimizer's.
  AnySchedule schedule = {};
  bool schedule_steps = false;
  /// As in clip_grad_norm and clip_grad_value; 0: no clipping.
  double clip_grad_norm = 0;
  double clip_grad_value = 0;
  /// Where a line for each epoch goes, and on a terminal one for the epoch under way with the time left:
  /// stdout, stderr, an open file, or nowhere.
  std::FILE* progress = nullptr;
};

namespace detail {

/// Not options.
template <typename Driver>
concept GivenAsDriver = !std::same_as<std::remove_cvref_t<Driver>, TrainerOptions>;

/// Throws std::invalid_argument for an option out of range, and for options that exclude each other.
SPIKETAPE_NOINLINE inline void check_options(const TrainerOptions& options) {
  if (options.steps < 1)
    fail_argument("spiketape::Trainer: steps is ", options.steps, ", expected at least 1");
  if (options.num_classes < 0)
    fail_argument("spiketape::Trainer: num_classes is ", options.num_classes, ", expected at least 0");
  if (options.window < 0)
    fail_argument("spiketape::Trainer: window is ", options.window, ", expected at least 0");
  if (options.window > 0 && (options.shards != 1 || options.threads != 1 || options.block != 0))
    fail_argument("spiketape::Trainer: window is ", options.window, ", shards is ", options.shards,
                  ", threads is ", options.threads, " and block is ", options.block,
                  ", expected windows, or shards, threads and blocks");
}
/// The same for those of a fit.
template <Real Scalar>
void check_options(const FitOptions<Scalar>& options) {
  if (options.epochs < 0)
    fail_argument("spiketape::Trainer::fit: epochs is ", options.epochs, ", expected at least 0");
  if (options.loss.empty())
    fail_argument("spiketape::Trainer::fit: loss is empty, expected one such as ce_rate_loss()");
  if (options.schedule_steps && options.schedule.empty())
    fail_argument("spiketape::Trainer::fit: schedule is empty, expected one beside schedule_steps");
  check_within("Trainer::fit", "clip_grad_norm", options.clip_grad_norm, 0);
  check_within("Trainer::fit", "clip_grad_value", options.clip_grad_value, 0);
}

}  // namespace detail

/// A step of a training.
struct StepLog {
  Index step;     ///< The number of steps so far.
  Index epoch;    ///< The number of the epoch, from 1.
  Index batch;    ///< The number of the batch in its epoch, from 1.
  Index batches;  ///< The number of batches in an epoch.
  double loss;    ///< Of this batch.
  double lr;      ///< The learning rate of this step.
};

namespace detail {

/// Over the samples of an epoch or an evaluation.
struct EpochSums {
  double loss = 0;  // of each batch, times its samples
  Index samples = 0, labelled = 0, right = 0;

  double mean_loss() const { return samples == 0 ? EpochLog::unknown : loss / static_cast<double>(samples); }
  double accuracy() const {
    return labelled == 0 ? EpochLog::unknown : static_cast<double>(right) / static_cast<double>(labelled);
  }
};

}  // namespace detail

/// What a network makes of data.
struct Evaluation {
  double loss = EpochLog::unknown;      ///< The mean over the samples; NaN without a loss.
  double accuracy = EpochLog::unknown;  ///< The part of the samples that are right; NaN without labels.
  Index samples = 0;                    ///< How many there were.
  std::vector<int> labels;              ///< The class of each sample; empty without labels.
  std::vector<int> predicted;           ///< The predicted one; likewise.
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
