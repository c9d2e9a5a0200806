// Files of HDF5 that are made in memory.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <vector>

/// The bytes of a file whose access properties keep it in memory. Closes both.
inline std::vector<std::uint8_t> file_image(hid_t file, hid_t access) {
  H5Fflush(file, H5F_SCOPE_LOCAL);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(H5Fget_file_image(file, nullptr, 0)));
  H5Fget_file_image(file, bytes.data(), bytes.size());
  H5Fclose(file);
  H5Pclose(access);
  return bytes;
}
