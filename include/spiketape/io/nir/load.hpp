// What a NIR graph says to the layers of a network, as named tensors; see nir_layers.hpp.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/utf8.hpp>
#include <spiketape/io/network_state.hpp>
#include <spiketape/io/nir/chain.hpp>
#include <spiketape/io/nir/window.hpp>
#include <spiketape/io/safetensors.hpp>
#include <spiketape/io/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A layer of a network without its type: its arrays as files hold them, by the names they have in the layer,
/// and the coefficients of a neuron as its step uses them, or of a batch norm in evaluation.
struct NirLayer {
  LayerFacts facts;
  std::map<std::string, Tensor, std::less<>> arrays{};
  std::map<std::string, std::vector<double>, std::less<>> coefficients{};
  std::optional<SlidingWindow> window{};  // of a convolution or pool
  Index channels = 0, groups = 1;         // that it sends
  bool counts_padding = true;

  bool convolves() const { return is("Conv1d") || is("Conv2d"); }
  bool pools() const { return is("SumPool2d") || is("AvgPool2d"); }
  /// Whether it passes on what comes, in evaluation.
  bool passes() const { return is("Flatten") || is("Dropout"); }
  /// Where its windows lie, if it is a convolution or pool.
  NirWindow windows() const { return {*window, channels, groups, is("Conv1d") ? 1 : 2}; }
  bool is(std::string_view type) const { return facts.type == "spiketape::" + std::string(type); }
  bool has(std::string_view array) const { return arrays.contains(array); }
  std::string text() const {
    return text_of("layer '", facts.path, "', a ",
                   facts.type.starts_with("spiketape::") ? "" : "layer of type ", facts.type);
  }
};

inline Tensor nir_numbers(std::string name, std::vector<Index> shape, const std::vector<double>& numbers) {
  Tensor tensor{std::move(name), DType::F64, std::move(shape), {}};
  for (const double number : numbers) append_number_bytes(tensor.bytes, number);
  return tensor;
}

/// Matches the nodes of a chain with the layers of a network, in order.
class NirLoader {
 public:
  NirLoader(const NirRules& rules, const std::vector<NirLayer>& layers) : rules_(&rules), layers_(&layers) {}

  Safetensors contents(const NirFlat& flat) {
    for (const NirChainNode& link : nir_chain(*rules_, flat)) {
      const std::string_view type = link.values.type().name;
      if (type == "Scale") {
        scale(link);
      } else if (type == "Affine" || type == "Linear" || is_nir_convolution(type)) {
        finish_product();
        product(link);
      } else if (is_nir_pool(type)) {
        finish_product();
        pool(link);
      } else if (link.values.type().neuron) {
        neuron(link);
        finish_product();
      } else {
        link.values.fail("is no layer of a network; NirNetwork runs it");
      }
    }
    finish_product();
    if (!scale_.empty())
      rules_->fail("node '", shown(scaled_), "', a Scale, has no product that takes its factors");
    if (has_next()) rules_->fail((*layers_)[next_].text(), ", has no node: the graph ends before it");
    return std::move(contents_);
  }

 private:
  using Numbers = std::vector<double>;

  /// Whether there is a layer that needs a node; it is layer next_.
  bool has_next() {
    while (next_ < layers_->size() && (*layers_)[next_].passes()) ++next_;
    return next_ < layers_->size();
  }
  const NirLayer& layer_for(const NirChainNode& link) {
    if (!has_next())
      link.values.fail("has no layer: the network has ", layers_->size(), " and ends before it");
    return (*layers_)[next_++];
  }
  [[noreturn]] void mismatch(const NirLayer& layer, const NirChainNode& link, const char* expected) const {
    rules_->fail(layer.text(), ", stands where the graph has node '", shown(link.node->path), "', a ",
                 shown(link.node->node->type), ", expected ", expected);
  }
  void add(const NirLayer& layer, const char* name, std::vector<Index> shape, const Numbers& numbers) {
    contents_.tensors.push_back(nir_numbers(layer.facts.named(name), std::move(shape), numbers));
  }
  /// One number if all are the same, so that a coefficient that all neurons share stays one.
  void add_row(const NirLayer& layer, const char* name, const Numbers& numbers) {
    const bool one =
        std::adjacent_find(numbers.begin(), numbers.end(), std::not_equal_to<>()) == numbers.end();
    if (one)
      add(layer, name, {}, {numbers[0]});
    else
      add(layer, name, {static_cast<Index>(numbers.size())}, numbers);
  }
  /// factors[k], or the one for all; fails if they are not as many as expected.
  void check_count(const NirValues& values, const Numbers& factors, std::size_t expected) const {
    if (factors.size() != 1 && factors.size() != expected)
      values.fail("has ", factors.size(), " features, its neighbour ", expected);
  }
  static double at(const Numbers& numbers, std::size_t k) { return numbers[numbers.size() == 1 ? 0 : k]; }

