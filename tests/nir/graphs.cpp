// Graphs that make no sense are not run, and the text names the node.
#include <spiketape/io/nir_network.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "parts.hpp"
#include "products.hpp"

#include <concepts>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace nir_graphs_test {

namespace st = spiketape;
using namespace nir_parts;
using st::NirReset;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();
const st::NirOptions both{.dt = 1e-3, .reset = NirReset::zero};

template <std::invocable Run>
std::string fault(const Run& run) {
  const std::string text = error_text<std::invalid_argument>(run), begin = "spiketape::NirNetwork: ";
  REQUIRE(text.substr(0, begin.size()) == begin);
  return text.substr(begin.size());
}
std::string fault(const st::NirGraph& graph, const st::NirOptions& options = both) {
  return fault([&] { st::NirNetwork<double> net(graph, options); });
}
/// Of one node between Input and Output of one feature.
std::string fault_of(const st::NirNode& node, const st::NirOptions& options = both) {
  return fault(chain(1, {node}, 1), options);
}
st::NirNode with(st::NirNode node, st::Tensor parameter) {
  std::erase_if(node.parameters, [&](const st::Tensor& one) { return one.name == parameter.name; });
  node.parameters.push_back(std::move(parameter));
  return node;
}
st::NirNode without(st::NirNode node, const std::string& name) {
  std::erase_if(node.parameters, [&](const st::Tensor& one) { return one.name == name; });
  return node;
}
st::NirNode scale(std::string name) { return node(std::move(name), "Scale", {row("scale", {1})}); }

}  // namespace

TEST_CASE("types, parameters and numbers that make no sense are refused by name") {
  const st::NirNode neuron = lif("n", {.1});
  CHECK(fault_of(node("c", "Conv3d", {})) ==
        "node 'c' is a 'Conv3d', expected one of Input, Output, Affine, Linear, Scale, Threshold, Flatten, "
        "Delay, Conv1d, Conv2d, SumPool2d, AvgPool2d, LIF, LI, IF, I, CubaLIF, CubaLI");
  CHECK(fault_of(node("c", "Conv2d", {})) == "node 'c', a Conv2d, has no weight");
  CHECK(fault_of(without(neuron, "tau")) == "node 'n', a LIF, has no tau");
  CHECK(fault_of(with(neuron, row("w_in", {1}))) ==
        "node 'n', a LIF, has a parameter 'w_in' that is not known, expected tau r v_leak v_threshold "
        "?v_reset");
  st::NirNode text = without(neuron, "tau");
  text.texts["tau"] = "1";
  CHECK(fault_of(text) == "node 'n', a LIF, has a text as tau, expected numbers");
  for (const auto& [tau, shown] : {std::pair(-1.0, "-1"), {0.0, "0"}})
    CHECK(fault_of(lif("n", {tau})) ==
          "node 'n', a LIF, has a tau of " + std::string(shown) + " at 0, expected a number more than 0");
  CHECK(fault(chain(2, {lif("n", {1, nan})}, 2)) ==
        "node 'n', a LIF, has a tau of NaN at 1, expected a number");
  CHECK(fault_of(lif("n", {infinity})) == "node 'n', a LIF, has a tau of inf at 0, expected a finite number");
  CHECK(fault_of(lif("n", {1}, nan)) == "node 'n', a LIF, has a r of NaN at 0, expected a number");
  CHECK(fault_of(lif("n", {1}, 1, -infinity)) ==
        "node 'n', a LIF, has a v_leak of -inf at 0, expected a finite number");
  CHECK(fault_of(lif("n", {1}, 1, 0, nan)) ==
        "node 'n', a LIF, has a v_threshold of NaN at 0, expected a number");
  CHECK(fault_of(lif("n", {1}, 1, 0, 1, nan)) ==
        "node 'n', a LIF, has a v_reset of NaN at 0, expected a number");
  CHECK(fault_of(with(neuron, numbers("tau", {0}, {}))) ==
        "node 'n', a LIF, has a tau without numbers, of shape (0)");
  CHECK(fault_of(node("d", "Delay", {row("delay", {-1})})) ==
        "node 'd', a Delay, has a delay of -1 at 0, expected a number of at least 0");
  CHECK(fault_of(node("d", "Delay", {row("delay", {1e9})})) ==
        "node 'd', a Delay, has a delay of 1e+09, 1e+12 steps of dt, expected at most 1000000 steps");
  st::Tensor short_one = row("tau", {1});
  short_one.bytes.pop_back();
  CHECK(fault_of(with(neuron, short_one)) == "tensor 'tau' has 7 bytes, its shape (1) of F64 takes 8");
}

