// Files and graphs that are wrong are refused, and the text says what and where.
#include <spiketape/io/nir.hpp>
#include <spiketape/io/nir_network.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "file_image.hpp"
#include "parts.hpp"
#include "products.hpp"

#include <hdf5.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nir_hostile_test {

namespace st = spiketape;
using namespace nir_parts;
using Bytes = std::vector<std::uint8_t>;

namespace {

// --- Files made by hand.

/// A graph of an Input and an Output, as a file that `change` changes through the HDF5 library.
Bytes file(const std::function<void(hid_t file)>& change) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 1 << 16, 0);
  std::string image =
      st::nir_bytes(graph({port("in", "Input", {1}), port("out", "Output", {1})}, {{"in", "out"}}));
  H5Pset_file_image(access, image.data(), image.size());
  const hid_t id = H5Fopen("spiketape/test", H5F_ACC_RDWR, access);
  REQUIRE(id >= 0);
  change(id);
  return file_image(id, access);
}
void remove(hid_t file, const char* name) { REQUIRE(H5Ldelete(file, name, H5P_DEFAULT) >= 0); }
void group(hid_t file, const char* name) {
  H5Gclose(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}
/// An array of this type and shape; chunked, and with this filter, if it has a chunk.
void array(hid_t file, const char* name, hid_t type, const std::vector<hsize_t>& shape, const void* data,
           const std::vector<hsize_t>& chunk = {}, H5Z_filter_t filter = 0) {
  const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
  if (!chunk.empty()) H5Pset_chunk(list, static_cast<int>(chunk.size()), chunk.data());
  if (filter != 0) H5Pset_filter(list, filter, H5Z_FLAG_OPTIONAL, 0, nullptr);
  const hid_t space = shape.empty() ? H5Screate(H5S_SCALAR)
                                    : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t made = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
  REQUIRE(made >= 0);
  if (data != nullptr) REQUIRE(H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
  H5Dclose(made);
  H5Sclose(space);
  H5Pclose(list);
}
void text(hid_t file, const char* name, const std::vector<const char*>& values,
          const std::vector<hsize_t>& shape = {}) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  array(file, name, type, shape, values.data());
  H5Tclose(type);
}
void replace_type(hid_t file, const char* value) {
  remove(file, "node/nodes/in/type");
  text(file, "node/nodes/in/type", {value});
}

/// What is said of these bytes, without the beginning that all share.
std::string fault(const Bytes& bytes) {
  const std::string text =
      error_text<std::runtime_error>([&] { static_cast<void>(st::parse_nir(bytes, "x")); });
  const std::string begin = "spiketape::parse_nir: 'x' ";
  REQUIRE(text.substr(0, begin.size()) == begin);
  return text.substr(begin.size());
}
bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

}  // namespace

