// What a Trainer is told, and what it tells.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/functional/loss_kind.hpp>
#include <spiketape/optim/schedule.hpp>
#include <spiketape/train/training_log.hpp>

#include <cstdint>
#include <cstdio>
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

/// A step of a training.
struct StepLog {
  Index step;     ///< The number of steps so far.
  Index epoch;    ///< The number of the epoch, from 1.
  Index batch;    ///< The number of the batch in its epoch, from 1.
  Index batches;  ///< The number of batches in an epoch.
  double loss;    ///< Of this batch.
  double lr;      ///< The learning rate of this step.
};

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
