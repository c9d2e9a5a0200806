// Arrays and groups of HDF5 files that nobody vouches for.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/nir/hdf5.hpp>
#include <spiketape/io/nir_graph.hpp>
#include <spiketape/io/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Reads a file in memory: what it says of sizes is compared with the bytes that it has before memory is
/// taken, it opens no other file and loads no filter. Errors begin with `where`.
class Hdf5Reader {
 public:
  Hdf5Reader(std::span<const std::uint8_t> bytes, std::string where)
      : where_(std::move(where)),
        file_size_(bytes.size()),
        texts_left_(bytes.size()),
        bytes_left_(most_of(bytes.size())),
        objects_left_(bytes.size() / 32) {  // each takes more
    const Hdf5Id access = hdf5_memory_access();
    // The library copies the bytes.
    if (H5Pset_file_image(access.get(), const_cast<std::uint8_t*>(bytes.data()), bytes.size()) >= 0)
      file_ = Hdf5Id(H5Fopen(hdf5_memory_name(this).c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
    if (!file_) fail("is no HDF5 file: ", hdf5_reason());
  }

  hid_t file() const { return file_.get(); }
  static bool is_group(hid_t object) { return H5Iget_type(object) == H5I_GROUP; }

  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    fail_file(where_, " ", parts...);
  }

  /// Calls f(name, path, object) for all that is in a group, sorted by name.
  template <typename F>
  void for_each_member(hid_t group, const std::string& path, F&& f) {
    H5G_info_t info{};
    if (H5Gget_info(group, &info) < 0)
      fail("has a group '", shown(path), "' of unknown size: ", hdf5_reason());
    std::vector<std::string> names;
    for (hsize_t k = 0; k < info.nlinks; ++k) {
      if (objects_left_-- == 0)
        fail("has more groups and arrays than its ", file_size_, " bytes hold: some stand in several places");
      char buffer[512];
      const ssize_t size =
          H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, k, buffer, sizeof buffer, H5P_DEFAULT);
      if (size < 0) fail("has a name in '", shown(path), "' that cannot be read: ", hdf5_reason());
      if (static_cast<std::size_t>(size) >= sizeof buffer)
        fail("has a name of ", size, " bytes in '", shown(path), "', expected fewer than ", sizeof buffer);
      names.emplace_back(buffer, static_cast<std::size_t>(size));
      if (const std::string fault = nir_name_fault(names.back()); !fault.empty())
        fail("has a name in '", shown(path), "', '", shown(names.back()), "', that ", fault);
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const std::string at = nir_path(path, name);
      f(name, at, open(group, name, at));
    }
  }
  /// `attributes`: whether it may have some, which are ignored.
  Hdf5Id open(hid_t group, const std::string& name, const std::string& path, bool attributes = false) {
    H5L_info_t link{};
    // Other links may lead out of the file.
    if (H5Lget_info(group, name.c_str(), &link, H5P_DEFAULT) < 0 || link.type != H5L_TYPE_HARD)
      fail("has '", shown(path), "' as a link to elsewhere, expected a group or an array");
    Hdf5Id object(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose);
    if (!object) fail("has '", shown(path), "', which cannot be opened: ", hdf5_reason());
    if (!is_group(object.get()) && H5Iget_type(object.get()) != H5I_DATASET)
      fail("has '", shown(path), "', which is neither a group nor an array");
    const auto one = [](hid_t, const char*, const H5A_info_t*, void*) -> herr_t { return 1; };
    if (!attributes &&
        H5Aiterate2(object.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, one, nullptr) != 0)
      fail("has '", shown(path), "' with attributes, which would be lost, expected none");
    return object;
  }

  /// What an array is made of.
  struct Array {
    Hdf5Id type, space;
    std::vector<Index> shape;
    std::uint64_t count = 0;
    bool is_text = false;
  };
  Array array_of(hid_t array, const std::string& path) {
    Array result;
    result.type = Hdf5Id(H5Dget_type(array), H5Tclose);
    result.space = Hdf5Id(H5Dget_space(array), H5Sclose);
    const H5S_class_t kind = result.space ? H5Sget_simple_extent_type(result.space.get()) : H5S_NO_CLASS;
    if (!result.type || (kind != H5S_SCALAR && kind != H5S_SIMPLE))
      fail("has '", shown(path), "' without numbers or text");
    result.is_text = H5Tget_class(result.type.get()) == H5T_STRING;
    hsize_t extents[H5S_MAX_RANK] = {};
    const int rank = H5Sget_simple_extent_dims(result.space.get(), extents, nullptr);
    if (rank < 0) fail("has '", shown(path), "' of unknown shape: ", hdf5_reason());
    for (int k = 0; k < rank; ++k) {
      if (!std::in_range<Index>(extents[k]))
        fail("has '", shown(path), "' with an extent of ", extents[k], ", more than memory has addresses");
      result.shape.push_back(static_cast<Index>(extents[k]));
    }
    const Index count = element_count(result.shape, std::max<std::size_t>(1, H5Tget_size(result.type.get())));
    if (count < 0)
      fail("has '", shown(path), "' of shape ", shape_text(result.shape),
           ", which takes more bytes than memory has addresses");
    result.count = static_cast<std::uint64_t>(count);
    check_storage(array, path, result);
    return result;
  }

