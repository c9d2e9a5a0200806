// .npz files give the arrays that NumPy has written to them, all others are refused with a text that says why.
#include "catch.hpp"

#if defined(SPIKETAPE_TEST_ZLIB) && __has_include(<zlib.h>)

#include <spiketape/io/npz.hpp>

#include <spiketape/core/file.hpp>

#include "errors.hpp"
#include "temporary_folder.hpp"
#include "zip_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace npz_test {

namespace st = spiketape;
using Bytes = std::vector<std::uint8_t>;

namespace {

/// A .npy file of that many bytes, 0, 1 and so on.
Bytes npy(std::size_t count) {
  st::Tensor tensor{"", st::DType::U8, {static_cast<st::Index>(count)}, {}};
  for (std::size_t k = 0; k < count; ++k) tensor.bytes.push_back(static_cast<std::uint8_t>(k));
  const std::string text = st::npy_bytes(tensor);
  return {text.begin(), text.end()};
}
std::vector<st::Tensor> read(const Bytes& bytes) { return st::parse_npz(bytes, "x"); }

std::string fault(const Bytes& bytes) {
  const std::string text = error_text<std::runtime_error>([&] { static_cast<void>(read(bytes)); });
  const std::string begin = "spiketape::parse_npz: 'x' ";
  REQUIRE(text.substr(0, begin.size()) == begin);
  return text.substr(begin.size());
}
/// The same of one member.
std::string fault_of(const ZipPart& part) {
  const std::string text = fault(zip_archive({part}).all), begin = "has the member '" + part.name + "' ";
  REQUIRE(text.substr(0, begin.size()) == begin);
  return text.substr(begin.size());
}

Bytes changed(Bytes bytes, std::size_t at, std::size_t size, std::uint64_t number) {
  for (std::size_t k = 0; k < size; ++k) bytes.at(at + k) = static_cast<std::uint8_t>(number >> 8 * k);
  return bytes;
}
Bytes joined(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

TEST_CASE("a .npz file gives its arrays in order, stored or deflated") {
  for (const int level : {-1, 0, 1, 9}) {
    const auto tensors = read(zip_archive({zip_part("b.npy", npy(3), level), zip_part("a.npy", npy(0), level),
                                           zip_part(".npy", npy(1), level), zip_part("b.npy.npy", npy(1000), level)})
                                  .all);
    REQUIRE(tensors.size() == 4);
    const std::pair<std::string_view, std::size_t> expected[] = {{"b", 3}, {"a", 0}, {"", 1}, {"b.npy", 1000}};
    for (std::size_t k = 0; k < 4; ++k) {
      CHECK(tensors[k].name == expected[k].first);
      CHECK(tensors[k].bytes == st::parse_npy(npy(expected[k].second), "").bytes);
    }
  }
  CHECK(read(zip_archive({}).all).empty());
  ZipPart accent = zip_part("\u00e9.npy", npy(1));
  accent.flags = 1 << 11;
  CHECK(read(zip_archive({accent}).all)[0].name == "\u00e9");

  const TemporaryFolder folder;
  const Bytes file = zip_archive({zip_part("a.npy", npy(3))}).all;
  st::write_file(folder / "x.npz", {reinterpret_cast<const char*>(file.data()), file.size()});
  CHECK((st::read_npz(folder / "x.npz") == read(file)));
}

TEST_CASE("an archive may have ZIP64's fields, sizes behind the data, and comments") {
  for (const int level : {-1, 9}) {
    const ZipPart a = zip_part("a.npy", npy(3), level);
    std::vector<ZipPart> parts = {a, zip_part("b.npy", npy(300), level)};
    const auto expected = read(zip_archive(parts).all);
    for (int form = 0; form < 64; ++form) {
      const auto has = [&](int bit) { return (form >> bit & 1) != 0; };
      for (ZipPart& part : parts) {
        part.wide_header = has(0);
        part.wide_entry = has(1);
        part.described = has(2);
        part.extra = has(3) ? std::string("\x12\x34\3\0abc\x12\x35\0\0", 11) : "";
        part.comment = has(3) ? "PK\3\4" : "";
      }
      // The second looks like an end, but says of its comment that it is longer than it is.
      const std::string comment = has(4) ? std::string(65535 - 50, 'c') + "PK\5\6" + std::string(46, 'c') : "";
      CHECK((read(zip_archive(parts, comment, has(5)).all) == expected));
    }

    // As Python before 3.11.4: sizes in both places.
    ZipPart wide = a;
    wide.wide_header = true;
    const Bytes python = changed(changed(zip_archive({wide}).all, 18, 4, wide.data.size()), 22, 4, wide.size);
    CHECK((read(python) == read(zip_archive({a}).all)));
    CHECK(fault(changed(python, 18, 4, 9)) == "has the member 'a.npy' whose ZIP64 sizes are not those that it needs");
    wide = a;
    wide.wide_entry = true;
    const Bytes file = zip_archive({wide}).all;
    CHECK((read(changed(file, zip_archive({wide}).directory + 24, 4, wide.size)) == read(zip_archive({a}).all)));
  }

  // The mark in front of a descriptor may be left out, whatever the sizes.
  for (const bool wide : {false, true}) {
    ZipPart described = zip_part("a.npy", npy(3)), plain = described;
    described.described = described.wide_header = wide;
    if (!wide) described.described = true;
    ZipArchive archive = zip_archive({described});
    const std::size_t mark = archive.directory - (wide ? 24 : 16), end = archive.all.size() - 22;
    archive.all.erase(archive.all.begin() + static_cast<std::ptrdiff_t>(mark),
                      archive.all.begin() + static_cast<std::ptrdiff_t>(mark) + 4);
    CHECK((read(changed(archive.all, end - 4 + 16, 4, archive.directory - 4)) == read(zip_archive({plain}).all)));
  }
}

TEST_CASE("a damaged .npz file is refused, or only its times and the like are others") {
  for (const int form : {0, 1, 2, 3}) {
    ZipPart part = zip_part("a.npy", npy(40), form < 2 ? -1 : 9);
    part.described = part.wide_header = part.wide_entry = form % 2 != 0;
    const ZipArchive archive = zip_archive({part, zip_part("b.npy", npy(1))}, "", form % 2 != 0);
    const Bytes& file = archive.all;
    const auto expected = read(file);
    std::size_t unnoticed = 0;
    for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
      try {
        const auto found = read(changed(file, bit / 8, 1, file[bit / 8] ^ 1u << bit % 8));
        if (!(found == expected)) FAIL_CHECK("bit " << bit << " changed went unnoticed");
        ++unnoticed;
      } catch (const std::runtime_error&) {
      }
    }
    // Of both members: versions, times and attributes. In the end of ZIP64 its versions.
    CHECK(unnoticed < 8 * 2 * (6 + 16) + (form % 2 != 0 ? 8 * 4 + 2 : 0));
    for (std::size_t size = 0; size < file.size(); ++size)
      CHECK_THROWS_AS(read({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)}), std::runtime_error);
    CHECK_THROWS_AS(read(joined(file, {0})), std::runtime_error);
    CHECK_THROWS_AS(read(joined({0}, file)), std::runtime_error);
    CHECK_THROWS_AS(read(joined(file, file)), std::runtime_error);
  }
}

