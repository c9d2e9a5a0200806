// Graphs of the Neuromorphic Intermediate Representation (NIR), which snnTorch, Norse, Sinabs, Rockpool, Lava
// and others write and read, as data. nir.hpp reads and writes files of them, nir_network.hpp runs them,
// nir_layers.hpp turns them into networks of layers and back.
//
// Source: the equations and names of nodes in Pedersen et al., Nature Communications 15, 8122 (2024), and
// files of its authors' repository, https://github.com/neuromorphs/NIR.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// Numbers, texts and groups of them under a name, such as the metadata of a graph.
struct NirGroup {
  std::string name;                          ///< Unique in what holds it.
  std::vector<Tensor> numbers;               ///< Arrays and single numbers.
  std::map<std::string, std::string> texts;  ///< By name.
  std::vector<NirGroup> groups;              ///< Groups in it.

  friend bool operator==(const NirGroup& a, const NirGroup& b);
};

/// A node of a graph: a layer of neurons, a product, or, of type "NIRGraph", another graph.
struct NirNode {
  /// Unique in its graph; that of the outermost graph is not used.
  std::string name;
  /// "LIF", "Affine", ... Types that nobody knows are kept as data.
  std::string type;
  /// Its arrays under the names of NIR: "tau", "weight". PyTorch's order and shapes.
  std::vector<Tensor> parameters;
  /// Parameters that are texts, such as the padding "same".
  std::map<std::string, std::string> texts;
  /// All else under a name, such as "metadata".
  std::vector<NirGroup> groups;
  /// Of a graph: its nodes, and pairs of their names, from and to, in any order.
  std::vector<NirNode> nodes;
  std::vector<std::pair<std::string, std::string>> edges;

  /// Whether it is a graph, with nodes of its own.
  [[nodiscard]] bool is_graph() const noexcept { return type == "NIRGraph"; }
  /// The parameter, group or node of this name, or nullptr. Valid until those are changed.
  [[nodiscard]] const Tensor* find(std::string_view parameter) const noexcept {
    return found(parameters, parameter);
  }
  [[nodiscard]] const NirGroup* find_group(std::string_view group) const noexcept {
    return found(groups, group);
  }
  [[nodiscard]] const NirNode* find_node(std::string_view node) const noexcept { return found(nodes, node); }

  /// Whether all is the same, to the bit, in the same order. What read_nir returns is sorted by name, but for
  /// the edges.
  friend bool operator==(const NirNode& a, const NirNode& b);

 private:
  template <typename Named>
  static const Named* found(const std::vector<Named>& all, std::string_view name) noexcept {
    for (const Named& one : all)
      if (one.name == name) return &one;
    return nullptr;
  }
};

/// What a NIR file holds.
struct NirGraph {
  /// The version of NIR that it was written with; not interpreted. Empty: the file says none.
  std::string version = "1.0";
  /// The outermost graph, of type "NIRGraph".
  NirNode node{{}, "NIRGraph", {}, {}, {}, {}, {}};

  friend bool operator==(const NirGraph& a, const NirGraph& b) {
    return a.version == b.version && a.node == b.node;
  }
};

