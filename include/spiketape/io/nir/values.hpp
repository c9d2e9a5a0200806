// The parameters of a NIR node, checked.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/nir/flat.hpp>
#include <spiketape/io/nir/options.hpp>
#include <spiketape/io/tensor.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A type of node that is understood, and the names of its parameters; those behind a '?' may be left out.
struct NirType {
  std::string_view name, parameters;
  bool neuron = false, fires = false, has_current = false;  // current: a synaptic one
};
inline constexpr std::array<NirType, 18> nir_types = {
    {{"Input", "shape"},
     {"Output", "shape"},
     {"Affine", "weight bias"},
     {"Linear", "weight"},
     {"Scale", "scale"},
     {"Threshold", "threshold"},
     {"Flatten", "start_dim end_dim ?input_type"},
     {"Delay", "delay"},
     {"Conv1d", "weight bias stride padding dilation groups ?input_shape"},
     {"Conv2d", "weight bias stride padding dilation groups ?input_shape"},
     {"SumPool2d", "kernel_size stride padding"},
     {"AvgPool2d", "kernel_size stride padding"},
     {"LIF", "tau r v_leak v_threshold ?v_reset", true, true},
     {"LI", "tau r v_leak", true},
     {"IF", "r v_threshold ?v_reset", true, true},
     {"I", "r", true},
     {"CubaLIF", "tau_syn tau_mem r v_leak v_threshold ?v_reset ?w_in", true, true, true},
     {"CubaLI", "tau_syn tau_mem r v_leak ?w_in", true, false, true}}};

/// Numbers that a parameter takes.
enum class NirAllowed { any, number, finite, positive, not_negative };

/// A node, to take parameters from. Errors are in the name of `rules.function`.
class NirValues {
 public:
  NirValues(const NirRules& rules, const NirFlatNode& at) : rules_(&rules), at_(&at), type_(type_of()) {
    for (const Tensor& tensor : at.node->parameters) check_known(tensor.name);
    for (const auto& [name, text] : at.node->texts) check_known(name);
    std::string_view names = type_->parameters;
    while (!names.empty()) {
      const std::string_view name = names.substr(0, names.find(' '));
      names.remove_prefix(std::min(names.size(), name.size() + 1));
      if (name.front() != '?' && find(name) == nullptr && text(name) == nullptr) fail("has no ", name);
    }
  }