TEST_CASE("an archive that contradicts itself is refused, and the text says where") {
  const ZipPart a = zip_part("a.npy", npy(3)), b = zip_part("b.npy", npy(3));
  const ZipArchive archive = zip_archive({a, b});
  const Bytes& file = archive.all;
  const std::size_t size = a.data.size(), header_b = 35 + size, entry_a = archive.directory, entry_b = entry_a + 51,
                    end = entry_b + 51;
  REQUIRE(file.size() == end + 22);
  const std::string text_a = "has the member 'a.npy' ", text_b = "has the member 'b.npy' ";
  const auto of = [&](std::size_t at, std::size_t bytes, std::uint64_t number) {
    return fault(changed(file, at, bytes, number));
  };
  const std::string no_end = "does not end as a zip archive does, with the bytes PK 5 6 and 18 more, and a comment";
  CHECK(fault({}) == no_end);
  CHECK(fault(npy(100)) == no_end);
  CHECK(fault(joined(file, {1, 2})) == no_end);
  CHECK(of(end + 20, 2, 1) == no_end);

  const std::string place = " bytes at byte ", ends = ", expected one that ends at byte ";
  CHECK(fault(joined({1, 2}, file)) == "has a directory of 102" + place + std::to_string(entry_a) + ends +
                                           std::to_string(end + 2));
  CHECK(of(end + 12, 4, 0xffffffff) ==
        "has a directory of 4294967295" + place + std::to_string(entry_a) + ends + std::to_string(end));
  CHECK(of(end + 4, 2, 1) == "is one of several files of an archive");
  CHECK(of(end + 6, 2, 1) == "is one of several files of an archive");
  CHECK(of(end + 8, 2, 1) == "is one of several files of an archive");
  CHECK(of(end + 8, 4, 0x30003) == "has 2 entries in its directory, expected 3");
  CHECK(of(end + 8, 4, 0x10001) == "has 2 entries in its directory, expected 1");
  CHECK(of(entry_b, 4, 0) == "has no whole entry of its directory at byte " + std::to_string(entry_b));
  for (const std::size_t field : {28u, 30u, 32u})
    CHECK(of(entry_b + field, 2, 0xffff) == "has no whole entry of its directory at byte " + std::to_string(entry_b));
  CHECK(fault(changed(changed(zip_archive({}).all, 0, 4, 0x06054b50), 16, 4, 1)) ==
        "has a directory of 0 bytes at byte 1, expected one that ends at byte 0");
  CHECK(fault(changed(joined({1, 2}, zip_archive({}).all), 18, 4, 2)) == "has 2 bytes in front of its first part");
  CHECK(fault(zip_archive({a, a}).all) == text_a + "twice");

  // Places that are not those of the headers.
  CHECK(of(entry_a + 42, 4, 1) == "has 1 bytes in front of its first part");
  CHECK(of(entry_b + 42, 4, header_b + 1) == text_a + "with 1 bytes behind its data");
  CHECK(of(entry_b + 42, 4, 0).find("without a header at byte 0") != std::string::npos);
  CHECK(of(entry_b + 42, 4, 29) == text_a + "without a header at byte 0");
  CHECK(of(entry_b + 42, 4, 60) ==
        text_a + "of " + std::to_string(size) + " bytes with a header of 35 in 60 bytes: it overlaps what follows");
  CHECK(of(entry_b + 42, 4, 0xfffffff0).substr(0, text_a.size()) == text_a);
  CHECK(of(0, 4, 0x04034b51) == text_a + "without a header at byte 0");
  CHECK(of(28, 2, 0xffff) == text_a + "of " + std::to_string(size) + " bytes with a header of 65570 in " +
                                 std::to_string(header_b) + " bytes: it overlaps what follows");

  const auto header = [&](const char* what) {
    return text_a + "with another " + what + " in its header than in the directory";
  };
  CHECK(of(30, 1, 'b') == header("name"));
  CHECK(of(26, 2, 4) == header("name"));
  CHECK(of(6, 2, 2) == header("flags"));
  CHECK(of(8, 2, 8) == header("method"));
  CHECK(of(14, 4, 5) == header("checksum"));
  CHECK(of(14, 4, 0) == header("checksum"));
  CHECK(of(18, 4, size - 1) == header("size"));
  CHECK(of(22, 4, 0) == header("size"));

  CHECK(of(entry_a + 8, 2, 1) == text_a + "that is encrypted");
  CHECK(of(entry_a + 8, 2, 64) == text_a + "with the flags 64, expected none but bits 1, 2, 3 and 11");
  CHECK(of(entry_a + 10, 2, 14) == text_a + "of method 14, expected 0 (stored) or 8 (deflated)");
  CHECK(of(entry_a + 20, 4, size + 1) ==
        text_a + "of " + std::to_string(size) + " bytes stored in " + std::to_string(size + 1));
  CHECK(of(entry_a + 34, 2, 7) == text_a + "in file 7 of several");
  CHECK(of(entry_a + 30, 2, 3) == text_a + "whose extra fields have no end");
  const std::string sizes = "whose ZIP64 sizes are not those that it needs";
  ZipPart extra = a;
  extra.extra = std::string("\1\0\1\0x", 5);
  CHECK(fault_of(extra) == sizes);
  extra.extra = std::string("\1\0\0\0\1\0\0\0", 8);
  CHECK(fault_of(extra) == sizes);
  extra.extra = std::string("\1\0\10\0\0\0\0\0\0\0\0\0", 12);
  CHECK(fault_of(extra) == sizes);

  ZipPart described = a;
  described.described = true;
  const ZipArchive behind = zip_archive({described});
  for (const std::size_t at : {16u, 12u, 8u, 4u})
    CHECK(fault(changed(behind.all, behind.directory - at, 4, 0)) ==
          text_a + "with 16 bytes behind its data, expected its checksum and sizes");
  CHECK(fault(changed(behind.all, 18, 4, 1)) == header("size"));

  const ZipArchive wide = zip_archive({a}, "", true);
  const std::size_t wide_end = wide.all.size() - 22 - 76;
  const std::string expected = ", expected one of 56 bytes in front of byte " + std::to_string(wide_end + 56);
  CHECK(fault(changed(wide.all, wide_end + 64, 8, 3)) == "has a ZIP64 end at byte 3" + expected);
  for (const auto& [at, bytes] : {std::pair{0u, 4u}, {4u, 8u}, {60u, 4u}, {72u, 4u}})
    CHECK(fault(changed(wide.all, wide_end + at, bytes, 9)) ==
          "has a ZIP64 end at byte " + std::to_string(wide_end) + expected);
  CHECK(fault(changed(wide.all, wide_end + 76 + 8, 2, 2)) == "has two ends, of which one says 2 and the other 1");
  CHECK(fault(changed(wide.all, wide_end + 16, 4, 2)) == "has two ends, of which one says 0 and the other 2");
  CHECK(fault(changed(wide.all, wide_end + 40, 8, ~std::uint64_t{})) ==
        "has a directory of 18446744073709551615" + place + std::to_string(wide.directory) + ends +
            std::to_string(wide_end));
}

