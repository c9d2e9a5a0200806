// The nodes of a NIR graph as NirNetwork runs them.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/parameter.hpp>
#include <spiketape/io/nir/flat.hpp>
#include <spiketape/io/nir/neuron.hpp>
#include <spiketape/io/nir/options.hpp>
#include <spiketape/io/nir/values.hpp>
#include <spiketape/io/nir/window.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

enum class NirKind { pass, product, convolution, pool, scale, threshold, delay, neuron };

/// Where a node takes its input from: of this step, or, late, of the one before.
struct NirLink {
  std::size_t from;
  bool late;
};

template <Real Scalar>
struct NirRunNode {
  std::string path;
  NirKind kind = NirKind::pass;
  Index in = 0, out = 0;
  std::vector<Index> shape;  // of what it sends: an image, or a number of features
  NirWindow window;          // of a convolution or pool
  bool mean = false;         // of an AvgPool2d
  std::vector<NirLink> from;
  bool sends_late = false;
  NirNeuron<Scalar> neuron;
  Parameter<Scalar> weight{0, 0}, bias{0, 0};  // W, (in, out), and b; or a row of scales or thresholds
  std::vector<Index> delay;                    // steps of each feature
  Index shortest = 0, ring = 0;                // of those; the steps that are kept

  /// A Delay of at least one step sends what it has, then takes what comes.
  bool receives_late() const { return kind == NirKind::delay && shortest > 0; }
};

/// The features that a node takes and sends, and their shape: what it says of itself, else what comes to it,
/// which has the shape `from`.
template <Real Scalar>
void set_nir_features(NirRunNode<Scalar>& node, const NirValues& of, const std::vector<Index>& from) {
  const std::string_view type = of.type().name;
  Index coming = 1;
  for (const Index extent : from) coming *= extent;
  if (type == "Affine" || type == "Linear") {
    const auto [out, in] = of.weight_shape();
    node.out = out;
    node.in = in;
    node.shape = {out};
  } else if (is_nir_convolution(type) || is_nir_pool(type)) {
    node.window = nir_window(of, from);
    node.in = node.window.in_features();
    node.out = node.window.out_features();
    node.shape = node.window.out_shape();
  } else if (type == "Input" || type == "Output") {
    node.in = node.out = of.extent("shape");
    node.shape.clear();
    for (const double extent : of.numbers("shape", NirAllowed::finite))
      node.shape.push_back(static_cast<Index>(extent));
  } else {
    constexpr Index any = 1;
    const Index width = type == "Flatten" ? of.flatten_width() : of.width(of.type().parameters);
    node.in = node.out = width <= any ? coming : width;
    node.shape = node.out == coming && type != "Flatten" ? from : std::vector<Index>{node.out};
  }
}

/// The features of all nodes, along the edges from the Input on.
template <Real Scalar>
void find_nir_features(const NirRules& rules, const NirFlat& flat, const std::vector<NirValues>& values,
                       std::vector<NirRunNode<Scalar>>& nodes) {
  std::vector<bool> known(flat.nodes.size(), false);
  std::vector<std::size_t> next;
  const auto set = [&](std::size_t k, const std::vector<Index>& from) {
    if (known[k]) return;
    known[k] = true;
    set_nir_features(nodes[k], values[k], from);
    next.push_back(k);
  };
  for (const NirFlatNode& node : flat.nodes) nodes.emplace_back().path = node.path;
  set(flat.input, {1});
  for (std::size_t other = 0; other <= flat.nodes.size(); ++other) {
    for (std::size_t done = 0; done < next.size(); ++done)
      for (const std::size_t to : flat.nodes[next[done]].to) set(to, nodes[next[done]].shape);
    next.clear();
    if (other < flat.nodes.size()) set(other, {1});  // one that the Input does not reach
  }
  for (std::size_t to = 0; to < nodes.size(); ++to)
    for (const std::size_t from : flat.nodes[to].from)
      if (nodes[from].out != nodes[to].in)
        rules.fail("node '", shown(nodes[from].path), "' sends ", nodes[from].out, " features to '",
                   shown(nodes[to].path), "', which takes ", nodes[to].in);
}

/// Gives a node what it computes with.
template <Real Scalar>
void make_nir_node(NirRunNode<Scalar>& node, const NirValues& values, const NirRules& rules) {
  const std::string_view type = values.type().name;
  const auto row = [&](const char* name, NirAllowed allowed, Index expected) {
    const std::vector<double> given = values.numbers(name, allowed);
    const auto count = static_cast<Index>(given.size());
    if (count != 1 && count != expected)
      values.fail("has ", count, " numbers of ", name, ", expected ", expected);
    Row<Scalar> all(expected);
    for (Index k = 0; k < expected; ++k)
      all[k] = static_cast<Scalar>(given[count == 1 ? 0 : static_cast<std::size_t>(k)]);
    return all;
  };
  if (values.type().neuron) {
    node.kind = NirKind::neuron;
    node.neuron = NirNeuron<Scalar>(rules, values, node.path, node.out);
  } else if (is_nir_pool(type)) {
    node.kind = NirKind::pool;
    node.mean = type == "AvgPool2d";
  } else if (type == "Affine" || type == "Linear" || is_nir_convolution(type)) {
    const bool dense = !is_nir_convolution(type);
    node.kind = dense ? NirKind::product : NirKind::convolution;
    const std::vector<double> given = values.numbers("weight", NirAllowed::any);
    const Index out = dense ? node.out : node.window.out, in = static_cast<Index>(given.size()) / out;
    node.weight = Parameter<Scalar>(in, out);
    for (Index o = 0; o < out; ++o)
      for (Index i = 0; i < in; ++i)
        node.weight.array()(i, o) = static_cast<Scalar>(given[static_cast<std::size_t>(o * in + i)]);
    node.bias = Parameter<Scalar>(1, out);
    if (type != "Linear") node.bias.set(row("bias", NirAllowed::any, out));
  } else if (type == "Scale" || type == "Threshold") {
    node.kind = type == "Scale" ? NirKind::scale : NirKind::threshold;
    const char* name = type == "Scale" ? "scale" : "threshold";
    node.weight = Parameter<Scalar>(1, node.out);
    node.weight.set(row(name, NirAllowed::number, node.out));
  } else if (type == "Delay") {
    node.kind = NirKind::delay;
    const double dt = rules.need_dt(node.path);
    const std::vector<double> given = values.numbers("delay", NirAllowed::not_negative);
    constexpr double most = 1e6;
    for (Index k = 0; k < node.out; ++k) {
      const double time = given[given.size() == 1 ? 0 : static_cast<std::size_t>(k)];
      const double steps = std::round(time / dt);
      if (!(steps <= most))
        values.fail("has a delay of ", time, ", ", steps, " steps of dt, expected at most ", most, " steps");
      node.delay.push_back(static_cast<Index>(steps));
    }
    const auto [shortest, longest] = std::minmax_element(node.delay.begin(), node.delay.end());
    node.shortest = *shortest;
    node.ring = *longest + 1;
  }
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
