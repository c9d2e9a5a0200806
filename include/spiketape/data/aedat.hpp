// AEDAT 3.1, the files of cAER and of the DVS Gesture data set.
//
//   #!AER-DAT3.1        lines of text that begin with #, each up to a line feed
//   #Format: RAW
//   #!END-HEADER
//   then packets        a header of 28 bytes, and events of one type; low byte first:
//     2, 2 bytes          type of the events, source
//     4 bytes each        bytes of an event, where in an event its stamp is, how often stamps of 31 bits have
//                         overflowed, room of the packet, events in it, valid ones
//   a polarity event    (type 1) 4 bytes: bit 0 valid, bit 1 polarity, bits 2 to 16 y, bits 17 to 31 x; then
//                       4 bytes of the stamp, in microseconds
//
// Source: iniVation, AEDAT file formats, version 3.1.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/read_file.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/data/event_data.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// What is in an AEDAT file. Stamps are in microseconds, events in the order of the file.
struct Aedat {
  std::vector<CameraEvent> events;  ///< The valid ones.
  std::uint64_t invalid = 0;  ///< Polarity events that are marked as invalid and left out.
  std::uint64_t others = 0;   ///< Events of other types, left out: frames, IMU, triggers.
};

namespace detail {

/// Takes an AEDAT file apart from its beginning to its end.
class AedatReader {
 public:
  AedatReader(std::span<const std::uint8_t> bytes, std::string_view name, const SensorSize& sensor)
      : bytes_(bytes), name_(name), sensor_(sensor) {}

  Aedat read() {
    read_text();
    while (at_ < bytes_.size()) read_packet();
    return std::move(result_);
  }

 private:
  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    fail_file("spiketape::parse_aedat: '", name_, "' ", parts...);
  }
  std::uint32_t number(std::size_t at) const {
    std::uint32_t all = 0;
    for (std::size_t k = 4; k-- > 0;) all = all << 8 | bytes_[at + k];
    return all;
  }

  /// The next line of the header, without its end.
  std::string_view text_line(std::string_view expected) {
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(at_);
    const auto end = std::find(begin, bytes_.end(), std::uint8_t('\n'));
    if (end == bytes_.end())
      fail("has a header that does not end, from byte ", at_, " on, expected ", expected);
    std::string_view line(reinterpret_cast<const char*>(bytes_.data()) + at_,
                          static_cast<std::size_t>(end - begin));
    at_ += line.size() + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  void read_text() {
    constexpr std::string_view magic = "#!AER-DAT3.1", last = "#!END-HEADER", format = "#Format: ";
    const std::string_view start(reinterpret_cast<const char*>(bytes_.data()),
                                 std::min(bytes_.size(), magic.size()));
    if (start != magic) fail("begins with '", Shown{start}, "', expected the line ", magic);
    if (const auto line = text_line(magic); line != magic)
      fail("begins with the line '", Shown{line.substr(0, 40)}, "', expected ", magic);
    for (;;) {
      const std::size_t at = at_;
      const std::string_view line = text_line("a line " + std::string(last));
      if (line == last) return;
      if (!line.starts_with('#'))
        fail("has the line '", Shown{line.substr(0, 40)}, "' in its header, at byte ", at,
             ", expected one that begins with #, or ", last);
      if (line.starts_with(format) && line.substr(format.size()) != "RAW")
        fail("has the format '", Shown{line.substr(format.size(), 40)}, "', at byte ", at, ", expected RAW");
    }
  }

  void read_packet() {
    constexpr std::size_t header = 28;
    constexpr std::uint32_t polarity = 1, polarity_size = 8, polarity_stamp = 4;
    const std::size_t packet = at_, left = bytes_.size() - at_;
    const auto refuse = [&](const auto&... parts) { fail("has a packet at byte ", packet, " ", parts...); };
    if (left < header) refuse("of ", left, " bytes, expected a header of ", header);
    const std::uint32_t type = number(packet) & 0xffff, size = number(packet + 4), stamp = number(packet + 8),
                        overflow = number(packet + 12), capacity = number(packet + 16),
                        count = number(packet + 20), valid = number(packet + 24);
    if (capacity != count || valid > count)
      refuse("with room for ", capacity, " events, ", count, " events and ", valid,
             " valid ones, expected as much room as events and no more valid ones");
    if (size == 0 && count > 0) refuse("of ", count, " events of 0 bytes, expected some bytes");
    if (std::uint64_t{size} * count > left - header)
      refuse("of ", count, " events of ", size, " bytes, expected at most the ", left - header,
             " bytes that follow");
    if (overflow > 0x7fffffff) refuse("with ", overflow, " overflows of stamps, expected fewer than 2^31");
    at_ += header;
    if (type != polarity) {
      result_.others += count;
      at_ += static_cast<std::size_t>(size) * count;
      return;
    }
    if (size != polarity_size || stamp != polarity_stamp)
      refuse("of polarity events of ", size, " bytes with a stamp at byte ", stamp, " of each, expected ",
             polarity_size, " and ", polarity_stamp);
    for (std::uint32_t i = 0; i < count; ++i, at_ += polarity_size) read_event(std::uint64_t{overflow} << 31);
  }

  void read_event(std::uint64_t before) {
    const std::uint32_t data = number(at_), stamp = number(at_ + 4);
    if ((data & 1) == 0) {
      ++result_.invalid;
      return;
    }
    const auto x = static_cast<std::uint16_t>(data >> 17), y = static_cast<std::uint16_t>(data >> 2 & 0x7fff);
    if (x >= sensor_.width || y >= sensor_.height)
      fail("has an event at byte ", at_, " with x ", x, " and y ", y, ", expected a sensor of ",
           sensor_.width, " x ", sensor_.height);
    if (stamp > 0x7fffffff) fail("has an event at byte ", at_, " with a negative stamp, expected 0 or more");
    result_.events.push_back({static_cast<double>(before + stamp), x, y, (data & 2) != 0});
  }

  std::span<const std::uint8_t> bytes_;
  std::string_view name_;
  SensorSize sensor_;
  std::size_t at_ = 0;
  Aedat result_;
};

}  // namespace detail

/// Parses the bytes of an AEDAT 3.1 file; `name` stands for it in messages. Allocates the result. Throws
/// std::runtime_error, with the place in the file, for what is no such file: another version, a compressed
/// format, a packet that is cut off or has room without events, events that are not on the sensor.
[[nodiscard]] inline Aedat parse_aedat(std::span<const std::uint8_t> bytes, std::string_view name,
                                       const SensorSize& sensor = {128, 128}) {
  return detail::AedatReader(bytes, name, sensor).read();
}

/// Reads such a file. Allocates the result and, temporarily, the bytes of the file. Throws std::runtime_error
/// if the file cannot be read or parse_aedat rejects it.
[[nodiscard]] inline Aedat read_aedat(const std::string& path, const SensorSize& sensor = {128, 128}) {
  return parse_aedat(read_file(path), path, sensor);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