  const NirType& type() const { return *type_; }
  const Tensor* find(std::string_view name) const { return at_->node->find(name); }
  /// A parameter that is a text, or nullptr: only the padding of a convolution may be one.
  const std::string* text(std::string_view name) const {
    const auto at = at_->node->texts.find(std::string(name));
    return at == at_->node->texts.end() ? nullptr : &at->second;
  }
  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    rules_->fail("node '", shown(at_->path), "', a ", shown(at_->node->type), ", ", parts...);
  }
  /// The node and what reads it, for messages of others.
  std::string text_of_node() const {
    return text_of("spiketape::", rules_->function, ": node '", shown(at_->path), "', a ", type_->name);
  }

  /// The numbers of a parameter, row by row; if it is left out, `otherwise`.
  std::vector<double> numbers(std::string_view name, NirAllowed allowed, double otherwise = 0) const {
    const Tensor* tensor = find(name);
    if (tensor == nullptr) return {otherwise};
    check_bytes(rules_->function, *tensor);
    std::vector<double> values;
    values.reserve(number_count(*tensor));
    for (std::size_t i = 0; i < number_count(*tensor); ++i) {
      const double value = number_at(*tensor, i);
      if (const char* expected = refusal(value, allowed))
        fail("has a ", name, " of ", is_nan(value) ? std::string("NaN") : text_of(value), " at ",
             values.size(), ", expected ", expected);
      values.push_back(value);
    }
    if (values.empty()) fail("has a ", name, " without numbers, of shape ", shape_text(tensor->shape));
    return values;
  }

  /// (out, in) of the weight.
  std::array<Index, 2> weight_shape() const {
    const std::vector<Index>& shape = find("weight")->shape;
    if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1)
      fail("has a weight of shape ", shape_text(shape), ", expected (out, in), each at least 1");
    return {shape[0], shape[1]};
  }

  /// The product of the extents that a parameter lists.
  Index extent(std::string_view name) const {
    Index product = 1;
    for (const double value : numbers(name, NirAllowed::finite)) {
      if (!(value >= 1 && value == std::floor(value) &&
            value <= most_features / static_cast<double>(product)))
        fail("has a ", name, " with ", value,
             ", expected whole numbers of at least 1 whose product is at most ", most_features);
      product *= static_cast<Index>(value);
    }
    return product;
  }

  /// The number of features that the parameters named say, 1 if they are one number for all.
  Index width(std::string_view names) const {
    Index features = 1;
    std::string_view first;
    while (!names.empty()) {
      std::string_view name = names.substr(0, names.find(' '));
      names.remove_prefix(std::min(names.size(), name.size() + 1));
      if (name.front() == '?') name.remove_prefix(1);
      const Tensor* tensor = find(name);
      if (tensor == nullptr) continue;
      const auto count = static_cast<Index>(tensor->bytes.size() / size_of(tensor->type));
      if (count == 1) continue;
      if (features != 1 && features != count)
        fail("has ", count, " numbers of ", name, " and ", features, " of ", first,
             ", expected one or one for each neuron");
      features = count;
      first = name;
    }
    return features;
  }

  /// The dims of a Flatten, which only say how many features there are: a row is flat here. 1 if they do not.
  Index flatten_width() const {
    if (find("input_type") == nullptr) return 1;
    const auto rank = static_cast<double>(numbers("input_type", NirAllowed::finite).size());
    double dims[2] = {};
    for (std::size_t k = 0; k < 2; ++k) {
      const char* name = k == 0 ? "start_dim" : "end_dim";
      const double given = numbers(name, NirAllowed::finite).front();
      dims[k] = given < 0 ? given + rank : given;
      if (!(dims[k] >= 0 && dims[k] < rank))
        fail("has a ", name, " of ", given, ", its input has ", rank, " extents");
    }
    if (dims[0] > dims[1]) fail("has a start_dim behind its end_dim");
    return extent("input_type");
  }

  /// A sequence of more would take memory that no array of the file has taken.
  static constexpr Index most_features = 1 << 24;

 private:
  const NirType* type_of() const {
    std::string known;
    for (const NirType& type : nir_types) {
      if (type.name == at_->node->type) return &type;
      known += (known.empty() ? "" : ", ") + std::string(type.name);
    }
    rules_->fail("node '", shown(at_->path), "' is a '", shown(at_->node->type), "', expected one of ",
                 known);
  }
  void check_known(const std::string& name) const {
    std::string names = " " + std::string(type_->parameters) + ' ';
    std::replace(names.begin(), names.end(), '?', ' ');
    if (names.find(' ' + name + ' ') == std::string::npos)
      fail("has a parameter '", shown(name), "' that is not known, expected ", type_->parameters);
    const bool may_be_text = name == "padding" && type_->name.starts_with("Conv");
    if (at_->node->texts.contains(name) && !may_be_text) fail("has a text as ", name, ", expected numbers");
  }
  static const char* refusal(const double& value, NirAllowed allowed) {
    if (allowed == NirAllowed::any) return nullptr;
    if (is_nan(value)) return "a number";
    if (allowed == NirAllowed::number) return nullptr;
    if (!is_finite(value)) return "a finite number";
    if (allowed == NirAllowed::positive && !(value > 0)) return "a number more than 0";
    if (allowed == NirAllowed::not_negative && !(value >= 0)) return "a number of at least 0";
    return nullptr;
  }

  const NirRules* rules_;
  const NirFlatNode* at_;
  const NirType* type_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
