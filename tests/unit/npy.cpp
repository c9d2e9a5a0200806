// .npy files give the arrays that NumPy has written to them, all others are refused with a text that says
// where.
#include <spiketape/io/npy.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "temporary_folder.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace npy_test {

namespace st = spiketape;
using namespace std::string_view_literals;
using Bytes = std::vector<std::uint8_t>;

namespace {

Bytes file(std::string_view header, std::string_view data = "", char version = 1) {
  std::string text = "\x93NUMPY";
  (text += version) += '\0';
  for (int k = 0; k < (version == 1 ? 2 : 4); ++k) text += static_cast<char>(header.size() >> 8 * k);
  (text += header) += data;
  return {text.begin(), text.end()};
}
Bytes of(std::string_view descr, std::string_view shape, std::string_view data, bool fortran_order = false) {
  return file("{'descr': '" + std::string(descr) + "', 'fortran_order': " +
                  (fortran_order ? "True" : "False") + ", 'shape': " + std::string(shape) + ", }   \n",
              data);
}
st::Tensor read(const Bytes& bytes) { return st::parse_npy(bytes, "x"); }

std::string fault(const Bytes& bytes) {
  const std::string text = error_text<std::runtime_error>([&] { static_cast<void>(read(bytes)); });
  const std::string begin = "spiketape::parse_npy: 'x' ";
  REQUIRE(text.substr(0, begin.size()) == begin);
  return text.substr(begin.size());
}

}  // namespace

TEST_CASE("a .npy file gives its numbers, whatever their type") {
  // Not as NumPy writes it, but as Python reads it.
  CHECK(read(file("{'shape':(1,),'fortran_order':False,'descr':'|u1'}", "\1")).shape == std::vector<st::Index>{1});
  const auto numbers = [](std::string_view descr, std::string_view data) {
    const st::Array<double> row = st::to_array<double>(read(of(descr, "(2,)", data)));
    REQUIRE(row.rows() == 1);
    return std::vector<double>(row.data(), row.data() + row.size());
  };
  using Numbers = std::vector<double>;
  CHECK(numbers("<f8", "\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\0\xc0"sv) == Numbers{1.5, -2});
  CHECK(numbers(">f8", "\x3f\xf8\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0"sv) == Numbers{1.5, -2});
  CHECK(numbers("<f4", "\0\0\xc0\x3f\0\0\0\xc0"sv) == Numbers{1.5, -2});
  CHECK(numbers(">f4", "\x3f\xc0\0\0\xc0\0\0\0"sv) == Numbers{1.5, -2});
  CHECK(numbers("<f2", "\x01\x80\xff\x7b"sv) == Numbers{-1 / 16777216., 65504});
  CHECK(numbers("<f2", "\xff\x03\0\x3c"sv) == Numbers{1023 / 16777216., 1});
  CHECK(numbers("<f2", "\0\x7c\0\xfc"sv) ==
        Numbers{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()});
  CHECK(numbers("<i8", "\xfe\xff\xff\xff\xff\xff\xff\xff\3\0\0\0\0\0\0\0"sv) == Numbers{-2, 3});
  CHECK(numbers("<u8", "\0\0\0\0\0\0\0\x80\3\0\0\0\0\0\0\0"sv) == Numbers{9223372036854775808., 3});
  CHECK(numbers("<i4", "\xfe\xff\xff\xff\3\0\0\0"sv) == Numbers{-2, 3});
  CHECK(numbers("<u4", "\xfe\xff\xff\xff\3\0\0\0"sv) == Numbers{4294967294, 3});
  CHECK(numbers("<i2", "\xfe\xff\3\0"sv) == Numbers{-2, 3});
  CHECK(numbers(">u2", "\xff\xfe\0\3"sv) == Numbers{65534, 3});
  CHECK(numbers("|i1", "\xfe\3"sv) == Numbers{-2, 3});
  CHECK(numbers("|u1", "\xfe\3"sv) == Numbers{254, 3});
  CHECK(numbers("|b1", "\0\1"sv) == Numbers{0, 1});
}

