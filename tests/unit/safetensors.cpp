// Files that others could have written are read as they are, all others are refused with a text that says
// where.
#include <spiketape/io/safetensors.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "temporary_folder.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace safetensors_test {

namespace st = spiketape;
using namespace std::string_view_literals;
using Bytes = std::vector<std::uint8_t>;

namespace {

Bytes with_length(std::uint64_t length, std::string_view rest) {
  Bytes bytes;
  for (int k = 0; k < 8; ++k) bytes.push_back(static_cast<std::uint8_t>(length >> 8 * k));
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}
Bytes file(std::string_view header, std::size_t data = 0) {
  return with_length(header.size(), std::string(header) + std::string(data, '\1'));
}
/// One tensor `a` of four bytes.
Bytes one(std::string_view dtype, std::string_view shape, std::string_view offsets, std::size_t data = 4) {
  return file("{\"a\":{\"dtype\":" + std::string(dtype) + ",\"shape\":" + std::string(shape) +
                  ",\"data_offsets\":" + std::string(offsets) + "}}",
              data);
}

/// What is said of these bytes, without the beginning that all share.
std::string fault(const Bytes& bytes) {
  const std::string text =
      error_text<std::runtime_error>([&] { static_cast<void>(st::parse_safetensors(bytes, "x")); });
  const std::string begin = "spiketape::parse_safetensors: 'x'";
  REQUIRE(text.substr(0, begin.size()) == begin);
  return text.substr(begin.size() + 1);
}

}  // namespace

TEST_CASE("a safetensors file gives its tensors by name and its texts") {
  const std::string header =
      R"( {"b" : {"shape":[2,1], "data_offsets":[8,12],"dtype":"I16"}, "__metadata__":{"k\u00e9y\u20ac\ud83d\ude00":"\n\\"},)"
      R"("a":{"dtype":"F32","shape":[],"data_offsets":[0, 4]},"none":{"dtype":"F64","shape":[3,0],"data_offsets":[12,12]},)"
      R"("c":{"dtype":"U8","shape":[4],"data_offsets":[4,8]} }   )";
  const Bytes bytes = with_length(header.size() - 1, header.substr(1) + "0123456789ab");
  const st::Safetensors contents = st::parse_safetensors(bytes, "x");
  REQUIRE(contents.tensors.size() == 4);
  CHECK(contents.metadata == std::map<std::string, std::string>{{"k\u00e9y\u20ac\U0001f600", "\n\\"}});
  const auto check = [&](std::string_view name, st::DType type, const std::vector<st::Index>& shape,
                         std::string_view data) {
    const st::Tensor* tensor = contents.find(name);
    REQUIRE(tensor != nullptr);
    CHECK(tensor->type == type);
    CHECK(tensor->shape == shape);
    CHECK(std::string(tensor->bytes.begin(), tensor->bytes.end()) == data);
  };
  check("a", st::DType::F32, {}, "0123");
  check("b", st::DType::I16, {2, 1}, "89ab");
  check("c", st::DType::U8, {4}, "4567");
  check("none", st::DType::F64, {3, 0}, "");
  CHECK(contents.find("d") == nullptr);
}

