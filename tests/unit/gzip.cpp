#include "catch.hpp"

#if defined(SPIKETAPE_TEST_ZLIB) && __has_include(<zlib.h>)

#include <spiketape/data/gzip.hpp>

#include <spiketape/core/file.hpp>
#include <spiketape/data/idx.hpp>

#include "errors.hpp"
#include "temporary_folder.hpp"

#include <spiketape/core/random.hpp>

#include <zlib.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gzip_test {

namespace st = spiketape;
using Bytes = std::vector<std::uint8_t>;
using namespace std::string_view_literals;

namespace {

void write_gzip(const std::string& path, const Bytes& bytes) {
  const gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

void write_plain(const std::string& path, const Bytes& bytes) {
  st::write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// The error of unpacking a file.
std::string gzip_error(const std::string& path, std::size_t limit = 1 << 20) {
  return error_text<std::runtime_error>([&] { static_cast<void>(st::read_gzip(path, limit)); });
}

Bytes noise(std::size_t size) {
  st::Random random(5);
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(20));
  return bytes;
}

}  // namespace

TEST_CASE("a compressed file is unpacked") {
  const TemporaryFolder folder;
  for (const std::size_t size : {1u, 1000u, 1u << 16, 300001u}) {
    write_gzip(folder / "file.gz", noise(size));
    CHECK(st::read_gzip(folder / "file.gz") == noise(size));
  }
}

TEST_CASE("an IDX file is read through gzip") {
  const TemporaryFolder folder;
  const std::string path = folder / "numbers.gz";
  write_gzip(path, {0, 0, 8, 1, 0, 0, 0, 2, 3, 4});
  CHECK(st::parse_idx<std::uint8_t>(st::read_gzip(path), path).values == Bytes{3, 4});
  CHECK(error_text<std::runtime_error>([&] { static_cast<void>(st::read_idx<std::uint8_t>(path)); }) ==
        "spiketape::parse_idx: '" + path +
            "' is compressed with gzip: unpack it, or include <spiketape/data/gzip.hpp> and use read_gzip");
}

TEST_CASE("a file that is not compressed is read as it is") {
  const TemporaryFolder folder;
  for (const std::size_t size : {0u, 1u, 1000u}) {
    write_plain(folder / "file", noise(size));
    CHECK(st::read_gzip(folder / "file") == noise(size));
  }
  CHECK(gzip_error(folder / "file", 999).find("more than the limit of 999 bytes") != std::string::npos);
}

TEST_CASE("unpacking stops at the limit") {
  const TemporaryFolder folder;
  const std::string path = folder / "zeros.gz";
  write_gzip(path, Bytes(1000000));
  CHECK(st::read_gzip(path, 1000000).size() == 1000000);
  for (const std::size_t limit : {0u, 1u, 1u << 16, 999999u})
    CHECK(gzip_error(path, limit) == "spiketape::unpack_gzip: '" + path +
                                         "' unpacks to more than the limit of " + std::to_string(limit) +
                                         " bytes");
}

TEST_CASE("a truncated compressed file is refused wherever it ends") {
  const TemporaryFolder folder;
  const std::string path = folder / "file.gz";
  write_gzip(path, noise(500));
  const Bytes whole = st::read_file(path);
  // Shorter than 2 bytes, it cannot be told from one that is not compressed.
  for (std::size_t size = 2; size < whole.size(); ++size) {
    write_plain(path, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    INFO("cut to " << size << " of " << whole.size() << " bytes");
    CHECK(gzip_error(path) ==
          "spiketape::unpack_gzip: '" + path + "' is truncated: the compressed data stop before their end");
  }
}

TEST_CASE("a corrupt compressed file is refused, or is what it was") {
  const TemporaryFolder folder;
  const std::string path = folder / "file.gz";
  write_gzip(path, noise(500));
  const Bytes whole = st::read_file(path);
  const std::string corrupt =
      "spiketape::unpack_gzip: '" + path + "' is corrupt: the compressed data contradict themselves";

  Bytes bytes = whole;
  bytes[whole.size() - 6] ^= 1;  // in the checksum
  write_plain(path, bytes);
  CHECK(gzip_error(path) == corrupt);

  st::Random random(2);
  for (int run = 0; run < 1000; ++run) {
    bytes = whole;
    // The header holds a time and the like, which may change; the first two bytes say it is gzip.
    bytes[2 + random.below(bytes.size() - 2)] ^= static_cast<std::uint8_t>(1u << random.below(8));
    write_plain(path, bytes);
    try {
      if (st::read_gzip(path) != noise(500)) FAIL_CHECK("a changed file went unnoticed");
    } catch (const std::runtime_error&) {
    }
  }
}

TEST_CASE("a file may have several compressed parts, and zeros behind them") {
  const TemporaryFolder folder;
  const std::string path = folder / "file.gz";
  write_gzip(path, {1, 2});
  const Bytes part = st::read_file(path);
  Bytes bytes = part;
  bytes.insert(bytes.end(), part.begin(), part.end());
  CHECK(st::unpack_gzip(bytes, path) == Bytes{1, 2, 1, 2});
  bytes.resize(bytes.size() + 512);
  CHECK(st::unpack_gzip(bytes, path) == Bytes{1, 2, 1, 2});

  // zlib's own reader ignores in silence a second part whose first bytes are damaged.
  bytes[part.size()] ^= 1;
  write_plain(path, bytes);
  CHECK(gzip_error(path) == "spiketape::unpack_gzip: '" + path + "' has " +
                                std::to_string(part.size() + 512) + " bytes behind its compressed data");
}

TEST_CASE("a file that begins as gzip does and is none is refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "file.gz";
  // Cut off in the header; another method; flags that no version has.
  for (const std::string_view bytes :
       {"\x1f\x8b"sv, "\x1f\x8b\x08"sv, "\x1f\x8b\x08\0"sv, "\x1f\x8b\x07\0\0\0\0\0\0\x03xyz"sv,
        "\x1f\x8b\x08\xe0\0\0\0\0\0\x03xyz"sv}) {
    st::write_file(path, bytes);
    CHECK_THROWS_AS(st::read_gzip(path), std::runtime_error);
  }
}

TEST_CASE("a compressed file that cannot be read says which and why") {
  const TemporaryFolder folder;
  const std::string path = folder / "nothing.gz";
  CHECK(gzip_error(path) ==
        "spiketape::read_file: cannot open '" + path + "': " + st::detail::system_reason(ENOENT));
#ifdef __linux__
  CHECK(gzip_error(folder.path()) ==
        "spiketape::read_file: cannot read '" + folder.path() + "': " + st::detail::system_reason(EISDIR));
#endif
}

}  // namespace gzip_test

#else

TEST_CASE("gzip is not tested: zlib was not found") { SUCCEED(); }

#endif
