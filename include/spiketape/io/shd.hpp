// The Spiking Heidelberg Digits (SHD) and the Spiking Speech Commands (SSC): spikes of 700 units of a
// cochlea, as HDF5 files.
//
//     /spikes/times   for each recording an array of stamps, in seconds (float16)
//     /spikes/units   for each recording as many units
//     /labels         for each recording a class
//
// This header needs the HDF5 library, see io/nir.hpp. It is also the one that takes damaged files apart, and
// not all of its versions do that without fault: do not read files of strangers with an old one. Source:
// Cramer, Stradmann, Schemmel, Zenke: The Heidelberg spiking data sets for the systematic evaluation of
// spiking neural networks, 2020.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/core/read_file.hpp>
#include <spiketape/data/event_data.hpp>
#include <spiketape/io/nir/hdf5_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// An array of arrays of numbers, of which one is read at a time.
template <typename Number>
class Hdf5Rows {
 public:
  Hdf5Rows(Hdf5Reader& reader, Hdf5Id array, std::string path, H5T_class_t kind, hid_t in_memory,
           std::uint64_t file_size)
      : reader_(reader),
        array_(std::move(array)),
        path_(std::move(path)),
        in_memory_(H5Tvlen_create(in_memory), H5Tclose),
        access_(H5Pcreate(H5P_DATASET_XFER), H5Pclose),
        // A byte of the file is at most a number of the result.
        memory_{file_size * sizeof(Number), nullptr} {
    if (Hdf5Reader::is_group(array_.get())) reader.fail("has '", path_, "' as a group, expected an array");
    auto about = reader.array_of(array_.get(), path_);
    if (about.shape.size() != 1 || H5Tget_class(about.type.get()) != H5T_VLEN)
      reader.fail("has '", path_, "', which is no array of arrays");
    const Hdf5Id numbers(H5Tget_super(about.type.get()), H5Tclose);
    if (H5Tget_class(numbers.get()) != kind || !dtype_of_hdf5(numbers.get()))
      reader.fail("has '", path_, "' of other numbers, expected ",
                  kind == H5T_FLOAT ? "16, 32 or 64 bits with a point" : "whole ones of up to 64 bits");
    count_ = about.count;
    space_ = std::move(about.space);
    const hsize_t one = 1;
    one_ = Hdf5Id(H5Screate_simple(1, &one, nullptr), H5Sclose);
    H5Pset_vlen_mem_manager(access_.get(), &Memory::allocate, &memory_, &Memory::release, nullptr);
  }
  Hdf5Rows(const Hdf5Rows&) = delete;
  Hdf5Rows& operator=(const Hdf5Rows&) = delete;

  std::uint64_t count() const { return count_; }
  /// Row i, valid until the next is read.
  std::span<const Number> row(hsize_t i) {
    const hsize_t one = 1;
    memory_.of_row.reset();
    hvl_t row{0, nullptr};  // the library leaves anything in it where it fails
    if (H5Sselect_hyperslab(space_.get(), H5S_SELECT_SET, &i, nullptr, &one, nullptr) < 0 ||
        H5Dread(array_.get(), in_memory_.get(), one_.get(), space_.get(), access_.get(), &row) < 0)
      reader_.fail("has '", path_, "' with an array ", i,
                   ", which cannot be read, or more than the file holds: ", hdf5_reason());
    return {static_cast<const Number*>(row.p), row.len};
  }

 private:
  /// What the library takes for a row.
  struct Memory {
    std::uint64_t bytes_left;
    std::unique_ptr<std::byte[]> of_row;

    static void* allocate(std::size_t size, void* memory) {
      auto& [bytes_left, of_row] = *static_cast<Memory*>(memory);
      if (size > bytes_left || of_row != nullptr) return nullptr;
      bytes_left -= size;
      of_row.reset(new (std::nothrow) std::byte[size]);
      return of_row.get();
    }
    static void release(void*, void*) {}  // the next row does
  };

  Hdf5Reader& reader_;
  Hdf5Id array_;
  std::string path_;
  Hdf5Id in_memory_, access_, space_, one_;
  Memory memory_;
  std::uint64_t count_ = 0;
};