  /// The windows of a node, which must be those of the layer.
  NirWindow window_for(const NirLayer& layer, const NirChainNode& link) const {
    const NirWindow ours = layer.windows(), theirs = nir_window(link.values, ours.in_shape());
    const auto check = [&](const char* what, Index SlidingAxis::*member) {
      const Size2d own(ours.window.rows.*member, ours.window.cols.*member),
          other(theirs.window.rows.*member, theirs.window.cols.*member);
      if (own != other)
        rules_->fail(layer.text(), ", has a ", what, " of ", own, ", node '", shown(link.node->path), "' of ",
                     other);
    };
    check("kernel_size", &SlidingAxis::window);
    check("stride", &SlidingAxis::stride);
    check("padding", &SlidingAxis::padding);
    check("dilation", &SlidingAxis::dilation);
    if (ours.groups != theirs.groups)
      rules_->fail(layer.text(), ", has ", ours.groups, " groups, node '", shown(link.node->path), "' ",
                   theirs.groups);
    return theirs;
  }

  void product(const NirChainNode& link) {
    const NirLayer& layer = layer_for(link);
    const std::string_view type = link.values.type().name;
    const bool convolves = is_nir_convolution(type);
    if (!layer.is(convolves ? type : "Linear"))
      mismatch(layer, link,
               !convolves         ? "a spiketape::Linear"
               : type == "Conv1d" ? "a spiketape::Conv1d"
                                  : "a spiketape::Conv2d");
    product_ = &layer;
    weight_shape_ = link.values.find("weight")->shape;
    places_ = 1;
    std::optional<NirWindow> window;
    if (convolves) {
      window = window_for(layer, link);
      places_ = static_cast<std::size_t>(window->window.out_plane());
    } else {
      static_cast<void>(link.values.weight_shape());
    }
    weight_ = link.values.numbers("weight", NirAllowed::any);
    out_ = static_cast<std::size_t>(weight_shape_[0]);
    bias_ = bias_of(link.values, out_);
    if (scale_.empty()) return;
    const std::size_t in = weight_.size() / out_;
    if (!window) {
      check_count(link.values, scale_, in);
      for (std::size_t k = 0; k < weight_.size(); ++k) weight_[k] *= at(scale_, k % in);
    } else {
      const auto planes = static_cast<std::size_t>(window->window.planes),
                 groups = static_cast<std::size_t>(window->groups);
      const Numbers factors =
          by_channel(link.values, scale_, planes, static_cast<std::size_t>(window->window.in_plane()));
      const std::size_t size = static_cast<std::size_t>(window->window.size());
      for (std::size_t k = 0; k < weight_.size(); ++k)
        weight_[k] *= at(factors, k / in / (out_ / groups) * (planes / groups) + k % in / size);
    }
    scale_.clear();
  }
  void pool(const NirChainNode& link) {
    const NirLayer& layer = layer_for(link);
    const std::string_view type = link.values.type().name;
    if (!layer.is(type))
      mismatch(layer, link, type == "SumPool2d" ? "a spiketape::SumPool2d" : "a spiketape::AvgPool2d");
    if (!scale_.empty())
      link.values.fail("comes behind '", shown(scaled_), "', a Scale, whose factors it cannot take");
    static_cast<void>(window_for(layer, link));
    if (!layer.counts_padding && has_padding(*layer.window))
      rules_->fail(layer.text(), ", has count_include_pad = false, node '", shown(link.node->path),
                   "' counts padding");
  }
  static bool has_padding(const SlidingWindow& window) {
    return window.rows.padding > 0 || window.cols.padding > 0;
  }
  /// A factor for each channel, or the one for all, from one for each feature; fails if they differ in a
  /// channel.
  Numbers by_channel(const NirValues& values, const Numbers& factors, std::size_t channels,
                     std::size_t places) const {
    check_count(values, factors, channels * places);
    if (factors.size() == 1) return factors;
    Numbers result;
    for (std::size_t k = 0; k < factors.size(); ++k) {
      if (k % places == 0) result.push_back(factors[k]);
      if (factors[k] != result.back())
        values.fail("scales or moves neurons of a channel by different numbers, ", result.back(), " and ",
                    factors[k], ", which a convolution cannot");
    }
    return result;
  }
  static Numbers bias_of(const NirValues& values, std::size_t out) {
    Numbers bias = values.numbers("bias", NirAllowed::any, 0);
    if (values.find("bias") != nullptr && bias.size() != out)
      values.fail("has ", bias.size(), " numbers of bias, expected ", out);
    if (bias.size() == 1) bias.assign(out, bias[0]);
    return bias;
  }
  void scale(const NirChainNode& link) {
    const Numbers factors = link.values.numbers("scale", NirAllowed::number);
    if (product_ != nullptr) {
      scale_rows(weight_, bias_, by_channel(link.values, factors, out_, places_));
      return;
    }
    if (scale_.size() < factors.size()) scale_.resize(factors.size(), scale_.empty() ? 1 : scale_[0]);
    check_count(link.values, factors, scale_.size());
    for (std::size_t k = 0; k < scale_.size(); ++k) scale_[k] *= at(factors, k);
    scaled_ = link.node->path;
  }
  static void scale_rows(Numbers& weight, Numbers& bias, const Numbers& factors) {
    const std::size_t in = weight.size() / bias.size();
    for (std::size_t k = 0; k < weight.size(); ++k) weight[k] *= at(factors, k / in);
    for (std::size_t k = 0; k < bias.size(); ++k) bias[k] *= at(factors, k);
  }
  void finish_product() {
    if (product_ == nullptr) return;
    add(*product_, "weight", weight_shape_, weight_);
    if (product_->has("bias"))
      add(*product_, "bias", {static_cast<Index>(out_)}, bias_);
    else if (std::any_of(bias_.begin(), bias_.end(), [](double number) { return number != 0; }))
      rules_->fail(
          product_->text(),
          ", has no bias, which the graph needs there: the bias of an Affine, or v_leak of the neuron "
          "behind it");
    product_ = nullptr;
  }

