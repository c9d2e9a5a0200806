// Networks as files in PyTorch's and snnTorch's names and layouts:
//
//     st::save(net, "digits.safetensors");
//     st::load(net, "digits.safetensors");
//
//     # in Python
//     model.load_state_dict(safetensors.torch.load_file("digits.safetensors"))
//     safetensors.torch.save_file(model.state_dict(), "digits.safetensors")
//
// Weights are (out, in), a coefficient that all neurons share has no extent, the reset is
// reset_mechanism_val, and so on. What a state_dict does not hold, such as the delay of the reset and the
// surrogate, stands in the file's __metadata__: "lif1.reset_delay": "true". It is compared with the network
// if it is there.
//
// The metadata "spiketape.state_dict" is the version of these rules, 1. Later versions of the library read
// files of all earlier ones; a file of a later one is refused.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/load_report.hpp>
#include <spiketape/io/network_state.hpp>
#include <spiketape/io/safetensors.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

inline constexpr int state_dict_version = 1;
inline constexpr const char* version_key = "spiketape.state_dict";
inline constexpr const char* reset_key = "reset_mechanism_val";

/// The names of a neuron's hidden states, which some versions of snnTorch save.
inline bool is_hidden_state(std::string_view name) {
  constexpr std::array states = {"mem", "syn", "spk", "syn_exc", "syn_inh", "adapt"};
  return std::find(states.begin(), states.end(), name) != states.end();
}
/// snnTorch's numbers of these are often whole ones of Python.
inline bool whole_in_python(std::string_view name) {
  return name == "R" || name == "C" || name == "time_step";
}

/// The tensor of an entry as snnTorch has it.
template <Real Scalar>
Tensor state_dict_tensor(const StateEntry<Scalar>& entry, const LayerFacts& layer) {
  Tensor tensor = saved_tensor(entry);
  const std::string_view own = std::string_view(tensor.name).substr(layer.named("").size());
  if (layer.type == "spiketape::Lapicque" && whole_in_python(own) && tensor.shape.empty()) {
    const double number = to_array<double>(tensor)(0, 0);
    if (number == std::floor(number) && std::abs(number) < 9e15) {
      tensor = {std::move(tensor.name), DType::I64, {}, {}};
      append_little_endian(tensor.bytes, static_cast<std::uint64_t>(static_cast<std::int64_t>(number)));
    }
  }
  return tensor;
}

/// The contents of a file under the names of the network.
struct NamedContents {
  std::map<std::string, const Tensor*> tensors;
  std::map<std::string, std::string_view> metadata;

  [[nodiscard]] const Tensor* take(const std::string& name) {
    const auto at = tensors.find(name);
    if (at == tensors.end()) return nullptr;
    const Tensor* tensor = at->second;
    tensors.erase(at);
    return tensor;
  }
};

inline NamedContents named_contents(const Safetensors& contents, const LoadOptions& options,
                                    LoadReport& report) {
  std::map<std::string_view, bool> used;
  // The longest of the user's names that is this name or a layer's, up to a dot.
  const auto translated = [&](std::string_view name) {
    for (std::size_t end = name.size(); end != std::string_view::npos && end > 0;
         end = name.rfind('.', end - 1)) {
      const auto given = options.names.find(std::string(name.substr(0, end)));
      if (given == options.names.end()) continue;
      used[given->first] = true;
      return given->second + std::string(name.substr(end));
    }
    return std::string(name);
  };
  NamedContents named;
  for (const Tensor& tensor : contents.tensors) {
    if (!tensor.name.starts_with(options.prefix)) {
      report.skipped.push_back(shown(tensor.name));
      continue;
    }
    const std::string name = translated(std::string_view(tensor.name).substr(options.prefix.size()));
    if (!named.tensors.emplace(name, &tensor).second)
      report.refused.push_back(shown(tensor.name) + ": another tensor has the name " + shown(name) + ", too");
  }
  for (const auto& [about, text] : contents.metadata)
    if (about.starts_with(options.prefix))
      named.metadata.emplace(translated(std::string_view(about).substr(options.prefix.size())), text);
  for (const auto& [theirs, ours] : options.names)
    if (!used[theirs])
      report.refused.push_back("the option names: the file has nothing of the name " + shown(theirs));
  return named;
}

