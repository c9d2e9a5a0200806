// The events of N-MNIST and N-Caltech101: 5 bytes for each, one recording a file.
//
//   byte 0, 1     x, y
//   byte 2 to 4   the polarity, one bit, and the stamp, 23 bits, in microseconds; the highest byte first
//
// An entry with y = 240 is no event: it adds 2^13 to the stamps of all entries behind it. Source: Orchard,
// Jayawant, Cohen, Thakor: Converting static image datasets to spiking neuromorphic datasets using saccades,
// 2015, and the program for MATLAB that comes with the data.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/read_file.hpp>
#include <spiketape/data/event_data.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// Parses the bytes of such a file; `name` stands for it in messages. Stamps are in microseconds, events in
/// the order of the file. N-Caltech101 has sensors of up to 240 x 180. Allocates the result. Throws
/// std::runtime_error, with the place in the file, for a part of an event at the end and for events that are
/// not on the sensor.
[[nodiscard]] inline std::vector<CameraEvent> parse_nmnist(std::span<const std::uint8_t> bytes,
                                                           std::string_view name,
                                                           const SensorSize& sensor = {34, 34}) {
  constexpr std::size_t size = 5;
  constexpr std::uint8_t overflow = 240;
  const auto fail = [name](const auto&... parts) {
    detail::fail_file("spiketape::parse_nmnist: '", name, "' ", parts...);
  };
  if (bytes.size() % size != 0)
    fail("has ", bytes.size(), " bytes, expected ", size, " for each event: the last, at byte ",
         bytes.size() / size * size, ", has ", bytes.size() % size);
  std::vector<CameraEvent> events;
  events.reserve(bytes.size() / size);
  std::uint64_t added = 0;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    const std::uint8_t *entry = bytes.data() + at, x = entry[0], y = entry[1];
    if (y == overflow) {
      added += 1u << 13;
      continue;
    }
    if (x >= sensor.width || y >= sensor.height)
      fail("has an event at byte ", at, " with x ", x, " and y ", y, ", expected a sensor of ", sensor.width,
           " x ", sensor.height);
    const std::uint64_t stamp =
        std::uint64_t(entry[2] & 0x7fu) << 16 | std::uint64_t(entry[3]) << 8 | entry[4];
    events.push_back({static_cast<double>(stamp + added), x, y, entry[2] >= 0x80});
  }
  return events;
}

/// Reads such a file. Allocates the result and, temporarily, the bytes of the file. Throws std::runtime_error
/// if the file cannot be read or parse_nmnist rejects it.
[[nodiscard]] inline std::vector<CameraEvent> read_nmnist(const std::string& path,
                                                          const SensorSize& sensor = {34, 34}) {
  return parse_nmnist(read_file(path), path, sensor);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
