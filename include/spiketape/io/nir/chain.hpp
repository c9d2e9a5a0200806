// A NIR graph as a chain of products and neurons, and what it says to the layers of a network.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/utf8.hpp>
#include <spiketape/io/nir/flat.hpp>
#include <spiketape/io/nir/options.hpp>
#include <spiketape/io/nir/values.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A node, and for a neuron the product through which it acts on itself.
struct NirChainNode {
  const NirFlatNode* node;
  NirValues values;
  const NirFlatNode* recurrent = nullptr;
};

/// The nodes from Input to Output without those that pass on what comes. Fails where a node has other
/// neighbours than one before and one behind it, and perhaps a product through which it acts on itself.
inline std::vector<NirChainNode> nir_chain(const NirRules& rules, const NirFlat& flat) {
  const auto is_product = [&](std::size_t k) {
    return flat.nodes[k].node->type == "Affine" || flat.nodes[k].node->type == "Linear";
  };
  const auto is_only = [](const std::vector<std::size_t>& all, std::size_t one) {
    return all.size() == 1 && all[0] == one;
  };
  std::vector<NirChainNode> chain;
  std::vector<bool> seen(flat.nodes.size(), false);
  std::size_t at = flat.input;
  while (true) {
    const NirFlatNode& node = flat.nodes[at];
    seen[at] = true;
    NirChainNode link{&node, NirValues(rules, node)};
    std::vector<std::size_t> from = node.sources, to = node.targets;
    for (const std::size_t k : node.targets)
      if (is_product(k) && is_only(flat.nodes[k].sources, at) && is_only(flat.nodes[k].targets, at) &&
          link.values.type().fires && link.recurrent == nullptr) {
        link.recurrent = &flat.nodes[k];
        seen[k] = true;
        std::erase(from, k);
        std::erase(to, k);
      }
    if (from.size() > 1 || (to.size() != 1 && at != flat.output))
      rules.fail("node '", shown(node.path), "' has ", from.size(), " nodes before it and ", to.size(),
                 " behind it, expected one of each, as in a network of layers; NirNetwork runs other graphs");
    const std::string_view type = node.node->type;
    if (type != "Input" && type != "Output" && type != "Flatten") chain.push_back(link);
    if (at == flat.output) break;
    at = to[0];
    if (seen[at]) rules.fail("node '", shown(flat.nodes[at].path), "' comes twice on the way from the Input");
  }
  for (std::size_t k = 0; k < flat.nodes.size(); ++k)
    if (!seen[k] && (!flat.nodes[k].sources.empty() || !flat.nodes[k].targets.empty()))
      rules.fail("node '", shown(flat.nodes[k].path), "' is not on the way from the Input to the Output");
  return chain;
}

/// A neuron node in the terms of this library's neurons, a number for each neuron or one for all:
///
///     U[t] = β U[t−1] + gain·x + leak,   or   I[t] = α I[t−1] + gain·x, U[t] = β U[t−1] + I[t] + leak
struct NirCoefficients {
  std::vector<double> alpha, beta, threshold, gain, leak;

  NirCoefficients(const NirRules& rules, const NirChainNode& link) {
    const NirValues& values = link.values;
    const bool leaks = values.find("v_leak") != nullptr, current = values.type().has_current;
    const auto count = static_cast<std::size_t>(values.width(values.type().parameters));
    const auto row = [&](std::string_view name, NirAllowed allowed, double otherwise) {
      std::vector<double> all = values.numbers(name, allowed, otherwise);
      if (all.size() == 1) all.assign(count, all[0]);
      return all;
    };
    const auto decay = [&](const char* name) {
      const double dt = rules.need_dt(link.node->path);
      std::vector<double> all = row(name, NirAllowed::positive, 1);
      for (double& value : all) {
        if (value < dt)
          values.fail("has a ", name, " of ", value, ", less than dt, ", dt,
                      ": a layer's decay is not negative");
        value = 1 - dt / value;
      }
      return all;
    };
    for (const double value : values.numbers("v_reset", NirAllowed::finite, 0))
      if (value != 0) values.fail("has a v_reset of ", value, ", layers reset to 0; NirNetwork runs it");
    gain = row("r", NirAllowed::finite, 1);
    leak = row("v_leak", NirAllowed::finite, 0);
    if (values.type().fires) threshold = row("v_threshold", NirAllowed::number, 1);
    beta.assign(count, 1.0);
    if (!leaks) {
      if (rules.if_takes_dt)
        for (double& value : gain) value *= rules.need_dt(link.node->path);
      return;
    }
    beta = decay(current ? "tau_mem" : "tau");
    std::vector<double> w_in(count, 1.0);
    if (current) {
      alpha = decay("tau_syn");
      w_in = row("w_in", NirAllowed::finite, 1);
    }
    for (std::size_t k = 0; k < count; ++k) {
      gain[k] *= (1 - beta[k]) * w_in[k] * (current ? 1 - alpha[k] : 1);
      leak[k] *= 1 - beta[k];
      // What snnTorch and to_nir write gives 1 but for the rounding of r.
      if (std::abs(gain[k] - 1) < 1e-12) gain[k] = 1;
      if (current && leak[k] != 0)
        values.fail(
            "has a v_leak of ", leak[k] / (1 - beta[k]),
            ", a current that does not pass the synapse, which layers do not have; NirNetwork runs it");
    }
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
