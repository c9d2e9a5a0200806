// How events become steps and features: options for data/binning.hpp.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/data/event_data.hpp>

#include <string>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// What to do with events that are in no step.
enum class Outside {
  refuse,  ///< Throw std::invalid_argument, which says how many there are.
  drop,    ///< Leave them out and count them, see BinReport.
};

/// How time is cut into steps, in the unit of the stamps. Step t is begin + t·step_length ≤ time <
/// begin + (t + 1)·step_length. What is 0 is not given; given are
///
///     step_length, num_steps    the window of that many steps
///     step_length, duration     ⌈duration / step_length⌉ steps; the last may be shorter
///     num_steps, duration       steps of duration / num_steps
///     num_steps                 each recording from its first event to its last, which is in the last step
///     step_length               as many steps as a recording takes, of a batch the longest; at least one
///
/// With step_length alone one late stamp takes any amount of memory: not for files of strangers.
struct TimeBins {
  double step_length = 0;             ///< The time of a step, in the unit of the stamps; 0: not given.
  Index num_steps = 0;                ///< 0: not given.
  double duration = 0;                ///< The time of all steps; 0: not given.
  double begin = 0;                   ///< The stamp with which step 0 begins; not with num_steps alone.
  Outside outside = Outside::refuse;  ///< What becomes of events before the first step and behind the last.
};

/// How many events went where.
struct BinReport {
  Index events = 0;  ///< All.
  Index before = 0;  ///< Dropped: before the first step.
  Index behind = 0;  ///< Dropped: behind the last step.
  Index merged = 0;  ///< Of those in a step: had the place and the step of another, so they add no spike.

  /// Adds those of more recordings.
  BinReport& operator+=(const BinReport& other) noexcept {
    events += other.events;
    before += other.before;
    behind += other.behind;
    merged += other.merged;
    return *this;
  }
  /// Writes it in a text: "120 events: 100 in steps (7 merged), 3 before the first, 17 behind the last".
  friend void append(std::string& text, const BinReport& report) {
    text += detail::text_of(report.events, " events: ", report.events - report.before - report.behind,
                            " in steps (", report.merged, " merged), ", report.before, " before the first, ",
                            report.behind, " behind the last");
  }
};

/// The text of a report, to print.
[[nodiscard]] inline std::string to_string(const BinReport& report) { return detail::text_of(report); }

/// Events of a camera as images: feature (channel · out_height + y) · out_width + x, PyTorch's (channels,
/// height, width), so Conv2d<float>({bins.channels(), bins.out_height(), bins.out_width()}, …) may follow.
/// Channel 0 has off events, channel 1 on events.
struct CameraBins {
  using Event = CameraEvent;  ///< What is binned.

  Index width = 0;              ///< Of the sensor, in pixels.
  Index height = 0;             ///< Likewise.
  bool merge_polarity = false;  ///< One channel for both polarities.
  Index downsample = 1;  ///< Squares of that many pixels a side become one; at the edges parts of squares.
  TimeBins time = {};    ///< Which step an event is in.

  /// The shape of the images, and the features of a step; 0 for a downsample that check refuses.
  Index channels() const noexcept { return merge_polarity ? 1 : 2; }
  Index out_width() const noexcept { return downsample < 1 ? 0 : detail::parts_of(width, downsample); }
  Index out_height() const noexcept { return downsample < 1 ? 0 : detail::parts_of(height, downsample); }
  Index features() const noexcept { return channels() * out_height() * out_width(); }
  /// The feature of an event; -1 if it is not on the sensor.
  Index feature(const CameraEvent& event) const noexcept {
    if (event.x >= width || event.y >= height || downsample < 1) return -1;
    const Index channel = !merge_polarity && event.polarity ? 1 : 0;
    return (channel * out_height() + event.y / downsample) * out_width() + event.x / downsample;
  }
  /// Throws std::invalid_argument, in the name of `function`, for sizes that make no sense.
  void check(const char* function) const {
    constexpr Index most = 1 << 16;
    if (width < 1 || height < 1 || width > most || height > most)
      detail::fail_argument("spiketape::", function, ": the sensor has ", *this, ", expected 1 to ", most,
                            " a side");
    if (downsample < 1 || downsample > most)
      detail::fail_argument("spiketape::", function, ": downsample is ", downsample, ", expected 1 to ",
                            most);
  }
  /// Writes the sensor's size in an error text.
  friend void append(std::string& text, const CameraBins& bins) {
    text += detail::text_of(bins.width, " x ", bins.height, " pixels");
  }
};

/// Events of units: a feature for each.
struct UnitBins {
  using Event = UnitEvent;  ///< What is binned.

  Index units = 0;       ///< Of the sensor.
  Index downsample = 1;  ///< That many neighbours become one feature; the last feature may have fewer.
  TimeBins time = {};    ///< Which step an event is in.

  /// The features of a step; 0 for a downsample that check refuses.
  Index features() const noexcept { return downsample < 1 ? 0 : detail::parts_of(units, downsample); }
  /// The feature of an event; -1 if the sensor has no such unit.
  Index feature(const UnitEvent& event) const noexcept {
    return std::cmp_less(event.unit, units) && downsample > 0 ? static_cast<Index>(event.unit) / downsample
                                                              : -1;
  }
  /// Throws std::invalid_argument, in the name of `function`, for sizes that make no sense.
  void check(const char* function) const {
    constexpr Index most = Index(1) << 30;
    if (units < 1 || units > most)
      detail::fail_argument("spiketape::", function, ": units is ", units, ", expected 1 to ", most);
    if (downsample < 1 || downsample > most)
      detail::fail_argument("spiketape::", function, ": downsample is ", downsample, ", expected 1 to ",
                            most);
  }
  /// Writes the sensor's size in an error text.
  friend void append(std::string& text, const UnitBins& bins) {
    text += detail::text_of(bins.units, " units");
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
