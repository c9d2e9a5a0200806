// Schedules: the learning rate as a function of the epoch or step.
//
//     const st::CosineAnnealingLR schedule{.lr = 2e-3, .t_max = 20};
//     for (int epoch = 0; epoch < 20; ++epoch) {
//       adam.set_lr(schedule(epoch));
//       ...
//     }
//
// A schedule is a value without a state, so that there is nothing to save: the epoch says it all. Any
// function of an Index that returns a double is one. Whether it counts epochs or steps, from 0, is up to the
// caller; all are dimensionless. The exception is ReduceLROnPlateau, which follows a metric. They allocate
// nothing and throw std::invalid_argument for an option out of range and a negative index. Names and formulas
// are those of PyTorch 1.13, torch.optim.lr_scheduler.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/optim/metric.hpp>
#include <spiketape/optim/schedule.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// Checks a schedule's rate, its index, and a length in epochs or steps.
SPIKETAPE_NOINLINE inline void check_schedule(const char* who, const double& lr, Index index,
                                              const char* option, Index length) {
  check_within(who, "lr", lr, 0);
  if (index < 0) fail_argument("spiketape::", who, ": index is ", index, ", expected at least 0");
  if (length < 1) fail_argument("spiketape::", who, ": ", option, " is ", length, ", expected at least 1");
}

/// From `from` at part 0 to `to` at part 1, along half a cosine.
inline double along_cosine(double from, double to, double part) {
  return to + (from - to) / 2 * (1 + std::cos(3.14159265358979323846 * part));
}

}  // namespace detail

/// Smaller by a factor every few epochs: lr·gamma^⌊i / step_size⌋. With a step_size of 1 it is exponential.
struct StepLR {
  double lr = 1e-3;     ///< The rate at first, at least 0.
  Index step_size = 1;  ///< At least 1.
  double gamma = 0.1;   ///< At least 0.

  /// The rate of epoch or step i, from 0.
  double operator()(Index i) const {
    detail::check_schedule("StepLR", lr, i, "step_size", step_size);
    detail::check_within("StepLR", "gamma", gamma, 0);
    const Index decays = i / step_size;
    return lr * std::pow(gamma, static_cast<double>(decays));
  }
};

/// From lr to eta_min along half a cosine: eta_min + (lr − eta_min)/2·(1 + cos(π i / t_max)); behind t_max it
/// rises again. Source: Loshchilov and Hutter, arXiv:1608.03983, without restarts.
struct CosineAnnealingLR {
  double lr = 1e-3;    ///< At first, at least 0.
  Index t_max = 1;     ///< After how many epochs it is eta_min, at least 1.
  double eta_min = 0;  ///< At least 0.

  /// The rate of epoch or step i, from 0.
  double operator()(Index i) const {
    detail::check_schedule("CosineAnnealingLR", lr, i, "t_max", t_max);
    detail::check_within("CosineAnnealingLR", "eta_min", eta_min, 0);
    return detail::along_cosine(lr, eta_min, static_cast<double>(i) / static_cast<double>(t_max));
  }
};

/// From lr·start_factor to lr·end_factor in a straight line, then constant:
/// lr·(start_factor + (end_factor − start_factor)·min(i, total_iters) / total_iters).
struct LinearLR {
  double lr = 1e-3;               ///< At least 0.
  double start_factor = 1.0 / 3;  ///< At least 0.
  double end_factor = 1;          ///< At least 0.
  Index total_iters = 5;          ///< At least 1.

  /// The rate of epoch or step i, from 0.
  double operator()(Index i) const {
    detail::check_schedule("LinearLR", lr, i, "total_iters", total_iters);
    detail::check_within("LinearLR", "start_factor", start_factor, 0);
    detail::check_within("LinearLR", "end_factor", end_factor, 0);
    const double part = static_cast<double>(std::min(i, total_iters)) / static_cast<double>(total_iters);
    return lr * (start_factor + (end_factor - start_factor) * part);
  }
};

/// How OneCycleLR goes from one rate to the next.
enum class Anneal { cosine, linear };

/// One cycle: from max_lr / div_factor up to max_lr, which it reaches at step pct_start·total_steps − 1, and
/// down to max_lr / (div_factor·final_div_factor) at the last step, total_steps − 1. With three_phase it
/// first falls to the initial rate, in as many steps as it rose, and then to the last one. It does not change
/// the momentum. Throws for an index above total_steps − 1. Source: Smith and Topin, arXiv:1708.07120.
struct OneCycleLR {
  double max_lr = 1e-2;    ///< At least 0.
  Index total_steps = 1;   ///< At least 1.
  double pct_start = 0.3;  ///< The part of the steps in which it rises, from 0 to 1 (1/2 with three_phase).
  double div_factor = 25;  ///< At least 1.
  double final_div_factor = 1e4;  ///< At least 1.
  Anneal anneal = Anneal::cosine;  ///< How it rises and falls.
  bool three_phase = false;        ///< Whether it falls in two phases.

