// The bytes of IDX files, written without the library.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

/// Appends an unsigned number of `size` bytes, the highest first.
inline void append_big_endian(std::vector<std::uint8_t>& bytes, std::uint64_t number, std::size_t size) {
  for (std::size_t i = size; i-- > 0;) bytes.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

inline std::uint64_t bits_of(std::uint8_t value) { return value; }
inline std::uint64_t bits_of(std::int8_t value) { return std::bit_cast<std::uint8_t>(value); }
inline std::uint64_t bits_of(std::int16_t value) { return std::bit_cast<std::uint16_t>(value); }
inline std::uint64_t bits_of(std::int32_t value) { return std::bit_cast<std::uint32_t>(value); }
inline std::uint64_t bits_of(const float& value) { return std::bit_cast<std::uint32_t>(value); }
inline std::uint64_t bits_of(const double& value) { return std::bit_cast<std::uint64_t>(value); }

/// The format's code of a type.
template <typename T>
constexpr std::uint8_t idx_code() {
  if constexpr (std::same_as<T, std::uint8_t>) return 0x08;
  if constexpr (std::same_as<T, std::int8_t>) return 0x09;
  if constexpr (std::same_as<T, std::int16_t>) return 0x0B;
  if constexpr (std::same_as<T, std::int32_t>) return 0x0C;
  if constexpr (std::same_as<T, float>) return 0x0D;
  if constexpr (std::same_as<T, double>) return 0x0E;
}

/// A file of a shape, which may lie, and values.
template <typename T>
std::vector<std::uint8_t> idx_bytes(const std::vector<std::uint32_t>& shape, const std::vector<T>& values) {
  std::vector<std::uint8_t> bytes{0, 0, idx_code<T>(), static_cast<std::uint8_t>(shape.size())};
  for (const std::uint32_t extent : shape) append_big_endian(bytes, extent, 4);
  for (const T& value : values) append_big_endian(bytes, bits_of(value), sizeof(T));
  return bytes;
}