  Tensor tensor(hid_t array, const std::string& name, const std::string& path, const Array& about) {
    const std::optional<DType> type = dtype_of_hdf5(about.type.get());
    if (!type)
      fail("has '", shown(path), "' of another type than text, truth values and numbers of up to 64 bits");
    Tensor result{name, *type, about.shape, {}};
    result.bytes.resize(static_cast<std::size_t>(about.count) * size_of(*type));
    const Hdf5Id ours = hdf5_type(*type);
    if (about.count > 0 && H5Dread(array, ours.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, result.bytes.data()) < 0)
      fail("has '", shown(path), "', which cannot be read: ", hdf5_reason());
    return result;
  }

  std::string text(hid_t object, const std::string& path) {
    if (is_group(object)) fail("has '", shown(path), "' as a group, expected a text");
    const Array array = array_of(object, path);
    if (!array.is_text) fail("has '", shown(path), "', which is no text");
    if (!array.shape.empty())
      fail("has '", shown(path), "' as texts of shape ", shape_text(array.shape), ", expected one text");
    return texts(object, path, array).front();
  }

  std::vector<std::string> texts(hid_t object, const std::string& path, const Array& array) {
    if (array.count > texts_left_)
      fail("has ", array.count, " texts in '", shown(path), "', more than a file of ", file_size_,
           " bytes holds");
    texts_left_ -= array.count;
    const auto count = static_cast<std::size_t>(array.count);
    std::vector<std::string> result(count);
    if (H5Tis_variable_str(array.type.get()) > 0) {
      const Hdf5Id type = hdf5_text_type(H5Tget_cset(array.type.get()));
      std::vector<char*> texts(count, nullptr);
      if (H5Dread(object, type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()) < 0)
        fail("has '", shown(path), "', which cannot be read: ", hdf5_reason());
      for (std::size_t k = 0; k < count; ++k)
        if (texts[k] != nullptr) result[k] = texts[k];
      H5Dvlen_reclaim(type.get(), array.space.get(), H5P_DEFAULT, texts.data());
    } else {
      const std::size_t size = H5Tget_size(array.type.get());
      std::string all(size * count, '\0');
      if (H5Dread(object, array.type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()) < 0)
        fail("has '", shown(path), "', which cannot be read: ", hdf5_reason());
      for (std::size_t k = 0; k < count; ++k) {
        const std::string_view one = std::string_view(all).substr(k * size, size);
        result[k] = one.substr(0, one.find('\0'));
      }
    }
    for (const std::string& one : result)
      for (std::size_t at = 0, size; at < one.size(); at += size)
        if ((size = utf8_size(std::string_view(one).substr(at))) == 0)
          fail("has '", shown(path), "', a text that is not UTF-8: '", shown(one), "'");
    return result;
  }

 private:
  /// The most that deflate packs into a number of bytes.
  static std::uint64_t most_of(std::uint64_t bytes) {
    constexpr std::uint64_t ratio = 1040;
    return bytes > ~std::uint64_t{0} / ratio ? ~std::uint64_t{0} : ratio * bytes;
  }

  /// That the bytes of an array are in this file and are not far more than the file has.
  void check_storage(hid_t array, const std::string& path, const Array& about) {
    const Hdf5Id list(H5Dget_create_plist(array), H5Pclose);
    const std::uint64_t stored = H5Dget_storage_size(array);
    const std::uint64_t size = about.count * H5Tget_size(about.type.get());
    const H5D_layout_t layout = H5Pget_layout(list.get());
    if ((layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) ||
        H5Pget_external_count(list.get()) != 0)
      fail("has '", shown(path), "' in another file");
    const int filters = H5Pget_nfilters(list.get());
    for (int k = 0; k < filters; ++k) {
      unsigned flags = 0;
      std::size_t values = 0;
      const H5Z_filter_t filter =
          H5Pget_filter2(list.get(), static_cast<unsigned>(k), &flags, &values, nullptr, 0, nullptr, nullptr);
      if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
        fail("has '", shown(path), "' packed by filter ", static_cast<int>(filter), ", expected deflate");
    }
    std::uint64_t chunk = 0;
    if (layout == H5D_CHUNKED) {
      hsize_t extents[H5S_MAX_RANK] = {};
      const int rank = H5Pget_chunk(list.get(), H5S_MAX_RANK, extents);
      std::vector<Index> shape(static_cast<std::size_t>(std::max(rank, 0)));
      for (std::size_t k = 0; k < shape.size(); ++k)
        shape[k] = static_cast<Index>(std::min<hsize_t>(extents[k], hsize_t{1} << 40));
      const Index bytes = element_count(shape, 1);
      chunk = bytes < 0 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(bytes);
    }
    if (stored > file_size_ || size > most_of(stored) || (size > 0 && chunk > most_of(stored)) ||
        size > bytes_left_)
      fail("has '", shown(path), "' of shape ", shape_text(about.shape), ", ", size, " bytes, from ", stored,
           " bytes of a file of ", file_size_, ", which cannot hold them");
    bytes_left_ -= size;
  }

  std::string where_;
  std::uint64_t file_size_, texts_left_, bytes_left_, objects_left_;
  Hdf5Quiet quiet_;
  Hdf5Id file_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
