// Texts by name. These functions are what readers and writers do with a map of texts: compilers take long
// over each member of std::map that is called with other types.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/config.hpp>

#include <map>
#include <string>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

using TextMap = std::map<std::string, std::string>;

/// Adds a text. False, and nothing is changed, if there is one of this name.
SPIKETAPE_COLD SPIKETAPE_NOINLINE inline bool add_text(TextMap& texts, std::string name, std::string text) {
  return texts.emplace(std::move(name), std::move(text)).second;
}
/// The text of this name, or nullptr.
SPIKETAPE_COLD SPIKETAPE_NOINLINE inline const std::string* text_at(const TextMap& texts,
                                                                    const std::string& name) {
  const auto at = texts.find(name);
  return at == texts.end() ? nullptr : &at->second;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
