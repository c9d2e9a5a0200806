// Networks of layers as NIR graphs and back.
#include "layers_check.hpp"

#include "errors.hpp"
#include "parts.hpp"
#include "plain_neurons.hpp"

#include <spiketape/neuron/integrator.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace nir_layers_test {

namespace st = spiketape;
using namespace nir_layers;
using namespace nir_parts;
using st::NirReset;

TEST_CASE(
    "a network of Leaky is a graph of LIF, of one number or one for each neuron, with either reset delay") {
  for (const bool delay : {true, false}) {
    st::Random random(1);
    auto net = leaky(random, each(.3, .1, 6), .4, delay), other = leaky(random, .5, 1, delay);
    check(net, other, 4);
    CHECK(other.layer<1>().beta().cols() == 6);
    auto shared = leaky(random, .9, .4, delay), third = leaky(random, .5, 1, delay);
    check(shared, third, 4);
    CHECK(third.layer<1>().beta().cols() == 1);
    auto integrates = leaky(random, 1, .1, delay), fourth = leaky(random, .5, 1, delay);
    check(integrates, fourth, 4);
    CHECK(st::to_nir(integrates, {}).node.find_node("lif")->type == "IF");
    auto fifth = leaky(random, .5, 1, delay);
    check(integrates, fifth, 4, true);
    CHECK(numeric::near(fifth.layer<0>().weight().array(), integrates.layer<0>().weight().array(), 1e-12));
  }
}

TEST_CASE("Synaptic is CubaLIF, Lapicque an LIF with a scale") {
  st::Random random(1);
  const auto synaptic = [&](double alpha, double beta) {
    return st::Sequential{
        st::named("fc", st::Linear<double>(4, 6, random, {.bias = false})),
        st::named("lif", st::Synaptic<double>({.alpha = alpha, .beta = beta, .threshold = .5}))};
  };
  auto net = synaptic(.6, .8), other = synaptic(.1, .2);
  nir_layers::check(net, other, 4);
  CHECK(st::to_nir(net, {.dt = 1}).node.find_node("fc")->type == "Linear");
  CHECK(st::to_nir(net, {.dt = 1}).node.find_node("lif")->type == "CubaLIF");
  const auto lapicque = [&](double r, double c) {
    return st::Sequential{st::named("fc", st::Linear<double>(4, 6, random)),
                          st::named("lif", st::Lapicque<double>({.R = r, .C = c, .threshold = .3}))};
  };
  auto circuit = lapicque(5, 1.5), second = lapicque(1, 1);
  nir_layers::check(circuit, second, 4);
}

TEST_CASE("an Integrator at the end is an LI that sends its membrane") {
  st::Random random(1);
  st::Sequential net{st::named("fc", st::Linear<double>(3, 2, random)),
                     st::named("out", st::Integrator<double>({.beta = .7}))};
  const st::NirGraph graph = st::to_nir(net, {.dt = 1e-3});
  CHECK(graph.node.find_node("out")->type == "LI");
  const st::Sequence<double> input = numeric::random_sequence<double>(random, {9, 2, 3});
  const auto expected = net(input).mem;
  CHECK(numeric::near(st::NirNetwork<double>(graph)(input).array(), expected.array(),
                      tolerance::rounding<double>));
  net.layer<1>().beta().set(.1);
  st::load_nir(net, graph);
  CHECK(numeric::near(net(input).mem.array(), expected.array(), tolerance::rounding<double>));
}

TEST_CASE("scales and v_leak are folded into the weights and the bias before a neuron") {
  const std::vector<st::NirNode> nodes = {
      node("before", "Scale", {row("scale", {1, 2, -1, .5})}),
      node("w", "Linear", {numbers("weight", {6, 4}, {1, 2, 3, 4, -1, .5, 1, 1, 2, 2, 2, 2,
                                                      0, 1, 0, 1, 3,  1,  3, 1, 1, 0, 0, 1})}),
      node("behind", "Scale", {row("scale", {1, .5, 1, 2, 1, 1})}), lif("n", {4, 5, 6, 7, 8, 9}, 2, .25, .8)};
  const st::NirGraph graph = chain(4, nodes, 6);
  st::Random random(1);
  auto net = leaky(random, .5, 1, false);
  const st::NirOptions options{.dt = 1, .reset = NirReset::subtract};
  st::load_nir(net, graph, options);
  const st::Sequence<double> input = numeric::random_sequence<double>(random, {30, 2, 4}, -1, 1);
  const st::NirNetwork<double> run(graph, options);
  auto state = run.state(2);
  const auto out = net(input);
  CHECK(numeric::same(run(input, state).array(), out.spk.array()));
  CHECK(numeric::near(run.membrane(state, "n"), out.mem.step(29), 1e-12));
  CHECK(out.spk.array().sum() > 10);
  CHECK(net.layer<0>().weight().array()(1, 0) == Approx(2 * 2 * 2 / 4.));
  CHECK(net.layer<0>().bias().array()(0, 3) == Approx(.25 / 7));
  CHECK(net.layer<1>().beta().array()(0, 0) == Approx(.75));

  st::Sequential<st::Linear<double>, st::Leaky<double>> no_bias{
      st::Linear<double>(4, 6, random, {.bias = false}),
      st::Leaky<double>({.beta = .5, .reset_delay = false})};
  CHECK(fault("load_nir", [&] { st::load_nir(no_bias, graph, options); }) ==
        "layer '0', a spiketape::Linear, has no bias, which the graph needs there: the bias of an Affine, or "
        "v_leak of the "
        "neuron behind it");
}

}  // namespace nir_layers_test
