// A network as a C file has it: its layers as data, without their types, and a call that runs each of them as
// the library does for one sample.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/core/parameters.hpp>
#include <spiketape/core/type_name.hpp>
#include <spiketape/io/c/margin.hpp>
#include <spiketape/io/c/text.hpp>
#include <spiketape/io/policy_text.hpp>
#include <spiketape/kernels/batch_norm.hpp>
#include <spiketape/kernels/sliding_window.hpp>
#include <spiketape/neuron/lif.hpp>
#include <spiketape/nn/leaves.hpp>
#include <spiketape/nn/linear.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

enum class CReset { none, subtract, zero, zero_before_input };
enum class CKind { dense, neuron, convolution, pool, norm };
/// What a pool does with a window: its largest number, or its sum divided by 1, its size, or what of it is
/// inside.
enum class CDivisor { max, one, window, inside };

/// A layer that computes in evaluation.
template <Real Scalar>
struct CLayer {
  std::string path;  // block.lif1
  std::string type;  // spiketape::Leaky
  std::string id;    // block_lif1
  CKind kind = CKind::dense;
  Index inputs = 0, outputs = 0;  // 0: not known before give_sizes

  Array<Scalar> weight;  // of a product or norm, or of a recurrence where all neurons act on all; else empty
  Row<Scalar> bias;      // empty: none
  Row<Scalar> mean;      // of a norm: y = (x − mean)·weight + bias
  std::optional<SlidingWindow> window;  // of a convolution or pool
  CDivisor divisor = CDivisor::max;

  std::vector<std::string> states;  // names; of neurons
  std::vector<std::pair<std::string, Row<Scalar>>> coefficients;
  CReset reset = CReset::subtract;
  bool delayed = true, inhibited = false, exact = false;
  bool recurrent = false;      // the neuron reads its last spike
  std::vector<Scalar> levels;  // of its quantizer; empty: none
  bool evenly_spaced = false;

  /// Runs the layer for a step of one sample from `state`. If `distance` is not null, it becomes the smaller
  /// of itself and the least distance between a membrane and its threshold, see least_distance.
  std::function<SequenceView<const Scalar>(const SequenceView<const Scalar>&, double* distance)> run;
  std::shared_ptr<State<Scalar>> state;

  [[nodiscard]] bool is_neuron() const { return kind == CKind::neuron; }
  /// Whether it adds the weights of inputs that are listed.
  [[nodiscard]] bool multiplies() const { return kind == CKind::dense || kind == CKind::convolution; }
  [[nodiscard]] bool all_to_all() const { return is_neuron() && weight.size() > 0; }
  [[nodiscard]] bool is(std::string_view name) const { return type == "spiketape::" + std::string(name); }
  [[nodiscard]] const Row<Scalar>& coefficient(std::string_view name) const {
    const auto at = std::find_if(coefficients.begin(), coefficients.end(),
                                 [&](const auto& named) { return named.first == name; });
    return at->second;
  }
  /// Whether any neuron can ever spike: not with infinite thresholds, as those of Integrator.
  [[nodiscard]] bool fires() const {
    const Row<Scalar>& threshold = coefficient("threshold");
    return std::any_of(threshold.begin(), threshold.end(),
                       [](Scalar level) { return level < std::numeric_limits<Scalar>::infinity(); });
  }
  /// What a spike sends on: 1, or g.
  [[nodiscard]] Row<Scalar> spike_value() const {
    return exact && inhibited ? Row<Scalar>::Constant(1, Scalar(1)).eval()
                              : coefficient("graded_spikes_factor");
  }
  [[nodiscard]] bool sends_ones() const {
    const Row<Scalar> value = spike_value();
    return std::all_of(value.begin(), value.end(), [](Scalar number) { return number == Scalar(1); });
  }
};

template <typename Policy, typename... Known>
inline constexpr bool is_one_of = (std::is_same_v<Policy, Known> || ...);

/// Fails in the name of a layer that C files cannot have.
template <typename... Parts>
[[noreturn]] void fail_layer(const std::string& path, const Parts&... parts) {
  fail_argument("spiketape::write_c: ", path.empty() ? "the network" : path, " ", parts...);
}

