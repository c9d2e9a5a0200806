// How a file of named tensors is read into a network: first all is compared, then the arrays are set.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/load_report.hpp>
#include <spiketape/io/network_state.hpp>
#include <spiketape/io/safetensors.hpp>

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

inline constexpr int state_dict_version = 1;
inline constexpr const char* version_key = "spiketape.state_dict";
inline constexpr const char* reset_key = "reset_mechanism_val";

/// The names of a file's tensors and its texts under the network's names.
struct NamedContents {
  std::map<std::string, std::string> tensors;
  std::map<std::string, std::string> metadata;
};

/// A name of a file as the network has it. `unused` are the translations that no name has used yet.
SPIKETAPE_COLD inline std::string translated(std::string_view name, const LoadOptions& options,
                                             std::map<std::string, std::string>& unused) {
  // The longest of the user's names that is this name or a layer's, up to a dot.
  for (std::size_t end = name.size(); end != std::string_view::npos && end > 0;
       end = name.rfind('.', end - 1)) {
    const auto given = options.names.find(std::string(name.substr(0, end)));
    if (given == options.names.end()) continue;
    unused.erase(given->first);
    return given->second + std::string(name.substr(end));
  }
  return std::string(name);
}

SPIKETAPE_COLD inline NamedContents named_contents(const Safetensors& contents, const LoadOptions& options,
                                                   LoadReport& report) {
  std::map<std::string, std::string> unused = options.names;
  NamedContents named;
  for (const Tensor& tensor : contents.tensors) {
    check_bytes("load_state_dict", tensor);
    if (!tensor.name.starts_with(options.prefix)) {
      report.skipped.push_back(shown(tensor.name));
      continue;
    }
    const std::string name =
        translated(std::string_view(tensor.name).substr(options.prefix.size()), options, unused);
    if (!named.tensors.emplace(name, tensor.name).second)
      report.refused.push_back(shown(tensor.name) + ": another tensor has the name " + shown(name) + ", too");
  }
  for (const auto& [about, text] : contents.metadata)
    if (about.starts_with(options.prefix))
      named.metadata.emplace(
          translated(std::string_view(about).substr(options.prefix.size()), options, unused), text);
  for (const auto& [theirs, ours] : unused)
    report.refused.push_back("the option names: the file has nothing of the name " + shown(theirs));
  return named;
}

/// Why an array cannot take a tensor, or "".
template <Real Scalar>
SPIKETAPE_COLD std::string load_fault(const StateEntry<Scalar>& entry, const Tensor& tensor, bool convert) {
  const std::vector<Index> shape = saved_shape(entry);
  const bool coefficient = entry.buffer != nullptr || entry.parameter->ptr()->widens;
  const bool one = tensor.shape.empty() || (tensor.shape.size() == 1 && tensor.shape[0] == 1);
  const bool row = tensor.shape.size() == 1 && tensor.shape[0] > 0;
  const bool fits = tensor.shape == shape || (coefficient && (one || (row && shape.empty())));
  if (!fits)
    return joined({"has shape ", shape_text(tensor.shape), ", expected ", shape_text(shape),
                   coefficient && !shape.empty() ? " or ()"
                   : coefficient                 ? " or one number for each neuron"
                                                 : ""});
  if (tensor.type == DType::F64 && dtype_of<Scalar> == DType::F32 && !convert)
    return "is F64, the network has F32; the option convert rounds";
  const Allowed allowed = entry.buffer != nullptr ? Allowed::finite : entry.parameter->ptr()->allowed;
  constexpr double most = sizeof(Scalar) == 4 ? 0x1p24 : 0x1p53;  // up to here all whole numbers are held
  const bool whole = tensor.type != DType::F64 && tensor.type != DType::F32 && tensor.type != DType::F16 &&
                     tensor.type != DType::BF16;
  for (std::size_t at = 0; at < number_count(tensor); ++at) {
    const double number = number_at(tensor, at);
    const auto value = static_cast<Scalar>(number);
    const char* expected = refused(value, allowed);
    if (entry.buffer != nullptr && expected == nullptr && !(value > 0)) expected = "more than 0";
    if (whole && !convert && !(std::abs(number) <= most))
      expected = "a smaller number, or the option convert, which rounds";
    if (expected != nullptr)
      return joined({"has ", number_text(number), " at ", at, ", expected ", expected});
  }
  return {};
}

/// Reads a tensor that fits into an array. True if that has changed it.
template <Real Scalar>
SPIKETAPE_COLD bool load_entry(const StateEntry<Scalar>& entry, const Tensor& tensor) {
  const std::size_t count = number_count(tensor);
  bool changed = false;
  if (tensor.shape.size() == 1 && saved_shape(entry).empty()) {
    changed = true;
    if (entry.buffer != nullptr)
      entry.buffer->resize(static_cast<Index>(count));
    else
      widen_coefficient(*entry.parameter, static_cast<Index>(count));
  }
  std::size_t i = 0;
  for_each_saved<Scalar>(entry, [&](Scalar& number) {
    const Scalar before = number;
    number = static_cast<Scalar>(number_at(tensor, count == 1 ? 0 : i++));  // one number is for all neurons
    changed = changed || number != before;
  });
  return changed;
}

/// What is to be read: for each entry of a network its tensor, or null.
using LoadPlan = std::vector<const Tensor*>;