  /// The rate of epoch or step i, from 0.
  double operator()(Index i) const {
    detail::check_schedule("OneCycleLR", max_lr, i, "total_steps", total_steps);
    detail::check_within("OneCycleLR", "pct_start", pct_start, 0, three_phase ? 0.5 : 1);
    detail::check_within("OneCycleLR", "div_factor", div_factor, 1);
    detail::check_within("OneCycleLR", "final_div_factor", final_div_factor, 1);
    if (i >= total_steps)
      detail::fail_argument("spiketape::OneCycleLR: index is ", i, ", expected at most ", total_steps - 1,
                            ": total_steps is ", total_steps);
    const double first = max_lr / div_factor, least = first / final_div_factor;
    const double steps = static_cast<double>(total_steps), at = static_cast<double>(i);
    const double peak = pct_start * steps - 1, down = three_phase ? 2 * peak : peak;
    const auto between = [&](double from, double to, double begin, double end) {
      const double part = end > begin ? (at - begin) / (end - begin) : 1;
      return anneal == Anneal::cosine ? detail::along_cosine(from, to, part) : from + (to - from) * part;
    };
    if (at <= peak) return between(first, max_lr, 0, peak);
    if (at <= down) return between(max_lr, first, peak, down);
    return between(three_phase ? first : max_lr, least, down, steps - 1);
  }
};

/// A warm-up in front of another schedule: a straight line from start_factor times its first rate up to it,
/// in `steps` epochs or steps, and then that schedule from its beginning (SequentialLR of a LinearLR and
/// another).
///
///     const st::WarmUp schedule(5, st::CosineAnnealingLR{.lr = 2e-3, .t_max = 15});
template <typename Schedule>
class WarmUp {
  static_assert(detail::check_schedule_type<Schedule>());

 public:
  /// Throws std::invalid_argument unless steps is at least 1 and start_factor at least 0.
  WarmUp(Index steps, Schedule schedule, double start_factor = 1.0 / 3)
      : steps_(steps), start_factor_(start_factor), schedule_(std::move(schedule)) {
    detail::check_schedule("WarmUp", 0, 0, "steps", steps);
    detail::check_within("WarmUp", "start_factor", start_factor, 0);
  }

  /// The rate of epoch or step i, from 0.
  double operator()(Index i) const {
    detail::check_schedule("WarmUp", 0, i, "steps", steps_);
    if (i >= steps_) return schedule_(i - steps_);
    return LinearLR{.lr = schedule_(0), .start_factor = start_factor_, .total_iters = steps_}(i);
  }

 private:
  Index steps_;
  double start_factor_;
  Schedule schedule_;
};

template <typename Schedule>
WarmUp(Index, Schedule) -> WarmUp<Schedule>;
template <typename Schedule>
WarmUp(Index, Schedule, double) -> WarmUp<Schedule>;

/// The options of ReduceLROnPlateau.
struct ReduceLROnPlateauOptions {
  double lr = 1e-3;            ///< The rate at first, at least 0.
  double factor = 0.1;         ///< What the rate is multiplied by, from 0 to below 1.
  std::int64_t patience = 10;  ///< How many values without improvement it bears, at least 0.
  double threshold = 1e-4;     ///< An improvement is more than this part of the best, at least 0.
  std::int64_t cooldown = 0;   ///< For how many values after a reduction it counts none, at least 0.
  double min_lr = 0;           ///< At least 0.
  double eps = 1e-8;           ///< A reduction by less does not happen; at least 0.
  Better better = Better::lower;  ///< Which values are better.
};

/// Reduces the learning rate when a metric has ceased to become better. It has a state, so a Checkpoint needs
/// it.
///
///     st::ReduceLROnPlateau plateau({.lr = 2e-3, .patience = 3});
///     for (...) adam.set_lr(plateau(test_loss));  // behind each epoch
class ReduceLROnPlateau {
 public:
  /// Throws std::invalid_argument for an option out of range.
  explicit ReduceLROnPlateau(const ReduceLROnPlateauOptions& options = {})
      : options_(options), lr_(options.lr) {
    constexpr const char* who = "ReduceLROnPlateau";
    detail::check_within(who, "lr", options.lr, 0);
    detail::check_within(who, "factor", options.factor, 0);
    if (options.factor >= 1)
      detail::fail_argument("spiketape::", who, ": factor is ", options.factor, ", expected less than 1");
    detail::check_within(who, "patience", static_cast<double>(options.patience), 0);
    detail::check_within(who, "threshold", options.threshold, 0);
    detail::check_within(who, "cooldown", static_cast<double>(options.cooldown), 0);
    detail::check_within(who, "min_lr", options.min_lr, 0);
    detail::check_within(who, "eps", options.eps, 0);
  }

  /// Takes the metric of an epoch; returns the learning rate of the next one.
  double operator()(double metric) {
    best_.take(metric, options_.better, 0, options_.threshold);
    if (cooldown_ > 0) {
      --cooldown_;
      best_.since = 0;
    }
    if (best_.since > options_.patience) {
      const double smaller = std::max(lr_ * options_.factor, options_.min_lr);
      if (lr_ - smaller > options_.eps) lr_ = smaller;
      cooldown_ = options_.cooldown;
      best_.since = 0;
    }
    return lr_;
  }
  /// The present learning rate.
  double lr() const noexcept { return lr_; }

  /// For Checkpoint: visits the rate, the best value and the counts.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.fact("factor", options_.factor);
    visitor.fact("patience", options_.patience);
    visitor.fact("threshold", options_.threshold);
    visitor.fact("cooldown", options_.cooldown);
    visitor.fact("min_lr", options_.min_lr);
    visitor.fact("eps", options_.eps);
    visitor.fact("better", std::string(detail::text_of_better(options_.better)));
    visitor.number("lr", lr_);
    visitor.number("cooling", cooldown_, 0);
    best_.checkpoint(visitor);
  }

 private:
  ReduceLROnPlateauOptions options_;
  double lr_;
  std::int64_t cooldown_ = 0;
  detail::BestMetric best_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