/// Why an array cannot take a tensor, or "".
template <Real Scalar>
std::string load_fault(const StateEntry<Scalar>& entry, const Tensor& tensor, bool convert) {
  const std::vector<Index> shape = saved_shape(entry);
  const bool coefficient = entry.buffer != nullptr || entry.parameter->ptr()->widens;
  const bool one = tensor.shape.empty() || (tensor.shape.size() == 1 && tensor.shape[0] == 1);
  const bool row = tensor.shape.size() == 1 && tensor.shape[0] > 0;
  const bool fits = tensor.shape == shape || (coefficient && (one || (row && shape.empty())));
  if (!fits)
    return text_of("has shape ", shape_text(tensor.shape), ", expected ", shape_text(shape),
                   coefficient && !shape.empty() ? " or ()"
                   : coefficient                 ? " or one number for each neuron"
                                                 : "");
  if (tensor.type == DType::F64 && dtype_of<Scalar> == DType::F32 && !convert)
    return "is F64, the network has F32; the option convert rounds";
  const Allowed allowed = entry.buffer != nullptr ? Allowed::finite : entry.parameter->ptr()->allowed;
  std::string fault;
  std::size_t at = 0;
  for_each_number(tensor, [&](auto number) {
    const auto value = static_cast<Scalar>(number);
    if (!fault.empty()) return;
    if (const char* expected = refused(value, allowed))
      fault = text_of("has ", number_text(static_cast<double>(number)), " at ", at, ", expected ", expected);
    else if (entry.buffer != nullptr && !(value > 0))
      fault = text_of("has ", number, " at ", at, ", expected more than 0");
    else if (std::is_integral_v<decltype(number)> && !convert &&
             static_cast<double>(value) != static_cast<double>(number))
      fault = text_of("has ", number, " at ", at, ", which ", name_of(dtype_of<Scalar>),
                      " does not hold; the option convert rounds");
    ++at;
  });
  return fault;
}

/// Reads a tensor that fits into an array. True if that has changed it.
template <Real Scalar>
bool load_entry(const StateEntry<Scalar>& entry, const Tensor& tensor) {
  Array<Scalar> numbers = to_array<Scalar>(tensor);
  const std::vector<Index> shape = saved_shape(entry);
  if (numbers.size() == 1 && tensor.shape != shape && !shape.empty())  // one number for all neurons
    numbers = Array<Scalar>::Constant(1, shape[0], numbers(0, 0)).eval();
  const Tensor before = saved_tensor(entry);
  if (entry.buffer != nullptr) {
    *entry.buffer = numbers.row(0);
  } else if (entry.parameter->ptr()->transposed) {
    entry.parameter->set_transposed(numbers);
  } else {
    entry.parameter->set(numbers);
  }
  const Tensor now = saved_tensor(entry);
  return now.shape != before.shape || now.bytes != before.bytes;
}

/// What is to be read: for each entry of a network its tensor, or null.
using LoadPlan = std::vector<const Tensor*>;

