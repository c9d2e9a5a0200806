// Reads the bytes of a NIR file; see nir.hpp.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/nir/hdf5_reader.hpp>
#include <spiketape/io/nir_graph.hpp>
#include <spiketape/io/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

class NirReader : private Hdf5Reader {
 public:
  NirReader(std::span<const std::uint8_t> bytes, std::string_view name)
      : Hdf5Reader(bytes, text_of("spiketape::parse_nir: '", name, "'")) {}

  NirGraph read() {
    NirGraph graph;
    graph.version.clear();
    bool has_node = false;
    for_each_member(file(), "", [&](const std::string& name, const std::string& path, const Hdf5Id& object) {
      if (name == "version") {
        graph.version = text(object.get(), path);
      } else if (name == "node" && is_group(object.get())) {
        has_node = true;
        graph.node = node(object.get(), path, "", 0);
      } else {
        fail("has '", shown(name), "', expected version, a text, and node, a group");
      }
    });
    if (!has_node) fail("has no group node");
    if (const std::string fault = nir_fault(graph); !fault.empty()) fail("is no graph: ", fault);
    return graph;
  }

 private:
  // The paths that errors name begin with node, as in the file.

  NirNode node(hid_t group, const std::string& path, const std::string& name, int depth) {
    if (depth > deepest_nir)
      fail("has graphs in graphs at '", shown(path), "', expected at most ", deepest_nir);
    NirNode result{name, "", {}, {}, {}, {}, {}};
    if (H5Lexists(group, "type", H5P_DEFAULT) <= 0) fail("has no type in '", shown(path), "'");
    const std::string type_path = nir_path(path, "type");
    result.type = text(open(group, "type", type_path).get(), type_path);
    bool has_nodes = false, has_edges = false;
    for_each_member(group, path, [&](const std::string& member, const std::string& at, const Hdf5Id& object) {
      if (member == "type") return;
      if (result.is_graph() && member == "nodes") {
        has_nodes = true;
        if (!is_group(object.get())) fail("has '", shown(at), "' as an array, expected a group");
        for_each_member(object.get(), at,
                        [&](const std::string& inner, const std::string& where, const Hdf5Id& id) {
                          if (!is_group(id.get())) fail("has a node '", shown(where), "' that is no group");
                          result.nodes.push_back(node(id.get(), where, inner, depth + 1));
                        });
      } else if (result.is_graph() && member == "edges") {
        has_edges = true;
        if (is_group(object.get())) fail("has '", shown(at), "' as a group, expected an array");
        result.edges = edges(object.get(), at);
      } else {
        content(member, at, object.get(), result.parameters, result.texts, result.groups, 0);
      }
    });
    if (result.is_graph() && (!has_nodes || !has_edges))
      fail("has no ", has_nodes ? "edges" : "nodes", " in '", shown(path), "', which is a NIRGraph");
    return result;
  }

  void content(const std::string& name, const std::string& path, hid_t object, std::vector<Tensor>& numbers,
               std::map<std::string, std::string>& texts, std::vector<NirGroup>& groups, int depth) {
    if (is_group(object)) {
      if (depth > deepest_nir)
        fail("has groups in groups at '", shown(path), "', expected at most ", deepest_nir);
      NirGroup group{name, {}, {}, {}};
      for_each_member(object, path, [&](const std::string& member, const std::string& at, const Hdf5Id& id) {
        content(member, at, id.get(), group.numbers, group.texts, group.groups, depth + 1);
      });
      groups.push_back(std::move(group));
    } else if (const Array array = array_of(object, path); array.is_text) {
      texts[name] = text(object, path);
    } else {
      numbers.push_back(tensor(object, name, path, array));
    }
  }

  std::vector<std::pair<std::string, std::string>> edges(hid_t object, const std::string& path) {
    const Array array = array_of(object, path);
    std::vector<std::pair<std::string, std::string>> result;
    if (array.count == 0) return result;  // whatever its type, as that of an empty list in Python
    if (!array.is_text) fail("has '", shown(path), "', which is no text");
    if (array.shape.size() != 2 || array.shape[1] != 2)
      fail("has '", shown(path), "' of shape ", shape_text(array.shape), ", expected (edges, 2)");
    std::vector<std::string> names = texts(object, path, array);
    result.reserve(names.size() / 2);
    for (std::size_t k = 0; k + 1 < names.size(); k += 2)
      result.emplace_back(std::move(names[k]), std::move(names[k + 1]));
    return result;
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
