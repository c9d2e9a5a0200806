// Which bytes of a text are characters, and texts of others in messages.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The number of bytes of the first character of a text in UTF-8 (The Unicode Standard, table 3-7); 0 if it
/// begins with none.
SPIKETAPE_COLD SPIKETAPE_NOINLINE inline std::size_t utf8_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto in = [&](std::size_t i, unsigned low, unsigned high) {
    return byte(i) >= low && byte(i) <= high;
  };
  const auto follows = [&](std::size_t i) { return in(i, 0x80, 0xbf); };
  const unsigned first = byte(0);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (in(0, 0xc2, 0xdf)) return follows(1) ? 2 : 0;
  if (in(0, 0xe0, 0xef)) {
    const bool second = first == 0xe0 ? in(1, 0xa0, 0xbf) : first == 0xed ? in(1, 0x80, 0x9f) : follows(1);
    return second && follows(2) ? 3 : 0;
  }
  if (in(0, 0xf0, 0xf4)) {
    const bool second = first == 0xf0 ? in(1, 0x90, 0xbf) : first == 0xf4 ? in(1, 0x80, 0x8f) : follows(1);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// A part of a message: the beginning of a text of unknown length and content.
struct Shown {
  std::string_view text;
};
SPIKETAPE_COLD SPIKETAPE_NOINLINE inline void append(std::string& all, Shown part) {
  constexpr std::size_t most = 60;
  std::string_view text = part.text;
  for (const std::size_t before = all.size(); !text.empty() && all.size() < before + most;) {
    const std::size_t size = utf8_size(text);
    if (size == 0 || static_cast<unsigned char>(text.front()) < 0x20)
      all += '?';
    else
      all += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  if (!text.empty()) all += joined({"... and ", text.size(), " bytes more"});
}
/// The same as a text.
SPIKETAPE_COLD inline std::string shown(std::string_view text) { return joined({Shown{text}}); }

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