/// Compares a network with a file. Nothing is changed.
template <Real Scalar>
LoadPlan plan_load(const NetworkState<Scalar>& state, const Safetensors& contents, const LoadOptions& options,
                   LoadReport& report) {
  NamedContents file = named_contents(contents, options, report);
  const auto refuse = [&](const std::string& name, const auto&... why) {
    report.refused.push_back(shown(name) + ' ' + text_of(why...));
  };
  if (const auto version = file.metadata.find(version_key);
      version != file.metadata.end() && version->second != std::to_string(state_dict_version))
    refuse(version_key, "is ", shown(version->second), ", this version of the library reads ",
           state_dict_version);

  LoadPlan plan;
  for (const StateEntry<Scalar>& entry : state.entries) {
    const LayerFacts& layer = state.layers[entry.layer];
    const Tensor* tensor = file.take(entry.name);
    if (layer.is_neuron() && entry.name == layer.named("V")) {  // snnTorch has it twice
      const std::string twin = layer.named("recurrent.V");
      const Tensor* other = file.take(twin);
      if (tensor != nullptr && other != nullptr &&
          (tensor->type != other->type || tensor->shape != other->shape || tensor->bytes != other->bytes))
        refuse(twin, "differs from ", entry.name);
      if (tensor == nullptr) tensor = other;
    }
    if (tensor == nullptr) {
      report.missing.push_back(entry.name);
    } else if (const std::string fault = load_fault(entry, *tensor, options.convert); !fault.empty()) {
      refuse(entry.name, fault);
      tensor = nullptr;
    }
    plan.push_back(tensor);
  }

  for (const LayerFacts& layer : state.layers) {
    if (!layer.is_neuron()) continue;
    for (const auto& [option, ours] : layer.options) {
      const std::string name = layer.named(option);
      const auto theirs = file.metadata.find(name);
      if (theirs != file.metadata.end() && theirs->second != ours)
        refuse(name, "is ", shown(theirs->second), " in the file, ", ours, " in the network");
    }
    const std::string name = layer.named(reset_key);
    if (const Tensor* tensor = file.take(name)) {
      const std::optional<int> ours = snntorch_reset(layer);
      const bool number = tensor->type == DType::I64 && tensor->bytes.size() == 8;
      const std::uint64_t theirs = number ? read_little_endian<std::uint64_t>(tensor->bytes.data()) : 3;
      if (theirs > 2)
        refuse(name, "is not 0, 1 or 2 as one I64");
      else if (ours != static_cast<int>(theirs))
        refuse(name, "is ", theirs, ", a reset ",
               theirs == 0                        ? "by subtraction, reset::Subtract"
               : theirs == 2                      ? "that does nothing, reset::None"
               : layer.type == "spiketape::Leaky" ? "to zero before the input, reset::ZeroBeforeInput"
                                                  : "to zero, reset::Zero",
               "; the network has ", layer.option("reset_mechanism"));
    }
    const std::string own = layer.named("");
    std::erase_if(file.tensors, [&](const auto& rest) {
      const bool hidden =
          rest.first.starts_with(own) && is_hidden_state(std::string_view(rest.first).substr(own.size()));
      if (hidden) report.skipped.push_back(shown(rest.first));
      return hidden;
    });
  }
  for (const auto& [name, tensor] : file.tensors) report.unknown.push_back(shown(name));

  // All coefficients of a neuron are one number or as many as it has neurons.
  std::vector<Index> neurons(state.layers.size(), 0);
  for (std::size_t k = 0; k < plan.size(); ++k) {
    const StateEntry<Scalar>& entry = state.entries[k];
    if (entry.parameter != nullptr && !entry.parameter->ptr()->widens) continue;
    Index count = entry.parameter != nullptr ? entry.parameter->cols() : entry.buffer->size();
    if (plan[k] != nullptr && plan[k]->shape.size() == 1) count = std::max(count, plan[k]->shape[0]);
    if (count == 1) continue;
    Index& others = neurons[entry.layer];
    if (others != 0 && others != count) {
      refuse(entry.name, "has ", count, " numbers, another coefficient of its layer ", others);
      plan[k] = nullptr;
    }
    others = count;
  }
  return plan;
}

template <typename Network>
void load_planned(Network& net, const NetworkState<typename Network::Scalar>& state, const LoadPlan& plan) {
  std::vector<bool> changed(state.layers.size(), false);
  for (std::size_t k = 0; k < plan.size(); ++k)
    if (plan[k] != nullptr && load_entry(state.entries[k], *plan[k])) changed[state.entries[k].layer] = true;
  std::size_t number = 0;
  for_each_leaf(net, "", [&](const std::string&, auto& layer) {
    const bool was_changed = changed[number++];
    if constexpr (requires { layer.loaded(); })
      if (was_changed) layer.loaded();
  });
}

}  // namespace detail

