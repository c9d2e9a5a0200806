// Convolutions and pools: NirNetwork, networks of layers as graphs and back.
#include <spiketape/nn/batch_norm.hpp>
#include <spiketape/nn/conv.hpp>
#include <spiketape/nn/dropout.hpp>
#include <spiketape/nn/flatten.hpp>
#include <spiketape/nn/pool.hpp>

#include "image_parts.hpp"
#include "layers_check.hpp"

#include <utility>
#include <vector>

namespace nir_images_test {

namespace st = spiketape;
using namespace nir_parts;
using namespace nir_layers;
using st::Index;

namespace {

/// A layer with the numbers of a node, whose result must be that of the graph.
template <typename L>
void check_node(L layer, const std::vector<int>& in, const st::NirNode& given) {
  const st::NirGraph graph = images(in, given, static_cast<int>(layer.out_shape().features()));
  st::Random random(2);
  const auto x = numeric::random_sequence<double>(random, {2, 3, layer.in_shape().features()});
  if constexpr (requires { layer.weight(); }) st::load_nir(layer, graph);
  const auto y = st::NirNetwork<double>(graph)(x);
  CHECK(y.array().abs().maxCoeff() > .1);
  CHECK(numeric::near(y.array(), layer(x).array(), 10 * tolerance::rounding<double>));
}

/// A convolution, a pool and neurons of each kind.
template <typename Scalar>
auto network(int seed, bool delay) {
  st::Random random(static_cast<std::uint64_t>(seed));
  const auto lif = [&](double beta, double threshold) {
    return st::Leaky<Scalar>({.beta = beta, .threshold = threshold, .reset_delay = delay});
  };
  st::Row<Scalar> betas(3);
  betas << Scalar(.25), Scalar(.5), Scalar(.75);
  return st::Sequential{st::named("conv1", st::Conv2d<Scalar>({2, 8, 7}, 3, {3, 2}, random,
                                                              {.stride = {1, 2}, .padding = {0, 1}})),
                        st::named("lif1", st::Leaky<Scalar>({.beta = st::per_channel(betas, {3, 6, 4}),
                                                             .threshold = .1,
                                                             .reset_delay = delay})),
                        st::named("pool", st::SumPool2d<Scalar>({3, 6, 4}, 2)),
                        st::named("conv2", st::Conv2d<Scalar>({3, 3, 2}, 4, 2, random, {.bias = false})),
                        st::named("lif2", lif(.5, .1)),
                        st::named("mean", st::AvgPool2d<Scalar>({4, 2, 1}, {2, 1})),
                        st::named("drop", st::Dropout<Scalar>(.5)),
                        st::named("flat", st::Flatten<Scalar>()),
                        st::named("fc", st::Linear<Scalar>(4, 6, random)),
                        st::named("lif3", lif(.8, .2))};
}

}  // namespace

TEST_CASE("a convolution or pool of a graph is the layer's") {
  st::Random random(1);
  const auto conv = convolution("Conv2d", {4, 1, 3, 2}, -.4, {2, 1}, {1, 2}, {1, 2}, 2);
  check_node(st::Conv2d<double>({2, 5, 4}, 4, {3, 2}, random,
                                {.stride = {2, 1}, .padding = {1, 2}, .dilation = {1, 2}, .groups = 2}),
             {2, 5, 4}, conv);
  check_node(st::Conv1d<double>({.channels = 3, .width = 9}, 2, 4, random, {.stride = 2, .padding = 1}),
             {3, 9}, convolution("Conv1d", {2, 3, 4}, -.4, {2}, {1}, {1}, 1));
  const auto pool = [](const char* type) {
    return node("pool", type, {row("kernel_size", {2}), row("stride", {1, 2}), row("padding", {1, 0})});
  };
  const st::PoolOptions sum{.stride = {1, 2}, .padding = {1, 0}};
  check_node(st::SumPool2d<double>({2, 4, 4}, 2, sum), {2, 4, 4}, pool("SumPool2d"));
  check_node(st::AvgPool2d<double>({2, 4, 4}, 2, {.stride = {1, 2}, .padding = {1, 0}}), {2, 4, 4},
             pool("AvgPool2d"));
  // A text as padding, and an input_shape where the Input is a row.
  st::NirNode same = convolution("Conv2d", {2, 1, 3, 3}, -.4, {1}, {0}, {1}, 1);
  std::erase_if(same.parameters, [](const st::Tensor& tensor) { return tensor.name == "padding"; });
  same.texts["padding"] = "same";
  same.parameters.push_back(row("input_shape", {4, 5}));
  check_node(st::Conv2d<double>({1, 4, 5}, 2, 3, random, {.padding = 1}), {20}, same);
  same.texts["padding"] = "valid";
  check_node(st::Conv2d<double>({1, 4, 5}, 2, 3, random), {20}, same);
}

TEST_CASE("a convolutional network is its graph and comes back from it") {
  auto other = network<double>(2, false);
  check(network<double>(1, false), other, 112);
  auto other_floats = network<float>(2, true);
  check(network<float>(1, true), other_floats, 112);
  const st::NirGraph graph = st::to_nir(network<double>(1, false), {.dt = 1e-4});
  CHECK(graph.node.find_node("drop") == nullptr);
  CHECK(graph.node.find_node("flat")->find("input_type")->shape == std::vector<Index>{3});
  CHECK(graph.node.find_node("lif1")->find("tau")->shape == std::vector<Index>{3, 6, 4});
  CHECK(graph.node.find_node("input")->find("shape")->shape == std::vector<Index>{3});
}

TEST_CASE(
    "a graph gets a Flatten where an image goes into a Linear, and takes a batch norm into the weights") {
  st::Random random(4);
  const auto with_norm = [&](bool norm, bool bias) {
    st::BatchNorm2d<double> bn(2);
    for (const auto& [name, parameter] : bn.named_parameters())
      if (name != "num_batches_tracked") parameter.set(st::Array<double>{{.5 + double(name.size()) / 7, 2}});
    return std::pair(st::Sequential{st::Conv2d<double>({1, 4, 4}, 2, 3, random, {.bias = bias}),
                                    std::move(bn), st::Linear<double>(8, 3, random)},
                     norm);
  };
  for (const bool bias : {true, false}) {
    const auto net = with_norm(true, bias).first;
    const st::NirGraph graph = st::to_nir(net, {});
    CHECK(graph.node.find_node("flatten") != nullptr);
    CHECK(graph.node.nodes.size() == 5);
    const auto x = numeric::random_sequence<double>(random, {2, 3, 16});
    CHECK(numeric::near(st::NirNetwork<double>(graph)(x).array(), net(x).array(),
                        10 * tolerance::rounding<double>));
  }
}

TEST_CASE("a convolution takes what a Scale or a neuron does to its channels, not to single places") {
  st::Random random(5);
  st::Sequential net{st::Conv2d<double>({2, 3, 3}, 4, 2, random, {.groups = 2}),
                     st::Leaky<double>({.beta = .5, .reset_delay = false})};
  const auto factors = [](double last) {
    std::vector<double> all(18, 2);
    for (std::size_t k = 9; k < 18; ++k) all[k] = 3;
    all.back() = last;
    return node("scale", "Scale", {numbers("scale", {2, 3, 3}, all)});
  };
  const auto whole = [&](double last, double leak) {
    std::vector<double> r, v_leak(16, .25);
    for (int k = 0; k < 16; ++k) r.push_back(1 + k / 4);
    v_leak[7] = leak;
    return graph({port("in", "Input", {2, 3, 3}), factors(last),
                  convolution("Conv2d", {4, 1, 2, 2}, -.5, {1}, {0}, {1}, 2),
                  node("lif", "LIF",
                       {numbers("r", {4, 2, 2}, r), row("tau", {2}), numbers("v_leak", {4, 2, 2}, v_leak),
                        row("v_threshold", {1})}),
                  port("out", "Output", {4, 2, 2})},
                 {{"in", "scale"}, {"scale", "conv"}, {"conv", "lif"}, {"lif", "out"}});
  };
  const st::NirOptions options{.dt = 1, .reset = st::NirReset::subtract};
  st::load_nir(net, whole(3, .25), options);
  const auto x = numeric::random_sequence<double>(random, {9, 2, 18});
  const auto spikes = net(x).spk;
  CHECK((spikes.array().sum() > 5 && spikes.array().sum() < 250));
  CHECK(numeric::same(st::NirNetwork<double>(whole(3, .25), options)(x).array(), spikes.array()));
  CHECK(fault("load_nir", [&] { st::load_nir(net, whole(4, .25), options); }) ==
        "node 'conv', a Conv2d, scales or moves neurons of a channel by different numbers, 3 and 4, which a "
        "convolution cannot");
  CHECK(fault("load_nir", [&] {
          st::load_nir(net, whole(3, .5), options);
        }).starts_with("node 'lif', a LIF, scales or moves neurons of a channel"));
}

}  // namespace nir_images_test
