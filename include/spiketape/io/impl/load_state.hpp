// What load_state.hpp declares: how a network is read.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/parameter.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/impl/state_dict_keys.hpp>
#include <spiketape/io/load_state.hpp>
#include <spiketape/io/text_map.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

/// The names of a file's tensors and its texts under the network's names.
struct NamedContents {
  TextMap tensors;
  TextMap metadata;
};

/// The tensor of a name, which is then taken out of `tensors`, or nullptr.
SPIKETAPE_IO_FUNCTION const Tensor* take(TextMap& tensors, const std::string& name,
                                         const Safetensors& contents) {
  const auto at = tensors.find(name);
  if (at == tensors.end()) return nullptr;
  const Tensor* tensor = contents.find(at->second);
  tensors.erase(at);
  return tensor;
}

/// A name of a file as the network has it. Adds the translation that it uses to `used`.
SPIKETAPE_IO_FUNCTION std::string translated(std::string_view name, const LoadOptions& options,
                                             TextMap& used) {
  // The longest of the user's names that is this name or a layer's, up to a dot.
  for (std::size_t end = name.size(); end != std::string_view::npos && end > 0;
       end = name.rfind('.', end - 1)) {
    std::string theirs(name.substr(0, end));
    const std::string* ours = text_at(options.names, theirs);
    if (ours == nullptr) continue;
    add_text(used, std::move(theirs), *ours);
    return joined({*ours, name.substr(end)});
  }
  return std::string(name);
}

SPIKETAPE_IO_FUNCTION NamedContents named_contents(const Safetensors& contents, const LoadOptions& options,
                                                   LoadReport& report) {
  TextMap used;
  NamedContents named;
  for (const Tensor& tensor : contents.tensors) {
    check_bytes("load_state_dict", tensor);
    if (!tensor.name.starts_with(options.prefix)) {
      report.skipped.push_back(shown(tensor.name));
      continue;
    }
    const std::string name =
        translated(std::string_view(tensor.name).substr(options.prefix.size()), options, used);
    if (!add_text(named.tensors, name, tensor.name))
      report.refused.push_back(
          joined({Shown{tensor.name}, ": another tensor has the name ", Shown{name}, ", too"}));
  }
  for (const auto& [about, text] : contents.metadata)
    if (about.starts_with(options.prefix))
      add_text(named.metadata,
               translated(std::string_view(about).substr(options.prefix.size()), options, used), text);
  for (const auto& [theirs, ours] : options.names)
    if (text_at(used, theirs) == nullptr)
      report.refused.push_back(
          joined({"the option names: the file has nothing of the name ", Shown{theirs}}));
  return named;
}

/// Whether a tensor has a number for each neuron where those of a channel share one.
SPIKETAPE_IO_FUNCTION bool spread_over_channels(const StateEntry& entry, const Tensor& tensor) {
  return entry.places > 1 && tensor.shape.size() == 1 &&
         tensor.shape[0] == entry.numbers.count() * entry.places;
}

/// Why an array cannot take a tensor, or "".
SPIKETAPE_IO_FUNCTION std::string load_fault(const StateEntry& entry, const Tensor& tensor, bool convert) {
  const bool one = tensor.shape.empty() || (tensor.shape.size() == 1 && tensor.shape[0] == 1);
  const bool row = tensor.shape.size() == 1 && tensor.shape[0] > 0;
  const bool spread = spread_over_channels(entry, tensor);
  const bool fits =
      tensor.shape == entry.shape || (entry.coefficient && (one || spread || (row && entry.shape.empty())));
  if (!fits)
    return joined({"has shape ", shape_text(tensor.shape), ", expected ", shape_text(entry.shape),
                   !entry.coefficient    ? ""
                   : entry.shape.empty() ? " or one number for each neuron"
                                         : " or ()"});
  const bool single = entry.type == DType::F32;
  if (tensor.type == DType::F64 && single && !convert)
    return "is F64, the network has F32; the option convert rounds";
  const double most = single ? 0x1p24 : 0x1p53;  // up to here all whole numbers are held
  const bool whole = tensor.type != DType::F64 && tensor.type != DType::F32 && tensor.type != DType::F16 &&
                     tensor.type != DType::BF16;
  for (std::size_t at = 0; at < number_count(tensor); ++at) {
    const double number = number_at(tensor, at);
    const double value = single ? static_cast<double>(static_cast<float>(number)) : number;
    const char* expected = refused(value, static_cast<Allowed>(entry.allowed));
    if (entry.positive && expected == nullptr && !(value > 0)) expected = "more than 0";
    if (whole && !convert && !(std::abs(number) <= most))
      expected = "a smaller number, or the option convert, which rounds";
    if (expected != nullptr)
      return joined({"has ", number_text(number), " at ", at, ", expected ", expected});
    if (const std::size_t channel = at / static_cast<std::size_t>(entry.places);
        spread && number != number_at(tensor, channel * static_cast<std::size_t>(entry.places)))
      return joined({"has different numbers in channel ", channel, ", expected one for each channel"});
  }
  return {};
}

