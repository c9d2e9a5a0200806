// A network of layers as a NIR graph; see nir_layers.hpp.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/utf8.hpp>
#include <spiketape/io/nir/load.hpp>
#include <spiketape/io/nir/options.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Makes the nodes of layers, in order.
class NirSaver {
 public:
  NirSaver(const NirOptions& options, const std::vector<NirLayer>& layers)
      : options_(&options), layers_(&layers) {}

  NirGraph graph() {
    NirGraph result;
    for (const NirLayer& layer : *layers_)
      if (!layer.is("Linear") && !layer.convolves() && !layer.pools() && !layer.passes() && !is_norm(layer) &&
          !layer.facts.is_neuron())
        fail_unknown(layer);
    shape_ = first_shape();
    const auto unused = [&](std::string name) {
      while (std::any_of(layers_->begin(), layers_->end(),
                         [&](const auto& one) { return name_of(one) == name; }))
        name += '_';
      return name;
    };
    const std::string input = unused("input"), output = unused("output");
    std::vector<NirNode> nodes = {port(input, "Input")};
    for (const NirLayer& layer : *layers_) {
      if (layer.is("Linear") && shape_.size() > 1) nodes.push_back(flatten(unused("flatten")));
      if (is_norm(layer))
        fold(layer, nodes.back());
      else if (!layer.is("Dropout"))  // which does nothing in evaluation
        nodes.push_back(layer.is("Linear")                   ? product(layer)
                        : layer.is("Flatten")                ? flatten(name_of(layer))
                        : layer.convolves() || layer.pools() ? windows(layer)
                                                             : neuron(layer, &layer == &layers_->back()));
    }
    nodes.push_back(port(output, "Output"));
    for (std::size_t k = 1; k < nodes.size(); ++k)
      result.node.edges.emplace_back(nodes[k - 1].name, nodes[k].name);
    result.node.nodes = std::move(nodes);
    std::sort(result.node.nodes.begin(), result.node.nodes.end(),
              [](const NirNode& a, const NirNode& b) { return a.name < b.name; });
    result.node.groups.push_back(metadata());
    if (const std::string fault = nir_fault(result); !fault.empty()) fail(fault);
    return result;
  }

 private:
  using Numbers = std::vector<double>;

  template <typename... Parts>
  [[noreturn]] static void fail(const Parts&... parts) {
    fail_argument("spiketape::to_nir: ", parts...);
  }
  [[noreturn]] static void fail_unknown(const NirLayer& layer) {
    fail(layer.text(),
         ", is none that NIR has: expected a Linear, Conv1d, Conv2d, SumPool2d, AvgPool2d, Flatten, Dropout, "
         "batch norm, Leaky, Synaptic, RLeaky, RSynaptic, Lapicque or Integrator");
  }
  static bool is_norm(const NirLayer& layer) { return layer.is("BatchNorm1d") || layer.is("BatchNorm2d"); }
  static std::string name_of(const NirLayer& layer) {
    return layer.facts.path.empty() ? "layer" : layer.facts.path;
  }

  /// The shape of the input: that of the first product or pool. Neurons keep it, so else what they say.
  std::vector<Index> first_shape() const {
    for (const NirLayer& layer : *layers_) {
      if (layer.is("Linear")) return {layer.arrays.find("weight")->second.shape[1]};
      if (layer.window) return layer.windows().in_shape();
    }
    for (const NirLayer& layer : *layers_) {
      if (layer.has("recurrent.weight")) return {layer.arrays.find("recurrent.weight")->second.shape[0]};
      if (!layer.facts.is_neuron()) continue;
      for (const auto& [name, values] : layer.coefficients)
        if (values.size() > 1) return {static_cast<Index>(values.size())};
    }
    fail("no layer says how many features it has: expected a Linear, or a coefficient for each neuron");
  }
  Index features() const {
    Index product = 1;
    for (const Index extent : shape_) product *= extent;
    return product;
  }
  static Tensor whole_numbers(std::string name, const std::vector<Index>& numbers, bool one = false) {
    Tensor tensor{std::move(name), DType::I64, {}, {}};
    if (!one) tensor.shape = {static_cast<Index>(numbers.size())};
    for (const Index number : numbers) append_little_endian(tensor.bytes, static_cast<std::uint64_t>(number));
    return tensor;
  }
  NirNode port(std::string name, std::string type) const {
    return {std::move(name), std::move(type), {whole_numbers("shape", shape_)}, {}, {}, {}, {}};
  }
  NirNode flatten(std::string name) {
    NirNode node{std::move(name),
                 "Flatten",
                 {whole_numbers("end_dim", {-1}, true), whole_numbers("input_type", shape_),
                  whole_numbers("start_dim", {0}, true)},
                 {},
                 {},
                 {},
                 {}};
    shape_ = {features()};
    return node;
  }