TEST_CASE("a safetensors file that is none is refused, and the text says what is wrong") {
  const std::vector<std::pair<Bytes, std::string>> cases = {
      {{}, "is truncated: it has 0 bytes, a safetensors file begins with 8 that give a length"},
      {Bytes(7), "is truncated: it has 7 bytes, a safetensors file begins with 8 that give a length"},
      {with_length(3, "{}"), "is truncated: it has 10 bytes, of which the header alone takes 8 + 3"},
      {with_length(100000001, "{}"), "has a header of 100000001 bytes, expected at most 100000000"},
      {with_length(~std::uint64_t{0}, "{}"),
       "has a header of 18446744073709551615 bytes, expected at most 100000000"},
      {file(""), "has a header that ends after 0 bytes, expected {"},
      {file(" {}"), "has a header with ' {}' at byte 0, expected {"},
      {file("[]"), "has a header with '[]' at byte 0, expected {"},
      {file("{}x"), "has a header with 'x' at byte 2, expected the end"},
      {file("{"), "has a header that ends after 1 bytes, expected a text in quotes"},
      {file("{\"a\"}"), "has a header with '}' at byte 4, expected ':'"},
      {file("{\"a\":1}"), "has a header with '1}' at byte 5, expected {"},
      {file("{\"a\xff\":1}"), "has a header with '?\":1}' at byte 3, expected UTF-8"},
      {file("{\"a\n\":1}"),
       "has a header with '?\":1}' at byte 3, expected a character or the end of the text"},
      {file("{\"\\x\":1}"),
       "has a header with 'x\":1}' at byte 3, expected one of \"\\/bfnrtu behind the backslash"},
      {file("{\"\\u12g4\":1}"), "has a header with 'g4\":1}' at byte 6, expected four hexadecimal digits"},
      {file("{\"\\ud800\":1}"),
       "has a header with '\":1}' at byte 8, expected the second half of a surrogate pair"},
      {file("{\"\\udc00\":1}"),
       "has a header with '\":1}' at byte 8, expected a character behind the first half of a surrogate pair"},
      {file("{\"a\":" + std::string(100000, '[')),
       "has a header with '[[[[[[[[[[[[[[[[[[[[' at byte 5, expected {"},
      {file("{\"a\":" + std::string(100000, '{')),
       "has a header with '{{{{{{{{{{{{{{{{{{{{' at byte 6, expected a text in quotes"},
      {file("{\"__metadata__\":{\"a\":1}}"), "has a header with '1}}' at byte 21, expected a text in quotes"},
      {file("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}"), "has two texts 'a' in __metadata__"},
      {file("{\"__metadata__\":{},\"__metadata__\":{}}"), "has two entries __metadata__"},
      {file("{\"a\":{}}"), "gives tensor 'a' no dtype"},
      {file("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,0]}}"), "gives tensor 'a' no shape"},
      {file("{\"a\":{\"dtype\":\"F32\",\"shape\":[0]}}"), "gives tensor 'a' no data_offsets"},
      {file("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}"),
       "gives tensor 'a' twice the key 'dtype', expected dtype, shape and data_offsets"},
      {file("{\"a\":{\"size\":1}}"),
       "gives tensor 'a' the key 'size', expected dtype, shape and data_offsets"},
      {one("\"f32\"", "[1]", "[0,4]"),
       "has tensor 'a' of dtype 'f32', expected F64, F32, F16, BF16, BOOL, or I or U and 8, 16, 32 or 64"},
      {one("\"F32\"", "1", "[0,4]"), "has a header with '1,\"data_offsets\":[0,' at byte 28, expected ["},
      {one("\"F32\"", "[-1]", "[0,4]"),
       "has a header with '-1],\"data_offsets\":[' at byte 29, expected a whole number that is not negative"},
      {one("\"F32\"", "[1.0]", "[0,4]"),
       "has a header with '.0],\"data_offsets\":[' at byte 30, expected a whole number that is not negative"},
      {one("\"F32\"", "[1e0]", "[0,4]"),
       "has a header with 'e0],\"data_offsets\":[' at byte 30, expected a whole number that is not negative"},
      {one("\"F32\"", "[01]", "[0,4]"),
       "has a header with '01],\"data_offsets\":[' at byte 29, expected a whole number that is not negative"},
      {one("\"F32\"", "[1,]", "[0,4]"),
       "has a header with '],\"data_offsets\":[0,' at byte 31, expected a whole number that is not negative"},
      {one("\"F32\"", "[18446744073709551616]", "[0,4]"),
       "has a header with '6],\"data_offsets\":[0' at byte 48, expected a number below 2^64"},
      {one("\"F32\"", "[18446744073709551615]", "[0,4]"),
       "has tensor 'a' with an extent of 18446744073709551615, more than memory has addresses"},
      {one("\"F32\"", "[2, 9223372036854775807]", "[0,4]"),
       "has tensor 'a' of shape (2, 9223372036854775807), which takes more bytes than memory has addresses"},
      {one("\"U8\"", "[4294967296, 0, 4294967296]", "[0,0]", 0),
       "has tensor 'a' of shape (4294967296, 0, 4294967296), which takes more bytes than memory has "
       "addresses"},
      {one("\"F32\"", "[2]", "[0,4]"), "has 4 bytes for tensor 'a', whose shape (2) of F32 takes 8"},
      {one("\"F32\"", "[]", "[0,8]", 8), "has 8 bytes for tensor 'a', whose shape () of F32 takes 4"},
      {one("\"F32\"", "[1]", "[4]"), "has a header with '}}' at byte 50, expected two offsets"},
      {one("\"F32\"", "[1]", "[0,4,8]"), "has a header with '8]}}' at byte 52, expected two offsets"},
      {one("\"F32\"", "[1]", "[4,0]"), "has tensor 'a' at bytes 4 to 0 of 4"},
      {one("\"F32\"", "[1]", "[0,8]"), "has tensor 'a' at bytes 0 to 8 of 4"},
      {one("\"F32\"", "[1]", "[4,8]", 8),
       "has tensor 'a' from byte 4 of the data on, expected 0: there is a gap"},
      {one("\"F32\"", "[1]", "[0,4]", 5), "has 5 bytes of data, the last tensor ends at 4"},
      {file("{}", 1), "has 1 bytes of data, the last tensor ends at 0"}};
  for (const auto& [bytes, expected] : cases) CHECK(fault(bytes) == expected);
}

