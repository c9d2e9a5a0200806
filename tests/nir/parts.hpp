// Graphs of a few nodes, for tests.
#pragma once

#include <spiketape/io/nir_graph.hpp>
#include <spiketape/io/tensor.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace nir_parts {

inline spiketape::Tensor numbers(std::string name, std::vector<spiketape::Index> shape,
                                 const std::vector<double>& values) {
  spiketape::Tensor tensor{std::move(name), spiketape::DType::F64, std::move(shape), {}};
  for (const double value : values) spiketape::detail::append_number_bytes(tensor.bytes, value);
  return tensor;
}
/// One number for each neuron.
inline spiketape::Tensor row(std::string name, const std::vector<double>& values) {
  return numbers(std::move(name), {static_cast<spiketape::Index>(values.size())}, values);
}
inline spiketape::NirNode node(std::string name, std::string type,
                               std::vector<spiketape::Tensor> parameters) {
  return {std::move(name), std::move(type), std::move(parameters), {}, {}, {}, {}};
}
/// An Input or Output.
inline spiketape::NirNode port(std::string name, std::string type, const std::vector<int>& shape) {
  return node(std::move(name), std::move(type), {spiketape::to_tensor("shape", shape)});
}

using Edges = std::vector<std::pair<std::string, std::string>>;
inline spiketape::NirNode inner_graph(std::string name, std::vector<spiketape::NirNode> nodes, Edges edges) {
  return {std::move(name), "NIRGraph", {}, {}, {}, std::move(nodes), std::move(edges)};
}
inline spiketape::NirGraph graph(std::vector<spiketape::NirNode> nodes, Edges edges) {
  return {"1.0", inner_graph("", std::move(nodes), std::move(edges))};
}
/// From an Input of `in` features through the nodes, in order, to an Output of `out`.
inline spiketape::NirGraph chain(int in, std::vector<spiketape::NirNode> nodes, int out) {
  Edges edges;
  std::string last = "input";
  for (const spiketape::NirNode& node : nodes) {
    edges.emplace_back(last, node.name);
    last = node.name;
  }
  edges.emplace_back(last, "output");
  nodes.push_back(port("input", "Input", {in}));
  nodes.push_back(port("output", "Output", {out}));
  return graph(std::move(nodes), std::move(edges));
}

inline spiketape::NirNode lif(std::string name, const std::vector<double>& tau, double r = 1,
                              double v_leak = 0, double v_threshold = 1, double v_reset = 0) {
  return node(std::move(name), "LIF",
              {row("r", {r}), row("tau", tau), row("v_leak", {v_leak}), row("v_reset", {v_reset}),
               row("v_threshold", {v_threshold})});
}

}  // namespace nir_parts
