// Networks and NIR graphs that do not fit each other, and layers that NIR does not have.
#include "layers_check.hpp"

#include "errors.hpp"
#include "parts.hpp"
#include "plain_neurons.hpp"

#include <spiketape/nn/delay.hpp>
#include <spiketape/nn/pool.hpp>
#include <spiketape/nn/recurrent_convolution.hpp>
#include <spiketape/nn/residual.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace nir_layers_refused_test {

namespace st = spiketape;
using namespace nir_layers;
using namespace nir_parts;
using st::NirReset;

TEST_CASE("what does not match a network is refused by name, and the network stays as it was") {
  st::Random random(1);
  auto net = leaky(random, .5, 1, false);
  const auto before = st::state_dict(net);
  const st::NirOptions options{.dt = 1, .reset = NirReset::subtract};
  const auto refused = [&](const std::string& expected, const st::NirGraph& graph,
                           const st::NirOptions& given) {
    CHECK(fault("load_nir", [&] { st::load_nir(net, graph, given); }) == expected);
  };
  const st::NirNode w = node("w", "Linear", {numbers("weight", {6, 4}, std::vector<double>(24, 1))});
  const st::NirGraph good = chain(4, {w, lif("n", {4})}, 6);
  const std::string unfit = "the graph does not fit the network\n";
  refused(unfit + "refused: lif.reset_mechanism is reset::Zero in the file, reset::Subtract in the network",
          good, {.dt = 1, .reset = NirReset::zero});
  refused(unfit + "refused: lif.reset_delay is true in the file, false in the network", good,
          {.dt = 1, .reset = NirReset::subtract, .reset_delay = true});
  const st::NirNode narrow = node("w", "Linear", {numbers("weight", {6, 3}, std::vector<double>(18, 1))});
  refused(unfit + "refused: fc.weight has shape (6, 3), expected (6, 4)",
          chain(3, {narrow, lif("n", {4})}, 6), options);
  refused("node 'n', a LIF, has a v_reset of 0.5, layers reset to 0; NirNetwork runs it",
          chain(4, {w, lif("n", {4}, 1, 0, 1, .5)}, 6), options);
  refused("node 'n', a LIF, has a tau of 0.5, less than dt, 1: a layer's decay is not negative",
          chain(4, {w, lif("n", {.5})}, 6), options);
  refused(
      "layer 'fc', a spiketape::Linear, stands where the graph has node 'n', a LIF, expected a "
      "spiketape::Leaky or Lapicque",
      chain(4, {lif("n", {4})}, 4), options);
  refused(
      "layer 'lif', a spiketape::Leaky, stands where the graph has node 'w2', a Linear, expected a "
      "spiketape::Linear",
      chain(4, {w, node("w2", "Linear", {numbers("weight", {6, 6}, std::vector<double>(36, 1))})}, 6),
      options);
  refused("layer 'lif', a spiketape::Leaky, has no node: the graph ends before it", chain(4, {w}, 6),
          options);
  refused("node 'more', a LIF, has no layer: the network has 2 and ends before it",
          chain(4, {w, lif("n", {4}), lif("more", {4})}, 6), options);
  refused("node 'd', a Delay, is no layer of a network; NirNetwork runs it",
          chain(4, {node("d", "Delay", {row("delay", {1})}), w}, 6), options);
  st::NirGraph branches = chain(4, {w, lif("n", {4})}, 6);
  branches.node.edges.emplace_back("w", "output");
  refused(
      "node 'w' has 1 nodes before it and 2 behind it, expected one of each, as in a network of layers; "
      "NirNetwork runs "
      "other graphs",
      branches, options);
  const st::NirNode cuba = node("n", "CubaLIF",
                                {row("r", {1}), row("tau_mem", {4}), row("tau_syn", {4}), row("v_leak", {.5}),
                                 row("v_threshold", {1})});
  refused(
      "node 'n', a CubaLIF, has a v_leak of 0.5, a current that does not pass the synapse, which layers do "
      "not have; NirNetwork runs it",
      chain(4, {w, cuba}, 6), options);
  const auto after = st::state_dict(net);
  CHECK(after.tensors == before.tensors);

  st::Leaky<double> alone({.beta = .5, .reset_delay = false});
  CHECK(fault("load_nir", [&] { st::load_nir(alone, chain(4, {lif("n", {4})}, 4), options); }) ==
        "node 'n', a LIF, scales its input by 0.25, and no product before it could take that factor");
  st::load_nir(alone, chain(4, {lif("n", {4}, 4)}, 4), options);
  CHECK(alone.beta().array()(0, 0) == .75);
  CHECK(fault("load_nir", [&] { st::load_nir(alone, chain(4, {lif("n", {4}, 4, 1)}, 4), options); }) ==
        "node 'n', a LIF, has a v_leak, and no product before it could take that current");
  CHECK(fault("load_nir", [&] {
          st::load_nir(alone, chain(4, {lif("n", {4}, 4), node("s", "Scale", {row("scale", {2})})}, 4),
                       options);
        }) == "node 's', a Scale, has no product that takes its factors");
}

