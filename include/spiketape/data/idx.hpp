// The IDX format of MNIST and similar data sets: a big-endian array of numbers.
//
//   byte 0, 1   zero
//   byte 2      the type of the values: 0x08 uint8, 0x09 int8, 0x0B int16, 0x0C int32, 0x0D float,
//               0x0E double
//   byte 3      the number of dimensions, here 1 to 8
//   then        each dimension, 4 bytes, unsigned; then the values, the last dimension fastest
//
// Files are not trusted: every length is checked before use.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/read_file.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// The value types of an IDX file.
template <typename T>
concept IdxValue =
    std::same_as<T, std::uint8_t> || std::same_as<T, std::int8_t> || std::same_as<T, std::int16_t> ||
    std::same_as<T, std::int32_t> || std::same_as<T, float> || std::same_as<T, double>;

/// The contents of an IDX file. The size of `values` is the product of `shape`, the last dimension fastest (C
/// order).
template <IdxValue T>
struct Idx {
  std::vector<Index> shape;  ///< The extent of each dimension.
  std::vector<T> values;     ///< All numbers.
};

namespace detail {

template <IdxValue T>
constexpr int idx_type() {
  if constexpr (std::same_as<T, std::uint8_t>) return 0x08;
  if constexpr (std::same_as<T, std::int8_t>) return 0x09;
  if constexpr (std::same_as<T, std::int16_t>) return 0x0B;
  if constexpr (std::same_as<T, std::int32_t>) return 0x0C;
  if constexpr (std::same_as<T, float>) return 0x0D;
  if constexpr (std::same_as<T, double>) return 0x0E;
}

/// The name of a type code, or null if the format has no such code.
constexpr const char* idx_type_name(int type) {
  switch (type) {
    case 0x08:
      return "uint8";
    case 0x09:
      return "int8";
    case 0x0B:
      return "int16";
    case 0x0C:
      return "int32";
    case 0x0D:
      return "float";
    case 0x0E:
      return "double";
    default:
      return nullptr;
  }
}

/// The number of values of type T in a shape; -1 if they, and a header, take more bytes than can be counted.
template <IdxValue T>
Index idx_count(const std::vector<Index>& shape) {
  return element_count(shape, 2 * sizeof(T));
}

/// Reads an unsigned big-endian integer on machines of either byte order.
template <std::unsigned_integral Unsigned>
Unsigned read_big_endian(const std::uint8_t* bytes) {
  Unsigned number = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) number = static_cast<Unsigned>((number << 8) | bytes[i]);
  return number;
}

template <IdxValue T>
T read_idx_value(const std::uint8_t* bytes) {
  if constexpr (sizeof(T) == 1) return detail::bits_as<T>(*bytes);
  if constexpr (sizeof(T) == 2) return detail::bits_as<T>(read_big_endian<std::uint16_t>(bytes));
  if constexpr (sizeof(T) == 4) return detail::bits_as<T>(read_big_endian<std::uint32_t>(bytes));
  if constexpr (sizeof(T) == 8) return detail::bits_as<T>(read_big_endian<std::uint64_t>(bytes));
}

}  // namespace detail

/// Parses the bytes of an IDX file whose values are of type T; `name` stands for it in messages. Allocates
/// the result, after checking that `bytes` has the right size. Throws std::runtime_error if it is no IDX
/// file, holds another type than T, or has too few or too many bytes.
template <IdxValue T>
[[nodiscard]] Idx<T> parse_idx(std::span<const std::uint8_t> bytes, std::string_view name) {
  const auto fail = [name](const auto&... parts) {
    detail::fail_file("spiketape::parse_idx: '", name, "' ", parts...);
  };

  if (bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
    fail("is compressed with gzip: unpack it, or include <spiketape/data/gzip.hpp> and use read_gzip");
  if (bytes.size() < 4) fail("has ", bytes.size(), " bytes, an IDX file has at least 4");
  if (bytes[0] != 0 || bytes[1] != 0)
    fail("begins with the bytes ", bytes[0], " and ", bytes[1], ", an IDX file begins with 0 and 0");
  const int type = bytes[2];
  const std::size_t dimensions = bytes[3];
  constexpr int expected_type = detail::idx_type<T>();
  if (!detail::idx_type_name(type))
    fail("has values of type code ", type, ", which is none of the IDX codes 8, 9, 11, 12, 13, 14");
  if (type != expected_type)
    fail("has values of type ", detail::idx_type_name(type), ", expected ",
         detail::idx_type_name(expected_type));
  if (dimensions < 1 || dimensions > 8) fail("has ", dimensions, " dimensions, expected 1 to 8");

  const std::size_t header = 4 + 4 * dimensions;
  if (bytes.size() < header)
    fail("is truncated: it has ", bytes.size(), " bytes, its header alone takes ", header);
  Idx<T> result;
  result.shape.resize(dimensions);
  for (std::size_t d = 0; d < dimensions; ++d) {
    const auto extent = detail::read_big_endian<std::uint32_t>(bytes.data() + 4 + 4 * d);
    result.shape[d] = std::in_range<Index>(extent) ? static_cast<Index>(extent) : Index(-1);
  }
  const Index count = detail::idx_count<T>(result.shape);
  if (count < 0) fail("has dimensions whose product is too large for this machine");

  const std::size_t expected = header + static_cast<std::size_t>(count) * sizeof(T);
  if (bytes.size() < expected)
    fail("is truncated: it has ", bytes.size(), " bytes, its header says ", expected);
  if (bytes.size() > expected)
    fail("is oversized: it has ", bytes.size(), " bytes, its header says ", expected);

  const std::uint8_t* from = bytes.data() + header;
  result.values.resize(static_cast<std::size_t>(count));
  for (T& value : result.values) {
    value = detail::read_idx_value<T>(from);
    from += sizeof(T);
  }
  return result;
}

/// Reads an IDX file whose values are of type T, for example read_idx<std::uint8_t>(path). Allocates the
/// result and, temporarily, the bytes of the file. Throws std::runtime_error if the file cannot be read or
/// parse_idx rejects it.
template <IdxValue T>
[[nodiscard]] Idx<T> read_idx(const std::string& path) {
  return parse_idx<T>(read_file(path), path);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