TEST_CASE("a member that is no array, or unpacks to something else than it says, is refused") {
  CHECK(fault_of(zip_part("a.txt", npy(3))) == "whose name does not end in .npy");
  CHECK(fault_of(zip_part("a/", {})) == "whose name does not end in .npy");
  CHECK(fault_of(zip_part("\u00e9.npy", npy(3))) == "whose name is not UTF-8, or not marked as that, at byte 0");
  ZipPart part = zip_part("a\xff.npy", npy(3));
  part.flags = 1 << 11;
  CHECK(fault(zip_archive({part}).all) ==
        "has the member 'a?.npy' whose name is not UTF-8, or not marked as that, at byte 1");
  CHECK(fault(zip_archive({zip_part(std::string("a\0.npy", 6), npy(3))}).all) ==
        "has the member 'a?.npy' whose name is not UTF-8, or not marked as that, at byte 1");

  const auto text = error_text<std::runtime_error>(
      [] { static_cast<void>(read(zip_archive({zip_part("a.npy", {1, 2})}).all)); });
  CHECK(text == "spiketape::parse_npy: 'x: a.npy' does not begin as a .npy file does, with the byte 147 and NUMPY");

  part = zip_part("a.npy", npy(3));
  ++part.checksum;
  CHECK(fault_of(part) == "whose checksum is not that of its bytes");
  const ZipPart deflated = zip_part("a.npy", npy(300), 9);
  REQUIRE(deflated.size == 428);
  part = deflated;
  ++part.checksum;
  CHECK(fault_of(part) == "whose checksum is not that of its bytes");
  part = deflated;
  --part.size;
  CHECK(fault_of(part) == "that unpacks to more than the 427 bytes it says");
  part.size = 0;
  CHECK(fault_of(part) == "that unpacks to more than the 0 bytes it says");
  part.size = 429;
  CHECK(fault_of(part) == "that unpacks to 428 bytes, it says 429");
  part = deflated;
  part.data.push_back(0);
  CHECK(fault_of(part) == "with 1 bytes behind its compressed data");
  part.data.resize(deflated.data.size() - 1);
  CHECK(fault_of(part) == "that is truncated: the compressed data stop before their end");
  part.data.clear();
  CHECK(fault_of(part) == "that is truncated: the compressed data stop before their end");
  part.data = {0xff, 0xff, 0xff};
  CHECK(fault_of(part) == "that is corrupt: the compressed data contradict themselves");

  // No memory is asked for what the bytes cannot be.
  part = deflated;
  part.size = 1032 * (part.data.size() + 1);
  CHECK(fault_of(part) == "of " + std::to_string(part.data.size()) + " bytes that cannot unpack to the " +
                              std::to_string(part.size) + " it says");
  part.wide_header = part.wide_entry = true;
  part.size = ~std::uint64_t{};
  CHECK(fault_of(part).find("cannot unpack to the 18446744073709551615 it says") != std::string::npos);
  part = deflated;
  part.size = 1032 * part.data.size();
  CHECK(fault_of(part) == "that unpacks to 428 bytes, it says " + std::to_string(part.size));
}

TEST_CASE("zeros that are deflated as far as it goes are read") {
  const ZipPart part = zip_part("a.npy", [] {
    const std::string text = st::npy_bytes({"", st::DType::U8, {1000000}, Bytes(1000000)});
    return Bytes(text.begin(), text.end());
  }(), 9);
  CHECK(part.data.size() < 1200);
  CHECK(read(zip_archive({part}).all)[0].bytes == Bytes(1000000));
}

}  // namespace npz_test

#else

TEST_CASE(".npz files are not tested: zlib was not found") { SUCCEED(); }

#endif
