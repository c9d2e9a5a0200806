// Named tensors: what files hold and networks are made of, without its type.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/utf8.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// The type of a tensor's elements, named as in safetensors files, in the order of their sizes.
enum class DType { F64, I64, U64, F32, I32, U32, F16, BF16, I16, U16, I8, U8, BOOL };

namespace detail {

struct DTypeFacts {
  DType type;
  const char* name;
  std::size_t size;
};
inline constexpr std::array<DTypeFacts, 13> dtype_facts = {{{DType::F64, "F64", 8},
                                                            {DType::I64, "I64", 8},
                                                            {DType::U64, "U64", 8},
                                                            {DType::F32, "F32", 4},
                                                            {DType::I32, "I32", 4},
                                                            {DType::U32, "U32", 4},
                                                            {DType::F16, "F16", 2},
                                                            {DType::BF16, "BF16", 2},
                                                            {DType::I16, "I16", 2},
                                                            {DType::U16, "U16", 2},
                                                            {DType::I8, "I8", 1},
                                                            {DType::U8, "U8", 1},
                                                            {DType::BOOL, "BOOL", 1}}};

inline std::optional<DType> dtype_named(std::string_view name) {
  for (const DTypeFacts& facts : dtype_facts)
    if (name == facts.name) return facts.type;
  return std::nullopt;
}

}  // namespace detail

/// The name of an element type, such as "F32".
[[nodiscard]] constexpr const char* name_of(DType type) noexcept {
  return detail::dtype_facts[static_cast<std::size_t>(type)].name;
}
/// The bytes of an element.
[[nodiscard]] constexpr std::size_t size_of(DType type) noexcept {
  return detail::dtype_facts[static_cast<std::size_t>(type)].size;
}

/// A tensor and its name. The elements stand row by row, the last extent runs fastest; a tensor without
/// extents is one number. A value: copies are independent.
struct Tensor {
  std::string name;
  DType type = DType::F32;
  std::vector<Index> shape;
  std::vector<std::uint8_t> bytes;  // low byte first, on every machine

  /// Whether all is the same, to the bit.
  friend bool operator==(const Tensor&, const Tensor&) = default;
};

namespace detail {

/// The bytes that a tensor of this type and shape takes; none if an extent is negative or they are more than
/// memory has addresses.
inline std::optional<std::size_t> bytes_of(DType type, const std::vector<Index>& shape) {
  const Index count = element_count(shape, size_of(type));
  if (count < 0) return std::nullopt;
  return static_cast<std::size_t>(count) * size_of(type);
}

/// A shape for messages: (2, 3), and () for one number.
SPIKETAPE_COLD inline std::string shape_text(const std::vector<Index>& shape) {
  std::string text = "(";
  for (const Index extent : shape) {
    if (text.size() > 1) text += ", ";
    append(text, extent);
  }
  text += ')';
  return text;
}

/// The unsigned number of these bytes, low byte first.
template <std::unsigned_integral Unsigned>
Unsigned read_little_endian(const std::uint8_t* bytes) {
  Unsigned number = 0;
  for (std::size_t k = sizeof(Unsigned); k-- > 0;) number = static_cast<Unsigned>(number << 8 | bytes[k]);
  return number;
}

/// Appends the bytes of an unsigned number, low byte first, to a vector or a string.
template <std::unsigned_integral Unsigned, typename Bytes>
void append_little_endian(Bytes& bytes, Unsigned number) {
  for (std::size_t k = 0; k < sizeof(Unsigned); ++k)
    bytes.push_back(static_cast<typename Bytes::value_type>(number >> 8 * k & 0xff));
}

/// A number of 16 bits, IEEE 754 binary16. Exact.
inline float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16, exponent = half >> 10 & 31,
                      fraction = half & 1023;
  if (exponent == 31) return bits_as<float>(sign | 0x7f800000 | fraction << 13);
  if (exponent > 0) return bits_as<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float magnitude = static_cast<float>(fraction) / 16777216;  // denormal, in units of 2^-24
  return sign == 0 ? magnitude : -magnitude;
}

