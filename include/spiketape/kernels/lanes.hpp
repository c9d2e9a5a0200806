// SIMD lanes: a few numbers that one instruction processes together.
//
// Compilers do not vectorize these loops reliably: the same neuron loop ran between 0.08 and 1.5 ns per
// neuron and step, depending on compiler, flag and target. Eigen's packets were fast everywhere, so a Lane is
// a packet. Only the headers of kernels/ know Eigen's internal names.
//
// A formula written as a template over T works for float, double and Lane if it uses the functions below:
// st::exp, not std::exp; st::select(condition, a, b), not `condition ? a : b`.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/config.hpp>
#include <spiketape/kernels/mask.hpp>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI {

/// `Lane::size` numbers; every operation acts on each of them. A plain number converts to a lane of
/// equal numbers.
template <Real Scalar_>
struct Lane {
  using Scalar = Scalar_;
  using Packet = detail::Packet<Scalar>;
  static constexpr Index size = detail::packet_size<Scalar>;

  Packet packet;

  Lane() = default;
  SPIKETAPE_INLINE explicit Lane(const Packet& packet_, std::nullptr_t) : packet(packet_) {}
  template <typename Number>
  requires std::is_arithmetic_v<Number> SPIKETAPE_INLINE
  Lane(Number number)  // NOLINT: formulas mix lanes and plain numbers
      : packet(Eigen::internal::pset1<Packet>(static_cast<Scalar>(number))) {}

  /// Load from memory and store to it, aligned or not.
  static SPIKETAPE_INLINE Lane load(const Scalar* from) {
    return Lane(Eigen::internal::ploadu<Packet>(from), nullptr);
  }
  SPIKETAPE_INLINE void store(Scalar* to) const { Eigen::internal::pstoreu(to, packet); }

  /// The same for the first `count` numbers; no others are touched. load sets the rest of the lane to zero.
  static SPIKETAPE_INLINE Lane load(const Scalar* from, Index count) {
    Scalar buffer[std::size_t{size}] = {};
    std::memcpy(buffer, from, static_cast<std::size_t>(count) * sizeof(Scalar));
    return load(buffer);
  }
  SPIKETAPE_INLINE void store(Scalar* to, Index count) const {
    Scalar buffer[std::size_t{size}];
    store(buffer);
    std::memcpy(to, buffer, static_cast<std::size_t>(count) * sizeof(Scalar));
  }

  /// first, first + 1, first + 2, ...
  static SPIKETAPE_INLINE Lane counting_from(Index first) {
    return Lane(Eigen::internal::plset<Packet>(static_cast<Scalar>(first)), nullptr);
  }

  friend SPIKETAPE_INLINE Lane operator+(const Lane& a, const Lane& b) {
    return Lane(Eigen::internal::padd(a.packet, b.packet), nullptr);
  }
  friend SPIKETAPE_INLINE Lane operator-(const Lane& a, const Lane& b) {
    return Lane(Eigen::internal::psub(a.packet, b.packet), nullptr);
  }
  friend SPIKETAPE_INLINE Lane operator*(const Lane& a, const Lane& b) {
    return Lane(Eigen::internal::pmul(a.packet, b.packet), nullptr);
  }
  friend SPIKETAPE_INLINE Lane operator/(const Lane& a, const Lane& b) {
    return Lane(Eigen::internal::pdiv(a.packet, b.packet), nullptr);
  }
  friend SPIKETAPE_INLINE Lane operator-(const Lane& a) {
    // On AVX Eigen's pnegate computes 0 − a, and 0 − 0 is not −0.
    return Lane(Eigen::internal::pxor(a.packet, Eigen::internal::pset1<Packet>(-Scalar(0))), nullptr);
  }
  SPIKETAPE_INLINE Lane& operator+=(const Lane& b) { return *this = *this + b; }
  SPIKETAPE_INLINE Lane& operator-=(const Lane& b) { return *this = *this - b; }

