// Seeded random numbers, the same on every platform and with every compiler. The distributions of <random>
// are not, so this file uses only integer arithmetic and exact scaling.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
/// OOPSLA 2014): maps every 64-bit number to another, with all bits mixed.
constexpr std::uint64_t mix_bits(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// A number in [0, 1), a multiple of 2^-53, from the upper 53 of 64 random bits.
constexpr double unit_interval(std::uint64_t bits) noexcept {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

}  // namespace detail

/// SplitMix64: 64 bits of state, 64 bits of output, period 2^64. A value: a copy repeats its numbers. It is a
/// UniformRandomBitGenerator, so the standard library's algorithms accept it.
class Random {
 public:
  using result_type = std::uint64_t;  ///< What a call returns.

  /// Equal seeds give equal numbers.
  explicit constexpr Random(std::uint64_t seed) noexcept : state_(detail::mix_bits(seed)) {}

  /// The range of the numbers: all of 64 bits.
  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }

  /// 64 random bits.
  constexpr result_type operator()() noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    return detail::mix_bits(state_);
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  constexpr double uniform() noexcept { return detail::unit_interval((*this)()); }

  /// Uniform in [low, high).
  constexpr double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }

  /// Uniform among 0, 1, ..., count - 1, without bias. Throws std::invalid_argument for count 0.
  constexpr std::uint64_t below(std::uint64_t count) {
    if (count == 0) detail::fail_argument("spiketape::Random::below: count is 0, expected at least 1");
    // Numbers below the threshold would favour small remainders, so they are drawn again (fewer than two
    // draws on average).
    const std::uint64_t threshold = (0 - count) % count;
    std::uint64_t bits = (*this)();
    while (bits < threshold) bits = (*this)();
    return bits % count;
  }

  /// Puts the elements of a random-access container in random order (Fisher and Yates).
  template <typename Container>
  constexpr void shuffle(Container& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      const auto j = static_cast<std::size_t>(below(i));
      using std::swap;
      swap(items[i - 1], items[j]);
    }
  }

  /// For Checkpoint: visits what goes on later.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.number("state", state_);
  }

  /// A new generator whose numbers are independent of this one's further numbers.
  [[nodiscard]] constexpr Random split() noexcept { return Random((*this)()); }

 private:
  std::uint64_t state_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
