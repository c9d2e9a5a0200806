// Writes the bytes of a NIR file; see nir.hpp.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/nir/hdf5.hpp>
#include <spiketape/io/nir_graph.hpp>
#include <spiketape/io/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

class NirWriter {
 public:
  NirWriter() {
    const Hdf5Id access = hdf5_memory_access();
    file_ =
        Hdf5Id(H5Fcreate(hdf5_memory_name(this).c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose);
    if (!file_) fail_file("spiketape::nir_bytes: no memory for a file: ", hdf5_reason());
  }

  std::string bytes(const NirGraph& graph) {
    if (const std::string fault = nir_fault(graph); !fault.empty()) fail(fault);
    if (!graph.version.empty()) text(file_.get(), "version", "version", graph.version);
    node(file_.get(), "node", "node", graph.node);
    check(H5Fflush(file_.get(), H5F_SCOPE_LOCAL) >= 0, "the file");
    const ssize_t size = H5Fget_file_image(file_.get(), nullptr, 0);
    check(size >= 0, "the file");
    std::string result(static_cast<std::size_t>(size), '\0');
    check(H5Fget_file_image(file_.get(), result.data(), result.size()) >= 0, "the file");
    return result;
  }

 private:
  template <typename... Parts>
  [[noreturn]] static void fail(const Parts&... parts) {
    fail_argument("spiketape::nir_bytes: ", parts...);
  }
  static void check(bool written, const std::string& path) {
    if (!written) fail_file("spiketape::nir_bytes: '", shown(path), "' cannot be written: ", hdf5_reason());
  }

  Hdf5Id group(hid_t in, const std::string& name, const std::string& path) {
    Hdf5Id result(H5Gcreate2(in, name.c_str(), names_.get(), H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    check(bool(result), path);
    return result;
  }

  void node(hid_t in, const std::string& name, const std::string& path, const NirNode& node_) {
    const Hdf5Id at = group(in, name, path);
    text(at.get(), "type", nir_path(path, "type"), node_.type);
    content(at.get(), path, node_.parameters, node_.texts, node_.groups);
    if (!node_.is_graph()) return;
    edges(at.get(), nir_path(path, "edges"), node_);
    const std::string inside = nir_path(path, "nodes");
    const Hdf5Id nodes = group(at.get(), "nodes", inside);
    for (const NirNode& inner : node_.nodes)
      node(nodes.get(), inner.name, nir_path(inside, inner.name), inner);
  }

  void content(hid_t in, const std::string& path, const std::vector<Tensor>& numbers,
               const std::map<std::string, std::string>& texts, const std::vector<NirGroup>& groups) {
    for (const Tensor& tensor : numbers) array(in, nir_path(path, tensor.name), tensor);
    for (const auto& [name, value] : texts) text(in, name, nir_path(path, name), value);
    for (const NirGroup& one : groups) {
      const std::string inside = nir_path(path, one.name);
      const Hdf5Id at = group(in, one.name, inside);
      content(at.get(), inside, one.numbers, one.texts, one.groups);
    }
  }

  /// The options of a new array: no time, so that the same graph gives the same bytes, and for more than one
  /// number deflate, in chunks of at most 1 MiB.
  static Hdf5Id creation(std::vector<hsize_t> extents, std::size_t element, bool packed) {
    Hdf5Id list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(list.get(), false);
    if (!packed || H5Zfilter_avail(H5Z_FILTER_DEFLATE) <= 0) return list;
    const auto bytes = [&] {
      double product = static_cast<double>(element);
      for (const hsize_t extent : extents) product *= static_cast<double>(extent);
      return product;
    };
    while (bytes() > 1 << 20) {
      hsize_t& longest = *std::max_element(extents.begin(), extents.end());
      longest = longest / 2 + longest % 2;
    }
    constexpr unsigned level = 4;  // as the NIR library does
    H5Pset_chunk(list.get(), static_cast<int>(extents.size()), extents.data());
    H5Pset_deflate(list.get(), level);
    return list;
  }

  Hdf5Id new_array(hid_t in, const char* name, const std::string& path, const Hdf5Id& type,
                   const Hdf5Id& space, const Hdf5Id& list) {
    Hdf5Id made(H5Dcreate2(in, name, type.get(), space.get(), names_.get(), list.get(), H5P_DEFAULT),
                H5Dclose);
    check(bool(made), path);
    return made;
  }

  void array(hid_t in, const std::string& path, const Tensor& tensor) {
    check_bytes("nir_bytes", tensor);
    const Hdf5Id type = hdf5_type(tensor.type);
    if (!type) fail("'", shown(path), "' is ", name_of(tensor.type), ", which HDF5 does not have");
    if (tensor.shape.size() > H5S_MAX_RANK)
      fail("'", shown(path), "' has ", tensor.shape.size(), " extents, HDF5 has at most ", H5S_MAX_RANK);
    std::vector<hsize_t> extents;
    for (const Index extent : tensor.shape) extents.push_back(static_cast<hsize_t>(extent));
    const bool packed = !extents.empty() && !tensor.bytes.empty();
    const Hdf5Id list = creation(extents, size_of(tensor.type), packed);
    const Hdf5Id space = space_of(extents);
    const Hdf5Id made = new_array(in, tensor.name.c_str(), path, type, space, list);
    if (!tensor.bytes.empty())
      check(H5Dwrite(made.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.bytes.data()) >= 0, path);
  }

  void text(hid_t in, const std::string& name, const std::string& path, const std::string& value) {
    texts(in, name.c_str(), path, {&value}, {});
  }
  void edges(hid_t in, const std::string& path, const NirNode& graph) {
    std::vector<const std::string*> names;
    for (const auto& [from, to] : graph.edges) names.insert(names.end(), {&from, &to});
    texts(in, "edges", path, names, {graph.edges.size(), 2});
  }
  void texts(hid_t in, const char* name, const std::string& path,
             const std::vector<const std::string*>& values, const std::vector<hsize_t>& extents) {
    std::vector<const char*> pointers;
    for (const std::string* value : values) {
      for (std::size_t at = 0, size; at < value->size(); at += size)
        if ((size = utf8_size(std::string_view(*value).substr(at))) == 0)
          fail("'", shown(path), "' is a text that is not UTF-8: '", shown(*value), "'");
      if (value->find('\0') != std::string::npos)
        fail("'", shown(path), "' is a text with a zero byte, where it would end in the file");
      pointers.push_back(value->c_str());
    }
    const Hdf5Id type = hdf5_text_type(H5T_CSET_UTF8);
    const Hdf5Id list = creation({}, 1, false);
    const Hdf5Id space = space_of(extents);
    const Hdf5Id made = new_array(in, name, path, type, space, list);
    if (!pointers.empty())
      check(H5Dwrite(made.get(), type.get(), H5S_ALL, H5S_ALL, transfer_.get(), pointers.data()) >= 0, path);
  }

  static Hdf5Id space_of(const std::vector<hsize_t>& extents) {
    if (extents.empty()) return {H5Screate(H5S_SCALAR), H5Sclose};
    return {H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose};
  }
  /// That names are UTF-8.
  static Hdf5Id utf8_names() {
    Hdf5Id list(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_char_encoding(list.get(), H5T_CSET_UTF8);
    return list;
  }

  /// Writing texts takes a buffer, which the library sets to zero: of 1 MiB for each text, unless told.
  static Hdf5Id small_buffer() {
    Hdf5Id list(H5Pcreate(H5P_DATASET_XFER), H5Pclose);
    H5Pset_buffer(list.get(), std::size_t{1} << 14, nullptr, nullptr);
    return list;
  }

  Hdf5Quiet quiet_;
  Hdf5Id names_ = utf8_names(), transfer_ = small_buffer();
  Hdf5Id file_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
