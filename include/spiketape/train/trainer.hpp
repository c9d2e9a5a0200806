// The loop over epochs and batches, with all that stands around it.
//
//     st::Trainer trainer(net, adam, {.steps = 20, .shards = 4, .threads = 4});
//     trainer.on_epoch([&] { checkpoint.save("run.safetensors"); });
//     trainer.fit(train, test, {.epochs = 20, .loss = st::ce_rate_loss(), .progress = stdout});
//
// It is a thin loop over public parts, Batches, Shards or Windows, and an optimizer; who needs something else
// writes the loop by hand in as many lines. It does not include io/: a callback saves checkpoints.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/any_function.hpp>
#include <spiketape/functional/loss_kind.hpp>
#include <spiketape/optim/clip.hpp>
#include <spiketape/train/any_driver.hpp>
#include <spiketape/train/any_optimizer.hpp>
#include <spiketape/train/batch_source.hpp>
#include <spiketape/train/predictions.hpp>
#include <spiketape/train/progress.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/trainer_options.hpp>
#include <spiketape/train/training_log.hpp>
#include <spiketape/train/windows.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <deque>
#include <optional>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// Trains a network with an optimizer: a loop over epochs and batches, each a run of Shards or Windows and a
/// step.
///
/// Callbacks follow each step (`on_step`) and each epoch (`on_epoch`), in the order in which they were added;
/// see there. A checkpoint holds what the loop needs to go on in the middle of an epoch:
///
///     st::Checkpoint checkpoint{{"net", net}, {"adam", adam}, {"train", train}, {"trainer", trainer}};
///
/// A training that was killed and goes on from it ends with the bits of one that was not. So does one whose
/// fit has thrown, and that is fit again. From the second step on a step allocates nothing. The network and
/// the optimizer must outlive the Trainer and must not move; neither may it.
template <Real Scalar>
class Trainer {
 public:
  /// Throws std::invalid_argument for an option out of range, and for windows of a network without
  /// reset_hidden.
  template <typename Network, typename Optimizer>
  Trainer(const Network& net, Optimizer& optimizer, const TrainerOptions& options = {})
      : options_(options), net_(&net), optimizer_(optimizer) {
    detail::check_options(options);
    if (options.window == 0) {
      drive(net, shards_.emplace(options.shards, options.threads, options.block));
    } else if constexpr (has_windows<Network>) {
      drive(net, windows_.emplace(options.window, WindowsOptions{.truncate = true}));
    } else {
      detail::fail_argument("spiketape::Trainer: window is ", options.window,
                            " for a network without reset_hidden, expected 0");
    }
  }
  /// The same with a driver (see TrainingDriver), such as Shards or mpi::Shards, which must outlive the
  /// Trainer. The options for shards, threads, blocks and windows are then the driver's: throws
  /// std::invalid_argument if they are set here. A checkpoint of the Trainer holds the driver's place, too.
  template <typename Network, typename Optimizer, detail::GivenAsDriver Driver>
  Trainer(const Network& net, Optimizer& optimizer, Driver& driver, const TrainerOptions& options = {})
      : Trainer(net, optimizer, options) {
    if (options.shards != 1 || options.threads != 1 || options.block != 0 || options.window != 0)
      detail::fail_argument("spiketape::Trainer: shards is ", options.shards, ", threads is ",
                            options.threads, ", block is ", options.block, " and window is ", options.window,
                            ", expected none of them beside a driver, which has its own");
    drive(net, driver);
    shards_.reset();
  }
  // They would not live long enough.
  template <typename Network, typename Optimizer>
  Trainer(const Network&&, Optimizer&, const TrainerOptions& = {}) = delete;
  template <typename Network, typename Optimizer, detail::GivenAsDriver Driver>
  Trainer(const Network&&, Optimizer&, Driver&, const TrainerOptions& = {}) = delete;
  template <typename Network, typename Optimizer, detail::GivenAsDriver Driver>
  Trainer(const Network&, Optimizer&, const Driver&&, const TrainerOptions& = {}) = delete;
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;
  ~Trainer() = default;

  /// Calls f(step) with a StepLog, or f(), after each step of the optimizer. A checkpoint that is saved there
  /// resumes after this batch. A callback may add others.
  template <typename F>
  void on_step(F f) {
    add(step_callbacks_, std::move(f));
  }
  /// Calls f(epoch) with an EpochLog, or f(), at the end of each epoch, after the evaluation: for early
  /// stopping, ReduceLROnPlateau, Best, pictures and files.
  ///
  ///     trainer.on_epoch([&](const st::EpochLog& epoch) {
  ///       best(epoch.test_accuracy);
  ///       if (stop(epoch.test_loss)) trainer.stop();
  ///     });
  template <typename F>
  void on_epoch(F f) {
    add(epoch_callbacks_, std::move(f));
  }
  /// For callbacks: no step follows, in this fit and in later ones. In on_step the epoch under way is not
  /// logged.
  void stop() noexcept { stopped_ = true; }
  bool stopped() const noexcept { return stopped_; }

