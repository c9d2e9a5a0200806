// Files of events are not trusted either: as property/readers.cpp, which says what SPIKETAPE_READERS_SEED and
// SPIKETAPE_READERS_CASES are. What was read is compared with the bytes, taken apart here in another way.
#include "damage.hpp"
#include "files.hpp"

#include <spiketape/data/gestures.hpp>
#include <spiketape/data/nmnist.hpp>

#include "../event_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace event_readers_test {

namespace st = spiketape;

namespace {

Bytes random_nmnist(Damage& damage) {
  Bytes bytes;
  for (std::size_t count = damage.below(12); count > 0; --count) {
    const bool overflow = damage.below(5) == 0;
    add_nmnist(bytes, static_cast<unsigned>(damage.below(34)),
               overflow ? 240 : static_cast<unsigned>(damage.below(34)), damage.below(2) == 0,
               static_cast<std::uint32_t>(damage.below(1 << 23)));
  }
  return bytes;
}

Bytes random_aedat(Damage& damage) {
  Bytes bytes = aedat_header("#!AER-DAT3.1", damage.below(2) == 0 ? "#Format: RAW" : "# a comment");
  for (std::size_t packets = damage.below(4); packets > 0; --packets) {
    const std::size_t begin = bytes.size();
    const auto count = static_cast<std::uint32_t>(damage.below(4));
    const auto type = static_cast<unsigned>(damage.below(4) == 0 ? damage.below(5) : 1);
    std::uint32_t valid = 0;
    add_packet(bytes, type, 8, static_cast<std::uint32_t>(damage.below(3)), count, 0);
    for (std::uint32_t i = 0; i < count; ++i) {
      const bool is_valid = damage.below(5) > 0;
      valid += is_valid ? 1 : 0;
      add_polarity(bytes, static_cast<unsigned>(damage.below(128)), static_cast<unsigned>(damage.below(128)),
                   damage.below(2) == 0, static_cast<std::uint32_t>(damage.below(std::size_t{1} << 31)),
                   is_valid);
    }
    bytes[begin + 24] = static_cast<std::uint8_t>(valid);
  }
  return bytes;
}

/// The first place behind the header of an AEDAT file.
std::size_t packets_begin(const Bytes& bytes) {
  const std::string text(bytes.begin(), bytes.end()), last = "#!END-HEADER";
  std::size_t at = 0;
  while (true) {
    const std::size_t end = text.find('\n', at);
    std::string line = text.substr(at, end - at);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    at = end + 1;
    if (line == last) return at;
  }
}
std::uint64_t little(const Bytes& bytes, std::size_t at, std::size_t size = 4) {
  std::uint64_t number = 0;
  for (std::size_t k = 0; k < size; ++k) number += std::uint64_t{bytes.at(at + k)} << 8 * k;
  return number;
}

/// What the packets say, without a check.
st::Aedat said(const Bytes& bytes) {
  st::Aedat all;
  for (std::size_t at = packets_begin(bytes); at < bytes.size();) {
    const std::uint64_t size = little(bytes, at + 4), overflow = little(bytes, at + 12),
                        count = little(bytes, at + 20);
    const bool polarity = little(bytes, at, 2) == 1;
    if (!polarity) all.others += count;
    for (std::uint64_t i = 0; i < count && polarity; ++i) {
      const std::uint64_t event = little(bytes, at + 28 + i * size, 8), place = event & 0xffffffff;
      if (place % 2 == 0)
        ++all.invalid;
      else
        all.events.push_back({static_cast<double>(event >> 32) + static_cast<double>(overflow) * 2147483648.0,
                              static_cast<std::uint16_t>(place / 131072),
                              static_cast<std::uint16_t>(place / 4 % 32768), place / 2 % 2 == 1});
    }
    at += 28 + size * count;
  }
  return all;
}

}  // namespace

