// What tests ask of the text of a picture.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace svg_text {

inline std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/// Walks through the tags of a picture: empty if they are balanced, every attribute is quoted and every
/// ampersand begins an entity, else what is wrong. A number that is no number is wrong as well.
inline std::string xml_mistake(const std::string& xml) {
  // In texts as in attributes: nothing but entities.
  const auto escaped = [](std::string_view text) {
    const std::size_t entities =
        count(text, "&lt;") + count(text, "&gt;") + count(text, "&amp;") + count(text, "&quot;");
    return count(text, "&") == entities;
  };
  std::vector<std::string> open;
  for (std::size_t at = 0; at < xml.size();) {
    const std::size_t begin = std::min(xml.find('<', at), xml.size());
    const std::string text = xml.substr(at, begin - at);
    if (!escaped(text) || contains(text, ">")) return "the text " + text;
    if (begin == xml.size()) break;

    const std::size_t end = xml.find('>', begin);
    if (end == xml.npos) return "a tag without an end";
    const std::string tag = xml.substr(begin + 1, end - begin - 1);
    if (!escaped(tag) || contains(tag, "<") || count(tag, "\"") % 2 != 0) return "the tag " + tag;
    for (const char* word : {"nan", "inf"})
      if (count(tag, word) > count(tag, "infinite")) return word + (" in " + tag);
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return "the end " + tag;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
    at = end + 1;
  }
  return open.empty() ? "" : "no end of " + open.back();
}

/// The elements that hold a certain text.
inline std::vector<std::string> elements_with(const std::string& svg, std::string_view part) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < svg.size();) {
    const std::size_t end = std::min(svg.find('\n', at), svg.size());
    const std::string line = svg.substr(at, end - at);
    if (contains(line, part) && !line.starts_with("<style>")) found.push_back(line);
    at = end + 1;
  }
  return found;
}

}  // namespace svg_text
