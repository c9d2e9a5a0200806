// Names in files that no array has.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/form.hpp>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

inline constexpr int state_dict_version = 1;
inline constexpr const char* version_key = "spiketape.state_dict";
inline constexpr const char* reset_key = "reset_mechanism_val";

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#include <spiketape/core/pop_macros.hpp>