  /// A convolution or pool.
  NirNode windows(const NirLayer& layer) {
    const NirWindow of = layer.windows();
    const std::vector<Index> comes = of.in_shape();
    if (comes != shape_)
      fail(layer.text(), ", takes images of shape ", shape_text(comes), ", what comes to it has ",
           shape_text(shape_), ": NIR has no node between them");
    NirNode node{
        name_of(layer), layer.facts.type.substr(std::string_view("spiketape::").size()), {}, {}, {}, {}, {}};
    const SlidingWindow& window = of.window;
    const auto add_sizes = [&](const char* name, Index height, Index width) {
      node.parameters.push_back(
          whole_numbers(name, of.rank == 1 ? std::vector{width} : std::vector{height, width}, of.rank == 1));
    };
    const auto add_size = [&](const char* name, Index SlidingAxis::*member) {
      add_sizes(name, window.rows.*member, window.cols.*member);
    };
    if (layer.pools()) {
      if (!layer.counts_padding && (window.rows.padding > 0 || window.cols.padding > 0))
        fail(layer.text(), ", has count_include_pad = false, which NIR does not have");
      add_size("kernel_size", &SlidingAxis::window);
      add_size("padding", &SlidingAxis::padding);
      add_size("stride", &SlidingAxis::stride);
    } else {
      const Tensor& weight = layer.arrays.find("weight")->second;
      node.parameters.push_back(
          layer.has("bias") ? layer.arrays.find("bias")->second
                            : nir_numbers("bias", {of.out}, Numbers(static_cast<std::size_t>(of.out), 0)));
      node.parameters.back().name = "bias";
      add_size("dilation", &SlidingAxis::dilation);
      node.parameters.push_back(whole_numbers("groups", {of.groups}, true));
      add_sizes("input_shape", window.rows.in, window.cols.in);
      add_size("padding", &SlidingAxis::padding);
      add_size("stride", &SlidingAxis::stride);
      node.parameters.push_back(weight);
      node.parameters.back().name = "weight";
    }
    shape_ = of.out_shape();
    return node;
  }

  /// Puts a batch norm into the product before it.
  static void fold(const NirLayer& layer, NirNode& before) {
    const Numbers &scale = layer.coefficients.find("scale")->second,
                  &shift = layer.coefficients.find("shift")->second;
    const Tensor* weight = before.find("weight");
    if (weight == nullptr || weight->shape[0] != static_cast<Index>(scale.size()))
      fail(layer.text(), ", is none that NIR has: expected it right behind a Linear or a convolution of ",
           scale.size(), " outputs, whose weights take it");
    Numbers weights, biases = shift;
    const std::size_t count = number_count(*weight);
    for (std::size_t k = 0; k < count; ++k)
      weights.push_back(number_at(*weight, k) * scale[k / (count / scale.size())]);
    if (const Tensor* bias = before.find("bias"))
      for (std::size_t k = 0; k < biases.size(); ++k) biases[k] += number_at(*bias, k) * scale[k];
    const std::vector<Index> shape = weight->shape;
    std::erase_if(before.parameters, [](const Tensor& t) { return t.name == "weight" || t.name == "bias"; });
    before.parameters.push_back(nir_numbers("weight", shape, weights));
    before.parameters.insert(before.parameters.begin(), nir_numbers("bias", {shape[0]}, biases));
    if (before.type == "Linear") before.type = "Affine";
  }

