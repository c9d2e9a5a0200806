// Whatever a graph says, it is run or loaded, or refused with a text; what is written is read again equal.
//
// The bytes of files are not damaged at random here, but cut off, in hostile.cpp: the HDF5 library itself,
// which takes them apart, reads beyond its memory for some damaged files (1.10.8 does, in the heap that holds
// texts).
//
// SPIKETAPE_READERS_SEED and SPIKETAPE_READERS_CASES are those of property/readers.cpp.
#include <spiketape/io/nir.hpp>
#include <spiketape/io/nir_layers.hpp>
#include <spiketape/io/nir_network.hpp>
#include <spiketape/nn/conv.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/pool.hpp>
#include <spiketape/nn/sequential.hpp>

#include "catch.hpp"
#include "parts.hpp"
#include "plain_neurons.hpp"
#include "property/damage.hpp"
#include "property/seeds.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace nir_damaged_test {

namespace st = spiketape;
using namespace nir_parts;

namespace {

/// A small graph of everything that can be run.
st::NirGraph whole() {
  st::NirNode block =
      inner_graph("block",
                  {port("i", "Input", {2}), port("o", "Output", {2}), lif("lif", {.1, .2}, 2, .5),
                   node("w_rec", "Linear", {numbers("weight", {2, 2}, {1, 0, 0, -1})})},
                  {{"i", "lif"}, {"lif", "w_rec"}, {"w_rec", "lif"}, {"lif", "o"}});
  st::NirNode cuba = node("cuba", "CubaLIF",
                          {row("r", {1}), row("tau_mem", {.1}), row("tau_syn", {.2}), row("v_leak", {0}),
                           row("v_threshold", {1}), row("w_in", {2})});
  st::NirGraph graph = chain(
      3,
      {node("fc", "Affine", {numbers("weight", {2, 3}, {1, 2, 3, 4, 5, 6}), row("bias", {1, 2})}), block,
       node("scale", "Scale", {row("scale", {2})}), node("delay", "Delay", {row("delay", {.1, 0})}), cuba,
       node("flat", "Flatten", {row("end_dim", {-1}), row("input_type", {1, 2}), row("start_dim", {0})})},
      2);
  graph.node.groups = {
      {"metadata", {numbers("spiketape.dt", {}, {.1})}, {{"spiketape.reset", "subtract"}}, {}}};
  return graph;
}

/// A graph of windows over images.
st::NirGraph images() {
  const auto weight = [](std::vector<st::Index> shape, std::size_t count) {
    return numbers("weight", std::move(shape), std::vector<double>(count, .4));
  };
  const auto pool = [](const char* name, const char* type) {
    return node(name, type, {row("kernel_size", {2, 2}), row("padding", {0, 0}), row("stride", {2, 2})});
  };
  st::NirGraph graph =
      chain(1,
            {node("conv", "Conv2d",
                  {row("bias", {0, .1}), row("dilation", {1, 1}), numbers("groups", {}, {1}),
                   row("input_shape", {4, 4}), row("padding", {1, 1}), row("stride", {1, 1}),
                   weight({2, 1, 3, 3}, 18)}),
             lif("lif", {.2}), pool("sum", "SumPool2d"), pool("mean", "AvgPool2d"),
             node("line", "Conv1d",
                  {row("bias", {0}), numbers("dilation", {}, {1}), numbers("groups", {}, {1}),
                   numbers("padding", {}, {1}), numbers("stride", {}, {1}), weight({1, 2, 3}, 6)}),
             lif("cuba", {.2})},
            1);
  for (st::NirNode& one : graph.node.nodes)
    if (one.name == "input") one = port("input", "Input", {1, 4, 4});
  graph.node.groups = {
      {"metadata", {numbers("spiketape.dt", {}, {.1})}, {{"spiketape.reset", "subtract"}}, {}}};
  return graph;
}

const std::string words[] = {"",      "LIF",  "LI",     "Scale",     "Input", "Output", "NIRGraph",
                             "block", "cuba", "fc",     "lif",       "tau",   "weight", "Conv2d",
                             "a/b",   "\xff", "Affine", "Threshold", "I",     "CubaLI"};
template <typename T>
T& any(Damage& damage, std::vector<T>& all) {
  return all[damage.below(all.size())];
}

void change(Damage& damage, st::NirNode& node) {
  constexpr double values[] = {0,
                               -1,
                               .5,
                               1e-300,
                               1e300,
                               std::numeric_limits<double>::infinity(),
                               std::numeric_limits<double>::quiet_NaN(),
                               3};
  const std::string& word = words[damage.below(std::size(words))];
  const std::size_t kind = damage.below(10);
  if (!node.nodes.empty() && damage.below(3) > 0) {
    change(damage, any(damage, node.nodes));
  } else if (kind == 0) {
    node.type = word;
  } else if (kind == 1) {
    node.name = word;
  } else if (kind == 2 && !node.edges.empty()) {
    auto& edge = any(damage, node.edges);
    (damage.below(2) == 0 ? edge.first : edge.second) =
        damage.below(2) == 0 && !node.nodes.empty() ? any(damage, node.nodes).name : word;
  } else if (kind == 3 && !node.edges.empty()) {
    node.edges.erase(node.edges.begin() + static_cast<std::ptrdiff_t>(damage.below(node.edges.size())));
  } else if (kind == 4 && node.nodes.size() > 1) {
    node.edges.emplace_back(any(damage, node.nodes).name, any(damage, node.nodes).name);
  } else if (kind == 5 && !node.nodes.empty()) {
    node.nodes.push_back(any(damage, node.nodes));
  } else if (!node.parameters.empty()) {
    st::Tensor& tensor = any(damage, node.parameters);
    if (kind == 6) {
      tensor.name = word;
    } else if (kind == 7) {
      tensor.shape = {static_cast<st::Index>(damage.below(3)), static_cast<st::Index>(damage.below(4))};
      if (damage.below(3) > 0)
        tensor.bytes.resize(st::size_of(tensor.type) *
                            static_cast<std::size_t>(tensor.shape[0] * tensor.shape[1]));
    } else if (tensor.type == st::DType::F64 && tensor.bytes.size() >= 8) {
      const st::Tensor value = row("", {values[damage.below(std::size(values))]});
      std::copy(
          value.bytes.begin(), value.bytes.end(),
          tensor.bytes.begin() + static_cast<std::ptrdiff_t>(damage.below(tensor.bytes.size() / 8) * 8));
    } else {
      tensor.type = static_cast<st::DType>(damage.below(13));
    }
  }
}

/// 1, or 0 if run() throws in the name of a function.
template <typename Run>
int accepted(const char* function, Run&& run) {
  try {
    run();
    return 1;
  } catch (const std::invalid_argument& error) {
    if (!std::string(error.what()).starts_with(std::string("spiketape::") + function + ": "))
      FAIL(error.what());
    return 0;
  }
}

}  // namespace

