// The bits of numbers. With -ffast-math compilers take it that no number is NaN or infinite, and std::isnan
// is always false; what the bits say holds.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// An object's bits as another type of its size: std::bit_cast, which older standard libraries lack.
template <typename To, typename From>
requires(sizeof(To) == sizeof(From) && std::is_trivially_copyable_v<To> &&
         std::is_trivially_copyable_v<From>) constexpr To bits_as(const From& from) noexcept {
  return __builtin_bit_cast(To, from);
}

/// A number's bits but its sign. `number` is a reference, since compilers believe anything of one that they
/// have copied.
inline std::uint32_t magnitude_bits(const float& number) noexcept {
  return bits_as<std::uint32_t>(number) & 0x7fffffffu;
}
inline std::uint64_t magnitude_bits(const double& number) noexcept {
  return bits_as<std::uint64_t>(number) & 0x7fffffffffffffffu;
}
inline std::uint32_t infinity_bits(float /*type*/) noexcept { return 0x7f800000u; }
inline std::uint64_t infinity_bits(double /*type*/) noexcept { return 0x7ff0000000000000u; }

template <std::floating_point Scalar>
bool is_finite(const Scalar& number) noexcept {
  return magnitude_bits(number) < infinity_bits(Scalar());
}
template <std::floating_point Scalar>
bool is_nan(const Scalar& number) noexcept {
  return magnitude_bits(number) > infinity_bits(Scalar());
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
