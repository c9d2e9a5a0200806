// Files compressed with gzip, as MNIST is distributed. Needs zlib, so the umbrella header does not include
// it: include it by name and link with zlib (in CMake: find_package(ZLIB), ZLIB::ZLIB).
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/read_file.hpp>

#include <zlib.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

struct GzipCloser {
  void operator()(gzFile file) const { gzclose_r(file); }
};

/// The reason for a zlib error; `text` is zlib's own.
inline std::string gzip_reason(int state, const char* text) {
  switch (state) {
    case Z_ERRNO:
      return system_reason(errno);
    case Z_BUF_ERROR:
      return "it is truncated: the compressed data stop before their end";
    case Z_DATA_ERROR:
      return "it is corrupt: the compressed data contradict themselves";
    default:
      return text;
  }
}

}  // namespace detail

/// The decompressed bytes of a file; a file that is not compressed is read unchanged.
///   auto images = parse_idx<std::uint8_t>(read_gzip("train-images-idx3-ubyte.gz"), "train images");
/// Allocates the result, which may have at most `limit` bytes (default: 1 GiB), since a small file can
/// decompress to a huge one. Throws std::runtime_error if the file cannot be read, is truncated or corrupt,
/// or decompresses to more than `limit`.
[[nodiscard]] inline std::vector<std::uint8_t> read_gzip(const std::string& path,
                                                         std::size_t limit = std::size_t{1} << 30) {
  errno = 0;
  const std::unique_ptr<std::remove_pointer_t<gzFile>, detail::GzipCloser> file(gzopen(path.c_str(), "rb"));
  if (!file)
    detail::fail_file("spiketape::read_gzip: cannot open '", path,
                      "': ", errno ? detail::system_reason(errno) : "out of memory");
  std::vector<std::uint8_t> bytes;
  std::uint8_t chunk[1 << 16];
  int count = 0;
  while ((count = gzread(file.get(), chunk, sizeof chunk)) > 0) {
    if (static_cast<std::size_t>(count) > limit - bytes.size())
      detail::fail_file("spiketape::read_gzip: '", path, "' unpacks to more than the limit of ", limit,
                        " bytes");
    bytes.insert(bytes.end(), chunk, chunk + count);
  }
  // zlib returns a file with a bad gzip header as plain text. A file that begins with gzip's two bytes is not.
  if (gzdirect(file.get()) != 0 && bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
    detail::fail_file("spiketape::read_gzip: cannot read '", path,
                      "': it begins as gzip does, but has no complete gzip header");
  // gzread reports a truncated stream like a complete one; only gzerror tells them apart.
  int state = Z_OK;
  const char* text = gzerror(file.get(), &state);
  if (count < 0 || state != Z_OK)
    detail::fail_file("spiketape::read_gzip: cannot read '", path, "': ", detail::gzip_reason(state, text));
  return bytes;
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