TEST_CASE("numbers of features that differ are refused with both nodes") {
  CHECK(fault(chain(2, {lif("n", {1, 2, 3})}, 3)) == "node 'input' sends 2 features to 'n', which takes 3");
  CHECK(fault(chain(2, {node("w", "Linear", {numbers("weight", {3, 2}, {1, 2, 3, 4, 5, 6})})}, 2)) ==
        "node 'w' sends 3 features to 'output', which takes 2");
  CHECK(
      fault(chain(3, {node("n", "LI", {row("r", {1, 2, 3}), row("tau", {1, 2}), row("v_leak", {0})})}, 3)) ==
      "node 'n', a LI, has 3 numbers of r and 2 of tau, expected one or one for each neuron");
  CHECK(fault(chain(1, {node("w", "Linear", {row("weight", {1})})}, 1)) ==
        "node 'w', a Linear, has a weight of shape (1), expected (out, in), each at least 1");
  CHECK(fault(chain(1, {node("w", "Affine", {numbers("weight", {2, 1}, {1, 1}), row("bias", {1, 2, 3})})},
                    2)) == "node 'w', a Affine, has 3 numbers of bias, expected 2");
  const auto flatten = [](double start, double end) {
    return node("f", "Flatten",
                {row("start_dim", {start}), row("end_dim", {end}), row("input_type", {2, 3})});
  };
  CHECK(fault(chain(6, {flatten(0, 2)}, 6)) ==
        "node 'f', a Flatten, has a end_dim of 2, its input has 2 extents");
  CHECK(fault(chain(6, {flatten(-1, 0)}, 6)) == "node 'f', a Flatten, has a start_dim behind its end_dim");
  CHECK(fault(chain(5, {flatten(0, -1)}, 6)) == "node 'input' sends 5 features to 'f', which takes 6");
  CHECK(fault(chain(0, {}, 1)) ==
        "node 'input', a Input, has a shape with 0, expected whole numbers of at least 1 whose product is at "
        "most 16777216");
  CHECK(fault(graph({node("in", "Input", {row("shape", {65536, 65536, 65536})}), port("out", "Output", {1})},
                    {{"in", "out"}})) ==
        "node 'in', a Input, has a shape with 65536, expected whole numbers of at least 1 whose product is "
        "at most 16777216");
  const st::NirNode inner =
      inner_graph("g", {port("i", "Input", {2}), port("o", "Output", {1})}, {{"i", "o"}});
  CHECK(fault(chain(2, {inner}, 1)) == "node 'g/i' sends 2 features to 'g/o', which takes 1");
}

TEST_CASE("graphs that lead nowhere or in circles are refused") {
  const st::NirNode in = port("in", "Input", {1}), out = port("out", "Output", {1});
  CHECK(fault(graph({in}, {})) == "the graph has no node of type Output");
  CHECK(fault(graph({out}, {})) == "the graph has no node of type Input");
  CHECK(fault(graph({in, port("in2", "Input", {1}), out}, {})) ==
        "the graph has two nodes of type Input, 'in' and 'in2', expected one");
  CHECK(fault(graph({in, out}, {{"in", "out"}, {"in", "out"}})) ==
        "the graph has two edges from 'in' to 'out', expected one");
  CHECK(fault(graph({in, out}, {})) == "node 'out', a Output, has no edge that leads to it");
  CHECK(fault(graph({in, out, scale("s")}, {{"in", "out"}})) ==
        "node 's', a Scale, has no edge that leads to it");
  CHECK(fault(graph({in, out, scale("s")}, {{"in", "out"}, {"out", "s"}})) ==
        "node 'out', an Output, has an edge that leads on from it, expected none");
  CHECK(fault(graph({in, out, scale("s")}, {{"in", "s"}, {"s", "in"}, {"s", "out"}})) ==
        "node 'in', a Input, has an edge that leads to it, expected none");
  CHECK(fault(chain(1, {inner_graph("g", {port("i", "Input", {1})}, {})}, 1)) ==
        "graph 'g' has no node of type Output");
  CHECK(fault(graph({in, out}, {{"in", "lif"}})) ==
        "the graph has an edge from 'in' to 'lif', but no node 'lif'; its nodes: in, out");

  const std::string circle =
      " is in a loop without a neuron or a Delay of at least one step: nothing says which step it waits for";
  CHECK(fault(graph({in, out, scale("a"), scale("b")},
                    {{"in", "a"}, {"a", "b"}, {"b", "a"}, {"b", "out"}})) == "node 'b'" + circle);
  CHECK(fault(graph({in, out, scale("a")}, {{"in", "a"}, {"a", "a"}, {"a", "out"}})) == "node 'a'" + circle);
  CHECK(fault(graph({in, out, node("d", "Delay", {row("delay", {0})})},
                    {{"in", "d"}, {"d", "d"}, {"d", "out"}})) == "node 'd'" + circle);
  const st::NirNode through =
      inner_graph("g", {port("i", "Input", {1}), port("o", "Output", {1})}, {{"i", "o"}});
  CHECK(fault(graph({in, out, through}, {{"in", "g"}, {"g", "g"}, {"g", "out"}})) == "node 'g/o'" + circle);

  // Long chains and many loops take no stack.
  std::vector<st::NirNode> nodes;
  for (int k = 0; k < 20000; ++k) nodes.push_back(scale(std::to_string(k)));
  CHECK(st::NirNetwork<double>(chain(1, nodes, 1)).out_features() == 1);
  st::NirGraph looped = chain(1, nodes, 1);
  looped.node.edges.emplace_back("19999", "0");
  CHECK(fault(looped).ends_with(circle));
  st::NirNode deep = inner_graph("g", {port("i", "Input", {1}), port("o", "Output", {1})}, {{"i", "o"}});
  for (int k = 0; k < 70; ++k)
    deep =
        inner_graph("g", {port("i", "Input", {1}), port("o", "Output", {1}), deep}, {{"i", "g"}, {"g", "o"}});
  CHECK(fault(chain(1, {deep}, 1)).ends_with("stands in 65 graphs, expected at most 64"));
}