  /// Trains until `epochs` epochs are done or a callback stops; evaluates on `test` at the end of each, if it
  /// is given. Resumes after an earlier fit or a checkpoint. Returns the log of all epochs.
  ///
  /// Throws std::invalid_argument for an option out of range, for a call in a callback of another fit, and if
  /// an epoch has not as many batches as the data say; and what the parts and callbacks throw. Then the steps
  /// that were made stay, and the next fit goes on behind them; data without resume(batches) and resumed()
  /// begin the epoch again. For another Trainer, train.resume(0) lets data begin their pass again.
  const TrainingLog& fit(BatchSource<Scalar> train, const FitOptions<Scalar>& options) {
    return fit(train, nullptr, options);
  }
  const TrainingLog& fit(BatchSource<Scalar> train, BatchSource<Scalar> test,
                         const FitOptions<Scalar>& options) {
    return fit(train, &test, options);
  }

  /// Runs the network on all data, in their order and without training; see Shards::evaluate. Changes nothing
  /// that a training depends on, so that callbacks may call it, in on_step with other data than those that it
  /// trains on. Allocates the lists of its result. Throws std::invalid_argument for a label that is no class,
  /// and what the parts throw.
  [[nodiscard]] Evaluation evaluate(BatchSource<Scalar> data, const Loss<Scalar>& loss = {}) {
    Evaluation all;
    const detail::EpochSums sums = evaluate(data, loss, &all);
    all.loss = loss.empty() ? EpochLog::unknown : sums.mean_loss();
    all.accuracy = sums.accuracy();
    all.samples = sums.samples;
    return all;
  }

  /// The epochs so far; the number of these, and of steps.
  const TrainingLog& log() const noexcept { return log_; }
  Index epoch() const noexcept { return epoch_; }
  Index step() const noexcept { return step_; }

