// A whole file into memory, with every step checked.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// The system's words for a number from errno.
inline std::string system_reason(int number) { return std::generic_category().message(number); }

}  // namespace detail

/// The bytes of a file. Allocates them. Throws std::runtime_error, with the path and the system's
/// reason, when the file cannot be opened or read.
[[nodiscard]] inline std::vector<std::uint8_t> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, detail::FileCloser> file(std::fopen(path.c_str(), "rb"));
  if (!file)
    detail::fail_file("spiketape::read_file: cannot open '", path, "': ", detail::system_reason(errno));
  std::vector<std::uint8_t> bytes;
  constexpr std::size_t chunk = 1 << 16;
  // The size is not asked for beforehand: pipes have none.
  for (std::size_t size = 0, count = chunk; count > 0; size += count, bytes.resize(size)) {
    bytes.resize(size + chunk);
    count = std::fread(bytes.data() + size, 1, chunk, file.get());
  }
  if (std::ferror(file.get()))
    detail::fail_file("spiketape::read_file: cannot read '", path, "': ", detail::system_reason(errno));
  return bytes;
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
