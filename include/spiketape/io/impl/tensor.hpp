// What tensor.hpp declares.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/tensor.hpp>

#include <cmath>
#include <limits>

namespace spiketape::inline SPIKETAPE_IO_ABI {

namespace io_detail {

SPIKETAPE_IO_FUNCTION std::optional<DType> dtype_named(std::string_view name) {
  for (const DTypeFacts& facts : dtype_facts)
    if (name == facts.name) return facts.type;
  return std::nullopt;
}

SPIKETAPE_IO_FUNCTION std::optional<std::size_t> bytes_of(DType type, const std::vector<Index>& shape) {
  const Index count = element_count(shape, size_of(type));
  if (count < 0) return std::nullopt;
  return static_cast<std::size_t>(count) * size_of(type);
}

/// A shape for messages: (2, 3), and () for one number.
SPIKETAPE_IO_FUNCTION std::string shape_text(const std::vector<Index>& shape) {
  std::string text = "(";
  for (const Index extent : shape) {
    if (text.size() > 1) text += ", ";
    append(text, extent);
  }
  text += ')';
  return text;
}

/// A number of 16 bits, IEEE 754 binary16. Exact.
SPIKETAPE_IO_FUNCTION float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16, exponent = half >> 10 & 31,
                      fraction = half & 1023;
  if (exponent == 31) return bits_as<float>(sign | 0x7f800000 | fraction << 13);
  if (exponent > 0) return bits_as<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float magnitude = static_cast<float>(fraction) / 16777216;  // denormal, in units of 2^-24
  return sign == 0 ? magnitude : -magnitude;
}

/// The bits of element i of a tensor, in the low bytes.
SPIKETAPE_IO_FUNCTION std::uint64_t bits_at(const Tensor& tensor, std::size_t i) {
  const std::size_t size = size_of(tensor.type);
  std::uint64_t bits = 0;
  for (std::size_t k = size; k-- > 0;) bits = bits << 8 | tensor.bytes[i * size + k];
  return bits;
}
/// Element i of a tensor. Whole numbers beyond 2^53 are rounded.
SPIKETAPE_IO_FUNCTION double number_at(const Tensor& tensor, std::size_t i) {
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

[[noreturn]] SPIKETAPE_IO_FUNCTION void fail_tensor(const char* function, const Tensor& tensor,
                                                    const char* expected) {
  fail_argument("spiketape::", function, ": tensor '", Shown{tensor.name}, "' has the shape ",
                shape_text(tensor.shape), " of ", name_of(tensor.type), ", expected ", expected);
}
/// Throws where a tensor was put together wrong by hand.
SPIKETAPE_IO_FUNCTION void check_bytes(const char* function, const Tensor& tensor) {
  const auto size = bytes_of(tensor.type, tensor.shape);
  if (!size || *size != tensor.bytes.size())
    fail_argument("spiketape::", function, ": tensor '", Shown{tensor.name}, "' has ", tensor.bytes.size(),
                  " bytes, its shape ", shape_text(tensor.shape), " of ", name_of(tensor.type), " takes ",
                  size ? text_of(*size) : "more than memory has addresses");
}

template <typename Scalar>
void copy_all(const Tensor& tensor, Scalar* to, Index cols, Index stride) {
  Index row = 0, col = 0;
  for (std::size_t i = 0; i < number_count(tensor); ++i) {
    to[row * stride + col] = static_cast<Scalar>(number_at(tensor, i));
    if (++col == cols) {
      col = 0;
      ++row;
    }
  }
}
SPIKETAPE_IO_FUNCTION void copy_rows(const Tensor& tensor, float* to, Index cols, Index stride) {
  copy_all(tensor, to, cols, stride);
}
SPIKETAPE_IO_FUNCTION void copy_rows(const Tensor& tensor, double* to, Index cols, Index stride) {
  copy_all(tensor, to, cols, stride);
}
SPIKETAPE_IO_FUNCTION void copy_numbers(const Tensor& tensor, float* to) {
  copy_all(tensor, to, static_cast<Index>(number_count(tensor)), 0);
}
SPIKETAPE_IO_FUNCTION void copy_numbers(const Tensor& tensor, double* to) {
  copy_all(tensor, to, static_cast<Index>(number_count(tensor)), 0);
}
SPIKETAPE_IO_FUNCTION void append_numbers(std::vector<std::uint8_t>& bytes, const float* numbers,
                                          Index count) {
  for (Index i = 0; i < count; ++i) append_little_endian(bytes, bits_as<std::uint32_t>(numbers[i]));
}
SPIKETAPE_IO_FUNCTION void append_numbers(std::vector<std::uint8_t>& bytes, const double* numbers,
                                          Index count) {
  for (Index i = 0; i < count; ++i) append_little_endian(bytes, bits_as<std::uint64_t>(numbers[i]));
}

}  // namespace io_detail

SPIKETAPE_IO_FUNCTION std::vector<int> to_labels(const Tensor& tensor) {
  io_detail::check_bytes("to_labels", tensor);
  if (tensor.shape.size() != 1) io_detail::fail_tensor("to_labels", tensor, "one extent");
  std::vector<int> labels;
  labels.reserve(static_cast<std::size_t>(tensor.shape[0]));
  for (std::size_t i = 0; i < io_detail::number_count(tensor); ++i) {
    const double value = io_detail::number_at(tensor, i);
    if (!io_detail::is_finite(value) || value < std::numeric_limits<int>::min() ||
        value > std::numeric_limits<int>::max() || value != std::floor(value))
      io_detail::fail_argument("spiketape::to_labels: tensor '", io_detail::Shown{tensor.name},
                               "' has the label ", value, " at ", labels.size(),
                               ", expected a whole number that an int holds");
    labels.push_back(static_cast<int>(value));
  }
  return labels;
}

SPIKETAPE_IO_FUNCTION Tensor to_tensor(std::string name, const std::vector<int>& labels) {
  Tensor tensor{std::move(name), DType::I64, {static_cast<Index>(labels.size())}, {}};
  tensor.bytes.reserve(8 * labels.size());
  for (const int label : labels)
    io_detail::append_little_endian(tensor.bytes, static_cast<std::uint64_t>(std::int64_t(label)));
  return tensor;
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI

#include <spiketape/core/pop_macros.hpp>
