// Files of events as bytes, written by the descriptions of their formats.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

/// An entry of N-MNIST: 5 bytes, of which the last 23 bits are a stamp.
inline void add_nmnist(std::vector<std::uint8_t>& bytes, unsigned x, unsigned y, bool polarity,
                       std::uint32_t stamp) {
  for (const std::uint32_t byte :
       {x, y, (polarity ? 128u : 0u) + (stamp >> 16), stamp >> 8 & 255, stamp & 255})
    bytes.push_back(static_cast<std::uint8_t>(byte));
}

inline std::vector<std::uint8_t> aedat_header(std::string_view version = "#!AER-DAT3.1",
                                              std::string_view format = "#Format: RAW") {
  std::vector<std::uint8_t> bytes;
  for (const std::string_view line :
       {version, format, std::string_view("#Source 1: DVS128"), std::string_view("#!END-HEADER")}) {
    bytes.insert(bytes.end(), line.begin(), line.end());
    bytes.push_back('\r');
    bytes.push_back('\n');
  }
  return bytes;
}
inline void add_little(std::vector<std::uint8_t>& bytes, std::uint32_t number, int size = 4) {
  for (; size > 0; --size, number >>= 8) bytes.push_back(static_cast<std::uint8_t>(number & 255));
}
/// The 28 bytes in front of events.
inline void add_packet(std::vector<std::uint8_t>& bytes, unsigned type, std::uint32_t size,
                       std::uint32_t overflow, std::uint32_t count, std::uint32_t valid) {
  add_little(bytes, type, 2);
  add_little(bytes, 1, 2);
  for (const std::uint32_t number : {size, 4u, overflow, count, count, valid}) add_little(bytes, number);
}
/// A polarity event.
inline void add_polarity(std::vector<std::uint8_t>& bytes, unsigned x, unsigned y, bool polarity,
                         std::uint32_t stamp, bool valid = true) {
  add_little(bytes, x << 17 | y << 2 | (polarity ? 2u : 0u) | (valid ? 1u : 0u));
  add_little(bytes, stamp);
}