  NirNode product(const NirLayer& layer) {
    return product(name_of(layer), layer.arrays.find("weight")->second,
                   layer.has("bias") ? &layer.arrays.find("bias")->second : nullptr);
  }
  NirNode product(std::string name, const Tensor& weight, const Tensor* bias) {
    NirNode node{std::move(name), bias == nullptr ? "Linear" : "Affine", {}, {}, {}, {}, {}};
    if (bias != nullptr) {
      node.parameters.push_back(*bias);
      node.parameters.back().name = "bias";
    }
    node.parameters.push_back(weight);
    node.parameters.back().name = "weight";
    shape_ = {weight.shape[0]};
    return node;
  }

  /// A row of a number for each neuron.
  Numbers row(const NirLayer& layer, std::string_view name) const {
    Numbers values = layer.coefficients.find(name)->second;
    if (values.size() == 1) values.assign(static_cast<std::size_t>(features()), values[0]);
    return values;
  }
  void add(NirNode& node, const char* name, const Numbers& values) const {
    node.parameters.push_back(nir_numbers(name, shape_, values));
  }
  double dt(const NirLayer& layer) const {
    if (!options_->dt) fail(layer.text(), ", needs the option dt, the time of a step");
    if (!is_finite(*options_->dt) || !(*options_->dt > 0))
      fail("dt is ", is_nan(*options_->dt) ? std::string("NaN") : text_of(*options_->dt),
           ", expected a finite number more than 0");
    return *options_->dt;
  }
  /// τ of decays, or none if all are 1.
  Numbers times(const NirLayer& layer, std::string_view name, bool clamp) const {
    Numbers values = row(layer, name);
    std::size_t ones = 0;
    for (double& decay : values) {
      if (clamp) decay = std::clamp(decay, 0.0, 1.0);
      if (!(decay >= 0 && decay <= 1))
        fail(layer.text(), ", has a decay of ", decay, ", which NIR does not have: expected one from 0 to 1");
      ones += decay == 1 ? 1 : 0;
    }
    if (ones == values.size()) return {};
    if (ones > 0)
      fail(layer.text(), ", has neurons with ", name,
           " = 1 and others, which no node of NIR has: its tau would be "
           "infinite");
    for (double& decay : values) decay = dt(layer) / (1 - decay);
    return values;
  }

  NirNode neuron(const NirLayer& layer, bool last) {
    const bool circuit = layer.is("Lapicque"), recurrent = layer.is("RLeaky") || layer.is("RSynaptic");
    const bool current = layer.is("Synaptic") || layer.is("RSynaptic"), reads_out = layer.is("Integrator");
    if (!circuit && !recurrent && !current && !reads_out && !layer.is("Leaky"))
      fail_unknown(layer);
    check_options(layer, reads_out);
    if (reads_out && !last)
      fail(layer.text(), ", is not the last layer: it sends nothing, NIR's LI its membrane");
    NirNode node{name_of(layer), "", {}, {}, {}, {}, {}};
    const Numbers tau = times(layer, circuit ? "decay" : "beta", !circuit);
    Numbers gain = circuit ? row(layer, "gain") : Numbers(static_cast<std::size_t>(features()), 1);
    if (current) {
      const Numbers tau_syn = times(layer, "alpha", true);
      if (tau.empty() || tau_syn.empty())
        fail(layer.text(), ", has an alpha or beta of 1, whose tau in NIR would be infinite");
      node.type = "CubaLIF";
      Numbers w_in;
      for (std::size_t k = 0; k < tau.size(); ++k) {
        gain[k] = tau[k] / dt(layer);
        w_in.push_back(tau_syn[k] / dt(layer));
      }
      add(node, "r", gain);
      add(node, "tau_mem", tau);
      add(node, "tau_syn", tau_syn);
      add(node, "w_in", w_in);
    } else {
      node.type = tau.empty() ? (reads_out ? "I" : "IF") : (reads_out ? "LI" : "LIF");
      if (tau.empty() && options_->if_takes_dt)
        for (double& factor : gain) factor /= dt(layer);
      for (std::size_t k = 0; k < tau.size(); ++k) gain[k] *= tau[k] / dt(layer);
      add(node, "r", gain);
      if (!tau.empty()) add(node, "tau", tau);
    }
    const Numbers zeros(static_cast<std::size_t>(features()), 0);
    if (!tau.empty()) add(node, "v_leak", zeros);
    if (!reads_out) {
      add(node, "v_reset", zeros);
      add(node, "v_threshold", row(layer, "threshold"));
    }
    std::sort(node.parameters.begin(), node.parameters.end(),
              [](const Tensor& a, const Tensor& b) { return a.name < b.name; });
    return recurrent ? loop(layer, std::move(node)) : node;
  }

