// Named tensors: what files hold and networks are made of, without its type.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/io/form.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_IO_ABI {

/// The type of a tensor's elements, named as in safetensors files, in the order of their sizes.
enum class DType { F64, I64, U64, F32, I32, U32, F16, BF16, I16, U16, I8, U8, BOOL };

namespace io_detail {

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

}  // namespace io_detail

/// The name of an element type, such as "F32".
[[nodiscard]] constexpr const char* name_of(DType type) noexcept {
  return io_detail::dtype_facts[static_cast<std::size_t>(type)].name;
}
/// The bytes of an element.
[[nodiscard]] constexpr std::size_t size_of(DType type) noexcept {
  return io_detail::dtype_facts[static_cast<std::size_t>(type)].size;
}

/// A tensor and its name. The elements stand row by row, the last extent runs fastest; a tensor without
/// extents is one number. A value: copies are independent.
struct Tensor {
  std::string name;                 ///< Such as fc1.weight.
  DType type = DType::F32;          ///< Of each element.
  std::vector<Index> shape;         ///< The extents.
  std::vector<std::uint8_t> bytes;  ///< The elements, low byte first, on every machine.

  /// Whether all is the same, to the bit.
  friend bool operator==(const Tensor&, const Tensor&) = default;
};

namespace io_detail {

std::optional<DType> dtype_named(std::string_view name);

/// The bytes that a tensor of this type and shape takes; none if an extent is negative or they are more than
/// memory has addresses.
std::optional<std::size_t> bytes_of(DType type, const std::vector<Index>& shape);
/// A shape for messages: (2, 3), and () for one number.
std::string shape_text(const std::vector<Index>& shape);

/// The bits of element i of a tensor, in the low bytes.
std::uint64_t bits_at(const Tensor& tensor, std::size_t i);
/// Element i of a tensor. Whole numbers beyond 2^53 are rounded.
double number_at(const Tensor& tensor, std::size_t i);
inline std::size_t number_count(const Tensor& tensor) { return tensor.bytes.size() / size_of(tensor.type); }

[[noreturn]] void fail_tensor(const char* function, const Tensor& tensor, const char* expected);
/// Throws where a tensor was put together wrong by hand.
void check_bytes(const char* function, const Tensor& tensor);

/// All elements, rounded.
void copy_numbers(const Tensor& tensor, float* to);
void copy_numbers(const Tensor& tensor, double* to);
/// The same to rows of `cols` numbers that begin `stride` apart.
void copy_rows(const Tensor& tensor, float* to, Index cols, Index stride);
void copy_rows(const Tensor& tensor, double* to, Index cols, Index stride);
/// Appends numbers that lie one behind the other to the bytes of a tensor.
void append_numbers(std::vector<std::uint8_t>& bytes, const float* numbers, Index count);
void append_numbers(std::vector<std::uint8_t>& bytes, const double* numbers, Index count);

}  // namespace io_detail

/// The classes of a tensor of one extent. Allocates. Throws std::invalid_argument for another shape and for
/// what is no whole number that an int holds.
[[nodiscard]] std::vector<int> to_labels(const Tensor& tensor);
/// Labels as a tensor of I64. Allocates.
[[nodiscard]] Tensor to_tensor(std::string name, const std::vector<int>& labels);

}  // namespace spiketape::inline SPIKETAPE_IO_ABI

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

template <Real Scalar>
constexpr DType dtype_of = sizeof(Scalar) == 4 ? DType::F32 : DType::F64;

template <Real Scalar>
void append_number_bytes(std::vector<std::uint8_t>& bytes, const Scalar& number) {
  append_numbers(bytes, &number, 1);
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

/// An array as a tensor of two extents, a sequence as one of three (steps, batch, features). Allocates.
template <Real Scalar>
[[nodiscard]] Tensor to_tensor(std::string name, const Array<Scalar>& array) {
  Tensor tensor{std::move(name), detail::dtype_of<Scalar>, {array.rows(), array.cols()}, {}};
  tensor.bytes.reserve(static_cast<std::size_t>(array.size()) * sizeof(Scalar));
  detail::append_numbers(tensor.bytes, array.data(), array.size());
  return tensor;
}
template <Real Scalar>
[[nodiscard]] Tensor to_tensor(std::string name, const Sequence<Scalar>& sequence) {
  const Shape shape = sequence.shape();
  Tensor tensor{std::move(name), detail::dtype_of<Scalar>, {shape.steps, shape.batch, shape.features}, {}};
  tensor.bytes.reserve(static_cast<std::size_t>(shape.steps * shape.batch * shape.features) * sizeof(Scalar));
  for (Index t = 0; t < shape.steps; ++t)
    detail::append_numbers(tensor.bytes, sequence.step(t).data(), shape.batch * shape.features);
  return tensor;
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#if SPIKETAPE_IO_INLINE
#include <spiketape/io/impl/tensor.hpp>
#endif

#include <spiketape/core/pop_macros.hpp>
