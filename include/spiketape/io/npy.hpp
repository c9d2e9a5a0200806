// Arrays in NumPy's .npy files: one tensor in one file.
//
//     \x93NUMPY      6 bytes, then the version: 1.0, 2.0 or 3.0
//     N              the length of the header, low byte first: 2 bytes in version 1, else 4
//     N bytes        {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
//     the rest       the elements
//
// Source: the module numpy.lib.format of NumPy 1.24.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/form.hpp>
#include <spiketape/io/tensor.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace spiketape::inline SPIKETAPE_IO_ABI {

/// Parses the bytes of a .npy file, whose tensor gets the name `name`; so do messages. Elements in the other
/// byte order, and arrays whose first extent runs fastest (fortran_order), are put into the order of a
/// Tensor. Allocates the result, once the header is known to describe the data. Throws std::runtime_error
/// where the bytes are not in the format, and for types that Tensor has not: texts, complex numbers, dates,
/// objects and records.
[[nodiscard]] Tensor parse_npy(std::span<const std::uint8_t> bytes, std::string_view name);

/// Reads a .npy file; the tensor's name is the path. Allocates the result and, temporarily, the bytes of the
/// file. Throws std::runtime_error if the file cannot be read or parse_npy rejects it.
[[nodiscard]] Tensor read_npy(const std::string& path);

/// The bytes of a .npy file of version 1.0. The name of the tensor is not kept. Allocates. Throws
/// std::invalid_argument for BF16, which NumPy has not, for more than 64 extents and for bytes that are not
/// as many as the shape takes.
[[nodiscard]] std::string npy_bytes(const Tensor& tensor);

/// Writes a .npy file: completely or, on an error, not at all, see write_file. Allocates the bytes of the
/// file. Throws as npy_bytes and write_file do.
void write_npy(const std::string& path, const Tensor& tensor);

}  // namespace spiketape::inline SPIKETAPE_IO_ABI

#if SPIKETAPE_IO_INLINE
#include <spiketape/io/impl/npy.hpp>
#endif

#include <spiketape/core/pop_macros.hpp>
