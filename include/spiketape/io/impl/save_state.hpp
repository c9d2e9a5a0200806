// What load_state.hpp declares: how a network is written.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/impl/state_dict_keys.hpp>
#include <spiketape/io/load_state.hpp>
#include <spiketape/io/sorted_order.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

/// snnTorch's numbers of these are often whole ones of Python.
SPIKETAPE_IO_FUNCTION bool whole_in_python(std::string_view name) {
  return name == "R" || name == "C" || name == "time_step";
}

/// The tensor of an entry as PyTorch and snnTorch have it.
SPIKETAPE_IO_FUNCTION Tensor state_dict_tensor(const StateEntry& entry, const LayerFacts& layer) {
  Tensor tensor = saved_tensor(entry);
  const std::string_view own = std::string_view(tensor.name).substr(layer.named("").size());
  if (entry.whole || (layer.type == "spiketape::Lapicque" && whole_in_python(own) && tensor.shape.empty())) {
    const double number = number_at(tensor, 0);
    if (number == std::floor(number) && std::abs(number) < 9e15) {
      tensor = {std::move(tensor.name), DType::I64, {}, {}};
      append_little_endian(tensor.bytes, static_cast<std::uint64_t>(static_cast<std::int64_t>(number)));
    }
  }
  return tensor;
}

SPIKETAPE_IO_FUNCTION Safetensors saved_state(const NetworkState& state) {
  std::vector<Tensor> tensors;
  Safetensors contents;
  add_text(contents.metadata, "format", "pt");
  add_text(contents.metadata, version_key, text_of(state_dict_version));
  for (const StateEntry& entry : state.entries) {
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
SPIKETAPE_IO_FUNCTION void save_file(const NetworkState& state, const std::string& path) {
  write_safetensors(path, saved_state(state));
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#include <spiketape/core/pop_macros.hpp>
