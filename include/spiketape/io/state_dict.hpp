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

#include <spiketape/io/load_report.hpp>
#include <spiketape/io/load_state.hpp>
#include <spiketape/io/network_state.hpp>
#include <spiketape/io/safetensors.hpp>
#include <spiketape/io/sorted_order.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// snnTorch's numbers of these are often whole ones of Python.
inline bool whole_in_python(std::string_view name) {
  return name == "R" || name == "C" || name == "time_step";
}

/// The tensor of an entry as PyTorch and snnTorch have it.
template <Real Scalar>
SPIKETAPE_COLD Tensor state_dict_tensor(const StateEntry<Scalar>& entry, const LayerFacts& layer) {
  Tensor tensor = saved_tensor(entry);
  const std::string_view own = std::string_view(tensor.name).substr(layer.named("").size());
  const bool whole = entry.parameter != nullptr && entry.parameter->ptr()->whole;
  if (whole || (layer.type == "spiketape::Lapicque" && whole_in_python(own) && tensor.shape.empty())) {
    const double number = number_at(tensor, 0);
    if (number == std::floor(number) && std::abs(number) < 9e15) {
      tensor = {std::move(tensor.name), DType::I64, {}, {}};
      append_little_endian(tensor.bytes, static_cast<std::uint64_t>(static_cast<std::int64_t>(number)));
    }
  }
  return tensor;
}

/// The arrays and options of a network as a file has them.
template <Real Scalar>
SPIKETAPE_COLD Safetensors saved_state(const NetworkState<Scalar>& state) {
  std::vector<Tensor> tensors;
  Safetensors contents;
  add_text(contents.metadata, "format", "pt");
  add_text(contents.metadata, version_key, text_of(state_dict_version));
  for (const StateEntry<Scalar>& entry : state.entries) {
    const LayerFacts& layer = state.layers[entry.layer];
    tensors.push_back(state_dict_tensor(entry, layer));
    if (!layer.is_neuron() || entry.name != layer.named("V")) continue;
    Tensor twin = tensors.back();  // snnTorch has it twice
    twin.name = layer.named("recurrent.V");
    tensors.push_back(std::move(twin));
  }
  for (const LayerFacts& layer : state.layers) {
    for (const auto& [option, value] : layer.options) add_text(contents.metadata, layer.named(option), value);
    const std::optional<int> reset = snntorch_reset(layer);
    if (!layer.is_neuron() || !reset) continue;
    tensors.push_back({layer.named(reset_key), DType::I64, {}, {}});
    append_little_endian(tensors.back().bytes, static_cast<std::uint64_t>(*reset));
  }
  for (const std::size_t k : sorted_order(
           tensors.size(), [&](std::size_t a, std::size_t b) { return tensors[a].name < tensors[b].name; }))
    contents.tensors.push_back(std::move(tensors[k]));
  return contents;
}

}  // namespace detail

/// The parameters and options of a network or layer as named tensors and texts, as in PyTorch and snnTorch;
/// see the head of this file. The reset of a neuron that snnTorch does not have stands in the texts only, so
/// that snnTorch refuses the file. Allocates. Throws std::invalid_argument if the network was moved from.
template <typename Network>
[[nodiscard]] Safetensors state_dict(const Network& net) {
  return detail::saved_state(detail::network_state(net));
}

/// Sets the parameters of a network or layer from a state_dict. Parameters keep their identity, so optimizers
/// go on with the new values; only a shared coefficient that becomes one for each neuron is a new parameter,
/// and the next step of an optimizer that has the old one throws. Returns what was not taken; with
/// options.strict, the default, that is only what was skipped: for all else it throws std::invalid_argument,
/// with all names, before anything is changed. Allocates. Also throws if the network was moved from.
template <typename Network>
LoadReport load_state_dict(Network& net, const Safetensors& contents, const LoadOptions& options = {}) {
  return detail::load_state(detail::network_state(net), contents, options, [](const std::string& report) {
    detail::raise_argument({"spiketape::load_state_dict: the contents do not fit the network\n", report});
  });
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
  return detail::load_state(
      detail::network_state(net), read_safetensors(path), options, [&](const std::string& report) {
        detail::raise_file({"spiketape::load: '", path, "' does not fit the network\n", report});
      });
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
