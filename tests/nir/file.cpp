// What is read is written again equal, and a file is what the NIR library writes.
#include <spiketape/core/file.hpp>
#include <spiketape/io/nir.hpp>

#include "catch.hpp"
#include "parts.hpp"
#include "temporary_folder.hpp"

#include <hdf5.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace nir_file_test {

namespace st = spiketape;
using namespace nir_parts;

namespace {

st::NirGraph parsed(const std::string& bytes) {
  return st::parse_nir(std::vector<std::uint8_t>(bytes.begin(), bytes.end()), "x");
}

/// Something of everything; sorted, as read_nir returns it.
st::NirGraph rich_graph() {
  st::NirNode conv = node("0", "Conv2d", {numbers("weight", {1, 2, 2, 1}, {1, 2, 3, 4})});
  conv.texts["padding"] = "same";
  conv.groups = {{"about", {row("x", {1})}, {{"a text", "\u00e9\n"}}, {{"deeper", {}, {{"empty", ""}}, {}}}}};
  st::NirNode unknown = node("nobody knows", "MyNode", {});
  for (const auto& facts : st::detail::dtype_facts) {
    if (facts.type == st::DType::BF16) continue;
    st::Tensor tensor{facts.name, facts.type, {2, 3}, {}};
    for (std::size_t k = 0; k < 6 * facts.size; ++k)
      tensor.bytes.push_back(static_cast<std::uint8_t>(facts.type == st::DType::BOOL ? k % 2 : k * 7));
    unknown.parameters.push_back(tensor);
  }
  std::sort(unknown.parameters.begin(), unknown.parameters.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  unknown.parameters.push_back(numbers("none", {0, 3}, {}));
  unknown.parameters.push_back(numbers("one", {}, {-0.0}));
  st::NirGraph all = graph({conv, port("input", "Input", {2, 3, 4}), lif("lif.1", {.1, .2}), unknown,
                            inner_graph("\u00f6", {}, {})},
                           {{"input", "lif.1"}, {"0", "0"}, {"\u00f6", "nobody knows"}, {"0", "0"}});
  all.node.groups = {{"metadata", {}, {{"author", "we"}}, {}}};
  return all;
}

}  // namespace

TEST_CASE("a NIR graph that is written is read again equal") {
  const st::NirGraph graph = rich_graph();
  const std::string bytes = st::nir_bytes(graph);
  CHECK(parsed(bytes) == graph);
  CHECK(st::nir_bytes(graph) == bytes);
  CHECK(st::nir_bytes(parsed(bytes)) == bytes);
  st::NirGraph other = graph;
  other.node.nodes[0].parameters[0].bytes[3] ^= 1;
  CHECK(!(parsed(st::nir_bytes(other)) == graph));
  CHECK(parsed(st::nir_bytes({})) == st::NirGraph());
  CHECK(parsed(st::nir_bytes({"", {{}, "NIRGraph", {}, {}, {}, {}, {}}})).version.empty());
}

TEST_CASE("large arrays are packed in several chunks") {
  std::vector<double> values(1 << 18);
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<double>(k % 1000);
  const st::NirGraph graph = chain(1, {node("x", "Scale", {numbers("scale", {1 << 9, 1 << 9}, values)})}, 1);
  const std::string bytes = st::nir_bytes(graph);
  CHECK(bytes.size() < 8 * values.size() / 4);
  CHECK(*parsed(bytes).node.find_node("x") == graph.node.nodes[0]);
}

TEST_CASE("a NIR file is written whole, and a call leaves the HDF5 library's printing as it was") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.nir";
  st::write_nir(path, rich_graph());
  CHECK(st::read_nir(path) == rich_graph());
  H5E_auto2_t print = nullptr;
  void* data = nullptr;
  int mine = 0;
  H5Eset_auto2(
      H5E_DEFAULT, [](hid_t, void*) -> herr_t { return 0; }, &mine);
  CHECK_THROWS(parsed("no file"));
  H5Eget_auto2(H5E_DEFAULT, &print, &data);
  CHECK(data == &mine);
  CHECK_THROWS_AS(st::read_nir(folder / "none.nir"), std::runtime_error);
}

TEST_CASE("arrays are deflated at level 4, texts are of variable length and UTF-8, as in NIR's own files") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.nir";
  st::write_nir(path, rich_graph());
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  REQUIRE(file >= 0);
  for (const auto* name : {"version", "node/type", "node/edges", "node/nodes/0/padding"}) {
    const hid_t text = H5Dopen2(file, name, H5P_DEFAULT), type = H5Dget_type(text),
                space = H5Dget_space(text);
    CHECK(H5Tis_variable_str(type) > 0);
    CHECK(H5Tget_cset(type) == H5T_CSET_UTF8);
    CHECK(H5Sget_simple_extent_ndims(space) == (std::string_view(name) == "node/edges" ? 2 : 0));
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(text);
  }
  const hid_t weight = H5Dopen2(file, "node/nodes/0/weight", H5P_DEFAULT), list = H5Dget_create_plist(weight);
  REQUIRE(H5Pget_nfilters(list) == 1);
  unsigned flags = 0, level = 0;
  std::size_t values = 1;
  CHECK(H5Pget_filter2(list, 0, &flags, &values, &level, 0, nullptr, nullptr) == H5Z_FILTER_DEFLATE);
  CHECK(level == 4);
  H5Pclose(list);
  H5Dclose(weight);
  H5Fclose(file);
}

TEST_CASE("h5py reads what is written") {
  std::string python;
  for (const std::string one : {"python3", "/usr/bin/python3"})
    if (std::system((one + " -c 'import h5py' 2>/dev/null").c_str()) == 0) python = one;
  if (python.empty()) return;  // nothing here could tell
  const TemporaryFolder folder;
  const std::string path = folder / "a.nir", script = folder / "check.py";
  st::write_nir(path, rich_graph());
  std::string text =
      "import h5py, numpy as np\n"
      "f = h5py.File('" +
      path +
      "')\n"
      "n = f['node/nodes']\n"
      "assert f['version'][()] == b'1.0' and f['node/type'][()] == b'NIRGraph'\n"
      "assert n['0/padding'][()] == b'same' and n['0/weight'].shape == (1, 2, 2, 1)\n"
      "assert n['lif.1/tau'][()].tolist() == [.1, .2] and n['lif.1/tau'].compression_opts == 4\n"
      "assert n['nobody knows/BOOL'].dtype == bool and n['nobody knows/F16'].dtype == np.float16\n"
      "assert n['input/shape'].dtype == np.int64 and n['nobody knows/one'][()] == 0\n"
      "assert [[b.decode() for b in e] for e in f['node/edges'][()]][2] == ['\\u00f6', 'nobody knows']\n";
  st::write_file(script, text);
  CHECK(std::system((python + " '" + script + "'").c_str()) == 0);
}

}  // namespace nir_file_test