/// Collects what a neuron of the library is made of.
template <Real Scalar, typename Neuron>
void read_neuron(const Neuron& neuron, double margin, CLayer<Scalar>& layer) {
  using L = std::remove_cvref_t<Neuron>;
  const std::string& path = layer.path;
  layer.kind = CKind::neuron;
  layer.states.assign(L::Dynamics::state_names.begin(), L::Dynamics::state_names.end());
  layer.recurrent = L::recurrent;
  neuron.for_each_option([&]<typename Option>(std::string_view name, const Option& option) {
    using namespace std::string_view_literals;
    if constexpr (std::is_same_v<Option, bool>) {
      if (name == "reset_delay"sv) layer.delayed = option;
      if (name == "inhibition"sv) layer.inhibited = option;
      if (name == "snntorch_exact"sv) layer.exact = option;
    } else if (name == "reset_mechanism"sv) {
      if constexpr (std::is_same_v<Option, reset::None>)
        layer.reset = CReset::none;
      else if constexpr (std::is_same_v<Option, reset::Subtract>)
        layer.reset = CReset::subtract;
      else if constexpr (std::is_same_v<Option, reset::Zero>)
        layer.reset = CReset::zero;
      else if constexpr (std::is_same_v<Option, reset::ZeroBeforeInput>)
        layer.reset = CReset::zero_before_input;
      else
        fail_layer(path, "has the reset ", policy_name(compilers_name<Option>()), ", expected one of spiketape::reset");
    } else if (name == "state_quant"sv) {
      if constexpr (is_one_of<Option, quant::Uniform, quant::NonUniform>) {
        layer.levels = option.template levels<Scalar>();
        layer.evenly_spaced = std::is_same_v<Option, quant::Uniform>;
      } else if constexpr (!std::is_same_v<Option, quant::None>) {
        fail_layer(path, "has the quantizer ", policy_name(compilers_name<Option>()), ", expected one of spiketape::quant");
      }
    }
  });
  neuron.for_each_coefficient([&](std::string_view name, const Row<Scalar>& values) {
    layer.coefficients.emplace_back(name, values);
  });
  if constexpr (L::recurrent) {
    if (neuron.recurrent_convolution())
      fail_layer(
          path,
          "has a recurrence through a convolution, expected one of a matrix or of each neuron to itself");
    if (neuron.recurrent_weight().rows() > 0) {
      layer.weight = neuron.recurrent_weight().array();
      layer.bias = neuron.recurrent_bias().array().row(0);
    }
  }
  layer.run = [&neuron, margin, state = layer.state, quantized = !layer.levels.empty()](
                  const SequenceView<const Scalar>& input, double* distance) {
    if (distance != nullptr) {
      *distance = std::min(*distance, least_distance(neuron, input, *state));
      if (quantized && !keeps_levels(neuron, input, *state, margin)) *distance = 0;
    }
    return neuron(input, *state).spk;
  };
}

/// Collects what a layer on images is made of. Returns false for one that C files do not have.
template <Real Scalar, typename L>
bool read_image_layer(const L& leaf, CLayer<Scalar>& layer) {
  if constexpr (requires { leaf.window().planes; }) {
    layer.window = leaf.window();
    layer.inputs = leaf.in_shape().features();
    layer.outputs = leaf.out_shape().features();
    if constexpr (requires { leaf.groups(); }) {
      layer.kind = CKind::convolution;
      if (leaf.groups() != 1)
        fail_layer(layer.path, "is a ", layer.type, " of ", leaf.groups(), " groups, expected one");
      layer.weight = leaf.weight().array();
      if (leaf.has_bias()) layer.bias = leaf.bias().array().row(0);
      return layer.is("Conv2d") || layer.is("Conv1d");
    } else {
      layer.kind = CKind::pool;
      if constexpr (requires { leaf.count_include_pad(); })
        layer.divisor = leaf.count_include_pad() ? CDivisor::window : CDivisor::inside;
      else
        layer.divisor = layer.is("MaxPool2d") ? CDivisor::max : CDivisor::one;
      return layer.is("MaxPool2d") || layer.is("AvgPool2d") || layer.is("SumPool2d");
    }
  } else if constexpr (requires { leaf.running_var(); }) {
    layer.kind = CKind::norm;
    const auto row = [](const Parameter<Scalar>& parameter) -> Row<Scalar> {
      return parameter.array().row(0);
    };
    layer.mean = row(leaf.running_mean());
    layer.bias = row(leaf.bias());
    layer.weight = row(leaf.weight());
    for (Index c = 0; c < layer.bias.size(); ++c)
      layer.weight(0, c) *= inverse_deviation(leaf.running_var().array()(0, c), leaf.options().eps);
    return layer.is("BatchNorm1d") || layer.is("BatchNorm2d");
  } else {
    return false;
  }
}

/// Every number that a C file would have to hold is finite.
template <Real Scalar>
void check_finite(const CLayer<Scalar>& layer) {
  const auto check = [&](std::string_view name, const auto& numbers) {
    for (Index i = 0; i < numbers.size(); ++i)
      if (const Scalar number = numbers.data()[i]; !is_finite(number))
        fail_layer(layer.path, "has the ", name, " ", number_text(static_cast<double>(number)),
                   ", expected finite numbers");
  };
  check("weight", layer.weight);
  check("bias", layer.bias);
  check("mean", layer.mean);
  for (const auto& [name, values] : layer.coefficients)
    if (name != "threshold" || layer.fires()) check(name, values);
}