/// Compares the options of a neuron with those in a file, and takes what belongs to the neuron and is no
/// array of the network from the file's names.
SPIKETAPE_COLD inline void check_neuron(const LayerFacts& layer, const Safetensors& contents,
                                        NamedContents& file, LoadReport& report) {
  const auto refuse = [&](const std::string& name, Message why) {
    report.refused.push_back(name + ' ' + joined(why));
  };
  for (const auto& [option, ours] : layer.options) {
    const std::string name = layer.named(option);
    const auto theirs = file.metadata.find(name);
    if (theirs != file.metadata.end() && theirs->second != ours)
      refuse(name, {"is ", shown(theirs->second), " in the file, ", ours, " in the network"});
  }
  const std::string name = layer.named(reset_key);
  if (const auto at = file.tensors.find(name); at != file.tensors.end()) {
    const Tensor& tensor = *contents.find(at->second);
    file.tensors.erase(at);
    const double value = tensor.type == DType::I64 && tensor.bytes.size() == 8 ? number_at(tensor, 0) : -1;
    const std::optional<int> ours = snntorch_reset(layer);
    if (value != 0 && value != 1 && value != 2)
      refuse(name, {"is not 0, 1 or 2 as one I64"});
    else if (ours != static_cast<int>(value))
      refuse(name, {"is ", value, ", a reset ",
                    value == 0                         ? "by subtraction, reset::Subtract"
                    : value == 2                       ? "that does nothing, reset::None"
                    : layer.type == "spiketape::Leaky" ? "to zero before the input, reset::ZeroBeforeInput"
                                                       : "to zero, reset::Zero",
                    "; the network has ", layer.option("reset_mechanism")});
  }
  for (const char* state : {"mem", "syn", "spk", "syn_exc", "syn_inh", "adapt"})  // some versions save them
    if (const std::string hidden = layer.named(state); file.tensors.erase(hidden) > 0)
      report.skipped.push_back(hidden);
}

/// Compares a network with a file. Nothing is changed.
template <Real Scalar>
SPIKETAPE_COLD LoadPlan plan_load(const NetworkState<Scalar>& state, const Safetensors& contents,
                                  const LoadOptions& options, LoadReport& report) {
  NamedContents file = named_contents(contents, options, report);
  const auto refuse = [&](const std::string& name, Message why) {
    report.refused.push_back(name + ' ' + joined(why));
  };
  if (const auto version = file.metadata.find(version_key);
      version != file.metadata.end() && version->second != std::to_string(state_dict_version))
    refuse(version_key,
           {"is ", shown(version->second), ", this version of the library reads ", state_dict_version});

  const auto take = [&](const std::string& name) -> const Tensor* {
    const auto at = file.tensors.find(name);
    if (at == file.tensors.end()) return nullptr;
    const Tensor* tensor = contents.find(at->second);
    file.tensors.erase(at);
    return tensor;
  };
  LoadPlan plan;
  std::vector<Index> neurons(state.layers.size(), 0);
  for (const StateEntry<Scalar>& entry : state.entries) {
    const LayerFacts& layer = state.layers[entry.layer];
    const Tensor* tensor = take(entry.name);
    if (layer.is_neuron() && entry.name == layer.named("V")) {  // snnTorch has it twice
      const std::string twin = layer.named("recurrent.V");
      const Tensor* other = take(twin);
      if (tensor != nullptr && other != nullptr &&
          (tensor->shape != other->shape || tensor->bytes != other->bytes))
        refuse(twin, {"differs from ", entry.name});
      if (tensor == nullptr) tensor = other;
    }
    if (tensor == nullptr) {
      report.missing.push_back(entry.name);
    } else if (const std::string fault = load_fault(entry, *tensor, options.convert); !fault.empty()) {
      refuse(entry.name, {fault});
      tensor = nullptr;
    } else if (entry.buffer != nullptr || entry.parameter->ptr()->widens) {
      // All coefficients of a neuron are one number or as many as it has neurons.
      const Index count = std::max(static_cast<Index>(number_count(*tensor)),
                                   entry.buffer != nullptr ? entry.buffer->size() : entry.parameter->cols());
      Index& others = neurons[entry.layer];
      if (count > 1 && others > 1 && others != count) {
        refuse(entry.name, {"has ", count, " numbers, another coefficient of its layer ", others});
        tensor = nullptr;
      }
      others = std::max(others, count);
    }
    plan.push_back(tensor);
  }
  for (const LayerFacts& layer : state.layers)
    if (layer.is_neuron()) check_neuron(layer, contents, file, report);
  for (const auto& [name, theirs] : file.tensors) report.unknown.push_back(shown(name));
  return plan;
}

/// Reads a file into a network. With options.strict, and before anything is changed, calls refused(text of
/// the report) for what does not fit, which throws.
template <Real Scalar>
SPIKETAPE_COLD LoadReport load_state(const NetworkState<Scalar>& state, const Safetensors& contents,
                                     const LoadOptions& options,
                                     FunctionRef<void(const std::string&)> refused) {
  LoadReport report;
  const LoadPlan plan = plan_load(state, contents, options, report);
  if (options.strict && !report.complete()) refused(report.text());
  bool changed = false;  // in the layer of this entry
  for (std::size_t k = 0; k < plan.size(); ++k) {
    if (plan[k] != nullptr && load_entry(state.entries[k], *plan[k])) changed = true;
    if (k + 1 < plan.size() && state.entries[k].layer == state.entries[k + 1].layer) continue;
    const LayerFacts& layer = state.layers[state.entries[k].layer];
    if (std::exchange(changed, false) && layer.loaded != nullptr) layer.loaded(layer.layer);
  }
  return report;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