/// The bits of element i of a tensor, in the low bytes.
SPIKETAPE_COLD inline std::uint64_t bits_at(const Tensor& tensor, std::size_t i) {
  const std::size_t size = size_of(tensor.type);
  std::uint64_t bits = 0;
  for (std::size_t k = size; k-- > 0;) bits = bits << 8 | tensor.bytes[i * size + k];
  return bits;
}
/// Element i of a tensor. Whole numbers beyond 2^53 are rounded.
SPIKETAPE_COLD inline double number_at(const Tensor& tensor, std::size_t i) {
  const std::size_t size = size_of(tensor.type);
  const std::uint64_t bits = bits_at(tensor, i);
  const auto is = [type = tensor.type](DType a, DType b) { return type == a || type == b; };
  // No switch: some compilers ask for a default there, others for none.
  if (tensor.type == DType::F64) return bits_as<double>(bits);
  if (tensor.type == DType::F32) return static_cast<double>(bits_as<float>(static_cast<std::uint32_t>(bits)));
  if (tensor.type == DType::F16) return static_cast<double>(half_to_float(static_cast<std::uint16_t>(bits)));
  if (tensor.type == DType::BF16)
    return static_cast<double>(bits_as<float>(static_cast<std::uint32_t>(bits << 16)));
  if (is(DType::I64, DType::I32) || is(DType::I16, DType::I8)) {
    const std::uint64_t sign = std::uint64_t(1) << (8 * size - 1);
    return static_cast<double>(static_cast<std::int64_t>((bits ^ sign) - sign));
  }
  return static_cast<double>(bits);
}
inline std::size_t number_count(const Tensor& tensor) { return tensor.bytes.size() / size_of(tensor.type); }

template <Real Scalar>
constexpr DType dtype_of = sizeof(Scalar) == 4 ? DType::F32 : DType::F64;

[[noreturn]] SPIKETAPE_NOINLINE inline void fail_tensor(const char* function, const Tensor& tensor,
                                                        const char* expected) {
  fail_argument("spiketape::", function, ": tensor '", Shown{tensor.name}, "' has the shape ",
                shape_text(tensor.shape), " of ", name_of(tensor.type), ", expected ", expected);
}
/// Throws where a tensor was put together wrong by hand.
inline void check_bytes(const char* function, const Tensor& tensor) {
  const auto size = bytes_of(tensor.type, tensor.shape);
  if (!size || *size != tensor.bytes.size())
    fail_argument("spiketape::", function, ": tensor '", Shown{tensor.name}, "' has ", tensor.bytes.size(),
                  " bytes, its shape ", shape_text(tensor.shape), " of ", name_of(tensor.type), " takes ",
                  size ? text_of(*size) : "more than memory has addresses");
}

template <Real Scalar>
void copy_numbers(const Tensor& tensor, Scalar* to) {
  for (std::size_t i = 0; i < number_count(tensor); ++i) to[i] = static_cast<Scalar>(number_at(tensor, i));
}
template <Real Scalar>
void append_number_bytes(std::vector<std::uint8_t>& bytes, const Scalar& number) {
  using Bits = std::conditional_t<sizeof(Scalar) == 4, std::uint32_t, std::uint64_t>;
  append_little_endian(bytes, bits_as<Bits>(number));
}

}  // namespace detail

/// The numbers of a tensor as an array: (rows, cols) of two extents, one row of one, (1, 1) of none. Numbers
/// are rounded to Scalar. Allocates. Throws std::invalid_argument for more extents.
template <Real Scalar>
[[nodiscard]] Array<Scalar> to_array(const Tensor& tensor) {
  detail::check_bytes("to_array", tensor);
  const std::vector<Index>& shape = tensor.shape;
  if (shape.size() > 2) detail::fail_tensor("to_array", tensor, "at most two extents; see to_sequence");
  Array<Scalar> array(shape.size() == 2 ? shape[0] : 1, shape.empty() ? 1 : shape.back());
  detail::copy_numbers(tensor, array.data());
  return array;
}

