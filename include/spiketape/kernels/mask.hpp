// Masks: the truth values of SIMD lanes, and their bits, which Eigen lacks.
//
// Eigen's comparisons return packets of all ones and all zeros. AVX-512 compares into bit registers, which
// Eigen 3.4 widens to such packets and narrows again; this file uses the bits directly. Only this file,
// bit_rows.hpp, lanes.hpp, product.hpp and rows.hpp use Eigen's internal names; only this file,
// bit_rows.hpp and the square root in lanes.hpp use instructions of a certain instruction set.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/config.hpp>

#include <array>
#include <cstddef>

namespace spiketape::inline SPIKETAPE_ABI {
namespace detail {

template <Real Scalar>
using Packet = typename Eigen::internal::packet_traits<Scalar>::type;
template <Real Scalar>
inline constexpr int packet_size = Eigen::internal::unpacket_traits<Packet<Scalar>>::size;

/// For each pattern of one bit per number of a packet, lowest bit first: 1 where the bit is set, else 0.
template <Real Scalar>
inline constexpr auto ones_where = [] {
  constexpr std::size_t size = packet_size<Scalar>;
  std::array<std::array<Scalar, size>, std::size_t(1) << size> table{};
  for (std::size_t bits = 0; bits < table.size(); ++bits)
    for (std::size_t i = 0; i < size; ++i) table[bits][i] = static_cast<Scalar>(bits >> i & 1);
  return table;
}();

/// Comparisons of packets and operations on their results, by Eigen's packet functions.
template <Real Scalar>
struct Comparison {
  using P = Packet<Scalar>;
  using Result = P;
  static SPIKETAPE_INLINE Result less(const P& a, const P& b) { return Eigen::internal::pcmp_lt(a, b); }
  static SPIKETAPE_INLINE Result less_equal(const P& a, const P& b) { return Eigen::internal::pcmp_le(a, b); }
  static SPIKETAPE_INLINE Result equal(const P& a, const P& b) { return Eigen::internal::pcmp_eq(a, b); }
  static SPIKETAPE_INLINE Result both(const Result& a, const Result& b) {
    return Eigen::internal::pand(a, b);
  }
  static SPIKETAPE_INLINE Result either(const Result& a, const Result& b) {
    return Eigen::internal::por(a, b);
  }
  static SPIKETAPE_INLINE P select(const Result& where, const P& a, const P& b) {
    return Eigen::internal::pselect(where, a, b);
  }
  static SPIKETAPE_INLINE P keep(const Result& where, const P& a) { return Eigen::internal::pand(where, a); }
  static SPIKETAPE_INLINE P drop(const Result& where, const P& a) {
    return Eigen::internal::pandnot(a, where);
  }
  static SPIKETAPE_INLINE unsigned bits(const Result& a) {
#if defined(__AVX__)
    if constexpr (sizeof(P) == 32 && sizeof(Scalar) == 4)
      return static_cast<unsigned>(_mm256_movemask_ps(a));
    else if constexpr (sizeof(P) == 32)
      return static_cast<unsigned>(_mm256_movemask_pd(a));
    else
#endif
#if defined(__SSE2__)
        if constexpr (sizeof(P) == 16 && sizeof(Scalar) == 4)
      return static_cast<unsigned>(_mm_movemask_ps(a));
    else if constexpr (sizeof(P) == 16)
      return static_cast<unsigned>(_mm_movemask_pd(a));
    else
#endif
    {
      Scalar ones[packet_size<Scalar>];
      Eigen::internal::pstoreu(ones, keep(a, Eigen::internal::pset1<P>(Scalar(1))));
      unsigned bits = 0;
      for (int i = 0; i < packet_size<Scalar>; ++i) bits |= unsigned(ones[i] != 0) << i;
      return bits;
    }
  }
  static SPIKETAPE_INLINE Result from_bits(unsigned bits) {
    return less(Eigen::internal::pset1<P>(Scalar(0)),
                Eigen::internal::ploadu<P>(ones_where<Scalar>[bits].data()));
  }
};

#if defined(EIGEN_VECTORIZE_AVX512)
template <>
struct Comparison<float> {
  using P = __m512;
  using Result = __mmask16;
  static SPIKETAPE_INLINE Result less(P a, P b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  static SPIKETAPE_INLINE Result less_equal(P a, P b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
  static SPIKETAPE_INLINE Result equal(P a, P b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
  static SPIKETAPE_INLINE Result both(Result a, Result b) { return Result(a & b); }
  static SPIKETAPE_INLINE Result either(Result a, Result b) { return Result(a | b); }
  static SPIKETAPE_INLINE P select(Result where, P a, P b) { return _mm512_mask_blend_ps(where, b, a); }
  static SPIKETAPE_INLINE P keep(Result where, P a) { return _mm512_maskz_mov_ps(where, a); }
  static SPIKETAPE_INLINE P drop(Result where, P a) { return _mm512_maskz_mov_ps(Result(~where), a); }
  static SPIKETAPE_INLINE unsigned bits(Result a) { return a; }
  static SPIKETAPE_INLINE Result from_bits(unsigned bits) { return Result(bits); }
};
template <>
struct Comparison<double> {
  using P = __m512d;
  using Result = __mmask8;
  static SPIKETAPE_INLINE Result less(P a, P b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
  static SPIKETAPE_INLINE Result less_equal(P a, P b) { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }
  static SPIKETAPE_INLINE Result equal(P a, P b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
  static SPIKETAPE_INLINE Result both(Result a, Result b) { return Result(a & b); }
  static SPIKETAPE_INLINE Result either(Result a, Result b) { return Result(a | b); }
  static SPIKETAPE_INLINE P select(Result where, P a, P b) { return _mm512_mask_blend_pd(where, b, a); }
  static SPIKETAPE_INLINE P keep(Result where, P a) { return _mm512_maskz_mov_pd(where, a); }
  static SPIKETAPE_INLINE P drop(Result where, P a) { return _mm512_maskz_mov_pd(Result(~where), a); }
  static SPIKETAPE_INLINE unsigned bits(Result a) { return a; }
  static SPIKETAPE_INLINE Result from_bits(unsigned bits) { return Result(bits); }
};
#endif

}  // namespace detail

/// A truth value for each number of a Lane.
template <Real Scalar>
struct Mask {
  using Comparison = detail::Comparison<Scalar>;
  typename Comparison::Result result;

  friend SPIKETAPE_INLINE Mask operator&(const Mask& a, const Mask& b) {
    return {Comparison::both(a.result, b.result)};
  }
  friend SPIKETAPE_INLINE Mask operator|(const Mask& a, const Mask& b) {
    return {Comparison::either(a.result, b.result)};
  }
};

namespace detail {

/// One bit for each number; the lowest bit is the first number's.
template <Real Scalar>
SPIKETAPE_INLINE unsigned bits_of(const Mask<Scalar>& mask) {
  return Comparison<Scalar>::bits(mask.result);
}
/// The mask with exactly these bits set.
template <Real Scalar>
SPIKETAPE_INLINE Mask<Scalar> mask_of(unsigned bits) {
  return {Comparison<Scalar>::from_bits(bits)};
}
/// The bits of adjacent masks.
template <Real Scalar, std::size_t count>
SPIKETAPE_INLINE unsigned bits_of(const std::array<Mask<Scalar>, count>& masks) {
#if defined(__SSE2__) && !defined(__AVX__)
  if constexpr (sizeof(Scalar) == 4 && count == 4) {  // three packs and one move instead of four moves
    const auto pair = [&](std::size_t k) SPIKETAPE_INLINE_LAMBDA {
      return _mm_packs_epi32(_mm_castps_si128(masks[k].result), _mm_castps_si128(masks[k + 1].result));
    };
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(pair(0), pair(2))));
  } else
#endif
  {
    unsigned bits = 0;
    for (std::size_t k = 0; k < count; ++k) bits |= bits_of(masks[k]) << (k * packet_size<Scalar>);
    return bits;
  }
}

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
