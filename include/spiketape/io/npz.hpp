// Arrays in NumPy's .npz files: a zip archive (io/zip/archive.hpp) of .npy files, stored as by np.savez or deflated
// as by np.savez_compressed. Needs zlib: include it by name and link with zlib (in CMake: find_package(ZLIB),
// ZLIB::ZLIB).
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/read_file.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/npy.hpp>
#include <spiketape/io/tensor.hpp>
#include <spiketape/io/zip/archive.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

inline constexpr std::size_t zlib_chunk = std::size_t{1} << 30;  // zlib counts in 32 bits

inline std::uint32_t crc_32(std::span<const std::uint8_t> bytes) {
  uLong checksum = crc32(0, nullptr, 0);
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), zlib_chunk);
    checksum = crc32(checksum, bytes.data(), static_cast<uInt>(count));
    bytes = bytes.subspan(count);
  }
  return static_cast<std::uint32_t>(checksum);
}

/// What is left of two spans, and zlib's state.
struct Inflated {
  std::size_t from, to;
  int state;
};
/// Unpacks deflated bytes without a header of zlib or gzip until they end or `to` is full.
inline Inflated inflate_raw(std::span<const std::uint8_t> from, std::span<std::uint8_t> to) {
  z_stream stream{};
  if (inflateInit2(&stream, -15) != Z_OK) return {from.size(), to.size(), Z_MEM_ERROR};
  int state = Z_OK;
  while (state == Z_OK) {
    const auto in = static_cast<uInt>(std::min(from.size(), zlib_chunk));
    const auto out = static_cast<uInt>(std::min(to.size(), zlib_chunk));
    stream.next_in = const_cast<Bytef*>(from.data());  // zlib only reads it
    stream.avail_in = in;
    stream.next_out = to.data();
    stream.avail_out = out;
    state = inflate(&stream, Z_NO_FLUSH);
    from = from.subspan(in - stream.avail_in);
    to = to.subspan(out - stream.avail_out);
  }
  inflateEnd(&stream);
  return {from.size(), to.size(), state};
}

/// Unpacks a deflated member. `fail(parts...)` throws.
template <typename Fail>
std::vector<std::uint8_t> unpack_member(const ZipMember& member, const Fail& fail) {
  // A match of 258 bytes takes at least two bits.
  constexpr std::uint64_t most = std::uint64_t{258} * 4;
  if (member.size / most > member.data.size() || !std::in_range<std::ptrdiff_t>(member.size))
    fail("of ", member.data.size(), " bytes that cannot unpack to the ", member.size, " it says");
  // One byte more shows where it unpacks to more.
  std::vector<std::uint8_t> result(static_cast<std::size_t>(member.size) + 1);
  const Inflated inflated = inflate_raw(member.data, result);
  if (inflated.to == 0) fail("that unpacks to more than the ", member.size, " bytes it says");
  if (inflated.state != Z_STREAM_END)
    fail(inflated.state == Z_BUF_ERROR   ? "that is truncated: the compressed data stop before their end"
         : inflated.state == Z_MEM_ERROR ? "that cannot be unpacked: out of memory"
                                         : "that is corrupt: the compressed data contradict themselves");
  if (inflated.from != 0) fail("with ", inflated.from, " bytes behind its compressed data");
  if (inflated.to != 1)
    fail("that unpacks to ", result.size() - inflated.to, " bytes, it says ", member.size);
  result.pop_back();
  return result;
}

}  // namespace detail

/// Parses the bytes of a .npz file, in messages called `name`. The tensors stand in the order of the
/// archive's directory, as in `files` of what np.load returns. They have the names of the members without
/// ".npy"; where parse_npy rejects a member, it calls it "name: member". Allocates the result and, one after
/// the other, unpacked members; neither is more than 1032 times the bytes of the file, as deflate can do no
/// more. Throws std::runtime_error if the archive is not strictly in the format (see io/zip/archive.hpp): truncated,
/// with bytes in front, between or behind that belong to nothing, contradicting itself, encrypted, packed by
/// another method or one of several files. It also throws for a member that comes twice, whose name is not
/// UTF-8 or does not end in ".npy", that unpacks to more or less than it says, has another checksum or is
/// refused by parse_npy. Times, attributes, comments and extra fields other than that of ZIP64 are not read.
[[nodiscard]] inline std::vector<Tensor> parse_npz(std::span<const std::uint8_t> bytes,
                                                   std::string_view name) {
  const std::string where = detail::text_of("spiketape::parse_npz: '", name, "'");
  const std::vector<detail::ZipMember> members = detail::ZipReader(bytes, where).members();
  constexpr std::string_view ending = ".npy";
  std::vector<Tensor> result;
  result.reserve(members.size());
  for (const detail::ZipMember& member : members) {
    const auto fail = [&](const auto&... parts) {
      detail::fail_file(where, " has the member '", detail::shown(member.name), "' ", parts...);
    };
    if (!member.name.ends_with(ending)) fail("whose name does not end in .npy");
    std::vector<std::uint8_t> unpacked;
    std::span<const std::uint8_t> data = member.data;
    if (member.method == detail::ZipMethod::deflated) data = unpacked = detail::unpack_member(member, fail);
    if (detail::crc_32(data) != member.checksum) fail("whose checksum is not that of its bytes");
    result.push_back(parse_npy(data, detail::text_of(name, ": ", detail::shown(member.name))));
    result.back().name = member.name.substr(0, member.name.size() - ending.size());
  }
  return result;
}

/// Reads a .npz file. Allocates the result and, temporarily, the bytes of the file and its unpacked members.
/// Throws std::runtime_error if the file cannot be read or parse_npz rejects it.
[[nodiscard]] inline std::vector<Tensor> read_npz(const std::string& path) {
  return parse_npz(read_file(path), path);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