  /// For Checkpoint: visits the place in the training, the log without its times, and what the bits of a run
  /// depend on.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    driver_.checkpoint(visitor);
    visitor.fact("input_steps", options_.steps);
    visitor.number("epoch", epoch_, 0);
    visitor.number("batch", batch_, 0);
    visitor.number("step", step_, 0);
    visitor.number("stopped", stopped_);
    visitor.number("loss_sum", sums_.loss);
    visitor.number("samples", sums_.samples, 0);
    visitor.number("labelled", sums_.labelled, 0);
    visitor.number("right", sums_.right, 0);
    log_.checkpoint(visitor);
  }

 private:
  using Clock = detail::ProgressLine::Clock;

  /// What the drivers call for each part of a batch.
  struct Part {
    Trainer& trainer;
    const Loss<Scalar>& loss;
    const LossTargets<Scalar>& targets;

    template <detail::LossReadable Out>
    Var<Scalar> operator()(const Out& out) const {
      return trainer.part_of_batch(detail::loss_input(out), *this);
    }
  };

  /// A call of fit.
  class Fitting {
   public:
    Fitting(Trainer& trainer, const BatchSource<Scalar>& train) : trainer_(trainer), train_(train) {
      if (trainer.fitting_)
        detail::fail_argument(
            "spiketape::Trainer::fit: it is called in a callback of another fit, expected a call behind "
            "that");
      trainer.fitting_ = true;
    }
    Fitting(const Fitting&) = delete;
    Fitting& operator=(const Fitting&) = delete;
    ~Fitting() {
      trainer_.fitting_ = false;
      if (!in_epoch || train_.resume(trainer_.batch_)) return;
      trainer_.batch_ = 0;
      trainer_.sums_ = {};
    }
    bool in_epoch = false;

   private:
    Trainer& trainer_;
    const BatchSource<Scalar>& train_;
  };

  template <typename Network>
  static constexpr bool has_windows = requires(const Network& net) {
    net.reset_hidden();
    net.forgets_state();
  };

  template <typename Network, typename Driver>
  void drive(const Network&, Driver& driver) {
    constexpr bool runs =
        requires(const SequenceView<const Scalar>& input, const Network& net, const Part& part) {
      driver.run(net, input, part);
      driver.evaluate(net, input, part);
    };
    static_assert(
        TrainingDriver<Driver, Scalar> && runs,
        "spiketape::Trainer: a driver has run, evaluate, gradients(), set_seed and checkpoint, and the "
        "network's Scalar: write st::Shards<float> for a network of float");
    if (options_.seed != 0) driver.set_seed(options_.seed);
    driver_ = detail::AnyDriver<Scalar>(driver);
    run_ = [](Trainer& trainer, const SequenceView<const Scalar>& input, const Part& part, bool training) {
      const Network& net = *static_cast<const Network*>(trainer.net_);
      Driver& of_driver = *static_cast<Driver*>(trainer.driver_.object());
      if constexpr (std::same_as<Driver, Windows<Scalar>>) net.reset_hidden();
      return training ? of_driver.run(net, input, part) : of_driver.evaluate(net, input, part);
    };
  }

  template <typename Log, typename F>
  static void add(std::deque<detail::AnyFunction<void(const Log&)>>& callbacks, F f) {
    constexpr bool takes_log = std::is_invocable_v<F&, const Log&>;
    static_assert(
        takes_log || std::is_invocable_v<F&>,
        "spiketape::Trainer: a callback takes a const st::StepLog& in on_step, a const st::EpochLog& in "
        "on_epoch, or nothing");
    if constexpr (takes_log)
      callbacks.push_back(std::move(f));
    else if constexpr (std::is_invocable_v<F&>)
      callbacks.push_back([f = std::move(f)](const Log&) mutable { f(); });
  }

  const TrainingLog& fit(const BatchSource<Scalar>& train, const BatchSource<Scalar>* test,
                         const FitOptions<Scalar>& options) {
    detail::check_options(options);
    Fitting fitting(*this, train);
    driver_.check_same({{"epochs", static_cast<double>(options.epochs)},
                        {"clip_grad_norm", options.clip_grad_norm},
                        {"clip_grad_value", options.clip_grad_value},
                        {"the first learning rate", options.schedule.empty() ? lr() : options.schedule(0)}});
    detail::ProgressLine line(options.progress);
    const Clock::time_point begin = Clock::now();
    const Index batches = train.size(), done_before = epoch_ * batches + batch_;
    const auto seconds_left = [&] {
      const Index done = epoch_ * batches + batch_;
      return seconds_since(begin) / static_cast<double>(std::max<Index>(1, done - done_before)) *
             static_cast<double>(options.epochs * batches - done);
    };
    while (epoch_ < options.epochs && !stopped_) {
      const Clock::time_point epoch_begin = Clock::now();
      const bool whole = batch_ == 0;
      if (!options.schedule.empty() && !options.schedule_steps) optimizer_.set_lr(options.schedule(epoch_));
      if (const Index resumed = train.resumed(batch_); resumed != batch_)
        detail::fail_argument("spiketape::Trainer::fit: train goes on behind batch ", resumed,
                              " of its pass, the Trainer behind batch ", batch_,
                              " of its epoch, expected the same: load both from one checkpoint, or call "
                              "train.resume(",
                              batch_, ")");
      fitting.in_epoch = true;
      train.each(true, [&](const TrainingBatch<Scalar>& batch) {
        if (batch_ >= batches) fail_batches(batch_ + 1, batches);
        const double loss = train_on(batch, options);
        const StepLog log{step_, epoch_ + 1, batch_, batches, loss, lr()};
        for (std::size_t k = 0; k < step_callbacks_.size(); ++k) step_callbacks_[k](log);  // it may add one
        line.show(epoch_log(seconds_since(epoch_begin)), options.epochs,
                  static_cast<double>(batch_) / static_cast<double>(std::max<Index>(1, batches)),
                  seconds_left());
        return !stopped_;
      });
      fitting.in_epoch = !stopped_;
      if (stopped_) break;
      if (batch_ < batches) fail_batches(batch_, batches);
      EpochLog log = epoch_log(EpochLog::unknown);
      if (test != nullptr) {
        const detail::EpochSums sums = evaluate(*test, options.loss, nullptr);
        log.test_loss = sums.mean_loss();
        log.test_accuracy = sums.accuracy();
      }
      if (whole) log.seconds = seconds_since(epoch_begin);
      log_.epochs.push_back(log);
      fitting.in_epoch = false;
      ++epoch_;
      batch_ = 0;
      sums_ = {};
      line.write(log, options.epochs, seconds_left());
      for (std::size_t k = 0; k < epoch_callbacks_.size(); ++k) epoch_callbacks_[k](log);
    }
    return log_;
  }

  /// One step of the optimizer. Returns the loss.
  double train_on(const TrainingBatch<Scalar>& batch, const FitOptions<Scalar>& options) {
    if (!options.schedule.empty() && options.schedule_steps) optimizer_.set_lr(options.schedule(step_));
    const auto loss = static_cast<double>(run(batch, options.loss, true));
    GradientSums<Scalar>& gradients = driver_.gradients();
    if (options.clip_grad_value > 0) clip_grad_value(gradients, options.clip_grad_value, driver_.threads());
    if (options.clip_grad_norm > 0) clip_grad_norm(gradients, options.clip_grad_norm, driver_.threads());
    optimizer_.step(gradients);
    gradients.clear();  // what the optimizer does not own would count in the next norm
    add_batch(sums_, batch, loss);
    ++batch_;
    ++step_;
    return loss;
  }

  detail::EpochSums evaluate(const BatchSource<Scalar>& data, const Loss<Scalar>& loss, Evaluation* all) {
    detail::EpochSums sums;
    data.each(false, [&](const TrainingBatch<Scalar>& batch) {
      add_batch(sums, batch, static_cast<double>(run(batch, loss, false)));
      if (all != nullptr && has_labels(batch)) {
        all->labels.insert(all->labels.end(), batch.targets.labels.begin(), batch.targets.labels.end());
        all->predicted.insert(all->predicted.end(), predicted_.classes.begin(), predicted_.classes.end());
      }
      return true;
    });
    return sums;
  }

  Scalar run(const TrainingBatch<Scalar>& batch, const Loss<Scalar>& loss, bool training) {
    SequenceView<const Scalar> input = batch.input;
    if (input.steps == 1) input = detail::repeated(input, options_.steps, "Trainer");
    predicted_.classes.resize(has_labels(batch) ? batch.targets.labels.size() : 0);
    const Scalar of_batch = run_(*this, input, Part{*this, loss, batch.targets}, training);
    driver_.share(predicted_.classes);
    return of_batch;
  }
  /// Whether there is one label for each sample.
  static bool has_labels(const TrainingBatch<Scalar>& batch) {
    return batch.input.batch > 0 && std::cmp_equal(batch.targets.labels.size(), batch.input.batch);
  }
  void add_batch(detail::EpochSums& sums, const TrainingBatch<Scalar>& batch, double loss) const {
    const Index samples = batch.input.batch;
    sums.loss += loss * static_cast<double>(samples);
    sums.samples += samples;
    if (!has_labels(batch)) return;
    sums.labelled += samples;
    for (std::size_t b = 0; b < predicted_.classes.size(); ++b)
      sums.right += predicted_.classes[b] == batch.targets.labels[b] ? 1 : 0;
  }

  /// Several threads call it at once, for different samples.
  Var<Scalar> part_of_batch(const LossInput<Scalar>& out, const Part& part) {
    if (!predicted_.classes.empty())
      predicted_.read(options_.readout == Readout::spk ? out.spk : out.mem, part.targets,
                      options_.num_classes);
    return part.loss.empty() ? Var<Scalar>() : part.loss(out, part.targets);
  }
  double lr() const { return optimizer_.lr(); }
  EpochLog epoch_log(double seconds) const {
    return {.epoch = static_cast<double>(epoch_ + 1),
            .steps = static_cast<double>(step_),
            .lr = lr(),
            .loss = sums_.mean_loss(),
            .accuracy = sums_.accuracy(),
            .seconds = seconds};
  }
  static double seconds_since(const Clock::time_point& begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  }
  [[noreturn]] static void fail_batches(Index batch, Index batches) {
    detail::fail_argument(
        "spiketape::Trainer::fit: train gives ", batch, " batches in an epoch, expected ", batches,
        ", its size(). An epoch under way goes on if train is loaded with the Trainer's checkpoint");
  }
  TrainerOptions options_;
  const void* net_;
  detail::AnyOptimizer<Scalar> optimizer_;
  std::optional<Shards<Scalar>> shards_;
  std::optional<Windows<Scalar>> windows_;
  detail::AnyDriver<Scalar> driver_;  // of one of these, or the caller's
  Scalar (*run_)(Trainer&, const SequenceView<const Scalar>&, const Part&, bool training);
  std::deque<detail::AnyFunction<void(const StepLog&)>> step_callbacks_;
  std::deque<detail::AnyFunction<void(const EpochLog&)>> epoch_callbacks_;
  Index epoch_ = 0, batch_ = 0, step_ = 0;  // how many are done; batches of the epoch under way
  bool stopped_ = false, fitting_ = false;
  detail::EpochSums sums_;  // of the epoch under way
  TrainingLog log_;
  detail::Predictions predicted_;  // of the batch
};

template <typename Network, typename Optimizer>
Trainer(const Network&, Optimizer&, const TrainerOptions& = {}) -> Trainer<typename Network::Scalar>;
template <typename Network, typename Optimizer, detail::GivenAsDriver Driver>
Trainer(const Network&, Optimizer&, Driver&&, const TrainerOptions& = {})
    -> Trainer<typename Network::Scalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