namespace detail {

/// Graphs in graphs, or groups in groups: more are refused, since each takes a part of the stack.
inline constexpr int deepest_nir = 64;

/// The path of a node for messages; the outermost graph has none.
inline std::string nir_path(const std::string& graph, const std::string& node) {
  return graph.empty() ? node : graph + '/' + node;
}
inline std::string nir_graph_text(const std::string& path) {
  return path.empty() ? "the graph" : "graph '" + shown(path) + "'";
}

/// Why a file cannot have this name, or "".
inline std::string nir_name_fault(std::string_view name) {
  for (std::size_t at = 0, size; at < name.size(); at += size)
    if ((size = utf8_size(name.substr(at))) == 0) return "is not UTF-8";
  if (name.empty()) return "is empty";
  if (name == "." || name == "..") return "is a dot, expected a name";
  if (name.find('/') != std::string_view::npos) return "has a '/', expected a name without";
  return name.find('\0') != std::string_view::npos ? "has a zero byte, expected a name without" : "";
}
inline std::string nir_group_fault(const NirGroup& group, const std::string& path, int depth);

/// What is wrong with the names of numbers, texts and groups under `path`, or "". `taken` are other names.
inline std::string nir_names_fault(const std::vector<Tensor>& numbers,
                                   const std::map<std::string, std::string>& texts,
                                   const std::vector<NirGroup>& groups, std::set<std::string_view> taken,
                                   const std::string& path, int depth) {
  std::string fault;
  const auto add = [&](const std::string& name) {
    if (fault.empty() && !taken.insert(name).second)
      fault = text_of("'", shown(path), "' has two things of the name '", shown(name), "'");
    if (const std::string wrong = nir_name_fault(name); fault.empty() && !wrong.empty())
      fault = text_of("a name in '", shown(path), "', '", shown(name), "', ", wrong);
  };
  for (const Tensor& tensor : numbers) add(tensor.name);
  for (const auto& [name, text] : texts) add(name);
  for (const NirGroup& group : groups) {
    add(group.name);
    if (fault.empty()) fault = nir_group_fault(group, nir_path(path, group.name), depth + 1);
  }
  return fault;
}
inline std::string nir_group_fault(const NirGroup& group, const std::string& path, int depth) {
  if (depth > deepest_nir) return text_of("'", shown(path), "' stands in ", depth, " groups");
  return nir_names_fault(group.numbers, group.texts, group.groups, {}, path, depth);
}

/// What is wrong with a node by itself, or with a graph and what is in it, or "": names that are wrong or
/// come twice, edges of nodes that are not there.
inline std::string nir_node_fault(const NirNode& node, const std::string& path, int depth) {
  if (depth > deepest_nir)
    return text_of(nir_graph_text(path), " stands in ", depth, " graphs, expected at most ", deepest_nir);
  std::set<std::string_view> taken = {"type"};
  if (node.is_graph()) taken.insert({"nodes", "edges"});
  std::string fault = nir_names_fault(node.parameters, node.texts, node.groups, taken, path, 0);
  if (!fault.empty()) return fault;
  if (!node.is_graph()) {
    if (node.nodes.empty() && node.edges.empty()) return "";
    return text_of("node '", shown(path), "' has nodes or edges and is a ", shown(node.type),
                   ", expected a NIRGraph");
  }
  std::set<std::string_view> names;
  std::string list;
  for (const NirNode& inner : node.nodes) {
    if (const std::string wrong = nir_name_fault(inner.name); !wrong.empty())
      return text_of(nir_graph_text(path), " has a node whose name, '", shown(inner.name), "', ", wrong);
    if (!names.insert(inner.name).second)
      return text_of(nir_graph_text(path), " has two nodes '", shown(inner.name), "'");
    fault = nir_node_fault(inner, nir_path(path, inner.name), depth + 1);
    if (!fault.empty()) return fault;
    list += (list.empty() ? "" : ", ") + inner.name;
  }
  for (const auto& [from, to] : node.edges)
    for (const std::string& end : {from, to})
      if (!names.contains(end))
        return text_of(nir_graph_text(path), " has an edge from '", shown(from), "' to '", shown(to),
                       "', but no node '", shown(end), "'; its nodes: ", shown(list));
  return "";
}
inline std::string nir_fault(const NirGraph& graph) {
  if (!graph.node.is_graph())
    return text_of("the outermost node is a '", shown(graph.node.type), "', expected a NIRGraph");
  return nir_node_fault(graph.node, "", 0);
}

}  // namespace detail

inline bool operator==(const NirGroup& a, const NirGroup& b) {
  return a.name == b.name && a.texts == b.texts && a.groups == b.groups && a.numbers == b.numbers;
}
inline bool operator==(const NirNode& a, const NirNode& b) {
  return a.name == b.name && a.type == b.type && a.texts == b.texts && a.groups == b.groups &&
         a.nodes == b.nodes && a.edges == b.edges && a.parameters == b.parameters;
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
