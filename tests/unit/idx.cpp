#include <spiketape/core/file.hpp>
#include <spiketape/data/idx.hpp>

#include <spiketape/core/file.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "idx_bytes.hpp"
#include "temporary_folder.hpp"

#include <spiketape/core/random.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace idx_test {

namespace st = spiketape;
using Bytes = std::vector<std::uint8_t>;

namespace {

/// The error of reading bytes as unsigned bytes.
std::string parse_error(const Bytes& bytes) {
  return error_text<std::runtime_error>([&] { static_cast<void>(st::parse_idx<std::uint8_t>(bytes, "it")); });
}

template <typename T>
void check_round_trip(T first) {
  using Limits = std::numeric_limits<T>;
  const std::vector<T> values{first, T(0), T(1), Limits::lowest(), Limits::max(), T(100)};
  const auto idx = st::parse_idx<T>(idx_bytes<T>({3, 1, 2}, values), "it");
  CHECK(idx.shape == std::vector<st::Index>{3, 1, 2});
  REQUIRE(idx.values.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(bits_of(idx.values[i]) == bits_of(values[i]));
}

}  // namespace

TEST_CASE("every type of IDX comes back as it was written") {
  check_round_trip<std::uint8_t>(0x80);
  check_round_trip<std::int8_t>(-2);
  check_round_trip<std::int16_t>(-2);
  check_round_trip<std::int32_t>(-2);
  check_round_trip<float>(-1.5e-40f);
  check_round_trip<double>(-0.1);
  check_round_trip<float>(std::numeric_limits<float>::infinity());
  check_round_trip<double>(std::bit_cast<double>(0x7ff8000012345678u));
}

TEST_CASE("IDX values are big-endian") {
  const Bytes bytes{0, 0, 0x0C, 1, 0, 0, 0, 1, 0x01, 0x02, 0x03, 0x04};
  CHECK(st::parse_idx<std::int32_t>(bytes, "it").values == std::vector<std::int32_t>{0x01020304});
}

TEST_CASE("an IDX array may be empty and may have 8 dimensions") {
  const auto empty = st::parse_idx<float>(idx_bytes<float>({2, 0, 3}, {}), "it");
  CHECK(empty.shape == std::vector<st::Index>{2, 0, 3});
  CHECK(empty.values.empty());
  const auto deep =
      st::parse_idx<std::uint8_t>(idx_bytes<std::uint8_t>({1, 1, 1, 1, 1, 1, 1, 2}, {5, 6}), "it");
  CHECK(deep.shape.size() == 8);
  CHECK(deep.values == Bytes{5, 6});
}

TEST_CASE("the digits are read") {
  const std::string folder = SPIKETAPE_EXAMPLE_DATA;
  const auto train = st::read_idx<std::uint8_t>(folder + "/digits-train-images-idx3-ubyte");
  const auto test = st::read_idx<std::uint8_t>(folder + "/digits-test-images-idx3-ubyte");
  CHECK(train.shape == std::vector<st::Index>{1437, 8, 8});
  CHECK(test.shape == std::vector<st::Index>{360, 8, 8});
  CHECK(train.values.size() == 1437 * 64);
  CHECK(test.values.size() == 360 * 64);

  const auto labels = st::read_idx<std::uint8_t>(folder + "/digits-test-labels-idx1-ubyte");
  CHECK(labels.shape == std::vector<st::Index>{360});
  std::vector<int> histogram(10);
  for (const std::uint8_t label : labels.values) ++histogram.at(label);
  CHECK(histogram == std::vector<int>{36, 37, 35, 37, 36, 36, 36, 36, 35, 36});
}

TEST_CASE("what is no IDX file says what is wrong with it") {
  const std::string it = "spiketape::parse_idx: 'it' ";
  const Bytes good = idx_bytes<std::uint8_t>({2, 3}, {1, 2, 3, 4, 5, 6});
  Bytes bad = good;

  CHECK(parse_error({}) == it + "has 0 bytes, an IDX file has at least 4");
  CHECK(parse_error({0, 0, 8}) == it + "has 3 bytes, an IDX file has at least 4");
  bad[1] = 7;
  CHECK(parse_error(bad) == it + "begins with the bytes 0 and 7, an IDX file begins with 0 and 0");
  bad = good;
  bad[2] = 0x0A;
  CHECK(parse_error(bad) ==
        it + "has values of type code 10, which is none of the IDX codes 8, 9, 11, 12, 13, 14");
  bad[2] = 0x0D;
  CHECK(parse_error(bad) == it + "has values of type float, expected uint8");
  CHECK(parse_error({0, 0, 8, 0}) == it + "has 0 dimensions, expected 1 to 8");
  CHECK(parse_error(Bytes{0, 0, 8, 9}) == it + "has 9 dimensions, expected 1 to 8");
  CHECK(parse_error(Bytes(good.begin(), good.begin() + 11)) ==
        it + "is truncated: it has 11 bytes, its header alone takes 12");
  CHECK(parse_error(Bytes(good.begin(), good.end() - 1)) ==
        it + "is truncated: it has 17 bytes, its header says 18");
  bad = good;
  bad.push_back(0);
  CHECK(parse_error(bad) == it + "is oversized: it has 19 bytes, its header says 18");
  CHECK(parse_error({0x1f, 0x8b, 8, 0}) ==
        it + "is compressed with gzip: unpack it, or include <spiketape/data/gzip.hpp> and use read_gzip");
}

TEST_CASE("an IDX header that asks for too much is refused before memory is") {
  constexpr std::uint32_t huge = 0xffffffff;
  const std::string too_large =
      "spiketape::parse_idx: 'it' has dimensions whose product is too large for this machine";
  CHECK(parse_error(idx_bytes<std::uint8_t>({huge, huge, huge}, {})) == too_large);
  CHECK(parse_error(idx_bytes<std::uint8_t>({0, huge, huge}, {})) == too_large);  // 0 hides no overflow
  CHECK(parse_error(idx_bytes<std::uint8_t>({huge, huge, 0}, {})) == too_large);
  // The product of these is 0 modulo 2^64.
  CHECK(parse_error(idx_bytes<std::uint8_t>({1u << 31, 1u << 31, 4}, {})) == too_large);
  CHECK(error_text<std::runtime_error>([] {
          static_cast<void>(st::parse_idx<double>(idx_bytes<double>({1u << 31, 1u << 29}, {}), "it"));
        }) == too_large);
  if constexpr (sizeof(st::Index) == 8)
    CHECK(parse_error(idx_bytes<std::uint8_t>({1u << 31, 1u << 20}, {1})) ==
          "spiketape::parse_idx: 'it' is truncated: it has 13 bytes, its header says 2251799813685260");
}

TEST_CASE("read_idx names the file") {
  const TemporaryFolder folder;
  const std::string path = folder / "numbers";
  CHECK(error_text<std::runtime_error>([&] { static_cast<void>(st::read_idx<float>(path)); }).find(path) !=
        std::string::npos);
  st::write_file(path, "no");
  CHECK(error_text<std::runtime_error>([&] { static_cast<void>(st::read_idx<float>(path)); }) ==
        "spiketape::parse_idx: '" + path + "' has 2 bytes, an IDX file has at least 4");
  st::write_file(path, std::string_view("\0\0\x08\x01\0\0\0\x02\x03\x04", 10));
  CHECK(st::read_idx<std::uint8_t>(path).values == Bytes{3, 4});
}

TEST_CASE("a damaged IDX file is refused or is consistent") {
  const std::vector<Bytes> files{
      idx_bytes<std::uint8_t>({2, 3}, {1, 2, 3, 4, 5, 6}),
      idx_bytes<std::int16_t>({1, 2, 2}, {-1, 2, 3, 4}),
      idx_bytes<double>({3}, {0.5, 1, 2}),
  };
  st::Random random(1);
  int parsed = 0, refused = 0, inconsistent = 0;
  const auto parse = [&]<typename T>(const Bytes& bytes, T) {
    try {
      const st::Idx<T> idx = st::parse_idx<T>(bytes, "it");
      std::size_t count = 1;
      for (const st::Index extent : idx.shape) count *= static_cast<std::size_t>(extent);
      ++parsed;
      inconsistent += count != idx.values.size();
      inconsistent += bytes.size() != 4 + 4 * idx.shape.size() + sizeof(T) * count;
    } catch (const std::runtime_error&) {
      ++refused;
    }
  };
  for (int run = 0; run < 20000; ++run) {
    Bytes bytes = files[random.below(files.size())];
    for (std::uint64_t change = 1 + random.below(3); change > 0; --change) {
      const std::uint64_t kind = random.below(4);
      if (kind == 0) bytes.resize(random.below(bytes.size() + 1));
      if (kind == 1) bytes.push_back(static_cast<std::uint8_t>(random()));
      if (kind >= 2 && !bytes.empty()) {
        // Most of what can go wrong stands in the first bytes.
        const std::uint64_t end = kind == 2 ? std::min<std::uint64_t>(bytes.size(), 16) : bytes.size();
        bytes[random.below(end)] ^= static_cast<std::uint8_t>(1u << random.below(8));
      }
    }
    bytes.shrink_to_fit();  // no spare memory that would hide a read beyond the end
    parse(bytes, std::uint8_t());
    parse(bytes, std::int16_t());
    parse(bytes, double());
  }
  CHECK(inconsistent == 0);
  CHECK(parsed > 1000);
  CHECK(refused > 1000);
}

}  // namespace idx_test
