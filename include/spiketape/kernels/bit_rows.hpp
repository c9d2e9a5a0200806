// Rows of bits, which store spikes. A spike is one bit, so a row of a thousand neurons takes 125 bytes.
// Numbers and lists of the neurons that fired are made from the bits where they are needed.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/rows.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The bits of a line. The lowest bit is the first number's.
using LineBits = std::uint16_t;

/// The value of a spike that no neuron scales.
template <Real Scalar>
inline constexpr Scalar unit_spike = 1;

/// Rows of numbers as bits: zero where the bit is 0, and `value` where it is 1. All columns share one value
/// or each has its own. These are the spikes of neurons and their graded-spikes factor.
template <Real Scalar>
struct BitRows {
  const LineBits* bits = nullptr;
  Index lines = 0;  // per row
  const Scalar* value = nullptr;  // one if shared, else one per column: whole lines, as in `bits`
  bool shared = true;

  const LineBits* row(Index r) const noexcept { return bits + r * lines; }

  /// The number of bits that are set in the first `rows` rows.
  Index count(Index rows) const {
    Index found = 0;
    for (Index i = 0; i < rows * lines; ++i) found += std::popcount(bits[i]);
    return found;
  }

  /// Writes the numbers of row r, in whole lines.
  void write(Index r, Scalar* numbers) const {
    using L = Lane<Scalar>;
    constexpr unsigned all = (1u << L::size) - 1;
    const LineBits* set = row(r);
    const auto each_lane = [&](auto&& value_at) SPIKETAPE_INLINE_LAMBDA {
      for (Index i = 0; i < lines * line<Scalar>; i += L::size) {
        const unsigned of_lane = unsigned(set[i / line<Scalar>]) >> i % line<Scalar> & all;
        where(mask_of<Scalar>(of_lane), value_at(i)).store(numbers + i);
      }
    };
    if (shared)
      each_lane([one = L(*value)](Index) SPIKETAPE_INLINE_LAMBDA { return one; });
    else
      each_lane([&](Index i) SPIKETAPE_INLINE_LAMBDA { return L::load(value + i); });
  }
};

/// For each byte: the places of its set bits in ascending order, then zeros.
inline constexpr auto places_in_byte = [] {
  std::array<std::array<std::int32_t, 8>, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte)
    for (unsigned bit = 0, found = 0; bit < 8; ++bit)
      if ((byte >> bit & 1u) != 0) table[byte][found++] = static_cast<std::int32_t>(bit);
  return table;
}();

/// Writes the places of the set bits of a line, counted from `first`, and returns how many there are. It
/// writes up to 16 more numbers behind them, which avoids a branch to predict.
SPIKETAPE_INLINE Index write_places(unsigned bits, std::int32_t first, std::int32_t* places) {
#if defined(EIGEN_VECTORIZE_AVX512)
  const __m512i all = _mm512_add_epi32(
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32(first));
  _mm512_storeu_si512(places, _mm512_maskz_compress_epi32(static_cast<__mmask16>(bits), all));
  return std::popcount(bits);
#else
  using Packet = Eigen::internal::packet_traits<std::int32_t>::type;
  if (bits == 0) return 0;
  Index found = 0;
  for (unsigned byte = 0; byte < sizeof(LineBits); ++byte) {
    const auto set = static_cast<std::uint8_t>(bits >> (8 * byte));
    const auto offset = Eigen::internal::pset1<Packet>(static_cast<std::int32_t>(8 * byte) + first);
    SPIKETAPE_UNROLL
    for (int k = 0; k < 8; k += Eigen::internal::unpacket_traits<Packet>::size)
      Eigen::internal::pstoreu(
          places + found + k,
          Eigen::internal::padd(Eigen::internal::ploadu<Packet>(places_in_byte[set].data() + k), offset));
    found += std::popcount(set);
  }
  return found;
#endif
}

/// Writes the bits of a row of numbers in whole lines: 1 where a number is not zero.
template <Real Scalar>
void write_bits(const Scalar* numbers, Index count, LineBits* bits) {
  for (Index first = 0; first < count; first += line<Scalar>) {
    unsigned of_line = 0;
    for (Index i = first; i < std::min(first + line<Scalar>, count); ++i)
      of_line |= (numbers[i] == 0 ? 0u : 1u) << (i - first);
    bits[first / line<Scalar>] = static_cast<LineBits>(of_line);
  }
}

/// The bits of up to four lines. The lowest bits are the first line's.
using WordBits = std::uint64_t;
inline constexpr Index lines_in_word = sizeof(WordBits) / sizeof(LineBits);
inline constexpr Index bits_in_line = 8 * sizeof(LineBits);

/// Writes the bits of `count` lines.
SPIKETAPE_INLINE void store(WordBits word, LineBits* to, Index count) {
  if (count == lines_in_word) {  // compilers merge these into one store
    SPIKETAPE_UNROLL
    for (Index l = 0; l < lines_in_word; ++l) to[l] = static_cast<LineBits>(word >> l * bits_in_line);
  } else {
    for (Index l = 0; l < count; ++l) to[l] = static_cast<LineBits>(word >> l * bits_in_line);
  }
}

/// Calls body(i, whole or part) for the lanes of a row of `count` numbers, and emit(l, word, lines) with the
/// masks that body returned for `lines` lines from line l on. Where a row ends within a line, all lanes of
/// that line are parts, which saves a copy of the body. The bits behind the end are unspecified.
///
/// Emits four lines at a time, because processors commit stores in order: small stores between large ones
/// that miss the nearest cache made the scan take twice as long on some machines.
template <Real Scalar, typename Body, typename Emit>
SPIKETAPE_INNER void for_lines(Index count, Body&& body, Emit&& emit) {
  constexpr Index size = Lane<Scalar>::size;
  static_assert(line<Scalar> % size == 0);
  constexpr std::size_t lanes = line<Scalar> / size;
  const Index lines = count / line<Scalar>;
  WordBits word = 0;
  for (Index l = 0; l < lines; ++l) {
    std::array<Mask<Scalar>, lanes> masks;
    SPIKETAPE_UNROLL
    for (std::size_t k = 0; k < lanes; ++k)
      masks[k] = body(l * line<Scalar> + static_cast<Index>(k) * size, Whole{});
    word = word >> bits_in_line | static_cast<WordBits>(bits_of(masks)) << (lines_in_word - 1) * bits_in_line;
    if (l % lines_in_word == lines_in_word - 1) emit(l + 1 - lines_in_word, word, lines_in_word);
  }
  const Index rest = lines % lines_in_word;
  if (rest > 0) emit(lines - rest, word >> (lines_in_word - rest) * bits_in_line, rest);
  const Index end = lines * line<Scalar>;
  if (end == count) return;
  word = 0;
  for (Index i = end; i < count; i += size)
    word |= static_cast<WordBits>(bits_of(body(i, Part{std::min(size, count - i)}))) << (i - end);
  emit(lines, word, 1);
}

/// The same, a lane at a time: there are fewer copies of the body to compile.
template <Real Scalar, typename Body, typename Emit>
SPIKETAPE_INNER void for_lines_in_lanes(Index count, Body&& body, Emit&& emit) {
  constexpr Index size = Lane<Scalar>::size;
  WordBits word = 0;
  for (Index i = 0; i < count; i += size) {
    const Index place = i % line<Scalar>;
    const auto mask = i + size <= count ? body(i, Whole{}) : body(i, Part{count - i});
    word |= static_cast<WordBits>(bits_of(mask)) << place;
    if (place + size < line<Scalar> && i + size < count) continue;
    emit(i / line<Scalar>, word, 1);
    word = 0;
  }
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
