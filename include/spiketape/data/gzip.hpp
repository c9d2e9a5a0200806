// Files compressed with gzip, as MNIST is distributed. Needs zlib, so the umbrella header does not include
// it: include it by name and link with zlib (in CMake: find_package(ZLIB), ZLIB::ZLIB).
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/read_file.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// zlib's state while it unpacks.
class GzipStream {
 public:
  GzipStream() : ready_(inflateInit2(&stream_, 15 + 16) == Z_OK) {}  // 15: any window; 16: gzip alone
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  ~GzipStream() {
    if (ready_) inflateEnd(&stream_);
  }

  /// Unpacks from the begin of `from` to `to` and takes from both what it has used; returns zlib's state.
  int unpack(std::span<const std::uint8_t>& from, std::span<std::uint8_t>& to) {
    if (!ready_) return Z_MEM_ERROR;
    constexpr std::size_t most = std::size_t{1} << 30;  // zlib counts in 32 bits
    const auto in = static_cast<uInt>(std::min(from.size(), most));
    const auto out = static_cast<uInt>(std::min(to.size(), most));
    stream_.next_in = const_cast<Bytef*>(from.data());  // zlib only reads it
    stream_.avail_in = in;
    stream_.next_out = to.data();
    stream_.avail_out = out;
    const int state = inflate(&stream_, Z_NO_FLUSH);
    from = from.subspan(in - stream_.avail_in);
    to = to.subspan(out - stream_.avail_out);
    return state;
  }
  /// Makes it ready for the next member of a file.
  void restart() { inflateReset(&stream_); }

 private:
  z_stream stream_{};
  bool ready_;
};

inline bool begins_as_gzip(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

}  // namespace detail

/// The decompressed bytes of a file's bytes; bytes that do not begin as gzip does are returned unchanged.
/// `name` stands for the file in messages. A file may have several compressed parts, one behind the other,
/// and zeros behind the last. Allocates the result, which may have at most `limit` bytes (default: 1 GiB),
/// since few bytes can decompress to many. Throws std::runtime_error if the bytes are truncated or corrupt,
/// have others behind them, or decompress to more than `limit`.
[[nodiscard]] inline std::vector<std::uint8_t> unpack_gzip(std::span<const std::uint8_t> bytes,
                                                           std::string_view name,
                                                           std::size_t limit = std::size_t{1} << 30) {
  const auto fail = [name](const auto&... parts) {
    detail::fail_file("spiketape::unpack_gzip: '", name, "' ", parts...);
  };
  const auto check_limit = [&](std::size_t size) {
    if (size > limit) fail("unpacks to more than the limit of ", limit, " bytes");
  };
  std::vector<std::uint8_t> result;
  if (!detail::begins_as_gzip(bytes)) {
    check_limit(bytes.size());
    result.assign(bytes.begin(), bytes.end());
    return result;
  }
  detail::GzipStream stream;
  std::uint8_t chunk[1 << 16];
  for (;;) {
    std::span<std::uint8_t> rest(chunk);
    const int state = stream.unpack(bytes, rest);
    const std::size_t count = sizeof chunk - rest.size();
    check_limit(result.size() + count);
    result.insert(result.end(), chunk, chunk + count);
    if (state == Z_STREAM_END) {
      if (std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; })) return result;
      if (!detail::begins_as_gzip(bytes)) fail("has ", bytes.size(), " bytes behind its compressed data");
      stream.restart();
    } else if (state == Z_BUF_ERROR) {
      fail("is truncated: the compressed data stop before their end");
    } else if (state != Z_OK) {
      fail(state == Z_MEM_ERROR ? "cannot be unpacked: out of memory"
                                : "is corrupt: the compressed data contradict themselves");
    }
  }
}

/// The decompressed bytes of a file; a file that is not compressed is read unchanged.
///   auto images = parse_idx<std::uint8_t>(read_gzip("train-images-idx3-ubyte.gz"), "train images");
/// Allocates the result and, temporarily, the bytes of the file. Throws std::runtime_error if the file cannot
/// be read, and what unpack_gzip throws.
[[nodiscard]] inline std::vector<std::uint8_t> read_gzip(const std::string& path,
                                                         std::size_t limit = std::size_t{1} << 30) {
  return unpack_gzip(read_file(path), path, limit);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
