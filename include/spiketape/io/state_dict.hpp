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

#include <string>

namespace spiketape::inline SPIKETAPE_ABI {

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
  return detail::load_state(detail::writable_state(net), contents, options,
                            "spiketape::load_state_dict: the contents do not fit the network\n");
}

/// Writes the state_dict of a network or layer to a safetensors file: completely or, on an error, not at all,
/// see write_file. Allocates the bytes of the file. Throws what write_safetensors throws.
template <typename Network>
void save(const Network& net, const std::string& path) {
  detail::save_file(detail::network_state(net), path);
}

/// Sets the parameters of a network or layer from a safetensors file, as load_state_dict does. Throws
/// std::runtime_error if the file cannot be read, is not in the format or does not fit the network.
template <typename Network>
LoadReport load(Network& net, const std::string& path, const LoadOptions& options = {}) {
  return detail::load_file(detail::writable_state(net), path, options);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