/// Reads a tensor that fits into an array. True if that has changed it.
SPIKETAPE_IO_FUNCTION bool load_entry(const StateEntry& entry, const Tensor& tensor) {
  const auto count = static_cast<Index>(number_count(tensor));
  const bool widens = tensor.shape.size() == 1 && entry.shape.empty();
  const std::size_t step = spread_over_channels(entry, tensor) ? static_cast<std::size_t>(entry.places) : 1;
  const StateNumbers numbers = widens ? entry.widen(entry.array, count) : entry.numbers;
  bool changed = widens;
  const auto set = [&](auto& number, double value) {
    const auto before = number;
    number = static_cast<std::remove_reference_t<decltype(number)>>(value);
    changed = changed || number != before;
  };
  std::size_t at = 0;
  for (Index i = 0; i < numbers.outer; ++i)
    for (Index j = 0; j < numbers.inner; ++j) {
      const double value = number_at(tensor, count == 1 ? 0 : step * at++);  // one number is for all neurons
      if (entry.type == DType::F32)
        set(static_cast<float*>(numbers.first)[numbers.place(i, j)], value);
      else
        set(static_cast<double*>(numbers.first)[numbers.place(i, j)], value);
    }
  return changed;
}

/// What is to be read: for each entry of a network its tensor, or null.
using LoadPlan = std::vector<const Tensor*>;

/// Compares the options of a neuron with those in a file, and takes what belongs to the neuron and is no
/// array of the network from the file's names.
SPIKETAPE_IO_FUNCTION void check_neuron(const LayerFacts& layer, const Safetensors& contents,
                                        NamedContents& file, LoadReport& report) {
  const auto refuse = [&](const std::string& name, Message why) {
    report.refused.push_back(joined({name, " ", joined(why)}));
  };
  for (const auto& [option, ours] : layer.options) {
    const std::string name = layer.named(option);
    const std::string* theirs = text_at(file.metadata, name);
    if (theirs != nullptr && *theirs != ours)
      refuse(name, {"is ", Shown{*theirs}, " in the file, ", ours, " in the network"});
  }
  const std::string name = layer.named(reset_key);
  if (const Tensor* tensor = take(file.tensors, name, contents)) {
    const double value = tensor->type == DType::I64 && tensor->bytes.size() == 8 ? number_at(*tensor, 0) : -1;
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
    if (std::string hidden = layer.named(state); take(file.tensors, hidden, contents) != nullptr)
      report.skipped.push_back(std::move(hidden));
}

/// Compares a network with a file. Nothing is changed.
SPIKETAPE_IO_FUNCTION LoadPlan plan_load(const NetworkState& state, const Safetensors& contents,
                                         const LoadOptions& options, LoadReport& report) {
  NamedContents file = named_contents(contents, options, report);
  const auto refuse = [&](const std::string& name, Message why) {
    report.refused.push_back(joined({name, " ", joined(why)}));
  };
  if (const std::string* version = text_at(file.metadata, version_key);
      version != nullptr && *version != text_of(state_dict_version))
    refuse(version_key, {"is ", Shown{*version}, ", this version of the library reads ", state_dict_version});

  LoadPlan plan;
  std::vector<Index> neurons(state.layers.size(), 0);
  for (const StateEntry& entry : state.entries) {
    const LayerFacts& layer = state.layers[entry.layer];
    const Tensor* tensor = take(file.tensors, entry.name, contents);
    if (layer.is_neuron() && entry.name == layer.named("V")) {  // snnTorch has it twice
      const std::string twin = layer.named("recurrent.V");
      const Tensor* other = take(file.tensors, twin, contents);
      if (tensor != nullptr && other != nullptr &&
          (tensor->shape != other->shape || tensor->bytes != other->bytes))
        refuse(twin, {"differs from ", entry.name});
      if (tensor == nullptr) tensor = other;
    }
    if (tensor == nullptr) {
      report.missing.push_back(std::string(entry.name));
    } else if (const std::string fault = load_fault(entry, *tensor, options.convert); !fault.empty()) {
      refuse(entry.name, {fault});
      tensor = nullptr;
    } else if (entry.coefficient) {
      // All coefficients of a neuron are one number or as many as it has neurons.
      Index count = std::max(static_cast<Index>(number_count(*tensor)), entry.numbers.count());
      if (count > 1 && !spread_over_channels(entry, *tensor)) count *= entry.places;
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

SPIKETAPE_IO_FUNCTION LoadReport compare_state(const NetworkState& state, const Safetensors& contents,
                                               const LoadOptions& options) {
  LoadReport report;
  plan_load(state, contents, options, report);
  return report;
}

SPIKETAPE_IO_FUNCTION void set_arrays(const NetworkState& state, const LoadPlan& plan) {
  bool changed = false;  // in the layer of this entry
  for (std::size_t k = 0; k < plan.size(); ++k) {
    if (plan[k] != nullptr && load_entry(state.entries[k], *plan[k])) changed = true;
    if (k + 1 < plan.size() && state.entries[k].layer == state.entries[k + 1].layer) continue;
    const LayerFacts& layer = state.layers[state.entries[k].layer];
    if (std::exchange(changed, false) && layer.loaded != nullptr) layer.loaded(layer.layer);
  }
}

SPIKETAPE_IO_FUNCTION LoadReport load_state(const NetworkState& state, const Safetensors& contents,
                                            const LoadOptions& options, std::string_view refusal) {
  LoadReport report;
  const LoadPlan plan = plan_load(state, contents, options, report);
  if (options.strict && !report.complete()) raise_argument({refusal, report.text()});
  set_arrays(state, plan);
  return report;
}
SPIKETAPE_IO_FUNCTION LoadReport load_file(const NetworkState& state, const std::string& path,
                                           const LoadOptions& options) {
  const Safetensors contents = read_safetensors(path);
  LoadReport report;
  const LoadPlan plan = plan_load(state, contents, options, report);
  if (options.strict && !report.complete())
    raise_file({"spiketape::load: '", path, "' does not fit the network\n", report.text()});
  set_arrays(state, plan);
  return report;
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#include <spiketape/core/pop_macros.hpp>
