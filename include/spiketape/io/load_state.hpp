// How a network is written as named tensors and read from them, without its type: first all is compared, then
// the arrays are set.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/form.hpp>
#include <spiketape/io/load_report.hpp>
#include <spiketape/io/network_state.hpp>
#include <spiketape/io/safetensors.hpp>

#include <string>
#include <string_view>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

/// The arrays and options of a network as a file has them.
Safetensors saved_state(const NetworkState& state);
void save_file(const NetworkState& state, const std::string& path);

/// Compares a network with a file. Nothing is changed.
LoadReport compare_state(const NetworkState& state, const Safetensors& contents, const LoadOptions& options);
/// Reads a file into a network. With options.strict, and before anything is changed, it throws
/// std::invalid_argument for what does not fit, whose text begins with `refusal`.
LoadReport load_state(const NetworkState& state, const Safetensors& contents, const LoadOptions& options,
                      std::string_view refusal);
/// The same from a file; throws std::runtime_error.
LoadReport load_file(const NetworkState& state, const std::string& path, const LoadOptions& options);

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#if SPIKETAPE_IO_INLINE
#include <spiketape/io/impl/load_state.hpp>
#include <spiketape/io/impl/save_state.hpp>
#endif

#include <spiketape/core/pop_macros.hpp>
