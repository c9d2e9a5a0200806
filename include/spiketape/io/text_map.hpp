// Texts by name. These functions are what readers and writers do with a map of texts: compilers take long
// over each member of std::map that is called with other types.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/form.hpp>

#include <map>
#include <string>
#include <utility>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

using TextMap = std::map<std::string, std::string>;

/// Adds a text. False, and nothing is changed, if there is one of this name.
bool add_text(TextMap& texts, std::string name, std::string text);
/// The text of this name, or nullptr.
const std::string* text_at(const TextMap& texts, const std::string& name);

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#if SPIKETAPE_IO_INLINE
#include <spiketape/io/impl/text_map.hpp>
#endif

#include <spiketape/core/pop_macros.hpp>
