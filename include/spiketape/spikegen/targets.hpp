// Labels as what neurons are to do: one-hot, by rates and by latencies.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/labels.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/spikegen/latency.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

inline void check_one_hot_labels(const char* function, std::span<const int> targets, Index num_classes) {
  if (num_classes < 1)
    fail_argument("spiketape::", function, ": num_classes is ", num_classes,
                  ", expected at least 1");
  check_targets(function, targets, num_classes);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

namespace spiketape::inline SPIKETAPE_ABI::spikegen {

/// Each label as a row of zeros with a 1 in its place: (labels, num_classes). Allocates the result. Throws
/// std::invalid_argument for a label that is none of the classes, and for less than one class.
template <Real Scalar>
[[nodiscard]] Array<Scalar> to_one_hot(std::span<const int> targets, Index num_classes) {
  detail::check_one_hot_labels("spikegen::to_one_hot", targets, num_classes);
  Array<Scalar> one_hot = Array<Scalar>::Zero(static_cast<Index>(targets.size()), num_classes);
  for (std::size_t b = 0; b < targets.size(); ++b) one_hot(static_cast<Index>(b), targets[b]) = 1;
  return one_hot;
}

/// Ones where a row of to_one_hot has zeros, and zeros elsewhere. Allocates the result.
template <Real Scalar>
[[nodiscard]] Array<Scalar> to_one_hot_inverse(const Array<Scalar>& one_hot) {
  return (one_hot == 0).template cast<Scalar>();
}

/// The labels of one-hot rows. (snnTorch returns the numbers of the rows.) Allocates the result. Throws
/// std::invalid_argument for a row that is not zeros and a single 1.
template <Real Scalar>
[[nodiscard]] std::vector<int> from_one_hot(const Array<Scalar>& one_hot) {
  std::vector<int> labels;
  for (Index b = 0; b < one_hot.rows(); ++b) {
    int label = -1;
    for (Index c = 0; c < one_hot.cols(); ++c) {
      if (one_hot(b, c) == 0) continue;
      if (one_hot(b, c) != 1 || label >= 0)
        detail::fail_argument("spiketape::spikegen::from_one_hot: row ", b, " has ", one_hot(b, c),
                              " in column ", c, ", expected zeros and a single 1");
      label = static_cast<int>(c);
    }
    if (label < 0)
      detail::fail_argument("spiketape::spikegen::from_one_hot: row ", b, " is zero, expected a single 1");
    labels.push_back(label);
  }
  return labels;
}

/// When a neuron spikes that has a rate: in every 1/rate-th step; at as many times, uniformly drawn; or in
/// each step with the rate as probability.
enum class FiringPattern { regular, uniform, poisson };

/// The options of target_rate_code and of targets_rate.
struct TargetRate {
  double rate = 1;             ///< Spikes per step, 0 to 1.
  Index first_spike_time = 0;  ///< No spike comes before this step.
  FiringPattern firing_pattern = FiringPattern::regular;  ///< When it spikes.
};

/// The steps, ascending, in which a neuron is to spike that has a rate (snnTorch 0.9.4, spikegen.py,
/// target_rate_code). `sample` and `feature` say which of the key's random numbers patterns other than
/// `regular` use. Allocates the result. Throws std::invalid_argument unless the rate is 0 to 1 and
/// first_spike_time is 0 to num_steps.
[[nodiscard]] SPIKETAPE_NOINLINE inline std::vector<Index> target_rate_code(Index num_steps,
                                                                            const TargetRate& options,
                                                                            const RandomKey& key = {},
                                                                            Index sample = 0,
                                                                            Index feature = 0) {
  const auto fail = [](const auto&... parts) {
    detail::fail_argument("spiketape::spikegen::target_rate_code: ", parts...);
  };
  const double rate = options.rate;
  const Index first = options.first_spike_time;
  if (!(rate >= 0 && rate <= 1)) fail("rate is ", rate, ", expected 0 to 1");
  if (num_steps < 0) fail("num_steps is ", num_steps, ", expected at least 0");
  if (first < 0 || first > num_steps) fail("first_spike_time is ", first, ", expected 0 to ", num_steps);
  std::vector<Index> times;
  if (rate == 0) return times;
  if (options.firing_pattern == FiringPattern::poisson) {
    for (Index t = first; t < num_steps; ++t)
      if (key.uniform(t, sample, feature) < rate) times.push_back(t);
    return times;
  }
  const auto length = static_cast<double>(num_steps - first);
  for (Index k = 0; static_cast<double>(k) / rate < length; ++k) {
    // Rounded to float, as PyTorch does, so that what is just below a step falls on it.
    const auto place = static_cast<double>(static_cast<float>(static_cast<double>(k) / rate));
    if (place < length) times.push_back(first + static_cast<Index>(place));
  }
  if (options.firing_pattern == FiringPattern::regular) return times;
  for (std::size_t k = 0; k < times.size(); ++k)
    times[k] = first + static_cast<Index>(key.uniform(static_cast<Index>(k), sample, feature) * length);
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

/// The values in each step of a neuron that is to spike in given ones, ascending: after each spike they rise
/// from off_target to on_target at the next; after the last they are off_target (snnTorch: rate_interpolate).
/// Allocates the result. Throws std::invalid_argument for a negative num_steps and for times that are not
/// ascending steps.
template <Real Scalar>
[[nodiscard]] std::vector<Scalar> rate_interpolate(std::span<const Index> spike_time, Index num_steps,
                                                   double on_target = 1, double off_target = 0) {
  if (num_steps < 0)
    detail::fail_argument("spiketape::spikegen::rate_interpolate: num_steps is ", num_steps,
                          ", expected at least 0");
  std::vector<Scalar> values(static_cast<std::size_t>(num_steps), static_cast<Scalar>(off_target));
  Index begin = 0;  // the first step of the rise
  for (const Index spike : spike_time) {
    if (spike < begin || spike >= num_steps)
      detail::fail_argument("spiketape::spikegen::rate_interpolate: spike_time has ", spike, ", expected ",
                            begin, " to ", num_steps - 1, ", ascending");
    const double rise = spike > begin ? (on_target - off_target) / static_cast<double>(spike - begin) : 0;
    for (Index t = begin; t < spike; ++t)
      values[static_cast<std::size_t>(t)] =
          static_cast<Scalar>(off_target + static_cast<double>(t - begin) * rise);
    values[static_cast<std::size_t>(spike)] = static_cast<Scalar>(on_target);
    begin = spike + 1;
  }
  return values;
}

/// The options of targets_rate.
struct TargetsRate {
  Index num_steps = 1;                                    ///< At least 1.
  Index first_spike_time = 0;                             ///< No spike comes before this step.
  double correct_rate = 1;                                ///< Spikes per step of the label's neuron, 0 to 1,
  double incorrect_rate = 0;                              ///< and of the others, at most correct_rate.
  double on_target = 1;                                   ///< The value where a neuron is to spike,
  double off_target = 0;                                  ///< and elsewhere.
  FiringPattern firing_pattern = FiringPattern::regular;  ///< When neurons spike.
  bool interpolate = false;  ///< Values rise to each spike; see rate_interpolate.
};

/// What each class's neuron is to do in each step, by rates (snnTorch 0.9.4, spikegen.py, targets_rate):
/// (num_steps, labels, num_classes), for spikes with on_target 1, off_target 0 and no interpolation, else for
/// membranes. If all steps are the same, one is stored. Neurons draw independently of each other. Allocates
/// the result. Throws std::invalid_argument for a label that is none of the classes, less than one class or
/// step, rates outside of 0 to 1 or in another order, values that are not finite, and a first_spike_time that
/// is no step.
template <Real Scalar>
[[nodiscard]] Sequence<Scalar> targets_rate(std::span<const int> targets, Index num_classes,
                                            const TargetsRate& options = {}, const RandomKey& key = {}) {
  const auto fail = [](const auto&... parts) {
    detail::fail_argument("spiketape::spikegen::targets_rate: ", parts...);
  };
  detail::check_one_hot_labels("spikegen::targets_rate", targets, num_classes);
  const Index steps = options.num_steps, first = options.first_spike_time;
  if (steps < 1) fail("num_steps is ", steps, ", expected at least 1");
  if (first < 0 || first >= steps) fail("first_spike_time is ", first, ", expected one of ", steps, " steps");
  const auto check_rate = [&](const char* option, const double& rate) {
    if (!(rate >= 0 && rate <= 1)) fail(option, " is ", rate, ", expected 0 to 1");
  };
  check_rate("correct_rate", options.correct_rate);
  check_rate("incorrect_rate", options.incorrect_rate);
  if (!(options.correct_rate >= options.incorrect_rate))
    fail("correct_rate is ", options.correct_rate, ", expected at least ", options.incorrect_rate,
         ", the incorrect_rate");
  for (const double value : {options.on_target, options.off_target})
    if (!detail::is_finite(value)) fail("a target is ", value, ", expected a finite number");

  const bool same = options.correct_rate == 1 && options.incorrect_rate == 0 && first == 0;
  Sequence<Scalar> y({steps, static_cast<Index>(targets.size()), num_classes}, same);
  const SequenceView<Scalar> view = y.view();
  view.fill(static_cast<Scalar>(options.off_target));
  std::vector<Index> regular[2];
  for (const int correct : {0, 1})
    regular[correct] = target_rate_code(
        view.stored_steps(),
        {correct == 1 ? options.correct_rate : options.incorrect_rate, first, FiringPattern::regular});
  for (Index b = 0; b < view.batch; ++b)
    for (Index c = 0; c < num_classes; ++c) {
      const int correct = targets[static_cast<std::size_t>(b)] == c ? 1 : 0;
      std::vector<Index> drawn;
      if (options.firing_pattern != FiringPattern::regular)
        drawn = target_rate_code(
            view.stored_steps(),
            {correct == 1 ? options.correct_rate : options.incorrect_rate, first, options.firing_pattern},
            key, b, c);
      const auto& times = options.firing_pattern == FiringPattern::regular ? regular[correct] : drawn;
      if (options.interpolate) {
        const auto values =
            rate_interpolate<Scalar>(times, view.stored_steps(), options.on_target, options.off_target);
        for (Index t = 0; t < view.stored_steps(); ++t)
          view.row(t, b)[c] = values[static_cast<std::size_t>(t)];
      } else {
        for (const Index t : times) view.row(t, b)[c] = static_cast<Scalar>(options.on_target);
      }
    }
  return y;
}

/// What each class's neuron is to do in each step, by latencies: latency() of the one-hot labels, so the
/// label's neuron spikes first (snnTorch 0.9.4, spikegen.py, targets_latency). (num_steps, labels,
/// num_classes). Allocates the result. Throws std::invalid_argument as to_one_hot() and latency() do.
template <Real Scalar>
[[nodiscard]] Sequence<Scalar> targets_latency(std::span<const int> targets, Index num_classes,
                                               const Latency& options = {}) {
  detail::check_one_hot_labels("spikegen::targets_latency", targets, num_classes);
  return latency(to_one_hot<Scalar>(targets, num_classes), options);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::spikegen

#include <spiketape/core/pop_macros.hpp>