  // As with plain numbers, a comparison with NaN is false.
  friend SPIKETAPE_INLINE Mask<Scalar> operator<(const Lane& a, const Lane& b) {
    return {detail::Comparison<Scalar>::less(a.packet, b.packet)};
  }
  friend SPIKETAPE_INLINE Mask<Scalar> operator<=(const Lane& a, const Lane& b) {
    return {detail::Comparison<Scalar>::less_equal(a.packet, b.packet)};
  }
  friend SPIKETAPE_INLINE Mask<Scalar> operator>(const Lane& a, const Lane& b) { return b < a; }
  friend SPIKETAPE_INLINE Mask<Scalar> operator>=(const Lane& a, const Lane& b) { return b <= a; }
  friend SPIKETAPE_INLINE Mask<Scalar> operator==(const Lane& a, const Lane& b) {
    return {detail::Comparison<Scalar>::equal(a.packet, b.packet)};
  }
};

namespace detail {

template <typename T>
struct LaneTraits {
  using Mask = bool;
  using Scalar = T;
};
template <typename T>
struct LaneTraits<Lane<T>> {
  using Mask = spiketape::Mask<T>;
  using Scalar = T;
};

/// The square root of a packet, rounded correctly (but on 32-bit ARM). In float Eigen refines an estimate of
/// the processor's, which takes longer, and its bits differ between makes of processors.
template <typename P>
SPIKETAPE_INLINE P square_root(const P& a) {
  return Eigen::internal::psqrt(a);
}
#if defined(EIGEN_VECTORIZE_AVX512)
SPIKETAPE_INLINE __m512 square_root(const __m512& a) { return _mm512_sqrt_ps(a); }
#elif defined(EIGEN_VECTORIZE_AVX)
SPIKETAPE_INLINE __m256 square_root(const __m256& a) { return _mm256_sqrt_ps(a); }
#elif defined(EIGEN_VECTORIZE_SSE)
SPIKETAPE_INLINE __m128 square_root(const __m128& a) { return _mm_sqrt_ps(a); }
#endif

/// The result of a comparison of two T: bool or Mask.
template <typename T>
using MaskOf = typename LaneTraits<T>::Mask;

// Outside system headers g++ warns of every packet that is a template argument.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"
#endif
/// Transposes a square of lanes.
template <Real Scalar>
SPIKETAPE_INLINE void transpose(Lane<Scalar> (&square)[Lane<Scalar>::size]) {
  constexpr Index size = Lane<Scalar>::size;
  // Where the type of a packet is named, not deduced, g++ 12 warns behind a precompiled header: it has
  // attributes.
  const auto transpose_packets = [&]<typename P>(const P&) SPIKETAPE_INLINE_LAMBDA {
    Eigen::internal::PacketBlock<P, size> block;
    for (Index q = 0; q < size; ++q) block.packet[q] = square[q].packet;
    Eigen::internal::ptranspose(block);
    for (Index q = 0; q < size; ++q) square[q].packet = block.packet[q];
  };
  transpose_packets(square[0].packet);
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace detail

/// `condition ? a : b` for each number; both are evaluated.
template <Real Scalar>
SPIKETAPE_INLINE Lane<Scalar> select(const Mask<Scalar>& condition,
                                     const std::type_identity_t<Lane<Scalar>>& a,
                                     const std::type_identity_t<Lane<Scalar>>& b) {
  return Lane<Scalar>(detail::Comparison<Scalar>::select(condition.result, a.packet, b.packet), nullptr);
}
/// The same for a plain number, so that one formula serves both. The functions below follow this pattern.
template <Real Scalar>
SPIKETAPE_INLINE Scalar select(bool condition, Scalar a, std::type_identity_t<Scalar> b) {
  return condition ? a : b;
}

/// a where the condition holds, 0 elsewhere.
template <Real Scalar>
SPIKETAPE_INLINE Lane<Scalar> where(const Mask<Scalar>& condition, const Lane<Scalar>& a) {
  return Lane<Scalar>(detail::Comparison<Scalar>::keep(condition.result, a.packet), nullptr);
}
template <Real Scalar>
SPIKETAPE_INLINE Scalar where(bool condition, Scalar a) {
  return condition ? a : Scalar(0);
}

/// 0 where the condition holds, a elsewhere.
template <Real Scalar>
SPIKETAPE_INLINE Lane<Scalar> except(const Mask<Scalar>& condition, const Lane<Scalar>& a) {
  return Lane<Scalar>(detail::Comparison<Scalar>::drop(condition.result, a.packet), nullptr);
}
template <Real Scalar>
SPIKETAPE_INLINE Scalar except(bool condition, Scalar a) {
  return condition ? Scalar(0) : a;
}

/// a * b + c. For lanes it is rounded once where the machine can. For plain numbers it is a product and a
/// sum, which are rounded once only if the compiler contracts them.
template <Real Scalar>
SPIKETAPE_INLINE Lane<Scalar> multiply_add(const Lane<Scalar>& a, const Lane<Scalar>& b,
                                           const Lane<Scalar>& c) {
  return Lane<Scalar>(Eigen::internal::pmadd(a.packet, b.packet, c.packet), nullptr);
}
template <Real Scalar>
SPIKETAPE_INLINE Scalar multiply_add(Scalar a, Scalar b, Scalar c) {
  return a * b + c;
}

// Elementwise functions by Eigen, but for sqrt. exp and log may differ from std::exp and std::log in the last
// bits.
template <Real Scalar>
SPIKETAPE_INLINE Lane<Scalar> abs(const Lane<Scalar>& a) {
  return Lane<Scalar>(Eigen::internal::pabs(a.packet), nullptr);
}
template <Real Scalar>
SPIKETAPE_INLINE Lane<Scalar> sqrt(const Lane<Scalar>& a) {
  return Lane<Scalar>(detail::square_root(a.packet), nullptr);
}
template <Real Scalar>
SPIKETAPE_INLINE Lane<Scalar> exp(const Lane<Scalar>& a) {
  return Lane<Scalar>(Eigen::internal::pexp(a.packet), nullptr);
}
template <Real Scalar>
SPIKETAPE_INLINE Lane<Scalar> log(const Lane<Scalar>& a) {
  return Lane<Scalar>(Eigen::internal::plog(a.packet), nullptr);
}
/// The smaller and the larger of `a` and a bound that is not NaN; a NaN in `a` is kept.
template <Real Scalar>
SPIKETAPE_INLINE Lane<Scalar> min(const Lane<Scalar>& a, const std::type_identity_t<Lane<Scalar>>& bound) {
  return select(bound < a, bound, a);
}
template <Real Scalar>
SPIKETAPE_INLINE Lane<Scalar> max(const Lane<Scalar>& a, const std::type_identity_t<Lane<Scalar>>& bound) {
  return select(a < bound, bound, a);
}

// The same for plain numbers, by <cmath>.
template <Real Scalar>
SPIKETAPE_INLINE Scalar abs(Scalar a) {
  return std::abs(a);
}
template <Real Scalar>
SPIKETAPE_INLINE Scalar sqrt(Scalar a) {
  return std::sqrt(a);
}
template <Real Scalar>
SPIKETAPE_INLINE Scalar exp(Scalar a) {
  return std::exp(a);
}
template <Real Scalar>
SPIKETAPE_INLINE Scalar log(Scalar a) {
  return std::log(a);
}
template <Real Scalar>
SPIKETAPE_INLINE Scalar min(Scalar a, std::type_identity_t<Scalar> bound) {
  return bound < a ? bound : a;
}
template <Real Scalar>
SPIKETAPE_INLINE Scalar max(Scalar a, std::type_identity_t<Scalar> bound) {
  return a < bound ? bound : a;
}

namespace detail {

/// Applies function(number, i) to each number of a lane, with i its place; for a plain number i is 0.
template <Real Scalar, typename Function>
SPIKETAPE_INLINE Lane<Scalar> by_number(const Lane<Scalar>& a, Function&& function) {
  Scalar numbers[Lane<Scalar>::size];
  a.store(numbers);
  for (Index i = 0; i < Lane<Scalar>::size; ++i) numbers[i] = static_cast<Scalar>(function(numbers[i], i));
  return Lane<Scalar>::load(numbers);
}
template <Real Scalar, typename Function>
SPIKETAPE_INLINE Scalar by_number(Scalar a, Function&& function) {
  return static_cast<Scalar>(function(a, Index(0)));
}

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