TEST_CASE("what NIR does not have is refused by name") {
  st::Random random(1);
  const auto refused = [&](const std::string& expected, const auto& net, const st::NirOptions& options) {
    CHECK(fault("to_nir", [&] { static_cast<void>(st::to_nir(net, options)); }) == expected);
  };
  const auto row6 = each(.1, .1, 6);
  const st::NirOptions dt{.dt = 1e-4};
  using Leaky = st::Leaky<double>;
  refused("layer '', a spiketape::Leaky, needs the option dt, the time of a step", Leaky({.beta = row6}), {});
  refused("dt is 0, expected a finite number more than 0", Leaky({.beta = row6}), {.dt = 0});
  refused("no layer says how many features it has: expected a Linear, or a coefficient for each neuron",
          Leaky({.beta = .5}), dt);
  refused("layer '', a spiketape::Leaky, has inhibition = true, which NIR does not have, expected false",
          Leaky({.beta = row6, .inhibition = true}), dt);
  refused(
      "layer '', a spiketape::Leaky, has a graded_spikes_factor of 2, which NIR does not have, expected 1",
      Leaky({.beta = row6, .graded_spikes_factor = 2}), dt);
  refused("layer '', a spiketape::Leaky, has snntorch_exact = true, which NIR does not have, expected false",
          Leaky({.beta = row6, .reset_delay = false, .snntorch_exact = true}), dt);
  refused(
      "layer '', a spiketape::Leaky, has neurons with beta = 1 and others, which no node of NIR has: its tau "
      "would be infinite",
      Leaky({.beta = each(.5, .1, 6)}), dt);
  refused("layer '', a spiketape::Synaptic, has an alpha or beta of 1, whose tau in NIR would be infinite",
          st::Synaptic<double>({.alpha = 1, .beta = row6}), dt);
  refused("the option reset is zero, layer '', a spiketape::Leaky, has reset::Subtract",
          Leaky({.beta = row6}), {.dt = 1, .reset = NirReset::zero});
  refused("the option reset_delay is false, that of layer '', a spiketape::Leaky, is true",
          Leaky({.beta = row6}), {.dt = 1, .reset_delay = false});
  refused(
      "layer 'axon', a spiketape::Delay, is none that NIR has: expected a Linear, Conv1d, Conv2d, "
      "SumPool2d, AvgPool2d, Flatten, Dropout, batch norm, Leaky, Synaptic, RLeaky, RSynaptic, Lapicque or "
      "Integrator",
      st::Sequential{st::named("axon", st::Delay<double>({.max_delay = 2})), Leaky({.beta = row6})}, dt);
  refused(
      "layer 'lif', a spiketape::RLeaky, has a recurrence through a convolution, expected one of a matrix or of "
      "each neuron to itself",
      st::Sequential{st::Linear<double>(3, 18, random),
                     st::named("lif", st::RLeaky<double>({.beta = .5,
                                                          .conv2d_channels = st::ImageShape{2, 3, 3},
                                                          .kernel_size = 3},
                                                         random))},
      dt);
  refused(
      "layer 'pool', a spiketape::MaxPool2d, is none that NIR has: expected a Linear, Conv1d, Conv2d, "
      "SumPool2d, AvgPool2d, Flatten, Dropout, batch norm, Leaky, Synaptic, RLeaky, RSynaptic, Lapicque or Integrator",
      st::Sequential{st::named("pool", st::MaxPool2d<double>({6, 2, 2}, 2)), Leaky({.beta = row6})}, dt);
  refused("block is a spiketape::Residual, expected layers one after the other",
          st::Sequential{st::named("block", st::Residual{Leaky({.beta = row6})})}, dt);
  const auto two = [&](bool first, bool second) {
    return st::Sequential{st::Leaky<double>({.beta = row6, .reset_delay = first}),
                          st::Leaky<double>({.beta = .5, .reset_delay = second})};
  };
  refused(
      "layer '1', a spiketape::Leaky, has reset::Subtract with reset_delay = false, layer '0', a "
      "spiketape::Leaky, another: a "
      "graph has one reset",
      two(true, false), dt);
  CHECK(st::to_nir(two(false, false), dt).node.nodes.size() == 4);
  const auto named = [&](const char* name) {
    return st::Sequential{st::named(name, st::Leaky<double>({.beta = row6})),
                          st::named("output", st::Linear<double>(6, 1, random))};
  };
  CHECK(st::to_nir(named("input"), dt).node.find_node("output_") != nullptr);
  refused("the graph has a node whose name, 'a/b', has a '/', expected a name without", named("a/b"), dt);
}

}  // namespace nir_layers_refused_test