template <Real Scalar>
[[noreturn]] void fail_unknown_layer(const CLayer<Scalar>& layer) {
  fail_layer(
      layer.path, "is a ", layer.type,
      ", expected Linear, convolutions, pools, batch norms, Flatten, Dropout and neurons of the library");
}
/// Runs a layer without a state.
template <Real Scalar, typename L>
void run_leaf(const L& leaf, CLayer<Scalar>& layer) {
  layer.run = [&leaf, state = layer.state](const SequenceView<const Scalar>& input, double*) {
    return leaf(input, *state);
  };
}

/// Changes the id of a layer if the file has it for something else: a function of its own, another layer, or
/// a part of one, such as fc_bias.
template <Real Scalar>
void make_own_name(std::string& id, const std::vector<CLayer<Scalar>>& layers) {
  const auto part_of = [](const std::string& whole, const std::string& part) {
    return part.starts_with(whole + '_');
  };
  constexpr const char* taken[] = {"add_rows", "bn",        "conv",  "list", "pool",
                                   "reset",    "self_test", "state", "step"};
  const auto same = [&](const auto& other) { return other.id == id; };
  const auto related = [&](const auto& other) { return part_of(other.id, id) || part_of(id, other.id); };
  while (std::any_of(layers.begin(), layers.end(), same)) id += "x";
  while (std::find(std::begin(taken), std::end(taken), id) != std::end(taken) ||
         std::any_of(layers.begin(), layers.end(), related))
    id.insert(id.begin(), 'x');
}

/// The layers of a network, and their sizes as far as they say them; see give_sizes.
template <typename Network>
std::vector<CLayer<typename Network::Scalar>> c_layers(const Network& net, double margin) {
  using Scalar = typename Network::Scalar;
  check_not_moved_from(net);
  check_chain("write_c", net);
  std::vector<CLayer<Scalar>> layers;
  for_each_leaf(net, "", [&]<typename L>(const std::string& path, const L& leaf) {
    CLayer<Scalar> layer;
    layer.path = path;
    layer.type = type_name<L>();
    if (layer.is("Flatten") || layer.is("Dropout")) return;  // they pass on what comes
    layer.id = c_name_of(path);
    make_own_name(layer.id, layers);
    constexpr bool may_be_ours = requires {
      L::carried;
      leaf.state(1);
    };
    if constexpr (may_be_ours) layer.state = std::make_shared<State<Scalar>>(leaf.state(1));
    if constexpr (std::is_same_v<L, Linear<Scalar>>) {
      layer.inputs = leaf.in_features();
      layer.outputs = leaf.out_features();
      layer.weight = leaf.weight().array();
      if (leaf.has_bias()) layer.bias = leaf.bias().array().row(0);
      run_leaf(leaf, layer);
    } else if constexpr (
        requires { leaf.window().planes; } || requires { leaf.running_var(); }) {
      if (!read_image_layer(leaf, layer)) fail_unknown_layer(layer);
      run_leaf(leaf, layer);
    } else if constexpr (requires {
                           typename L::Dynamics;
                           leaf.for_each_coefficient(TakesAnything());
                         }) {
      constexpr std::array known = {"Leaky", "Lapicque", "Synaptic",  "Alpha",
                                    "Alif",  "RLeaky",   "RSynaptic", "Integrator"};
      if (std::none_of(known.begin(), known.end(), [&](const char* name) { return layer.is(name); }))
        fail_layer(path, "is a ", layer.type, ", which is no neuron of the library");
      read_neuron(leaf, margin, layer);
    } else {
      fail_unknown_layer(layer);
    }
    check_finite(layer);
    layers.push_back(std::move(layer));
  });
  if (layers.empty()) fail_argument("spiketape::write_c: the network has no layer that computes");
  return layers;
}

/// Gives layers that keep the number of features their size: what comes in, or for the first ones what
/// neurons or the first other layer say. `given` is the size of a recorded input, or 0.
template <Real Scalar>
void give_sizes(std::vector<CLayer<Scalar>>& layers, Index given) {
  Index width = given;
  for (std::size_t l = 0; l < layers.size() && width == 0; ++l) {
    width = layers[l].inputs;
    if (layers[l].all_to_all()) width = layers[l].weight.rows();
    for (const auto& [name, values] : layers[l].coefficients)
      if (values.size() > 1) width = values.size();
  }
  if (width == 0)
    fail_argument(
        "spiketape::write_c: the network does not say how many inputs it has, expected a self_test with "
        "them");
  for (CLayer<Scalar>& layer : layers) {
    if (layer.inputs == 0) layer.inputs = layer.outputs = width;
    if (layer.inputs != width)
      fail_layer(layer.path, "expects ", layer.inputs, " features, its input has ", width);
    width = layer.outputs;
    if (width == 0) fail_layer(layer.path, "has no features, expected at least 1");
    if (layer.kind == CKind::norm && width % layer.bias.size() != 0)
      fail_layer(layer.path, "has ", layer.bias.size(), " channels, its input ", width, " features");
  }
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
