// SHD's files: what they say, files of other layouts, and errors that name the recording. What the HDF5
// library itself takes apart is not damaged here, as nir/damaged.cpp says; files are cut off.
#include <spiketape/core/file.hpp>
#include <spiketape/io/shd.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "file_image.hpp"
#include "temporary_folder.hpp"

#include <hdf5.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace shd_test {

namespace st = spiketape;
using Bytes = std::vector<std::uint8_t>;
using Events = std::vector<st::UnitEvent>;

namespace {

/// A file to be: what is in it, and how.
struct File {
  std::vector<std::vector<double>> times = {{0, .5}, {}, {1.25}};
  std::vector<std::vector<std::int64_t>> units = {{3, 699}, {}, {0}};
  std::vector<std::int64_t> labels = {4, 0, 19};
  hid_t time_type = H5T_IEEE_F32LE, unit_type = H5T_STD_U16LE, label_type = H5T_STD_U16LE;
  bool half = false, attributes = false, packed = false;
};

template <typename Number>
void add_rows(hid_t group, const char* name, const std::vector<std::vector<Number>>& rows, hid_t type,
              hid_t from, const File& file) {
  const hsize_t count = rows.size(), most = H5S_UNLIMITED, chunk = 2;
  const hid_t space = H5Screate_simple(1, &count, file.packed ? &most : nullptr),
              array_type = H5Tvlen_create(type), memory = H5Tvlen_create(from),
              list = H5Pcreate(H5P_DATASET_CREATE);
  if (file.packed) {
    H5Pset_chunk(list, 1, &chunk);
    H5Pset_deflate(list, 5);
  }
  const hid_t set = H5Dcreate2(group, name, array_type, space, H5P_DEFAULT, list, H5P_DEFAULT);
  std::vector<hvl_t> all;
  for (const auto& row : rows) all.push_back({row.size(), const_cast<Number*>(row.data())});
  REQUIRE(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()) >= 0);
  if (file.attributes) {
    const hid_t scalar = H5Screate(H5S_SCALAR),
                note = H5Acreate2(set, "CLASS", H5T_STD_I32LE, scalar, H5P_DEFAULT, H5P_DEFAULT);
    H5Aclose(note);
    H5Sclose(scalar);
  }
  H5Dclose(set);
  H5Pclose(list);
  H5Tclose(memory);
  H5Tclose(array_type);
  H5Sclose(space);
}