TEST_CASE("dt and the reset come from the options or the metadata, and must not differ") {
  const st::NirNode neuron = lif("n", {.1});
  const std::string nobody = ": neither the options nor the graph's metadata give it";
  CHECK(fault_of(neuron, {}) == "node 'n' needs the option dt, the time of a step" + nobody);
  CHECK(fault_of(neuron, {.dt = 1}) == "node 'n' needs the option reset, zero or subtract" + nobody);
  CHECK(fault_of(neuron, {.dt = nan}) == "dt is NaN, expected a finite number more than 0");
  CHECK(fault_of(neuron, {.dt = -1}) == "dt is -1, expected a finite number more than 0");
  CHECK(fault_of(lif("n", {.1}, 1, 0, 1, .5), {.dt = 1, .reset = NirReset::subtract}) ==
        "node 'n', a LIF, has a v_reset of 0.5, which a reset by subtraction does not reach");

  st::NirGraph said = chain(1, {neuron}, 1);
  const st::Tensor late{"spiketape.reset_delay", st::DType::BOOL, {}, {1}};
  said.node.groups = {
      {"metadata", {numbers("spiketape.dt", {}, {.5}), late}, {{"spiketape.reset", "subtract"}}, {}}};
  CHECK(st::NirNetwork<double>(said).out_features() == 1);
  CHECK(st::NirNetwork<double>(said, {.dt = .5, .reset = NirReset::subtract, .reset_delay = true})
            .out_features() == 1);
  CHECK(fault(said, {.dt = 1}) == "the option dt is 1, the graph's metadata says 0.5");
  CHECK(fault(said, {.reset = NirReset::zero}) ==
        "the option reset is zero, the graph's metadata says subtract");
  CHECK(fault(said, {.reset_delay = false}) ==
        "the option reset_delay is false, the graph's metadata says true");
  said.node.groups[0].texts["spiketape.reset"] = "hard";
  CHECK(fault(said) ==
        "the metadata spiketape.reset is 'hard', expected zero, subtract, zero_before_input or none");
  said.node.groups[0].numbers = {numbers("spiketape.dt", {2}, {1, 2})};
  CHECK(fault(said) == "the metadata spiketape.dt has the shape (2), expected one number");
  said.node.groups[0].numbers = {numbers("spiketape.dt", {}, {0})};
  CHECK(fault(said) == "the metadata spiketape.dt is 0, expected a finite number more than 0");
}

TEST_CASE("a NirNetwork refuses inputs and states that are not its own") {
  const st::NirNetwork<double> net(chain(2, {lif("n", {.1, .2})}, 2), both), other(chain(2, {scale("s")}, 2));
  auto state = net.state(3);
  const st::Array<double> x = st::Array<double>::Zero(3, 2), wide = st::Array<double>::Zero(3, 5);
  CHECK(fault([&] { net(wide); }) == "input has 5 features, node 'input' expects 2");
  const std::string expected = ": make it with state(batch)";
  CHECK(fault([&] { net(st::Array<double>(x.topRows(1)), state); }) ==
        "state is that of a batch of 3 or of another network, expected a batch of 1" + expected);
  auto others = other.state(3);
  CHECK(fault([&] { net(x, others); }) ==
        "state is that of a batch of 3 or of another network, expected a batch of 3" + expected);
  CHECK(fault([&] { net.membrane(state, "m"); }) == "membrane: path is 'm', expected that of a neuron node");
  CHECK(fault([&] { static_cast<void>(net.state(-1)); }) ==
        "a state has a batch of -1 and node 'n' needs it for 1 steps of 2 features, expected no negative "
        "extent");
  CHECK(net(st::Sequence<double>(0, 3, 2)).steps() == 0);
  CHECK(net(st::Sequence<double>(4, 0, 2)).batch() == 0);
}

}  // namespace nir_graphs_test
