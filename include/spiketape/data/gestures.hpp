// DVS Gesture: a recording of several gestures, and a file that says when each begins and ends.
//
//     class,startTime_usec,endTime_usec
//     1,85696540,91757516
//
// Source: Amir et al.: A low power, fully event-based gesture recognition system, 2017.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/read_file.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/data/aedat.hpp>
#include <spiketape/data/event_data.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// A gesture within a recording, in microseconds.
struct Gesture {
  int label = 0;     ///< From 0: the class of the file less 1.
  double begin = 0;  ///< The stamp of its beginning,
  double end = 0;    ///< and of its end.

  friend bool operator==(const Gesture&, const Gesture&) = default;
};

/// Parses the text of a file of labels; `name` stands for it in messages. Allocates the result. Throws
/// std::runtime_error, with the line, unless the first line is that above and all others are a class from 1
/// on, a beginning and an end that is not before it, whole numbers below 2^53.
[[nodiscard]] inline std::vector<Gesture> parse_gesture_labels(std::span<const std::uint8_t> bytes,
                                                               std::string_view name) {
  constexpr std::string_view head = "class,startTime_usec,endTime_usec";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::size_t at = 0, line_begin = 0, line_number = 0;
  const auto fail = [&](const auto&... parts) {
    detail::fail_file("spiketape::parse_gesture_labels: '", name, "', line ", line_number, ", ", parts...);
  };
  const auto next_line = [&] {
    line_begin = at;
    std::string_view line = text.substr(at, text.find('\n', at) - at);
    at += line.size() + 1;
    ++line_number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  };
  if (const std::string_view line = next_line(); line != head)
    fail("is '", detail::Shown{line.substr(0, 40)}, "', expected ", head);
  std::vector<Gesture> gestures;
  while (at < text.size()) {
    const std::string_view line = next_line();
    std::uint64_t numbers[3] = {};
    const char *place = line.data(), *end = line.data() + line.size();
    bool good = true;
    for (std::size_t k = 0; k < 3 && good; ++k) {
      const auto [behind, error] = std::from_chars(place, end, numbers[k]);
      good = error == std::errc() && numbers[k] < std::uint64_t{1} << 53 &&
             (k < 2 ? behind < end && *behind == ',' : behind == end);
      place = k < 2 && good ? behind + 1 : behind;
    }
    if (!good || numbers[0] < 1 || numbers[0] > 1'000'000 || numbers[1] > numbers[2])
      fail("at byte ", line_begin, ", is '", detail::Shown{line.substr(0, 60)},
           "', expected a class from 1 on, a beginning and an end that is not before it");
    gestures.push_back(
        {static_cast<int>(numbers[0]) - 1, static_cast<double>(numbers[1]), static_cast<double>(numbers[2])});
  }
  return gestures;
}

/// Cuts gestures out of a recording; their times begin with 0. Allocates.
[[nodiscard]] inline EventRecordings<CameraEvent> cut(const std::vector<CameraEvent>& events,
                                                      const std::vector<Gesture>& gestures) {
  EventRecordings<CameraEvent> result;
  for (const Gesture& gesture : gestures) {
    result.recordings.push_back(cut(events, gesture.begin, gesture.end));
    result.labels.push_back(gesture.label);
  }
  return result;
}

/// Reads a recording of DVS Gesture and its labels, such as user01_fluorescent.aedat and
/// user01_fluorescent_labels.csv. Allocates the result and, temporarily, the whole recording. Throws
/// std::runtime_error if a file cannot be read, or parse_aedat or parse_gesture_labels rejects it.
[[nodiscard]] inline EventRecordings<CameraEvent> read_gestures(const std::string& aedat_path,
                                                                const std::string& labels_path) {
  const std::vector<CameraEvent> events = read_aedat(aedat_path).events;
  return cut(events, parse_gesture_labels(read_file(labels_path), labels_path));
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
