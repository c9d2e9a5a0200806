// What network_state.hpp declares.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/network_state.hpp>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

SPIKETAPE_IO_FUNCTION std::string_view LayerFacts::option(const char* name) const {
  const std::string* text = text_at(options, name);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}
SPIKETAPE_IO_FUNCTION std::string LayerFacts::named(std::string_view name) const {
  return joined({path, path.empty() ? "" : ".", name});
}

// Not defaulted: g++ warns of attributes on those.
SPIKETAPE_IO_FUNCTION NetworkState::NetworkState() {}
SPIKETAPE_IO_FUNCTION NetworkState::NetworkState(NetworkState&& other) noexcept
    : layers(std::move(other.layers)), entries(std::move(other.entries)) {}
SPIKETAPE_IO_FUNCTION NetworkState::~NetworkState() {}

SPIKETAPE_IO_FUNCTION LayerFacts& NetworkState::add_layer(const std::string& path, std::string (*type)(),
                                                          void* layer) {
  layers.push_back({path, type(), {}, layer, nullptr});
  return layers.back();
}
SPIKETAPE_IO_FUNCTION void NetworkState::add_option(std::string_view name, std::string text) {
  add_text(layers.back().options, std::string(name), std::move(text));
}
SPIKETAPE_IO_FUNCTION void NetworkState::add_option(std::string_view name, bool value) {
  add_option(name, option_text(value));
}
SPIKETAPE_IO_FUNCTION StateEntry& NetworkState::add_entry(std::string_view name, DType type, void* array) {
  entries.push_back({layers.back().named(name), layers.size() - 1, type});
  entries.back().array = array;
  return entries.back();
}

SPIKETAPE_IO_FUNCTION Tensor saved_tensor(const StateEntry& entry) {
  Tensor tensor{entry.name, entry.type, entry.shape, {}};
  const StateNumbers& numbers = entry.numbers;
  tensor.bytes.reserve(static_cast<std::size_t>(numbers.count()) * size_of(entry.type));
  for (Index i = 0; i < numbers.outer; ++i)
    for (Index j = 0; j < numbers.inner; ++j) {
      if (entry.type == DType::F32)
        append_numbers(tensor.bytes, static_cast<const float*>(numbers.first) + numbers.place(i, j), 1);
      else
        append_numbers(tensor.bytes, static_cast<const double*>(numbers.first) + numbers.place(i, j), 1);
    }
  return tensor;
}

SPIKETAPE_IO_FUNCTION std::optional<int> snntorch_reset(const LayerFacts& layer) {
  const std::string_view reset = layer.option("reset_mechanism");
  const bool leaky = layer.type == "spiketape::Leaky";
  if (reset == "reset::Subtract") return 0;
  if (reset == (leaky ? "reset::ZeroBeforeInput" : "reset::Zero")) return 1;
  if (reset == "reset::None") return 2;
  return std::nullopt;
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#include <spiketape/core/pop_macros.hpp>