/// The parameters and options of a network or layer as named tensors and texts, as in PyTorch and snnTorch;
/// see the head of this file. The reset of a neuron that snnTorch does not have stands in the texts only, so
/// that snnTorch refuses the file. Allocates. Throws std::invalid_argument if the network was moved from.
template <typename Network>
[[nodiscard]] Safetensors state_dict(const Network& net) {
  // Authors write only a for_each_parameter that is not const, hence the cast.
  const auto state = detail::network_state(const_cast<Network&>(net));
  Safetensors contents;
  for (const auto& entry : state.entries) {
    const detail::LayerFacts& layer = state.layers[entry.layer];
    contents.tensors.push_back(detail::state_dict_tensor(entry, layer));
    if (!layer.is_neuron() || entry.name != layer.named("V")) continue;
    Tensor twin = contents.tensors.back();  // snnTorch has it twice
    twin.name = layer.named("recurrent.V");
    contents.tensors.push_back(std::move(twin));
  }
  for (const detail::LayerFacts& layer : state.layers) {
    for (const auto& [option, value] : layer.options) contents.metadata[layer.named(option)] = value;
    if (!layer.is_neuron()) continue;
    const std::optional<int> reset = detail::snntorch_reset(layer);
    if (!reset) continue;
    Tensor tensor{layer.named(detail::reset_key), DType::I64, {}, {}};
    detail::append_little_endian(tensor.bytes, static_cast<std::uint64_t>(*reset));
    contents.tensors.push_back(std::move(tensor));
  }
  std::sort(contents.tensors.begin(), contents.tensors.end(),
            [](const Tensor& a, const Tensor& b) { return a.name < b.name; });
  contents.metadata["format"] = "pt";
  contents.metadata[detail::version_key] = std::to_string(detail::state_dict_version);
  return contents;
}

/// Sets the parameters of a network or layer from a state_dict. Parameters keep their identity, so optimizers
/// go on with the new values; only a shared coefficient that becomes one for each neuron is a new parameter,
/// and the next step of an optimizer that has the old one throws. Returns what was not taken; with
/// options.strict, the default, that is only what was skipped: for all else it throws std::invalid_argument,
/// with all names, before anything is changed. Allocates. Also throws if the network was moved from.
template <typename Network>
LoadReport load_state_dict(Network& net, const Safetensors& contents, const LoadOptions& options = {}) {
  LoadReport report;
  const auto state = detail::network_state(net);
  const detail::LoadPlan plan = detail::plan_load(state, contents, options, report);
  if (options.strict && !report.complete())
    detail::fail_argument("spiketape::load_state_dict: the contents do not fit the network\n", report.text());
  detail::load_planned(net, state, plan);
  return report;
}

/// Writes the state_dict of a network or layer to a safetensors file: completely or, on an error, not at all,
/// see write_file. Allocates the bytes of the file. Throws what write_safetensors throws.
template <typename Network>
void save(const Network& net, const std::string& path) {
  write_safetensors(path, state_dict(net));
}

/// Sets the parameters of a network or layer from a safetensors file, as load_state_dict does. Throws
/// std::runtime_error if the file cannot be read, is not in the format or does not fit the network.
template <typename Network>
LoadReport load(Network& net, const std::string& path, const LoadOptions& options = {}) {
  const Safetensors contents = read_safetensors(path);
  LoadReport report;
  const auto state = detail::network_state(net);
  const detail::LoadPlan plan = detail::plan_load(state, contents, options, report);
  if (options.strict && !report.complete())
    detail::fail_file("spiketape::load: '", path, "' does not fit the network\n", report.text());
  detail::load_planned(net, state, plan);
  return report;
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
