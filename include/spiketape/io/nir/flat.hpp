// A NIR graph without graphs inside, and the order in which its nodes are computed.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/nir_graph.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A node that is no graph, with its neighbours. Valid as long as the graph.
struct NirFlatNode {
  std::string path;  // block/lif
  const NirNode* node;
  std::vector<std::size_t> from, to;  // the edges of the graph
  /// The same without the Inputs and Outputs of inner graphs, which only pass on what comes: so a graph is
  /// the same as its nodes. Those themselves have none.
  std::vector<std::size_t> sources, targets;
};
/// Nodes of all graphs.
struct NirFlat {
  std::vector<NirFlatNode> nodes;
  std::size_t input = 0, output = 0;
};

[[noreturn]] inline void fail_loop(const char* function, const NirFlatNode& node) {
  fail_argument(
      "spiketape::", function, ": node '", shown(node.path),
      "' is in a loop without a neuron or a Delay of at least one step: nothing says which step it waits "
      "for");
}

class NirFlattener {
 public:
  explicit NirFlattener(const char* function) : function_(function) {}

  NirFlat flat(const NirGraph& graph) {
    if (const std::string fault = nir_fault(graph); !fault.empty()) fail(fault);
    const Ports ports = add(graph.node, "");
    result_.input = ports.input;
    result_.output = ports.output;
    for (const NirFlatNode& node : result_.nodes) {
      const std::size_t number = static_cast<std::size_t>(&node - result_.nodes.data());
      if ((number == ports.input) != node.from.empty())
        fail("node '", shown(node.path), "', a ", shown(node.node->type), ", has ",
             node.from.empty() ? "no edge that leads to it" : "an edge that leads to it, expected none");
      if (number == ports.output && !node.to.empty())
        fail("node '", shown(node.path), "', an Output, has an edge that leads on from it, expected none");
    }
    pass_through();
    return std::move(result_);
  }

 private:
  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    fail_argument("spiketape::", function_, ": ", parts...);
  }
  struct Ports {
    std::size_t input, output;
  };

  Ports add(const NirNode& graph, const std::string& path) {
    std::map<std::string_view, Ports> ports;
    const NirNode *input = nullptr, *output = nullptr;
    for (const NirNode& node : graph.nodes) {
      const std::string at = nir_path(path, node.name);
      if (node.is_graph()) {
        ports[node.name] = add(node, at);
        continue;
      }
      const std::size_t number = result_.nodes.size();
      ports[node.name] = {number, number};
      result_.nodes.push_back({at, &node, {}, {}, {}, {}});
      for (auto& [port, type] : {std::pair(&input, "Input"), std::pair(&output, "Output")}) {
        if (node.type != type) continue;
        if (*port != nullptr)
          fail(nir_graph_text(path), " has two nodes of type ", type, ", '", shown((*port)->name), "' and '",
               shown(node.name), "', expected one");
        *port = &node;
      }
    }
    if (input == nullptr || output == nullptr)
      fail(nir_graph_text(path), " has no node of type ", input == nullptr ? "Input" : "Output");
    std::set<std::pair<std::string_view, std::string_view>> edges;
    for (const auto& [from, to] : graph.edges) {
      if (!edges.emplace(from, to).second)
        fail(nir_graph_text(path), " has two edges from '", shown(from), "' to '", shown(to),
             "', expected one");
      const std::size_t begin = ports[from].output, end = ports[to].input;
      result_.nodes[begin].to.push_back(end);
      result_.nodes[end].from.push_back(begin);
    }
    return {ports[input->name].input, ports[output->name].output};
  }

  /// Finds sources and targets.
  void pass_through() {
    for (NirFlatNode& node : result_.nodes) {
      node.sources = node.from;
      node.targets = node.to;
    }
    const auto replace = [](std::vector<std::size_t>& all, std::size_t port,
                            const std::vector<std::size_t>& by) {
      const auto at = std::find(all.begin(), all.end(), port);
      all.insert(all.erase(at), by.begin(), by.end());
    };
    std::size_t added = 0;
    constexpr std::size_t most = 1 << 20;
    for (std::size_t k = 0; k < result_.nodes.size(); ++k) {
      NirFlatNode& port = result_.nodes[k];
      if ((port.node->type != "Input" && port.node->type != "Output") || k == result_.input ||
          k == result_.output)
        continue;
      if (std::find(port.sources.begin(), port.sources.end(), k) != port.sources.end())
        fail_loop(function_, port);
      added += port.sources.size() * port.targets.size();
      if (added > most) fail("node '", shown(port.path), "' joins too many nodes, expected at most ", most);
      for (const std::size_t from : port.sources) replace(result_.nodes[from].targets, k, port.targets);
      for (const std::size_t to : port.targets) replace(result_.nodes[to].sources, k, port.sources);
      port.sources.clear();
      port.targets.clear();
    }
  }

  const char* function_;
  NirFlat result_;
};

/// For each node the number of the group of nodes that lead to each other and that it is one of.
inline std::vector<std::size_t> nir_loops(const NirFlat& flat) {
  const std::size_t count = flat.nodes.size(), none = count;
  std::vector<std::size_t> finished, next(count, 0), path, loop(count, none);
  std::vector<bool> seen(count, false);
  // Kosaraju's algorithm, without recursion: graphs may be long.
  for (std::size_t first = 0; first < count; ++first) {
    if (seen[first]) continue;
    seen[first] = true;
    path.push_back(first);
    while (!path.empty()) {
      const std::size_t at = path.back();
      const std::vector<std::size_t>& to = flat.nodes[at].targets;
      if (next[at] == to.size()) {
        finished.push_back(at);
        path.pop_back();
      } else if (const std::size_t after = to[next[at]++]; !seen[after]) {
        seen[after] = true;
        path.push_back(after);
      }
    }
  }
  std::size_t number = 0;
  for (std::size_t k = count; k-- > 0;) {
    if (loop[finished[k]] != none) continue;
    path.push_back(finished[k]);
    loop[finished[k]] = number;
    while (!path.empty()) {
      const std::size_t at = path.back();
      path.pop_back();
      for (const std::size_t before : flat.nodes[at].sources) {
        if (loop[before] != none) continue;
        loop[before] = number;
        path.push_back(before);
      }
    }
    ++number;
  }
  return loop;
}

/// An order in which each node follows those that it waits for. waits(from, to) says whether `to` needs what
/// `from` sends in the same step. Fails with the name of a node that waits for itself.
template <typename Waits>
std::vector<std::size_t> nir_order(const char* function, const NirFlat& flat, const Waits& waits) {
  std::vector<std::size_t> order, missing(flat.nodes.size(), 0);
  for (std::size_t to = 0; to < flat.nodes.size(); ++to) {
    for (const std::size_t from : flat.nodes[to].sources) missing[to] += waits(from, to) ? 1U : 0U;
    if (missing[to] == 0) order.push_back(to);
  }
  for (std::size_t done = 0; done < order.size(); ++done)
    for (const std::size_t to : flat.nodes[order[done]].targets)
      if (waits(order[done], to) && --missing[to] == 0) order.push_back(to);
  if (order.size() < flat.nodes.size()) {
    // Back from any node that waits, to one that comes twice.
    std::size_t at = 0;
    while (missing[at] == 0) ++at;
    std::vector<bool> seen(flat.nodes.size(), false);
    while (!seen[at]) {
      seen[at] = true;
      for (const std::size_t from : flat.nodes[at].sources)
        if (waits(from, at) && missing[from] > 0) {
          at = from;
          break;
        }
    }
    fail_loop(function, flat.nodes[at]);
  }
  return order;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