TEST_CASE("extents become rows and columns, or steps, batch and features, in either order of the elements") {
  CHECK(st::to_array<float>(read(of("|u1", "()", "\7")))(0, 0) == 7);
  const st::Array<float> rows = st::to_array<float>(read(of("|u1", "(2, 3)", "\1\2\3\4\5\6")));
  CHECK((rows.rows() == 2 && rows.cols() == 3 && rows(0, 2) == 3 && rows(1, 0) == 4));
  const st::Array<float> columns = st::to_array<float>(read(of("|u1", "(2, 3)", "\1\4\2\5\3\6", true)));
  CHECK((columns == rows).all());
  const st::Sequence<float> sequence = st::to_sequence<float>(read(of("|u1", "(1,2,1,3)", "\1\2\3\4\5\6")));
  CHECK(sequence.shape() == st::Shape{1, 2, 3});
  CHECK((sequence.step(0) == rows).all());
  // Element (i, j, k) of (2, 3, 2) is 100 i + 10 j + k.
  std::string data;
  for (int k = 0; k < 2; ++k)
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 2; ++i) data += static_cast<char>(100 * i + 10 * j + k);
  const st::Sequence<double> swapped = st::to_sequence<double>(read(of("|u1", "(2, 3, 2)", data, true)));
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 2; ++k) CHECK(swapped.step(i)(j, k) == 100 * i + 10 * j + k);
  CHECK(st::to_labels(read(of("<i2", "(2,)", "\3\0\xff\xff"sv))) == std::vector<int>{3, -1});
  CHECK(st::to_sequence<float>(read(of("<f8", "(0, 2, 3)", ""))).shape() == st::Shape{0, 2, 3});
}

TEST_CASE("what has another shape or other numbers than it is asked for is refused") {
  const auto text = [](auto&& run) { return error_text<std::invalid_argument>(run); };
  CHECK(text([] { static_cast<void>(st::to_array<float>(read(of("|u1", "(1,1,1)", "\1")))); }) ==
        "spiketape::to_array: tensor 'x' has the shape (1, 1, 1) of U8, expected at most two extents; see "
        "to_sequence");
  CHECK(text([] { static_cast<void>(st::to_sequence<float>(read(of("|u1", "(1,1)", "\1")))); }) ==
        "spiketape::to_sequence: tensor 'x' has the shape (1, 1) of U8, expected steps, batch and features");
  CHECK(text([] { static_cast<void>(st::to_labels(read(of("|u1", "()", "\1")))); }) ==
        "spiketape::to_labels: tensor 'x' has the shape () of U8, expected one extent");
  CHECK(text([] { static_cast<void>(st::to_labels(read(of("<f4", "(1,)", "\0\0\xc0\x3f"sv)))); }) ==
        "spiketape::to_labels: tensor 'x' has the label 1.5 at 0, expected a whole number that an int holds");
  CHECK(text([] { static_cast<void>(st::to_labels(read(of("<u4", "(1,)", "\xff\xff\xff\xff"sv)))); }) ==
        "spiketape::to_labels: tensor 'x' has the label 4.2949673e+09 at 0, expected a whole number that an "
        "int holds");
  CHECK(text([] {
          static_cast<void>(st::to_array<float>({"t", st::DType::F32, {2}, {1}}));
        }) == "spiketape::to_array: tensor 't' has 1 bytes, its shape (2) of F32 takes 8");
  CHECK(text([] {
          static_cast<void>(st::npy_bytes({"t", st::DType::BF16, {}, {1, 2}}));
        }) ==
        "spiketape::npy_bytes: tensor 't' has the shape () of BF16, expected a type that NumPy has, and at "
        "most 64 extents");
}

