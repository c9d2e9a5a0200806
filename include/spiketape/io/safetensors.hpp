// Files of named tensors in the safetensors format, which PyTorch, JAX and others read and write:
//
//     8 bytes      N, the length of the header, low byte first
//     N bytes      the header, JSON; for each tensor an entry
//                  "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
//                  and, if there are texts, "__metadata__": {"about": "text", ...}
//     the rest     the data; sorted by their offsets the tensors lie in it without gap or overlap, to its end
//
// Source: the description of the format in the README of https://github.com/huggingface/safetensors, 0.4.
// What is read is checked whole before anything is returned.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/form.hpp>
#include <spiketape/io/tensor.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_IO_ABI {

/// What a safetensors file holds: tensors, sorted by name, and texts about them.
struct Safetensors {
  std::vector<Tensor> tensors;                  ///< Names are unique.
  std::map<std::string, std::string> metadata;  ///< Texts by name.

  /// The tensor of this name, or nullptr. Valid as long as `tensors` is not changed.
  [[nodiscard]] const Tensor* find(std::string_view name) const noexcept;
};

/// Parses the bytes of a safetensors file; `name` stands for it in messages. Allocates the result, once
/// the header is known to describe the data. Throws std::runtime_error where the bytes are not in the format:
/// a header beyond the file or 10^8 bytes, that is no UTF-8 or JSON or says anything else than the format
/// has, a name twice, an unknown dtype, a size that is not that of the shape, data that overlaps, is left out
/// or missing.
[[nodiscard]] Safetensors parse_safetensors(std::span<const std::uint8_t> bytes, std::string_view name);

/// Reads a safetensors file. Allocates the result and, temporarily, the bytes of the file. Throws
/// std::runtime_error if the file cannot be read or parse_safetensors rejects it.
[[nodiscard]] Safetensors read_safetensors(const std::string& path);

/// The bytes of a safetensors file. Tensors are laid out by the size of their elements, the largest first,
/// then by name, so that the same contents give the same bytes, and each tensor is aligned. Allocates. Throws
/// std::invalid_argument for a name or text that is not UTF-8, for a name that comes twice or is
/// __metadata__, and for bytes that are not as many as the shape takes.
[[nodiscard]] std::string safetensors_bytes(const Safetensors& contents);

/// Writes a safetensors file: completely or, on an error, not at all, see write_file. Allocates the bytes of
/// the file. Throws as safetensors_bytes and write_file do.
void write_safetensors(const std::string& path, const Safetensors& contents);

}  // namespace spiketape::inline SPIKETAPE_IO_ABI

#if SPIKETAPE_IO_INLINE
#include <spiketape/io/impl/safetensors.hpp>
#endif

#include <spiketape/core/pop_macros.hpp>
