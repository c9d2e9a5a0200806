// Event data: what sensors give that speak in events, such as event cameras and silicon cochleas.
//
// An event says when and where. Its time is a stamp in the unit of its sensor or file, microseconds for
// cameras, seconds in SHD; a double holds stamps of microseconds exactly for 285 years. Recordings become
// steps of spikes by data/binning.hpp. Readers: data/nmnist.hpp, data/aedat.hpp, data/gestures.hpp,
// io/shd.hpp.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// A unit of a sensor has spiked, such as a channel of a cochlea.
struct UnitEvent {
  double time = 0;         ///< In the unit of the recording.
  std::uint32_t unit = 0;  ///< From 0.

  friend bool operator==(const UnitEvent&, const UnitEvent&) = default;
  /// Writes it in an error text.
  friend void append(std::string& text, const UnitEvent& event) {
    text += detail::text_of("(time ", event.time, ", unit ", event.unit, ")");
  }
};

/// A pixel of an event camera has become brighter or darker.
struct CameraEvent {
  double time = 0;        ///< In the unit of the recording.
  std::uint16_t x = 0;    ///< The column, from 0.
  std::uint16_t y = 0;    ///< The row, from 0.
  bool polarity = false;  ///< Brighter (on).

  friend bool operator==(const CameraEvent&, const CameraEvent&) = default;
  /// Writes it in an error text.
  friend void append(std::string& text, const CameraEvent& event) {
    text += detail::text_of("(time ", event.time, ", x ", event.x, ", y ", event.y,
                            event.polarity ? ", on)" : ", off)");
  }
};

/// The pixels of a camera: readers refuse events elsewhere.
struct SensorSize {
  Index width = 0;   ///< x is below it.
  Index height = 0;  ///< y is below it.
};

/// Recordings of one sensor and their classes. An event takes 16 bytes.
template <typename Event>
struct EventRecordings {
  std::vector<std::vector<Event>> recordings;  ///< The events of each, ordered in time.
  std::vector<int> labels;                     ///< The class of each recording, from 0; or none.

  /// The number of recordings.
  Index count() const { return static_cast<Index>(recordings.size()); }
};

/// The events with begin ≤ time < end, in their order, with times counted from `begin`: a part of a long
/// recording. Allocates. Throws std::invalid_argument if the end comes first or the beginning is not finite.
template <typename Event>
[[nodiscard]] std::vector<Event> cut(std::span<const Event> events, double begin, double end) {
  if (!(begin <= end) || !detail::is_finite(begin))
    detail::fail_argument("spiketape::cut: the part is from ", begin, " to ", end,
                          ", expected a finite beginning that is not behind the end");
  std::vector<Event> part;
  for (Event event : events) {
    if (!(event.time >= begin && event.time < end)) continue;
    event.time -= begin;
    part.push_back(event);
  }
  return part;
}
template <typename Event>
[[nodiscard]] std::vector<Event> cut(const std::vector<Event>& events, double begin, double end) {
  return cut(std::span<const Event>(events), begin, end);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