TEST_CASE("a .npy file that is none is refused, and the text says what is wrong") {
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
  const auto without = [&](std::string_view part) {
    std::string header = good;
    return header.erase(header.find(part), part.size());
  };
  std::string many = "(";
  for (int k = 0; k < 65; ++k) many += "1,";
  const std::vector<std::pair<Bytes, std::string>> cases = {
      {{}, "does not begin as a .npy file does, with the byte 147 and NUMPY"},
      {Bytes(20), "does not begin as a .npy file does, with the byte 147 and NUMPY"},
      {{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 2}, "is truncated: it has 9 bytes"},
      {{0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 2, 0}, "is truncated: it has 10 bytes"},
      {file("", "", 4), "is of version 4.0, expected 1.0, 2.0 or 3.0"},
      {{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 2, 0, '{'},
       "is truncated: it has 11 bytes, of which the header alone takes 10 + 2"},
      {{0x93, 'N', 'U', 'M', 'P', 'Y', 3, 0, 0xff, 0xff, 0xff, 0xff},
       "is truncated: it has 12 bytes, of which the header alone takes 12 + 4294967295"},
      {file(""), "has a header that ends after 0 bytes, expected {"},
      {file("{}"),
       "has a header that ends after 2 bytes, expected 'descr', 'fortran_order' and 'shape', once each"},
      {file(good + "x", "1234"), "has a header with 'x' at byte 57, expected the end"},
      {file(without("'descr': '<f4', "), "1234"),
       "has a header that ends after 41 bytes, expected 'descr', 'fortran_order' and 'shape', once each"},
      {file("{'descr': '<f4', 'descr': '<f4'}"),
       "has a header with ''descr': '<f4'}' at byte 17, expected 'descr', 'fortran_order' and 'shape', once "
       "each"},
      {file("{'names': 1}"),
       "has a header with ''names': 1}' at byte 1, expected 'descr', 'fortran_order' and 'shape', once each"},
      {file("{'descr': [('a', '<f4')]}"),
       "has a header with '[('a', '<f4')]}' at byte 10, expected a text in quotes (arrays of records are not "
       "read)"},
      {file("{'descr': '<f4}"), "has a header with ''<f4}' at byte 10, expected an end of the text"},
      {file("{'fortran_order': 0}"), "has a header with '0}' at byte 18, expected True or False"},
      {file("{'shape': 1}"), "has a header with '1}' at byte 10, expected ("},
      {file("{'shape': (-1,)}"), "has a header with '-1,)}' at byte 11, expected a whole number that is not negative"},
      {file("{'shape': (9223372036854775808,)}"),
       "has a header with ',)}' at byte 30, expected an extent in front of this that memory has addresses for"},
      {file("{'shape': " + many + ")}"), "has a header with '1,)}' at byte 139, expected at most 64 extents"},
      {of("<f4", "(1,)", "123"), "has 3 bytes of data, its shape (1) of F32 takes 4"},
      {of("<f4", "(1,)", "12345"), "has 5 bytes of data, its shape (1) of F32 takes 4"},
      {of("<f4", "(2, 9223372036854775807)", "1234"),
       "has the shape (2, 9223372036854775807), which takes more bytes than memory has addresses"},
      {of("<c8", "(1,)", "12345678"),
       "has elements of type '<c8', expected f2, f4, f8, i1 to i8, u1 to u8 or b1 with < or >"},
      {of("|O", "(1,)", "12345678"),
       "has elements of type '|O', expected f2, f4, f8, i1 to i8, u1 to u8 or b1 with < or >"},
      {of("|f4", "(1,)", "1234"),
       "has elements of type '|f4', expected f2, f4, f8, i1 to i8, u1 to u8 or b1 with < or >"},
      {of("", "(1,)", "1234"),
       "has elements of type '', expected f2, f4, f8, i1 to i8, u1 to u8 or b1 with < or >"}};
  for (const auto& [bytes, expected] : cases) CHECK(fault(bytes) == expected);
}

TEST_CASE("what is written as .npy is read again") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.npy";
  st::Array<float> array(2, 3);
  array << 1, -2, 0.1f, 4, 5, 6;
  st::write_npy(path, st::to_tensor("x", array));
  const st::Tensor tensor = st::read_npy(path);
  CHECK(tensor.name == path);
  CHECK((st::to_array<float>(tensor) == array).all());
  const std::string bytes = st::npy_bytes(tensor);
  CHECK(bytes.size() == 128 + 24);
  CHECK(bytes.substr(0, 69) ==
        "\x93NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"sv);

  st::Sequence<double> sequence(st::Shape{2, 1, 2}, true);
  sequence.array() << 0.5, -1;
  const st::Tensor steps = read([&] {
    const std::string text = st::npy_bytes(st::to_tensor("s", sequence));
    return Bytes(text.begin(), text.end());
  }());
  CHECK(steps.shape == std::vector<st::Index>{2, 1, 2});
  CHECK((st::to_sequence<double>(steps).step(1) == sequence.step(0)).all());
  CHECK(st::to_labels(st::to_tensor("l", {3, -1})) == std::vector<int>{3, -1});
}

}  // namespace npy_test