TEST_CASE("whatever the bytes of N-MNIST are, events are what they say or the file is refused") {
  for_each_file(20000, "'a file'", [](Damage& damage) {
    const Bytes file = random_nmnist(damage), bytes = damage.of(file, random_nmnist(damage));
    const auto events = st::parse_nmnist(bytes, "a file");
    std::size_t k = 0;
    std::uint64_t before = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 5) {
      std::uint64_t all = 0;
      for (std::size_t i = 0; i < 5; ++i) all = all * 256 + bytes.at(at + i);
      const std::uint64_t x = all >> 32, y = all >> 24 & 255;
      if (y == 240) {
        before += 8192;
        continue;
      }
      require(k < events.size() && x < 34 && y < 34 && events[k].x == x && events[k].y == y, "another place");
      require(events[k].polarity == ((all >> 23 & 1) == 1), "another polarity");
      require(events[k].time == static_cast<double>(all % 8388608 + before), "another stamp");
      ++k;
    }
    require(k == events.size(), "events that are not in the file");
  });
}

TEST_CASE("whatever the bytes of an AEDAT file are, events are what they say or the file is refused") {
  for_each_file(20000, "'a file'", [](Damage& damage) {
    const Bytes file = random_aedat(damage), other = random_aedat(damage);
    Bytes bytes;
    if (damage.below(2) == 0) {
      bytes = damage.of(file, other);
    } else {  // the packets alone
      const auto behind = [](const Bytes& of) {
        return Bytes(of.begin() + static_cast<std::ptrdiff_t>(packets_begin(of)), of.end());
      };
      const Bytes packets = damage.of(behind(file), behind(other));
      bytes.assign(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(packets_begin(file)));
      bytes.insert(bytes.end(), packets.begin(), packets.end());
      bytes.shrink_to_fit();
    }
    const st::Aedat read = st::parse_aedat(bytes, "a file"), expected = said(bytes);
    require(read.events == expected.events, "other events than the packets say");
    require(read.invalid == expected.invalid && read.others == expected.others, "other counts");
    for (const auto& event : read.events)
      require(event.x < 128 && event.y < 128, "an event beside the sensor");
  });
}

TEST_CASE("whatever the text of gestures is, what was read is what it says or the file is refused") {
  const auto random_file = [](Damage& damage) {
    std::string text = "class,startTime_usec,endTime_usec\n";
    for (std::size_t lines = damage.below(4); lines > 0; --lines) {
      const std::size_t begin = damage.below(100000);
      text += std::to_string(1 + damage.below(11)) + ',' + std::to_string(begin) + ',' +
              std::to_string(begin + damage.below(1000)) + '\n';
    }
    return Bytes(text.begin(), text.end());
  };
  for_each_file(10000, "'a file'", [&](Damage& damage) {
    const Bytes file = random_file(damage);
    Bytes lines(file.begin() + 34, file.end());
    lines = damage.of(lines, random_file(damage));
    Bytes bytes(file.begin(), file.begin() + 34);
    bytes.insert(bytes.end(), lines.begin(), lines.end());
    bytes.shrink_to_fit();
    const auto gestures = st::parse_gesture_labels(bytes, "a file");
    std::string again;
    for (const auto& gesture : gestures) {
      require(gesture.label >= 0 && gesture.begin >= 0 && gesture.begin <= gesture.end,
              "a gesture that is none");
      again += std::to_string(gesture.label + 1) + ',' +
               std::to_string(static_cast<std::uint64_t>(gesture.begin)) + ',' +
               std::to_string(static_cast<std::uint64_t>(gesture.end)) + '\n';
    }
    std::string text(lines.begin(), lines.end());
    std::erase(text, '\r');
    if (!text.empty() && text.back() != '\n') text += '\n';
    // Numbers may have zeros in front, which are gone when they are written again.
    const auto values = [](const std::string& of) {
      std::vector<std::uint64_t> all;
      for (const char c : of) {
        if (c < '0' || c > '9')
          all.push_back(static_cast<unsigned char>(c) + (std::uint64_t{1} << 60)), all.push_back(0);
        else if (all.empty())
          all.push_back(static_cast<std::uint64_t>(c - '0'));
        else
          all.back() = 10 * all.back() + static_cast<std::uint64_t>(c - '0');
      }
      return all;
    };
    require(values(again) == values(text), "other gestures than the text says");
  });
}

}  // namespace event_readers_test