  void neuron(const NirChainNode& link) {
    const NirLayer& layer = layer_for(link);
    NirCoefficients c(*rules_, link);
    const bool current = link.values.type().has_current, fires = link.values.type().fires;
    const bool recurrent = layer.is("RLeaky") || layer.is("RSynaptic"), circuit = layer.is("Lapicque");
    const bool fits = !fires ? !current && layer.is("Integrator")
                      : current
                          ? layer.is(link.recurrent ? "RSynaptic" : "Synaptic")
                          : layer.is(link.recurrent ? "RLeaky" : "Leaky") || (circuit && !link.recurrent);
    if (!fits)
      mismatch(layer, link,
               !fires           ? (current ? "no layer: there is none" : "a spiketape::Integrator")
               : link.recurrent ? (current ? "a spiketape::RSynaptic" : "a spiketape::RLeaky")
               : current        ? "a spiketape::Synaptic"
                                : "a spiketape::Leaky or Lapicque");
    if (!fires && has_next())
      rules_->fail(layer.text(), ", is not the last layer and sends nothing, node '", shown(link.node->path),
                   "' sends its membrane");
    if (!scale_.empty()) {
      if (c.gain.size() == 1) c.gain.assign(scale_.size(), c.gain[0]);
      check_count(link.values, scale_, c.gain.size());
      for (std::size_t k = 0; k < c.gain.size(); ++k) c.gain[k] *= at(scale_, k);
      scale_.clear();
    }
    if (circuit) add_circuit(layer, c);
    if (recurrent) add_recurrence(layer, link, c.gain);
    take_current(link, circuit ? Numbers{1} : c.gain, c.leak);
    if (current) add_row(layer, "alpha", c.alpha);
    if (!circuit) add_row(layer, "beta", c.beta);
    add(layer, "graded_spikes_factor", {}, {1});
    add_row(layer, "threshold", fires ? c.threshold : Numbers{HUGE_VAL});
    say_options(layer, link, fires);
  }