/// Reads the three arrays.
inline EventRecordings<UnitEvent> read_shd(std::span<const std::uint8_t> bytes, std::string_view name,
                                           Index units) {
  Hdf5Reader reader(bytes, text_of("spiketape::parse_shd: '", name, "'"));
  const auto open = [&](hid_t group, const char* member, const char* path) {
    if (H5Lexists(group, member, H5P_DEFAULT) <= 0) reader.fail("has no '", path, "'");
    return reader.open(group, member, path, true);
  };
  const Hdf5Id spikes = open(reader.file(), "spikes", "spikes");
  if (!Hdf5Reader::is_group(spikes.get())) reader.fail("has 'spikes' as an array, expected a group");
  Hdf5Rows<double> times(reader, open(spikes.get(), "times", "spikes/times"), "spikes/times", H5T_FLOAT,
                         H5T_NATIVE_DOUBLE, bytes.size());
  Hdf5Rows<std::int64_t> places(reader, open(spikes.get(), "units", "spikes/units"), "spikes/units",
                                H5T_INTEGER, H5T_NATIVE_INT64, bytes.size());
  const Hdf5Id labels = open(reader.file(), "labels", "labels");
  if (Hdf5Reader::is_group(labels.get())) reader.fail("has 'labels' as a group, expected an array");
  const auto about = reader.array_of(labels.get(), "labels");
  if (about.shape.size() != 1 || times.count() != places.count() || times.count() != about.count)
    reader.fail("has ", times.count(), " arrays of times, ", places.count(),
                " of units, and labels of shape ", shape_text(about.shape), ", expected as many of each");
  const Tensor classes = reader.tensor(labels.get(), "labels", "labels", about);

  EventRecordings<UnitEvent> result;
  for (std::size_t i = 0; i < times.count(); ++i) {
    const std::span<const double> when = times.row(i);
    const std::span<const std::int64_t> where = places.row(i);
    const auto refuse = [&](const auto&... parts) { reader.fail("has a recording ", i, " with ", parts...); };
    if (when.size() != where.size())
      refuse(when.size(), " times and ", where.size(), " units, expected as many of both");
    const double label = number_at(classes, i);
    if (!(label >= 0 && label <= std::numeric_limits<int>::max() && label == static_cast<int>(label)))
      refuse("the label ", label, ", expected a whole number from 0 on");
    std::vector<UnitEvent> events(when.size());
    for (std::size_t k = 0; k < when.size(); ++k) {
      if (!is_finite(when[k]) || when[k] < 0)
        refuse("a spike ", k, " at ", when[k], " seconds, expected a time from 0 on");
      if (where[k] < 0 || where[k] >= units)
        refuse("a spike ", k, " of unit ", where[k], ", expected 0 to ", units - 1);
      events[k] = {when[k], static_cast<std::uint32_t>(where[k])};
    }
    result.recordings.push_back(std::move(events));
    result.labels.push_back(static_cast<int>(label));
  }
  return result;
}

}  // namespace detail

/// Parses the bytes of an SHD or SSC file; `name` stands for it in messages. Stamps are in seconds; what else
/// the file has, such as speakers, is not read. Allocates the result, 16 bytes a spike, and a copy of the
/// bytes. Throws std::runtime_error for what is no such file: not HDF5 or damaged, arrays missing, of other
/// numbers or of different length, a time that is negative or not finite, a unit that is not there, sizes
/// that the file cannot hold, links out of it. One thread at a time, as io/nir.hpp says.
[[nodiscard]] inline EventRecordings<UnitEvent> parse_shd(std::span<const std::uint8_t> bytes,
                                                          std::string_view name, Index units = 700) {
  return detail::read_shd(bytes, name, units);
}

/// Reads such a file. Allocates the result and, temporarily, the bytes of the file twice. Throws
/// std::runtime_error if the file cannot be read or parse_shd rejects it.
[[nodiscard]] inline EventRecordings<UnitEvent> read_shd(const std::string& path, Index units = 700) {
  return parse_shd(read_file(path), path, units);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
