// Events become spikes: time is cut into steps, and a place that had an event in a step spikes in that step.
//
//     const auto events = st::read_nmnist("00002.bin");
//     const st::CameraBins bins{.width = 34, .height = 34, .time = {.num_steps = 30, .duration = 3e5}};
//     const auto binned = st::bin_spikes<float>(events, bins);  // (30, 1, 2 * 34 * 34) bits
//     const auto [spk, mem] = net(binned.spikes);
//
// Several recordings at once are a batch. data/spike_samples.hpp trains on many.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/data/bins.hpp>
#include <spiketape/data/event_data.hpp>
#include <spiketape/kernels/spike_train.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// The steps of a recording, or of all recordings of a batch.
struct TimeWindow {
  double begin = 0, end = 0, step_length = 0;
  Index steps = 0;
  bool with_end = false;  // whether an event at the end is in the last step

  /// The step of a time that is not outside. Rounding does not carry the latest beyond the last step.
  Index step(double time) const {
    const double place = step_length > 0 ? std::floor((time - begin) / step_length) : 0;
    return place < static_cast<double>(steps) ? static_cast<Index>(place) : steps - 1;
  }
};

/// The first and the last stamp; 0 to 0 without events.
struct Stamps {
  double first = 0, last = 0;
};
template <typename Event>
Stamps stamps_of(std::span<const Event> events) {
  if (events.empty()) return {};
  const auto earlier = [](const Event& a, const Event& b) { return a.time < b.time; };
  const auto [first, last] = std::minmax_element(events.begin(), events.end(), earlier);
  return {first->time, last->time};
}

/// Throws std::invalid_argument unless the numbers say one window.
SPIKETAPE_NOINLINE inline void check_time(const char* function, const TimeBins& time) {
  const auto fail = [&](const auto&... parts) { fail_argument("spiketape::", function, ": ", parts...); };
  for (const auto& [name, value] :
       {std::pair("step_length", time.step_length), std::pair("duration", time.duration)})
    if (!is_finite(value) || value < 0) fail(name, " is ", value, ", expected finite and not negative");
  if (time.num_steps < 0) fail("num_steps is ", time.num_steps, ", expected at least 0");
  if (!is_finite(time.begin)) fail("begin is ", time.begin, ", expected a finite number");
  const int given = (time.step_length > 0) + (time.num_steps > 0) + (time.duration > 0);
  if (given == 3 || given == 0 || (given == 1 && time.duration > 0))
    fail("step_length is ", time.step_length, ", num_steps ", time.num_steps, " and duration ", time.duration,
         ", expected two of them, step_length alone or num_steps alone");
  if (given == 1 && time.num_steps > 0 && time.begin != 0)
    fail("begin is ", time.begin,
         " and num_steps stands alone, expected step_length or duration, too: "
         "else each recording begins with its first event");
}

/// The window of a recording, or of a batch: `stamps` from its first event to its last. `time` is checked.
SPIKETAPE_NOINLINE inline TimeWindow window_of(const char* function, const TimeBins& time,
                                               const Stamps& stamps) {
  TimeWindow window{time.begin, 0, time.step_length, time.num_steps, false};
  double steps = static_cast<double>(time.num_steps);
  if (time.num_steps > 0 && time.duration > 0) {
    window.step_length = time.duration / steps;
    window.end = time.begin + time.duration;
  } else if (time.duration > 0) {
    steps = time.duration / time.step_length;
    // A whole number of steps stays one if it was rounded up: 2.1 / 0.3 is 7.000000000000001.
    steps = std::abs(steps - std::round(steps)) < 1e-9 * steps ? std::round(steps) : std::ceil(steps);
    window.end = time.begin + time.duration;
  } else if (time.step_length > 0 && time.num_steps > 0) {
    window.end = time.begin + time.step_length * steps;
  } else if (time.step_length > 0) {
    steps = std::max(1.0, std::floor((stamps.last - time.begin) / time.step_length) + 1);
    window.end = std::max(stamps.last, time.begin);
    window.with_end = true;
  } else {
    window.begin = stamps.first;
    window.end = stamps.last;
    window.step_length = (stamps.last - stamps.first) / steps;
    window.with_end = true;
  }
  if (!(steps < 0x1p53))
    fail_argument("spiketape::", function, ": there are ", steps, " steps, expected fewer than 2^53");
  window.steps = static_cast<Index>(steps);
  return window;
}

/// Calls put(b, step, feature) for the events in steps; put returns whether the event was merged.
template <typename Bins, typename Put>
class Binning {
  using Event = typename Bins::Event;

 public:
  Binning(const char* function, const Bins& bins, Put put) : function_(function), bins_(bins), put_(put) {}

  void add(std::span<const Event> events, Index b, const TimeWindow& window) {
    report_.events += static_cast<Index>(events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      const Event& event = events[i];
      const Index feature = bins_.feature(event);
      if (feature < 0) fail("event ", i, " of recording ", b, " is ", event, ", the sensor has ", bins_);
      if (event.time < window.begin)
        ++report_.before;
      else if (event.time > window.end || (event.time == window.end && !window.with_end))
        ++report_.behind;
      else
        report_.merged += put_(b, window.step(event.time), feature) ? 1 : 0;
    }
  }
  BinReport report() const {
    if (bins_.time.outside == Outside::refuse && report_.before + report_.behind > 0)
      fail(report_, ", expected all in steps; .outside = Outside::drop leaves the others out");
    return report_;
  }

 private:
  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    fail_argument("spiketape::", function_, ": ", parts...);
  }

  const char* function_;
  const Bins& bins_;
  Put put_;
  BinReport report_;
};

