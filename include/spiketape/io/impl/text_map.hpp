// What text_map.hpp declares.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/text_map.hpp>

#include <utility>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

SPIKETAPE_IO_FUNCTION bool add_text(TextMap& texts, std::string name, std::string text) {
  return texts.emplace(std::move(name), std::move(text)).second;
}
SPIKETAPE_IO_FUNCTION const std::string* text_at(const TextMap& texts, const std::string& name) {
  const auto at = texts.find(name);
  return at == texts.end() ? nullptr : &at->second;
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#include <spiketape/core/pop_macros.hpp>