  /// A graph in which a neuron acts on itself, as snnTorch writes it.
  NirNode loop(const NirLayer& layer, NirNode neuron) {
    NirNode graph{neuron.name, "NIRGraph", {}, {}, {}, {}, {}};
    neuron.name = "lif";
    NirNode weight;
    if (layer.has("recurrent.weight")) {
      if (layer.arrays.find("recurrent.weight")->second.shape.size() != 2)
        fail(layer.text(),
             ", has a recurrence through a convolution, expected one of a matrix or of each neuron "
             "to itself");
      weight = product("w_rec", layer.arrays.find("recurrent.weight")->second,
                       &layer.arrays.find("recurrent.bias")->second);
    } else {
      const Numbers v = row(layer, "V");
      Numbers diagonal(v.size() * v.size(), 0);
      for (std::size_t k = 0; k < v.size(); ++k) diagonal[k * (v.size() + 1)] = v[k];
      weight = product("w_rec", nir_numbers("weight", {features(), features()}, diagonal), nullptr);
    }
    graph.nodes = {port("input", "Input"), std::move(neuron), port("output", "Output"), std::move(weight)};
    graph.edges = {{"input", "lif"}, {"lif", "output"}, {"lif", "w_rec"}, {"w_rec", "lif"}};
    return graph;
  }

  /// Refuses what would be lost, and takes the reset, which is that of all neurons.
  void check_options(const NirLayer& layer, bool reads_out) {
    const auto expect = [&](const char* option, std::string_view expected) {
      const std::string_view value = layer.facts.option(option);
      if (value != expected)
        fail(layer.text(), ", has ", option, " = ", value, ", which NIR does not have, expected ", expected);
    };
    expect("state_quant", "quant::None");
    expect("inhibition", "false");
    for (const double factor : layer.coefficients.find("graded_spikes_factor")->second)
      if (factor != 1)
        fail(layer.text(), ", has a graded_spikes_factor of ", factor,
             ", which NIR does not have, expected 1");
    if (reads_out) return;
    const bool delayed = layer.facts.option("reset_delay") == "true";
    if (!delayed) expect("snntorch_exact", "false");
    const std::string_view name = layer.facts.option("reset_mechanism");
    if (name != "reset::Subtract" && name != "reset::Zero" && name != "reset::ZeroBeforeInput" &&
        name != "reset::None")
      fail(layer.text(), ", has ", name, ", which NIR does not have");
    const NirReset reset = name == "reset::Subtract"           ? NirReset::subtract
                           : name == "reset::None"             ? NirReset::none
                           : name == "reset::Zero" || !delayed ? NirReset::zero
                                                               : NirReset::zero_before_input;
    if (resets_ && (*reset_ != reset || delayed_ != delayed))
      fail(layer.text(), ", has ", name, " with reset_delay = ", option_text(delayed), ", ", resets_->text(),
           ", another: a graph has one reset");
    resets_ = &layer;
    reset_ = reset;
    delayed_ = delayed;
    if (options_->reset && *options_->reset != reset)
      fail("the option reset is ", nir_reset_name(*options_->reset), ", ", layer.text(), ", has ", name);
    if (options_->reset_delay && *options_->reset_delay != delayed)
      fail("the option reset_delay is ", option_text(*options_->reset_delay), ", that of ", layer.text(),
           ", is ", option_text(delayed));
  }

  NirGroup metadata() const {
    NirGroup group{"metadata", {}, {}, {}};
    if (options_->dt) group.numbers.push_back(nir_numbers(nir_dt_key, {}, {*options_->dt}));
    if (reset_) {
      group.numbers.push_back({nir_delay_key, DType::BOOL, {}, {static_cast<std::uint8_t>(delayed_)}});
      group.texts[nir_reset_key] = nir_reset_name(*reset_);
    }
    return group;
  }

  const NirOptions* options_;
  const std::vector<NirLayer>* layers_;
  std::vector<Index> shape_;  // of what is sent so far: an image, or a number of features
  const NirLayer* resets_ = nullptr;
  std::optional<NirReset> reset_;
  bool delayed_ = false;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