/// Bins a batch: recording b is events(b), of `count`. make(shape) prepares the result, put(row, feature)
/// sets it.
template <typename Bins, typename Events, typename Make, typename Put>
BinReport bin_batch(const char* function, const Bins& bins, Index count, const Events& events, Make&& make,
                    Put&& put) {
  bins.check(function);
  check_time(function, bins.time);
  Stamps all{0, bins.time.begin};
  for (Index b = 0; b < count; ++b) {
    for (std::size_t i = 0; i < events(b).size(); ++i)
      if (const double time = events(b)[i].time; !is_finite(time))
        fail_argument("spiketape::", function, ": event ", i, " of recording ", b, " is ", events(b)[i],
                      ", expected a finite time");
    if (!events(b).empty()) all.last = std::max(all.last, stamps_of(events(b)).last);
  }
  const TimeWindow window = window_of(function, bins.time, all);
  const Shape shape{window.steps, count, bins.features()};
  if (const char* expected = shape_fault(shape))
    fail_argument("spiketape::", function, ": the result has shape ", shape, ", expected ", expected);
  make(shape);
  const bool own = bins.time.step_length == 0 && bins.time.duration == 0;
  const auto put_step = [&](Index b, Index step, Index feature) { return put(step * count + b, feature); };
  Binning<Bins, decltype(put_step)> binning(function, bins, put_step);
  for (Index b = 0; b < count; ++b)
    binning.add(events(b), b, own ? window_of(function, bins.time, stamps_of(events(b))) : window);
  return binning.report();
}

template <typename Bins>
auto each_recording(std::span<const std::vector<typename Bins::Event>> recordings) {
  return [recordings](Index b) {
    return std::span<const typename Bins::Event>(recordings[static_cast<std::size_t>(b)]);
  };
}

}  // namespace detail

/// Spikes and where events went.
template <Real Scalar>
struct BinnedSpikes {
  detail::SpikeTrain<Scalar> spikes;  ///< (steps, recordings, features) as bits: net(binned.spikes)
  BinReport report;                   ///< Of all recordings.
};
/// Counts of events and where events went.
template <Real Scalar>
struct BinnedCounts {
  Sequence<Scalar> counts;  ///< (steps, recordings, features)
  BinReport report;         ///< Nothing is merged.
};

namespace detail {

template <Real Scalar, typename Bins, typename Events>
BinnedSpikes<Scalar> binned_spikes(const Bins& bins, Index count, const Events& events) {
  BinnedSpikes<Scalar> result{SpikeTrain<Scalar>({}, &unit_spike<Scalar>, true), {}};
  LineBits* bits = nullptr;
  Index lines = 0;
  result.report = bin_batch(
      "bin_spikes", bins, count, events,
      [&](const Shape& shape) {
        result.spikes = SpikeTrain<Scalar>(shape, &unit_spike<Scalar>, true);
        bits = result.spikes.bits();
        lines = result.spikes.rows().lines;
      },
      [&](Index row, Index feature) {
        LineBits& of_line = bits[row * lines + feature / line<Scalar>];
        const unsigned bit = 1u << feature % line<Scalar>;
        const bool merged = (of_line & bit) != 0;
        of_line = static_cast<LineBits>(of_line | bit);
        return merged;
      });
  return result;
}

template <Real Scalar, typename Bins, typename Events>
BinnedCounts<Scalar> binned_counts(const Bins& bins, Index count, const Events& events) {
  BinnedCounts<Scalar> result;
  result.report = bin_batch(
      "bin_counts", bins, count, events, [&](const Shape& shape) { result.counts = Sequence<Scalar>(shape); },
      [&](Index row, Index feature) {
        result.counts.array()(row, feature) += 1;
        return false;
      });
  return result;
}

}  // namespace detail

/// The events of a recording, in any order, as spikes: (steps, 1, features). A place with events in a step
/// spikes once in it; bin_counts keeps their number. Allocates the result, a bit for each step and feature.
/// Throws std::invalid_argument for options that make no sense (see TimeBins), a stamp that is not finite, an
/// event that is not on the sensor, and, unless they are to be dropped, events in no step.
template <Real Scalar, typename Bins>
[[nodiscard]] BinnedSpikes<Scalar> bin_spikes(std::span<const typename Bins::Event> events,
                                              const Bins& bins) {
  return detail::binned_spikes<Scalar>(bins, 1, [&](Index) { return events; });
}
/// The same of several recordings as a batch: (steps, recordings, features).
template <Real Scalar, typename Bins>
[[nodiscard]] BinnedSpikes<Scalar> bin_spikes(std::span<const std::vector<typename Bins::Event>> recordings,
                                              const Bins& bins) {
  return detail::binned_spikes<Scalar>(bins, static_cast<Index>(recordings.size()),
                                       detail::each_recording<Bins>(recordings));
}

/// How many events a place had in each step, as numbers: (steps, 1, features). The same otherwise.
template <Real Scalar, typename Bins>
[[nodiscard]] BinnedCounts<Scalar> bin_counts(std::span<const typename Bins::Event> events,
                                              const Bins& bins) {
  return detail::binned_counts<Scalar>(bins, 1, [&](Index) { return events; });
}
template <Real Scalar, typename Bins>
[[nodiscard]] BinnedCounts<Scalar> bin_counts(std::span<const std::vector<typename Bins::Event>> recordings,
                                              const Bins& bins) {
  return detail::binned_counts<Scalar>(bins, static_cast<Index>(recordings.size()),
                                       detail::each_recording<Bins>(recordings));
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