TEST_CASE("tensors that share data or a name are refused, however many they are") {
  const auto many = [](std::size_t count, bool same_name) {
    std::string header = "{";
    for (std::size_t k = 0; k < count; ++k)
      header += (k == 0 ? "\"n" : ",\"n") + (same_name ? "" : std::to_string(k)) +
                "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}";
    return file(header + "}", 4);
  };
  CHECK(fault(many(100000, false)) ==
        "has tensor 'n1' from byte 0 of the data on, expected 4: tensors overlap");
  CHECK(fault(many(100000, true)) == "has two tensors of the name 'n'");
  const std::string name(1 << 20, 'n');
  CHECK(fault(file("{\"" + name + "\":{\"x\":0}}")) ==
        "gives tensor '" + name.substr(0, 60) +
            "... and 1048516 bytes more' the key 'x', expected dtype, shape and data_offsets");
}

TEST_CASE("what is written is read again, and the same contents give the same bytes") {
  const st::Safetensors contents{{{"b", st::DType::U8, {3}, {1, 2, 3}},
                                  {"a\"\\\n\u00e9", st::DType::F32, {}, {4, 5, 6, 7}},
                                  {"c", st::DType::F64, {0, 2}, {}},
                                  {"d", st::DType::F64, {1}, {0, 1, 2, 3, 4, 5, 6, 7}}},
                                 {{"format", "pt"}, {"", "\x01"}}};
  const std::string written = st::safetensors_bytes(contents);
  CHECK(static_cast<unsigned char>(written[0]) % 8 == 0);
  CHECK(written.substr(written.size() - 15) == "\0\1\2\3\4\5\6\7\4\5\6\7\1\2\3"sv);
  const TemporaryFolder folder;
  const std::string path = folder / "net.safetensors";
  st::write_safetensors(path, contents);
  const st::Safetensors read = st::read_safetensors(path);
  CHECK(read.metadata == contents.metadata);
  REQUIRE(read.tensors.size() == 4);
  for (const st::Tensor& tensor : contents.tensors) {
    const st::Tensor* again = read.find(tensor.name);
    REQUIRE(again != nullptr);
    CHECK((again->type == tensor.type && again->shape == tensor.shape && again->bytes == tensor.bytes));
  }
  CHECK(st::safetensors_bytes(read) == written);
  CHECK(st::safetensors_bytes({}) == "\x08\0\0\0\0\0\0\0{}      "sv);
}

TEST_CASE("what the format cannot hold is not written") {
  const auto text = [](st::Safetensors contents) {
    return error_text<std::invalid_argument>([&] { static_cast<void>(st::safetensors_bytes(contents)); });
  };
  const st::Tensor a{"a", st::DType::U8, {1}, {1}};
  const std::string begin = "spiketape::safetensors_bytes: ";
  CHECK(text({{a, a}, {}}) == begin + "two tensors have the name 'a'");
  CHECK(text({{{"__metadata__", st::DType::U8, {1}, {1}}}, {}}) ==
        begin + "a tensor has the name __metadata__");
  CHECK(text({{{"b", st::DType::F32, {1}, {1}}}, {}}) ==
        begin + "tensor 'b' has 1 bytes, its shape (1) of F32 takes 4");
  CHECK(text({{{"b", st::DType::F32, {-1}, {}}}, {}}) ==
        begin + "tensor 'b' has 0 bytes, its shape (-1) of F32 takes more than memory has addresses");
  CHECK(text({{{"b\xff", st::DType::U8, {1}, {1}}}, {}}) == begin + "the text 'b?' is not UTF-8 at byte 1");
  CHECK(text({{}, {{"a", "\xc3"}}}) == begin + "the text '?' is not UTF-8 at byte 0");
}

}  // namespace safetensors_test
