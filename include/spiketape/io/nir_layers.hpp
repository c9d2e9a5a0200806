// Networks of layers from NIR graphs and as NIR graphs:
//
//     st::Sequential net{st::named("fc1", st::Linear<float>(12, 38, random)),
//                        st::named("lif1", st::RSynaptic<float, st::reset::Zero>(
//                            {.alpha = 0, .beta = 0, .linear_features = 38, .reset_delay = false}, random)),
//                            ...};
//     st::load_nir(net, st::read_nir("braille.nir"), {.dt = 1e-4, .reset = st::NirReset::zero});
//     st::write_nir("mine.nir", st::to_nir(net, {.dt = 1e-4}));
//
// The layers have the order of the nodes along the edges; names do not matter. By forward Euler, as
// NirNetwork runs them, a node is the layer
//
//     Affine, Linear    Linear, with or without a bias
//     LIF               Leaky: β = 1 − dt/τ; the input is scaled by r dt/τ, and v_leak dt/τ is added in each
//                       step. Or Lapicque, whose T/C is that scale
//     IF                the same with β = 1, scale r and no leak
//     CubaLIF           Synaptic: α = 1 − dt/τ_syn, β = 1 − dt/τ_mem; the input is scaled by
//                       w_in r (dt/τ_syn) (dt/τ_mem), so that its current is r dt/τ_mem times NIR's;
//                       v_leak is 0
//     LI, I             Integrator, as the last layer
//     LIF, IF, CubaLIF with an Affine or Linear from itself to itself, in a graph of their own or not
//                       RLeaky, RSynaptic; with all_to_all = false the product is a diagonal
//     Conv1d, Conv2d    Conv1d, Conv2d of the same windows
//     SumPool2d         SumPool2d
//     AvgPool2d         AvgPool2d that counts padding
//     Scale             none: its factors go into the product next to it
//     Flatten           Flatten, or none; to_nir puts one where an image goes into a Linear
//     none              Dropout, which does nothing in evaluation
//
// A scale and a leak go into the weights and the bias of the product before the neuron: of a convolution if
// they are the same in a channel. to_nir puts what a batch norm computes in evaluation into the product right
// before it, in double.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/load_report.hpp>
#include <spiketape/io/network_state.hpp>
#include <spiketape/io/nir/load.hpp>
#include <spiketape/io/nir/save.hpp>
#include <spiketape/io/state_dict.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

template <typename Network>
std::vector<NirLayer> nir_layers(const char* function, Network& net,
                                 const NetworkState& state) {
  using Scalar = typename Network::Scalar;
  check_chain(function, net);
  std::vector<NirLayer> layers;
  for (const LayerFacts& facts : state.layers) layers.push_back({facts, {}, {}});
  for (const StateEntry& entry : state.entries) {
    NirLayer& layer = layers[entry.layer];
    layer.arrays.emplace(entry.name.substr(layer.facts.named("").size()), saved_tensor(entry));
  }
  std::size_t number = 0;
  for_each_leaf(net, "", [&](const std::string&, auto& leaf) {
    NirLayer& layer = layers[number++];
    if constexpr (requires { leaf.window().planes; }) {
      layer.window = leaf.window();
      layer.channels = leaf.out_shape().channels;
      if constexpr (requires { leaf.groups(); }) layer.groups = leaf.groups();
      if constexpr (requires { leaf.count_include_pad(); }) layer.counts_padding = leaf.count_include_pad();
    }
    if constexpr (requires { leaf.running_var(); }) {
      const Row<double> scale = leaf.scale(), shift = leaf.shift();
      layer.coefficients["scale"].assign(scale.begin(), scale.end());
      layer.coefficients["shift"].assign(shift.begin(), shift.end());
    }
    if constexpr (requires { leaf.for_each_coefficient(TakesAnything()); })
      leaf.for_each_coefficient([&](std::string_view name, const Row<Scalar>& values) {
        std::vector<double>& all = layer.coefficients[std::string(name)];
        for (const Scalar value : values) all.push_back(static_cast<double>(value));
      });
  });
  return layers;
}

}  // namespace detail

/// Sets the parameters of a network or layer from a NIR graph; see the head of this file. Parameters keep
/// their identity, as with load_state_dict; numbers are computed in double and rounded to the network's. The
/// network's reset must be that of the options or of the graph's metadata, and act in the step of the spike
/// (reset_delay = false) unless one of those says otherwise. Allocates. Throws std::invalid_argument, and
/// then changes nothing, for what NirNetwork refuses, and with the names of layers and nodes for what does
/// not match: another order, shape, reset or delay, layers that quantize or inhibit, a v_reset that is not 0,
/// a scale or a v_leak that no product before the neuron can take, a tau of less than dt, and graphs that are
/// no chain.
template <typename Network>
void load_nir(Network& net, const NirGraph& graph, const NirOptions& options = {}) {
  const detail::NirRules rules("load_nir", options, graph);
  const detail::NirFlat flat = detail::NirFlattener("load_nir").flat(graph);
  const auto state = detail::network_state(net);
  const std::vector<detail::NirLayer> layers = detail::nir_layers("load_nir", net, state);
  const Safetensors contents = detail::NirLoader(rules, layers).contents(flat);
  detail::load_state(state, contents, {.convert = true},
                     "spiketape::load_nir: the graph does not fit the network\n");
}

/// A network or layer as a NIR graph for steps of options.dt; see the head of this file. What NIR has no
/// place for, dt, the reset and its delay, stands in the graph's metadata, where load_nir and NirNetwork find
/// it; other programs do not, and take a reset in the step of the spike. Neurons are written in float64, so
/// that β comes back to the bit or within a rounding of it; weights have the network's type. Surrogates and
/// what is learned are left out. Allocates. Throws std::invalid_argument, with the name of the layer, for
/// what NIR does not have: other layers, inhibition, state_quant, graded spikes, resets that are not the
/// library's or differ from neuron to neuron, a decay of 1 in Synaptic or in some neurons only; if no layer
/// says how many features there are; and if options.reset or options.reset_delay are not those of the
/// network.
template <typename Network>
[[nodiscard]] NirGraph to_nir(const Network& net, const NirOptions& options) {
  // Authors write only a for_each_parameter that is not const, hence the cast.
  auto& layers = const_cast<Network&>(net);
  return detail::NirSaver(options, detail::nir_layers("to_nir", layers, detail::network_state(layers))).graph();
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