TEST_CASE("a file that is no NIR file is refused, and the text says where") {
  const double number = 1;
  const auto refused = [&](const std::string& expected, const std::function<void(hid_t)>& change) {
    CHECK(fault(file(change)) == expected);
  };
  refused("has no group node", [](hid_t f) { remove(f, "node"); });
  refused("has 'more', expected version, a text, and node, a group", [](hid_t f) { group(f, "more"); });
  refused("has 'version', which is no text", [&](hid_t f) {
    remove(f, "version");
    array(f, "version", H5T_NATIVE_DOUBLE, {}, &number);
  });
  refused("has no type in 'node'", [](hid_t f) { remove(f, "node/type"); });
  refused("has no type in 'node/nodes/in'", [](hid_t f) { remove(f, "node/nodes/in/type"); });
  refused("has 'node/nodes/in/type' as a group, expected a text", [](hid_t f) {
    remove(f, "node/nodes/in/type");
    group(f, "node/nodes/in/type");
  });
  refused("has 'node/nodes/in/type', which is no text", [&](hid_t f) {
    remove(f, "node/nodes/in/type");
    array(f, "node/nodes/in/type", H5T_NATIVE_DOUBLE, {}, &number);
  });
  refused("has 'node/nodes/in/type' as texts of shape (2), expected one text", [](hid_t f) {
    remove(f, "node/nodes/in/type");
    text(f, "node/nodes/in/type", {"a", "b"}, {2});
  });
  refused("has 'node/nodes/in/type', a text that is not UTF-8: 'a?'",
          [](hid_t f) { replace_type(f, "a\xff"); });
  refused("has no nodes in 'node', which is a NIRGraph", [](hid_t f) { remove(f, "node/nodes"); });
  refused("has no edges in 'node', which is a NIRGraph", [](hid_t f) { remove(f, "node/edges"); });
  refused("has no edges in 'node/nodes/in', which is a NIRGraph", [](hid_t f) {
    replace_type(f, "NIRGraph");
    group(f, "node/nodes/in/nodes");
  });
  refused("has 'node/edges' as a group, expected an array", [](hid_t f) {
    remove(f, "node/edges");
    group(f, "node/edges");
  });
  refused("has 'node/nodes' as an array, expected a group", [](hid_t f) {
    remove(f, "node/nodes");
    text(f, "node/nodes", {"a"});
  });
  refused("has a node 'node/nodes/a' that is no group", [](hid_t f) { text(f, "node/nodes/a", {"a"}); });
  refused("has 'node/edges' of shape (2, 1), expected (edges, 2)", [](hid_t f) {
    remove(f, "node/edges");
    text(f, "node/edges", {"in", "out"}, {2, 1});
  });
  refused("has 'node/edges', which is no text", [&](hid_t f) {
    remove(f, "node/edges");
    array(f, "node/edges", H5T_NATIVE_DOUBLE, {}, &number);
  });
  refused("is no graph: the graph has an edge from 'lif' to 'out', but no node 'lif'; its nodes: in, out",
          [](hid_t f) {
            remove(f, "node/edges");
            text(f, "node/edges", {"lif", "out"}, {1, 2});
          });
  refused("is no graph: graph 'g' has an edge from 'a' to 'b', but no node 'a'; its nodes: ", [](hid_t f) {
    group(f, "node/nodes/g");
    group(f, "node/nodes/g/nodes");
    text(f, "node/nodes/g/type", {"NIRGraph"});
    text(f, "node/nodes/g/edges", {"a", "b"}, {1, 2});
  });
  refused("is no graph: the outermost node is a 'LIF', expected a NIRGraph", [](hid_t f) {
    for (const char* name : {"node/type", "node/nodes", "node/edges"}) remove(f, name);
    text(f, "node/type", {"LIF"});
  });
  refused("has 'node/a' of another type than text, truth values and numbers of up to 64 bits", [](hid_t f) {
    const hid_t type = H5Tcreate(H5T_OPAQUE, 3);
    array(f, "node/a", type, {}, "abc");
    H5Tclose(type);
  });
  refused("has 'node/a' without numbers or text", [](hid_t f) {
    const hid_t space = H5Screate(H5S_NULL);
    H5Dclose(H5Dcreate2(f, "node/a", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
  });
  refused("has 'node/a', which is neither a group nor an array", [](hid_t f) {
    const hid_t type = H5Tcopy(H5T_NATIVE_DOUBLE);
    H5Tcommit2(f, "node/a", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(type);
  });
  refused("has 'node/nodes/in' with attributes, which would be lost, expected none", [](hid_t f) {
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t in = H5Gopen2(f, "node/nodes/in", H5P_DEFAULT);
    H5Aclose(H5Acreate2(in, "a", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT));
    H5Gclose(in);
    H5Sclose(space);
  });
}

TEST_CASE("a file cannot lead out of itself or into itself, nor take more memory than it has bytes for") {
  const auto refused = [&](const std::string& expected, const std::function<void(hid_t)>& change) {
    const std::string text = fault(file(change));
    INFO(text);
    CHECK(begins(text, expected));
  };
  refused("has 'node/type' as a link to elsewhere", [](hid_t f) {
    remove(f, "node/type");
    H5Lcreate_external("/etc/passwd", "/a", f, "node/type", H5P_DEFAULT, H5P_DEFAULT);
  });
  refused("has 'node/a' as a link to elsewhere",
          [](hid_t f) { H5Lcreate_soft("/node", f, "node/a", H5P_DEFAULT, H5P_DEFAULT); });
  refused("has 'node/a' in another file", [](hid_t f) {
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(list, "/etc/passwd", 0, 8);
    const hsize_t extent = 1;
    const hid_t space = H5Screate_simple(1, &extent, nullptr);
    H5Dclose(H5Dcreate2(f, "node/a", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, list, H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(list);
  });
  refused("has graphs in graphs at 'node/nodes/a/nodes/a/",
          [](hid_t f) { H5Lcreate_hard(f, "node", f, "node/nodes/a", H5P_DEFAULT, H5P_DEFAULT); });
  refused("has more groups and arrays than its ", [](hid_t f) {  // each group stands in the next one twice
    group(f, "node/g");
    for (int k = 0; k < 20; ++k) {
      group(f, "node/h");
      for (const char* name : {"node/h/a", "node/h/b"})
        H5Lcreate_hard(f, "node/g", f, name, H5P_DEFAULT, H5P_DEFAULT);
      remove(f, "node/g");
      H5Lmove(f, "node/h", f, "node/g", H5P_DEFAULT, H5P_DEFAULT);
    }
  });
  refused("has groups in groups at 'node/a/a/", [](hid_t f) {
    group(f, "node/a");
    H5Lcreate_hard(f, "node/a", f, "node/a/a", H5P_DEFAULT, H5P_DEFAULT);
  });
  refused("has 'node/a' of shape (1152921504606846976), which takes more bytes than memory has addresses",
          [](hid_t f) { array(f, "node/a", H5T_NATIVE_DOUBLE, {hsize_t{1} << 60}, nullptr, {1}); });
  refused("has 'node/a' of shape (1099511627776), 8796093022208 bytes, from 0 bytes of a file of ",
          [](hid_t f) { array(f, "node/a", H5T_NATIVE_DOUBLE, {hsize_t{1} << 40}, nullptr, {1 << 20}); });
  refused("has 'node/a' packed by filter 32000, expected deflate", [](hid_t f) {
    const double one = 1;
    array(f, "node/a", H5T_NATIVE_DOUBLE, {1}, &one, {1}, 32000);
  });
  refused("has 'node/edges' of shape (1000000, 2), ", [](hid_t f) {
    remove(f, "node/edges");
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    array(f, "node/edges", type, {1000000, 2}, nullptr, {1000, 2});
    H5Tclose(type);
  });
}

TEST_CASE("a file that is cut off or is none is refused") {
  const Bytes whole = file([](hid_t) {});
  for (std::size_t size = 0; size < whole.size(); size += size < 600 ? 1 : 97) {
    const std::string text = fault({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    if (!begins(text, "is no HDF5 file: ")) FAIL(size << ": " << text);
  }
  CHECK(begins(fault(Bytes(2000, 7)), "is no HDF5 file: the HDF5 library"));
}

TEST_CASE("texts of fixed length are texts, and no edges may have any type") {
  const double number = 1;
  const Bytes bytes = file([&](hid_t f) {
    remove(f, "node/nodes/in/type");
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, 8);
    array(f, "node/nodes/in/type", type, {}, "Input\0\0\0");
    H5Tclose(type);
    remove(f, "node/edges");
    array(f, "node/edges", H5T_NATIVE_DOUBLE, {0}, &number);
    remove(f, "version");
    array(f, "node/a", H5T_IEEE_F64BE, {}, "\x3f\xf0\0\0\0\0\0");
  });
  const st::NirGraph read = st::parse_nir(bytes, "x");
  CHECK(read.node.find_node("in")->type == "Input");
  CHECK(read.node.edges.empty());
  CHECK(read.version.empty());
  CHECK(st::to_array<double>(*read.node.find("a"))(0, 0) == 1);
}

// --- Graphs that are written.

TEST_CASE("a graph that a file cannot hold is not written") {
  const auto refused = [](const std::string& expected, const st::NirGraph& graph) {
    CHECK(error_text<std::invalid_argument>([&] { static_cast<void>(st::nir_bytes(graph)); }) ==
          "spiketape::nir_bytes: " + expected);
  };
  const auto with = [](const st::NirNode& node) { return graph({node}, {}); };
  refused("the graph has an edge from 'a' to 'b', but no node 'b'; its nodes: a",
          graph({node("a", "LIF", {})}, {{"a", "b"}}));
  refused("the graph has a node whose name, '', is empty", with(node("", "LIF", {})));
  refused("the graph has a node whose name, '.', is a dot, expected a name", with(node(".", "LIF", {})));
  refused("the graph has a node whose name, 'a/b', has a '/', expected a name without",
          with(node("a/b", "LIF", {})));
  refused("the graph has a node whose name, 'a?', is not UTF-8", with(node("a\xff", "LIF", {})));
  refused("the graph has two nodes 'a'", graph({node("a", "LIF", {}), node("a", "LI", {})}, {}));
  refused("'a' has two things of the name 'r'", with(node("a", "LIF", {row("r", {1}), row("r", {1})})));
  refused("'a' has two things of the name 'type'", with(node("a", "LIF", {row("type", {1})})));
  st::NirNode texts = node("a", "LIF", {});
  texts.texts["b"] = "\xff";
  refused("'node/nodes/a/b' is a text that is not UTF-8: '?'", with(texts));
  texts.texts["b"] = std::string("a\0", 2);
  refused("'node/nodes/a/b' is a text with a zero byte, where it would end in the file", with(texts));
  st::NirNode nested = node("a", "LIF", {});
  nested.nodes = {node("b", "LIF", {})};
  refused("node 'a' has nodes or edges and is a LIF, expected a NIRGraph", with(nested));
  st::Tensor half{"x", st::DType::BF16, {1}, {0, 0}};
  refused("'node/nodes/a/x' is BF16, which HDF5 does not have", with(node("a", "LIF", {half})));
  half.bytes.pop_back();
  refused("tensor 'x' has 1 bytes, its shape (1) of BF16 takes 2", with(node("a", "LIF", {half})));
  st::NirNode deep = inner_graph("g", {}, {});
  for (int k = 0; k < 70; ++k) deep = inner_graph("g", {deep}, {});
  CHECK(begins(error_text<std::invalid_argument>([&] { static_cast<void>(st::nir_bytes(with(deep))); }),
               "spiketape::nir_bytes: graph 'g/g/"));
}

}  // namespace nir_hostile_test