/// The numbers of a tensor as a sequence: (steps, batch, features), where features are the product of the
/// third extent and all behind it, such as channels, height and width. Numbers are rounded to Scalar.
/// Allocates. Throws std::invalid_argument for fewer than three extents.
template <Real Scalar>
[[nodiscard]] Sequence<Scalar> to_sequence(const Tensor& tensor) {
  detail::check_bytes("to_sequence", tensor);
  const std::vector<Index>& shape = tensor.shape;
  if (shape.size() < 3) detail::fail_tensor("to_sequence", tensor, "steps, batch and features");
  Index features = 1;
  for (std::size_t k = 2; k < shape.size(); ++k) features *= shape[k];
  Sequence<Scalar> sequence(shape[0], shape[1], features);
  detail::copy_numbers(tensor, sequence.array().data());
  return sequence;
}

/// The classes of a tensor of one extent. Allocates. Throws std::invalid_argument for another shape and for
/// what is no whole number that an int holds.
[[nodiscard]] inline std::vector<int> to_labels(const Tensor& tensor) {
  detail::check_bytes("to_labels", tensor);
  if (tensor.shape.size() != 1) detail::fail_tensor("to_labels", tensor, "one extent");
  std::vector<int> labels;
  labels.reserve(static_cast<std::size_t>(tensor.shape[0]));
  for (std::size_t i = 0; i < detail::number_count(tensor); ++i) {
    const double value = detail::number_at(tensor, i);
    if (!detail::is_finite(value) || value < std::numeric_limits<int>::min() ||
        value > std::numeric_limits<int>::max() || value != std::floor(value))
      detail::fail_argument("spiketape::to_labels: tensor '", detail::Shown{tensor.name}, "' has the label ",
                            value, " at ", labels.size(), ", expected a whole number that an int holds");
    labels.push_back(static_cast<int>(value));
  }
  return labels;
}

/// An array as a tensor of two extents, a sequence as one of three (steps, batch, features), labels as one of
/// I64. Allocates.
template <Real Scalar>
[[nodiscard]] Tensor to_tensor(std::string name, const Array<Scalar>& array) {
  Tensor tensor{std::move(name), detail::dtype_of<Scalar>, {array.rows(), array.cols()}, {}};
  tensor.bytes.reserve(static_cast<std::size_t>(array.size()) * sizeof(Scalar));
  for (Index i = 0; i < array.size(); ++i) detail::append_number_bytes(tensor.bytes, array.data()[i]);
  return tensor;
}
template <Real Scalar>
[[nodiscard]] Tensor to_tensor(std::string name, const Sequence<Scalar>& sequence) {
  const Shape shape = sequence.shape();
  Tensor tensor{std::move(name), detail::dtype_of<Scalar>, {shape.steps, shape.batch, shape.features}, {}};
  tensor.bytes.reserve(static_cast<std::size_t>(shape.steps * shape.batch * shape.features) * sizeof(Scalar));
  for (Index t = 0; t < shape.steps; ++t)
    for (Index b = 0; b < shape.batch; ++b)
      for (Index i = 0; i < shape.features; ++i)
        detail::append_number_bytes(tensor.bytes, sequence.step(t)(b, i));
  return tensor;
}
[[nodiscard]] inline Tensor to_tensor(std::string name, const std::vector<int>& labels) {
  Tensor tensor{std::move(name), DType::I64, {static_cast<Index>(labels.size())}, {}};
  tensor.bytes.reserve(8 * labels.size());
  for (const int label : labels)
    detail::append_little_endian(tensor.bytes, static_cast<std::uint64_t>(std::int64_t(label)));
  return tensor;
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
