// Recurrent layers as NIR graphs, in the two ways that others write them.
#include "layers_check.hpp"

#include "errors.hpp"
#include "parts.hpp"
#include "plain_neurons.hpp"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace nir_recurrent_test {

namespace st = spiketape;
using namespace nir_parts;
using st::NirReset;

namespace {

template <typename Neuron>
auto network(st::Random& random, Neuron neuron) {
  return st::Sequential<st::Linear<double>, Neuron>{st::Linear<double>(4, 6, random), std::move(neuron)};
}

}  // namespace

TEST_CASE("a recurrent layer is a graph with a product from the neuron to itself") {
  for (const bool delay : {true, false}) {
    st::Random random(1);
    const auto leaky = [&](double beta) {
      return network(
          random, st::RLeaky<double>(
                      {.beta = beta, .linear_features = 6, .threshold = .4, .reset_delay = delay}, random));
    };
    auto all = leaky(.8), other = leaky(.5);
    nir_layers::check(all, other, 4);
    const auto self = [&](double v) {
      return network(random,
                     st::RLeaky<double>(
                         {.beta = .7, .V = v, .all_to_all = false, .threshold = .4, .reset_delay = delay}));
    };
    auto one = self(-.5), another = self(.1);
    nir_layers::check(one, another, 4);
    CHECK(another.layer<1>().V().cols() == 1);
    const auto synaptic = [&](double alpha) {
      return network(
          random,
          st::RSynaptic<double>(
              {.alpha = alpha, .beta = .8, .linear_features = 6, .threshold = .6, .reset_delay = delay},
              random));
    };
    auto second_order = synaptic(.6), third = synaptic(.2);
    nir_layers::check(second_order, third, 4);
  }
}

TEST_CASE(
    "a loop beside the other nodes is a recurrent layer, too, and takes the scale of the neuron's input") {
  const std::vector<double> weights = {.5, -1, .25, 2, 1, 0, -.5, 1, .75};
  const st::NirGraph graph = nir_parts::graph(
      {port("input", "Input", {2}), port("output", "Output", {3}),
       node("fc", "Affine", {numbers("weight", {3, 2}, {1, 2, 3, -1, 1, 1}), row("bias", {.1, .2, .3})}),
       lif("lif1.lif", {3, 4, 5}, 1.5, .25),
       node("lif1.w_rec", "Affine", {numbers("weight", {3, 3}, weights), row("bias", {.1, 0, -.1})})},
      {{"input", "fc"},
       {"fc", "lif1.lif"},
       {"lif1.lif", "lif1.w_rec"},
       {"lif1.w_rec", "lif1.lif"},
       {"lif1.lif", "output"}});
  const st::NirOptions options{.dt = 1, .reset = NirReset::subtract};
  st::Random random(3);
  st::Sequential<st::Linear<double>, st::RLeaky<double>> net{
      st::Linear<double>(2, 3, random),
      st::RLeaky<double>({.beta = .5, .linear_features = 3, .reset_delay = false}, random)};
  st::load_nir(net, graph, options);
  const st::Sequence<double> input = numeric::random_sequence<double>(random, {40, 2, 2}, -1, 2);
  const st::NirNetwork<double> run(graph, options);
  auto state = run.state(2);
  const auto out = net(input);
  CHECK(numeric::same(run(input, state).array(), out.spk.array()));
  CHECK(numeric::near(run.membrane(state, "lif1.lif"), out.mem.step(39), 1e-12));
  CHECK(out.spk.array().sum() > 20);

  st::Sequential<st::Linear<double>, st::RLeaky<double>> self{
      st::Linear<double>(2, 3, random),
      st::RLeaky<double>({.beta = .5, .all_to_all = false, .reset_delay = false})};
  const auto refused = [&](const std::string& expected, auto& network, const st::NirGraph& given) {
    CHECK(error_text<std::invalid_argument>([&] { st::load_nir(network, given, options); }) ==
          "spiketape::load_nir: " + expected);
  };
  refused(
      "node 'lif1.w_rec', a Affine, has a weight from neuron 1 to 0; layer '1', a spiketape::RLeaky, has "
      "all_to_all = false",
      self, graph);
  st::Sequential<st::Linear<double>, st::Leaky<double>> plain{
      st::Linear<double>(2, 3, random), st::Leaky<double>({.beta = .5, .reset_delay = false})};
  refused(
      "layer '1', a spiketape::Leaky, stands where the graph has node 'lif1.lif', a LIF, expected a "
      "spiketape::RLeaky",
      plain, graph);
  const st::NirNode fc = node("fc", "Linear", {numbers("weight", {3, 2}, {1, 2, 3, -1, 1, 1})});
  refused(
      "layer '1', a spiketape::RLeaky, stands where the graph has node 'n', a LIF, expected a "
      "spiketape::Leaky or Lapicque",
      net, chain(2, {fc, lif("n", {3})}, 3));
}

}  // namespace nir_recurrent_test
