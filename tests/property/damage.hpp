// Files that are damaged at random.
#pragma once

#include <spiketape/core/random.hpp>

#include "../catch.hpp"
#include "seeds.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

using Bytes = std::vector<std::uint8_t>;

/// Random decisions on bytes. The same seed makes the same ones.
class Damage {
 public:
  explicit Damage(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.below(bound)); }
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

  /// What a file of these bytes may have become: itself (one in eight), changed in one to three places,
  /// joined with a part of `other`, or noise behind its first bytes. There is no spare memory behind the
  /// bytes that would hide a read beyond their end.
  Bytes of(const Bytes& file, const Bytes& other) {
    Bytes bytes = file;
    const std::size_t kind = below(8);
    if (kind == 1) {
      bytes.resize(below(file.size() + 1));
      bytes.insert(bytes.end(), other.begin() + at(other), other.end());
    } else if (kind == 2) {
      bytes.insert(bytes.end(), other.begin(), other.end());  // both, whole
    } else if (kind == 3) {
      bytes.resize(std::min<std::size_t>(bytes.size(), 2 + below(12)));
      for (std::size_t count = below(600); count > 0; --count) bytes.push_back(byte());
    } else if (kind > 3) {
      for (std::size_t changes = 1 + below(3); changes > 0; --changes) change(bytes);
    }
    bytes.shrink_to_fit();
    return bytes;
  }

 private:
  std::ptrdiff_t at(const Bytes& bytes) { return static_cast<std::ptrdiff_t>(below(bytes.size() + 1)); }

  void change(Bytes& bytes) {
    const std::size_t kind = below(6);
    if (kind == 0) {
      bytes.resize(below(bytes.size() + 1));
    } else if (kind == 1) {
      const Bytes inserted(1 + below(8), byte());
      bytes.insert(bytes.begin() + at(bytes), inserted.begin(), inserted.end());
    } else if (kind == 2) {
      const auto from = at(bytes);
      const auto most = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(bytes.size()) - from);
      bytes.erase(bytes.begin() + from, bytes.begin() + from + static_cast<std::ptrdiff_t>(below(most + 1)));
    } else if (kind == 3 && bytes.size() >= 8) {  // a field of the header, at an extreme
      constexpr std::uint8_t extremes[][4] = {
          {0, 0, 0, 0},    {0, 0, 0, 1}, {0xff, 0xff, 0xff, 0xff}, {0x7f, 0xff, 0xff, 0xff},
          {0x80, 0, 0, 0}, {0, 1, 0, 0}};
      const std::size_t field = below(std::min<std::size_t>(bytes.size() / 4, 9));
      std::copy_n(extremes[below(std::size(extremes))], 4,
                  bytes.begin() + static_cast<std::ptrdiff_t>(4 * field));
    } else if (!bytes.empty()) {
      // Most of what can go wrong is in the first bytes.
      const std::size_t end = kind == 4 ? std::min<std::size_t>(bytes.size(), 16) : bytes.size();
      bytes[below(end)] ^= static_cast<std::uint8_t>(1u << below(8));
    }
  }

  spiketape::Random random_;
};

/// Calls one(damage) for each case; returns how many there were.
template <typename One>
std::uint64_t for_each_seed(std::uint64_t by_default, One&& one) {
  const std::uint64_t first = from_environment("SPIKETAPE_READERS_SEED", 1);
  const std::uint64_t cases = from_environment("SPIKETAPE_READERS_CASES", by_default);
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    INFO("SPIKETAPE_READERS_SEED=" << seed << " SPIKETAPE_READERS_CASES=1 repeats this case");
    Damage damage(seed);
    one(damage);
  }
  return cases;
}