TEST_CASE("whatever a graph says, it is run or refused, and what is written is read again equal") {
  int ran = 0, loaded = 0, written = 0;
  st::Random random(1);
  st::Sequential<st::Linear<double>, st::RLeaky<double>, st::Synaptic<double>> net{
      st::Linear<double>(3, 2, random),
      st::RLeaky<double>({.beta = .5, .all_to_all = false, .reset_delay = false}),
      st::Synaptic<double>({.alpha = .5, .beta = .5, .reset_delay = false})};
  for_each_seed(300, [&](Damage& damage) {
    st::NirGraph graph = whole();
    if (damage.below(2) == 0)
      std::erase_if(graph.node.nodes,
                    [](const auto& one) { return one.name == "scale" || one.name == "delay"; });
    if (graph.node.nodes.size() < 8)
      graph.node.edges = {
          {"input", "fc"}, {"fc", "block"}, {"block", "cuba"}, {"cuba", "flat"}, {"flat", "output"}};
    for (std::size_t changes = damage.below(3); changes > 0; --changes) change(damage, graph.node);
    ran += accepted("NirNetwork", [&] {
      const st::NirNetwork<double> runs(graph);
      auto state = runs.state(2);
      runs(st::Sequence<double>(5, 2, runs.in_features()), state);
    });
    loaded += accepted("load_nir", [&] { st::load_nir(net, graph); });
    written += accepted("nir_bytes", [&] {
      const std::string bytes = st::nir_bytes(graph);
      const st::NirGraph read = st::parse_nir(Bytes(bytes.begin(), bytes.end()), "x");
      const std::string again = st::nir_bytes(read);
      if (!(st::parse_nir(Bytes(again.begin(), again.end()), "x") == read))
        FAIL("what is written again is something else");
    });
  });
  INFO(ran << " run, " << loaded << " loaded, " << written << " written");
  if (from_environment("SPIKETAPE_READERS_CASES", 300) >= 300)
    CHECK((ran > 90 && loaded > 45 && written > 150));
}

TEST_CASE("whatever a graph of windows says, it is run, loaded or refused") {
  st::Random random(1);
  const auto lif = [] { return st::Leaky<double>({.beta = .5, .reset_delay = false}); };
  st::Sequential net{st::Conv2d<double>({1, 4, 4}, 2, 3, random, {.padding = 1}),
                     lif(),
                     st::SumPool2d<double>({2, 4, 4}, 2),
                     st::AvgPool2d<double>({2, 2, 2}, 2),
                     st::Conv1d<double>({.channels = 2, .width = 1}, 1, 3, random, {.padding = 1}),
                     lif()};
  int ran = 0, loaded = 0;
  for_each_seed(300, [&](Damage& damage) {
    st::NirGraph graph = images();
    for (std::size_t changes = damage.below(3); changes > 0; --changes) change(damage, graph.node);
    ran += accepted("NirNetwork", [&] {
      const st::NirNetwork<double> runs(graph);
      auto state = runs.state(2);
      runs(st::Sequence<double>(5, 2, runs.in_features()), state);
    });
    loaded += accepted("load_nir", [&] { st::load_nir(net, graph); });
  });
  INFO(ran << " run, " << loaded << " loaded");
  if (from_environment("SPIKETAPE_READERS_CASES", 300) >= 300) CHECK((ran > 90 && loaded > 90));
}

}  // namespace nir_damaged_test