Bytes bytes_of(const File& file) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 1 << 16, 0);
  const hid_t id = H5Fcreate("spiketape/test", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  const hid_t spikes = H5Gcreate2(id, "spikes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const auto half = st::detail::hdf5_half();
  add_rows(spikes, "times", file.times, file.half ? half.get() : file.time_type, H5T_NATIVE_DOUBLE, file);
  add_rows(spikes, "units", file.units, file.unit_type, H5T_NATIVE_INT64, file);
  H5Gclose(spikes);
  const hsize_t count = file.labels.size();
  const hid_t space = H5Screate_simple(1, &count, nullptr),
              labels =
                  H5Dcreate2(id, "labels", file.label_type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(labels, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, file.labels.data());
  H5Dclose(labels);
  H5Sclose(space);
  return file_image(id, access);
}

st::EventRecordings<st::UnitEvent> read(const File& file) { return st::parse_shd(bytes_of(file), "a file"); }
std::string refused(const File& file) {
  return error_text<std::runtime_error>([&] { static_cast<void>(read(file)); });
}
void check_is_usual(const File& file) {
  const auto shd = read(file);
  REQUIRE(shd.count() == 3);
  CHECK(shd.recordings[0] == Events{{0, 3}, {.5, 699}});
  CHECK(shd.recordings[1].empty());
  CHECK(shd.recordings[2] == Events{{1.25, 0}});
  CHECK(shd.labels == std::vector<int>{4, 0, 19});
}

}  // namespace

TEST_CASE("the spikes and labels of a file of SHD are read, in whatever numbers and layout") {
  check_is_usual({});
  check_is_usual({.half = true, .attributes = true});  // as PyTables writes it
  check_is_usual({.time_type = H5T_IEEE_F64BE, .unit_type = H5T_STD_I64BE, .label_type = H5T_STD_U8LE});
  check_is_usual({.half = true, .packed = true});
  CHECK(read({.times = {}, .units = {}, .labels = {}}).count() == 0);
  const TemporaryFolder folder;
  const Bytes bytes = bytes_of({});
  st::write_file(folder / "shd.h5", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  CHECK(st::read_shd(folder / "shd.h5").count() == 3);
}

TEST_CASE("a file of SHD that contradicts itself is refused with the recording") {
  const std::string name = "spiketape::parse_shd: 'a file' ";
  CHECK(refused({.times = {{0}, {}, {1.25}}}) ==
        name + "has a recording 0 with 1 times and 2 units, expected as many of both");
  CHECK(refused({.units = {{3, 699}, {}, {700}}}) ==
        name + "has a recording 2 with a spike 0 of unit 700, expected 0 to 699");
  CHECK(refused({.units = {{3, -1}, {}, {1}}, .unit_type = H5T_STD_I16LE}).find("spike 1 of unit -1") !=
        std::string::npos);
  CHECK(refused({.times = {{0, -1}, {}, {1}}}) ==
        name + "has a recording 0 with a spike 1 at -1 seconds, expected a time from 0 on");
  CHECK(refused({.times = {{0, std::numeric_limits<double>::infinity()}, {}, {1}}}).find("spike 1 at inf") !=
        std::string::npos);
  CHECK(refused({.labels = {1, 2}}) ==
        name + "has 3 arrays of times, 3 of units, and labels of shape (2), expected as many of each");
  CHECK(refused({.times = {{0, .5}}}).find("1 arrays of times") != std::string::npos);
  CHECK(refused({.labels = {1, -2, 3}, .label_type = H5T_STD_I32LE}).find("recording 1 with the label -2") !=
        std::string::npos);
  CHECK(refused({.labels = {1, 2, std::int64_t{1} << 31}, .label_type = H5T_STD_I64LE})
            .find("the label 2.14748365e+09") != std::string::npos);
  CHECK(refused({.time_type = H5T_STD_I32LE}) ==
        name + "has 'spikes/times' of other numbers, expected 16, 32 or 64 bits with a point");
  CHECK(refused({.unit_type = H5T_IEEE_F32LE}).find("'spikes/units' of other numbers, expected whole ones") !=
        std::string::npos);
}

namespace {

/// A file that `change` changes.
template <typename Change>
std::string refused_after(Change&& change) {
  Bytes bytes = bytes_of(File());
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 1 << 16, 0);
  H5Pset_file_image(access, bytes.data(), bytes.size());
  const hid_t id = H5Fopen("spiketape/test", H5F_ACC_RDWR, access);
  change(id);
  H5Fflush(id, H5F_SCOPE_LOCAL);
  bytes.resize(static_cast<std::size_t>(H5Fget_file_image(id, nullptr, 0)));
  H5Fget_file_image(id, bytes.data(), bytes.size());
  H5Fclose(id);
  H5Pclose(access);
  return error_text<std::runtime_error>([&] { static_cast<void>(st::parse_shd(bytes, "a file")); });
}
void put_group(hid_t file, const char* name) {
  H5Ldelete(file, name, H5P_DEFAULT);
  H5Gclose(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}
void put_numbers(hid_t file, const char* name) {
  H5Ldelete(file, name, H5P_DEFAULT);
  const hsize_t count = 3;
  const hid_t space = H5Screate_simple(1, &count, nullptr),
              set = H5Dcreate2(file, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const float numbers[] = {1, 2, 3};
  H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers);
  H5Dclose(set);
  H5Sclose(space);
}

}  // namespace

TEST_CASE("a file without the arrays of SHD is refused by their names") {
  const std::string name = "spiketape::parse_shd: 'a file' ";
  for (const char* member : {"spikes", "spikes/times", "spikes/units", "labels"})
    CHECK(refused_after([&](hid_t file) { H5Ldelete(file, member, H5P_DEFAULT); }) ==
          name + "has no '" + member + "'");
  CHECK(refused_after([](hid_t file) { put_numbers(file, "spikes"); }) ==
        name + "has 'spikes' as an array, expected a group");
  CHECK(refused_after([](hid_t file) { put_group(file, "spikes/times"); }) ==
        name + "has 'spikes/times' as a group, expected an array");
  CHECK(refused_after([](hid_t file) { put_group(file, "labels"); }) ==
        name + "has 'labels' as a group, expected an array");
  CHECK(refused_after([](hid_t file) { put_numbers(file, "spikes/units"); }) ==
        name + "has 'spikes/units', which is no array of arrays");
  CHECK(refused_after([](hid_t file) {
          H5Ldelete(file, "labels", H5P_DEFAULT);
          H5Lcreate_external("elsewhere.h5", "labels", file, "labels", H5P_DEFAULT, H5P_DEFAULT);
        }).find("has 'labels' as a link to elsewhere") != std::string::npos);
  CHECK(error_text<std::runtime_error>([] {
          static_cast<void>(st::parse_shd(Bytes{1, 2}, "a file"));
        }).find("is no HDF5 file") != std::string::npos);
}

TEST_CASE("a file of SHD that is cut off is refused, wherever") {
  const Bytes whole = bytes_of({.packed = true});
  for (std::size_t size = 0; size < whole.size(); size += 61) {
    INFO(size << " of " << whole.size());
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_THROWS_AS(st::parse_shd(part, "a file"), std::runtime_error);
  }
}

TEST_CASE("rows that share their memory in the file do not take more than the file has") {
  // A heap of the library holds each row once; a file may refer to one row from very many places.
  File file{.times = {std::vector<double>(20000, .5)},
            .units = {std::vector<std::int64_t>(20000, 1)},
            .labels = {1}};
  Bytes bytes = bytes_of(file);
  CHECK(st::parse_shd(bytes, "a file").recordings[0].size() == 20000);
  file.times.resize(400);
  file.units.resize(400);
  file.labels.resize(400);
  bytes = bytes_of(file);
  // References take 16 bytes, of which the first 4 are the length, and are 0 for empty rows. That to row 0 comes in
  // place of all others.
  const std::uint8_t first[] = {20000 & 255, 20000 >> 8, 0, 0};
  const Bytes empty(16 * 399, 0);
  for (std::size_t k = 0; k + 16 * 400 <= bytes.size(); ++k) {
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(k);
    if (!std::equal(first, first + 4, at) || !std::equal(empty.begin(), empty.end(), at + 16)) continue;
    for (std::ptrdiff_t row = 1; row < 400; ++row) std::copy_n(at, 16, at + 16 * row);
    k += 16 * 399;
  }
  CHECK(error_text<std::runtime_error>([&] {
          static_cast<void>(st::parse_shd(bytes, "a file"));
        }).find("which cannot be read, or more than the file holds") != std::string::npos);
}

}  // namespace shd_test