  /// Puts the scale of the input and v_leak into the product before the neuron.
  void take_current(const NirChainNode& link, const Numbers& gain, const Numbers& leak) {
    if (product_ != nullptr) {
      scale_rows(weight_, bias_, by_channel(link.values, gain, out_, places_));
      const Numbers currents = by_channel(link.values, leak, out_, places_);
      for (std::size_t k = 0; k < out_; ++k) bias_[k] += at(currents, k);
      return;
    }
    constexpr double rounding = 1e-6;  // of r in float
    for (const double factor : gain)
      if (std::abs(factor - 1) > rounding)
        link.values.fail("scales its input by ", factor, ", and no product before it could take that factor");
    for (const double number : leak)
      if (number != 0) link.values.fail("has a v_leak, and no product before it could take that current");
  }

  void add_recurrence(const NirLayer& layer, const NirChainNode& link, const Numbers& gain) {
    const NirValues values(*rules_, *link.recurrent);
    const auto [out, in] = values.weight_shape();
    if (out != in) values.fail("has a weight of (", out, ", ", in, ") and leads from a neuron to itself");
    const auto count = static_cast<std::size_t>(out);
    Numbers weight = values.numbers("weight", NirAllowed::any), bias = bias_of(values, count);
    check_count(values, gain, count);
    scale_rows(weight, bias, gain);
    if (!layer.has("V")) {
      add(layer, "recurrent.weight", {out, in}, weight);
      add(layer, "recurrent.bias", {out}, bias);
      return;
    }
    Numbers diagonal;
    for (std::size_t k = 0; k < weight.size(); ++k) {
      if (k % (count + 1) == 0)
        diagonal.push_back(weight[k]);
      else if (weight[k] != 0)
        values.fail("has a weight from neuron ", k % count, " to ", k / count, "; ", layer.text(),
                    ", has all_to_all = false");
    }
    if (std::any_of(bias.begin(), bias.end(), [](double number) { return number != 0; }))
      values.fail("has a bias; ", layer.text(), ", has all_to_all = false");
    add_row(layer, "V", diagonal);
  }

  /// Lapicque's C and R: T/C is the gain, and R follows from C and β.
  void add_circuit(const NirLayer& layer, const NirCoefficients& c) {
    const double step = to_array<double>(layer.arrays.find("time_step")->second)(0, 0);
    const bool exact = layer.facts.option("snntorch_exact") == "true";
    Numbers beta, capacitance, resistance;
    for (std::size_t k = 0; k < std::max(c.beta.size(), c.gain.size()); ++k) {
      const double log_beta = exact ? at(c.beta, k) - 1 : std::log(at(c.beta, k));
      beta.push_back(exact ? std::exp(log_beta) : at(c.beta, k));
      capacitance.push_back(step / at(c.gain, k));
      resistance.push_back(at(c.gain, k) / -log_beta);
    }
    add_row(layer, "beta", beta);
    add_row(layer, "C", capacitance);
    add_row(layer, "R", resistance);
    add(layer, "time_step", {}, {step});
  }

  /// What load_state_dict compares with the network.
  void say_options(const NirLayer& layer, const NirChainNode& link, bool fires) {
    const auto say = [&](const char* option, std::string value) {
      contents_.metadata[layer.facts.named(option)] = std::move(value);
    };
    say("state_quant", "quant::None");
    say("inhibition", "false");
    if (!fires) return;
    const NirReset reset = rules_->need_reset(link.node->path);
    const std::string_view ours = layer.facts.option("reset_mechanism");
    const bool zero = reset == NirReset::zero || reset == NirReset::zero_before_input;
    if (zero && !rules_->reset_delay && (ours == "reset::Zero" || ours == "reset::ZeroBeforeInput"))
      say("reset_mechanism", std::string(ours));  // the same within the step
    else
      say("reset_mechanism", reset == NirReset::subtract ? "reset::Subtract"
                             : reset == NirReset::none   ? "reset::None"
                             : reset == NirReset::zero   ? "reset::Zero"
                                                         : "reset::ZeroBeforeInput");
    say("reset_delay", option_text(rules_->reset_delay));
    if (!rules_->reset_delay) say("snntorch_exact", "false");
  }

  const NirRules* rules_;
  const std::vector<NirLayer>* layers_;
  std::size_t next_ = 0;
  Safetensors contents_;
  // The product before the node that is read, and factors of a Scale before that has no product yet.
  const NirLayer* product_ = nullptr;
  std::size_t out_ = 0, places_ = 1;  // its channels, and the places of each
  std::vector<Index> weight_shape_;
  Numbers weight_, bias_, scale_;
  std::string scaled_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
