// NirNetwork against steps computed by hand.
#include <spiketape/io/nir_network.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "parts.hpp"
#include "products.hpp"

#include <string>
#include <utility>
#include <vector>

namespace nir_network_test {

namespace st = spiketape;
using namespace nir_parts;
using st::Index;
using st::NirReset;

namespace {

using Numbers = std::vector<double>;

/// A sequence of one sample.
st::Sequence<double> sequence(const std::vector<Numbers>& steps) {
  st::Sequence<double> result(static_cast<Index>(steps.size()), 1, static_cast<Index>(steps[0].size()));
  for (std::size_t t = 0; t < steps.size(); ++t)
    for (std::size_t k = 0; k < steps[t].size(); ++k)
      result(static_cast<Index>(t), 0, static_cast<Index>(k)) = steps[t][k];
  return result;
}
st::Sequence<double> single(const Numbers& values) {
  std::vector<Numbers> steps;
  for (const double value : values) steps.push_back({value});
  return sequence(steps);
}
Numbers numbers_of(const st::Sequence<double>& sequence) {
  return {sequence.array().data(), sequence.array().data() + sequence.array().size()};
}
/// What a graph of one feature makes of these steps.
Numbers run(const st::NirGraph& graph, const Numbers& input, const st::NirOptions& options) {
  return numbers_of(st::NirNetwork<double>(graph, options)(single(input)));
}
/// The membrane of a neuron after each step.
Numbers membranes(const st::NirGraph& graph, const char* path, const Numbers& input,
                  const st::NirOptions& options) {
  const st::NirNetwork<double> net(graph, options);
  auto state = net.state(1);
  Numbers all;
  for (const double x : input) {
    const st::Array<double> step = st::Array<double>::Constant(1, 1, x);
    net(step, state);
    all.push_back(net.membrane(state, path)(0, 0));
  }
  return all;
}
st::NirNode integrate_and_fire(std::string name, double r = 1, double v_threshold = .5) {
  return node(std::move(name), "IF", {row("r", {r}), row("v_threshold", {v_threshold})});
}

const Numbers ones(5, 1);

}  // namespace

TEST_CASE("a LIF takes Euler steps with v_leak and r, and resets to v_reset in the step of the spike") {
  const st::NirGraph graph = chain(1, {lif("lif", {4}, 2, .5, 1, -.25)}, 1);
  const st::NirOptions zero{.dt = 1, .reset = NirReset::zero};
  CHECK(run(graph, ones, zero) == Numbers{0, 1, 0, 0, 1});
  CHECK(membranes(graph, "lif", ones, zero) == Numbers{.625, -.25, .4375, .953125, -.25});

  const st::NirGraph from_zero = chain(1, {lif("lif", {4}, 2, .5)}, 1);
  CHECK(membranes(from_zero, "lif", {1, 1, 1}, {.dt = 1, .reset = NirReset::subtract}) ==
        Numbers{.625, .09375, .6953125});
  CHECK(membranes(from_zero, "lif", {1, 1, 1}, {.dt = 1, .reset = NirReset::none}) ==
        Numbers{.625, 1.09375, 1.4453125});
}

TEST_CASE("a reset that is delayed acts in the next step, on the membrane or before the input") {
  const st::NirGraph graph = chain(1, {lif("lif", {4}, 2, .5, 1, 0)}, 1);
  const auto after = [&](NirReset reset) {
    return membranes(graph, "lif", {1, 1, 1}, {.dt = 1, .reset = reset, .reset_delay = true});
  };
  CHECK(after(NirReset::subtract) == Numbers{.625, 1.09375, .4453125});
  CHECK(after(NirReset::zero) == Numbers{.625, 1.09375, 0});
  CHECK(after(NirReset::zero_before_input) == Numbers{.625, 1.09375, .625});
  CHECK(after(NirReset::none) == Numbers{.625, 1.09375, 1.4453125});
}

TEST_CASE("a CubaLIF has a current that decays and w_in, which may be left out") {
  st::NirNode cuba = node("cuba", "CubaLIF",
                          {row("r", {2}), row("tau_mem", {4}), row("tau_syn", {2}), row("v_leak", {.5}),
                           row("v_threshold", {1.7}), row("w_in", {3})});
  const st::NirOptions options{.dt = 1, .reset = NirReset::subtract};
  // i: 1.5, 2.25, 1.125
  CHECK(membranes(chain(1, {cuba}, 1), "cuba", {1, 1, 0}, options) ==
        Numbers{.875, 1.90625 - 1.7, .125 + .75 * (1.90625 - 1.7) + .5625});
  cuba.type = "CubaLI";
  std::erase_if(cuba.parameters, [](const auto& tensor) { return tensor.name == "v_threshold"; });
  CHECK(run(chain(1, {cuba}, 1), {1, 1}, options) == Numbers{.875, 1.90625});
  cuba.parameters.pop_back();
  CHECK(run(chain(1, {cuba}, 1), {1}, options) == Numbers{.375});
}

TEST_CASE(
    "IF and I take r without dt unless asked, LI leaks; those without a threshold send their membrane") {
  const st::NirGraph fires = chain(1, {integrate_and_fire("if", .25)}, 1);
  CHECK(run(fires, {1, 1, 1, 1}, {.reset = NirReset::zero}) == Numbers{0, 0, 1, 0});
  CHECK(membranes(fires, "if", {1, 1}, {.dt = .5, .reset = NirReset::zero, .if_takes_dt = true}) ==
        Numbers{.125, .25});
  CHECK(run(chain(1, {node("i", "I", {row("r", {2})})}, 1), {1, 2}, {}) == Numbers{2, 6});
  const st::NirNode leaks = node("li", "LI", {row("r", {2}), row("tau", {4}), row("v_leak", {.5})});
  CHECK(run(chain(1, {leaks}, 1), {1, 1}, {.dt = 1}) == Numbers{.625, 1.09375});
}

TEST_CASE("products, scales, thresholds and shapes") {
  const std::vector<st::NirNode> nodes = {
      node("affine", "Affine", {numbers("weight", {2, 3}, {1, 2, 3, 4, 5, 6}), row("bias", {.5, -.5})}),
      node("scale", "Scale", {row("scale", {2, 10})}),
      node("flatten", "Flatten",
           {numbers("end_dim", {}, {-1}), numbers("start_dim", {}, {0}), row("input_type", {2, 1})}),
      node("linear", "Linear", {numbers("weight", {2, 2}, {1, 1, 0, -1})})};
  CHECK(numbers_of(st::NirNetwork<double>(chain(3, nodes, 2))(sequence({{1, 0, 1}, {0, 0, 1}}))) ==
        Numbers{9 + 95, -95, 7 + 55, -55});
  const st::NirGraph threshold = chain(3, {node("t", "Threshold", {row("threshold", {1, 2, 3})})}, 3);
  CHECK(numbers_of(st::NirNetwork<double>(threshold)(sequence({{2, 2, 2}}))) == Numbers{1, 0, 0});
  // One number is for all, and an Output may have extents of 1.
  st::NirGraph one = chain(2, {lif("lif", {1})}, 2);
  one.node.nodes.back() = port("output", "Output", {1, 2, 1});
  CHECK(numbers_of(st::NirNetwork<double>(one, {.dt = 1, .reset = NirReset::zero})(sequence({{2, .5}}))) ==
        Numbers{1, 0});
}

TEST_CASE("a node takes the sum of what comes to it, in the order of the edges, whatever the names") {
  const st::NirGraph graph_ =
      graph({port("9", "Input", {1}), port("0", "Output", {1}), node("5", "Scale", {row("scale", {3})}),
             node("1", "Scale", {row("scale", {2})})},
            {{"1", "0"}, {"9", "5"}, {"5", "1"}, {"9", "1"}, {"5", "0"}});
  CHECK(run(graph_, {1, 2}, {}) == Numbers{11, 22});
}

TEST_CASE("in a loop, what a neuron sends arrives in the next step, wherever the loop is entered") {
  const Numbers once = {1, 0, 0, 0};
  const std::vector<st::NirNode> nodes = {port("in", "Input", {1}), port("out", "Output", {1}),
                                          integrate_and_fire("n"),
                                          node("w", "Linear", {numbers("weight", {1, 1}, {1})})};
  const st::NirOptions zero{.reset = NirReset::zero};
  CHECK(run(graph(nodes, {{"in", "n"}, {"n", "w"}, {"w", "n"}, {"n", "out"}}), once, zero) ==
        Numbers{1, 1, 1, 1});
  CHECK(run(graph(nodes, {{"in", "n"}, {"n", "w"}, {"w", "n"}, {"w", "out"}}), once, zero) ==
        Numbers{0, 1, 1, 1});
  CHECK(run(graph(nodes, {{"in", "n"}, {"n", "n"}, {"n", "w"}, {"w", "out"}}), once, zero) ==
        Numbers{1, 1, 1, 1});
  const std::vector<st::NirNode> two = {port("in", "Input", {1}), port("out", "Output", {1}),
                                        integrate_and_fire("a"), integrate_and_fire("b")};
  CHECK(run(graph(two, {{"in", "a"}, {"a", "b"}, {"b", "a"}, {"a", "out"}}), once, zero) ==
        Numbers{1, 0, 1, 0});
  CHECK(run(graph(two, {{"in", "a"}, {"a", "b"}, {"b", "a"}, {"b", "out"}}), once, zero) ==
        Numbers{0, 1, 0, 1});
}

TEST_CASE("a Delay sends what came before, and breaks loops, too") {
  const st::NirGraph each = chain(3, {node("d", "Delay", {row("delay", {1, .5, 0})})}, 3);
  CHECK(numbers_of(st::NirNetwork<double>(each, {.dt = .5})(sequence({{1, 1, 1}, {2, 2, 2}, {3, 3, 3}}))) ==
        Numbers{0, 0, 1, 0, 1, 2, 1, 2, 3});
  CHECK(run(chain(1, {node("d", "Delay", {row("delay", {2.4})})}, 1), {1, 2, 3, 4}, {.dt = 1}) ==
        Numbers{0, 0, 1, 2});
  const st::NirGraph sums =
      graph({port("in", "Input", {1}), port("out", "Output", {1}), node("sum", "Scale", {row("scale", {1})}),
             node("half", "Scale", {row("scale", {.5})}), node("d", "Delay", {row("delay", {1})})},
            {{"in", "sum"}, {"sum", "d"}, {"d", "half"}, {"half", "sum"}, {"sum", "out"}});
  CHECK(run(sums, {1, 1, 0}, {.dt = 1}) == Numbers{1, 1.5, .75});
}

TEST_CASE("graphs in graphs are the same as their nodes, and paths name them") {
  const st::NirNode inner = inner_graph(
      "block",
      {port("input", "Input", {1}), port("output", "Output", {1}),
       inner_graph("deeper", {port("i", "Input", {1}), port("o", "Output", {1}), integrate_and_fire("n")},
                   {{"i", "n"}, {"n", "o"}}),
       node("w", "Linear", {numbers("weight", {1, 1}, {1})})},
      {{"input", "deeper"}, {"deeper", "w"}, {"w", "deeper"}, {"deeper", "output"}});
  const st::NirGraph graph = chain(1, {inner}, 1);
  CHECK(run(graph, {1, 0, 0}, {.reset = NirReset::zero}) == Numbers{1, 1, 1});
  const st::NirNetwork<double> net(graph, {.reset = NirReset::zero});
  CHECK(net.neurons() == std::vector<std::string>{"block/deeper/n"});
}

TEST_CASE("a network that was moved from throws, and can be assigned to") {
  const st::NirGraph graph = chain(1, {integrate_and_fire("lif")}, 1);
  st::NirNetwork<double> net(graph, {.dt = 1, .reset = NirReset::zero});
  auto state = net.state(1);
  st::NirNetwork<double> taken = std::move(net);
  const auto thrown = [](auto&& call) {
    return error_text<std::invalid_argument>(call) ==
           "spiketape::NirNetwork: it has been moved from, expected an assignment before its next use";
  };
  CHECK(thrown([&] { net(single({1})); }));
  CHECK(thrown([&] { net(single({1}), state); }));
  CHECK(thrown([&] { static_cast<void>(net.in_features()); }));
  CHECK(thrown([&] { static_cast<void>(net.out_features()); }));
  CHECK(thrown([&] { static_cast<void>(net.state(1)); }));
  CHECK(thrown([&] { net.membrane(state, "lif"); }));
  CHECK(net.neurons().empty());
  net = std::move(taken);
  CHECK(numbers_of(net(single({1}), state)) == Numbers{1});
}

TEST_CASE("steps are a sequence, samples do not see each other, a copy of a state goes on alike") {
  const st::NirGraph graph = chain(
      2,
      {node("w", "Affine", {numbers("weight", {3, 2}, {1, -1, .5, 2, 0, 1}), row("bias", {.1, .2, .3})}),
       lif("lif", {3, 4, 5}, 2), node("d", "Delay", {row("delay", {1, 2, 0})})},
      3);
  const st::NirNetwork<double> net(graph, {.dt = 1, .reset = NirReset::subtract});
  CHECK(net.in_features() == 2);
  CHECK(net.out_features() == 3);
  st::Random random(1);
  const st::Sequence<double> input = numeric::random_sequence<double>(random, {12, 2, 2}, 0, 2);
  std::vector<st::Array<double>> spikes;
  auto traced = net.state(2);
  const auto all = net.trace(input, traced, [&](const std::string& path, const st::Array<double>& values) {
    CHECK(path == "lif");
    spikes.push_back(values);
  });
  REQUIRE(spikes.size() == 12);
  CHECK(all.array().sum() > 5);
  CHECK(numeric::same(all.step(11).col(2), spikes[11].col(2)));
  auto state = net.state(2);
  for (Index t = 0; t < 12; ++t) {
    auto copy = state;
    const st::Array<double> step = input.step(t);
    const auto out = net(step, state);
    CHECK(numeric::same(out.array(), all.step(t)));
    CHECK(numeric::same(net(step, copy).array(), out.array()));
  }
  CHECK(numeric::same(net.membrane(state, "lif"), net.membrane(traced, "lif")));
  state.reset();
  CHECK(numeric::same(net(input, state).array(), all.array()));
  st::Sequence<double> second(12, 1, 2);
  for (Index t = 0; t < 12; ++t) second.step(t) = input.step(t).row(1);
  const auto alone = net(second);
  for (Index t = 0; t < 12; ++t)
    CHECK(numeric::near(alone.step(t), all.step(t).row(1), tolerance::rounding<double>));

  const st::NirNetwork<float> floats(graph, {.dt = 1, .reset = NirReset::subtract});
  const st::Array<float> step = st::Array<float>::Ones(1, 2);
  CHECK(floats(st::repeat(step, 3)).steps() == 3);
}

}  // namespace nir_network_test
