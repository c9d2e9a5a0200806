// Parts of C source text: numbers, arrays and names.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/io/decimal.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

template <Real Scalar>
inline constexpr const char* c_type = std::is_same_v<Scalar, float> ? "float" : "double";

/// A finite number that a C compiler reads back as the same one. What the library's calls count as zero is
/// written as zero. Negative numbers stand in parentheses, so that they fit behind an operator.
template <Real Scalar>
std::string c_number(Scalar number) {
  if (std::abs(number) < std::numeric_limits<Scalar>::min()) number = 0;
  std::string text = decimal_text(number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  if (std::is_same_v<Scalar, float>) text += 'f';
  return number < 0 ? '(' + text + ')' : text;
}

/// The numbers of an array in braces, in lines of some 100 characters.
template <typename Text>
std::string c_list(std::size_t count, Text&& text_of_number) {
  constexpr std::size_t width = 100;
  std::string list;
  std::size_t begin = 0;  // of the line
  bool one_line = true;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = text_of_number(i);
    if (i > 0 && list.size() - begin + number.size() + 2 > width) {
      list += "\n    ";
      begin = list.size() - 4;
      one_line = false;
    } else if (i > 0) {
      list += ' ';
    }
    list += number;
    if (i + 1 < count) list += ',';
  }
  return (one_line ? "{" : "{\n    ") + list + '}';
}

/// Numbers without the parentheses that only operators need.
template <Real Scalar>
std::string c_element(Scalar number) {
  const std::string text = c_number(number);
  return text.front() == '(' ? text.substr(1, text.size() - 2) : text;
}

/// A static array of numbers.
template <Real Scalar>
std::string c_array(const std::string& name, const Scalar* numbers, std::size_t count) {
  return text_of("static const ", c_type<Scalar>, " ", name, "[", count,
                 "] = ", c_list(count, [&](std::size_t i) { return c_element(numbers[i]); }), ";\n");
}

inline bool c_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
inline bool c_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a name can begin the names of a C file.
inline bool is_c_name(std::string_view name) {
  // Names that begin with _ belong to compilers, as do those with __ in C++.
  return !name.empty() && c_letter(name.front()) && name.front() != '_' && name.back() != '_' &&
         name.find("__") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](char c) { return c_letter(c) || c_digit(c); });
}

/// A layer's path as a part of a C name: block.fc1 becomes block_fc1, 0 becomes layer0.
inline std::string c_name_of(std::string_view path) {
  std::string name = path.empty() || !c_letter(path.front()) ? "layer" : "";
  for (const char c : path) {
    const char part = c_letter(c) || c_digit(c) ? c : '_';
    if (part != '_' || (!name.empty() && name.back() != '_')) name += part;
  }
  while (name.back() == '_') name.pop_back();
  return name;
}

inline std::string in_capitals(std::string name) {
  for (char& c : name)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return name;
}

/// Text that may stand in a C comment.
inline std::string in_comment(std::string text) {
  for (std::size_t at; (at = text.find("*/")) != std::string::npos;) text[at] = '?';
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '$' || c == '^' || c == '@') c = '?';  // see c_filled
  return text;
}

/// Replaces each $ by the name that the file has, each ^ by the same in capitals and each @ by its number
/// type, so that templates of C text stay readable.
template <Real Scalar>
std::string c_filled(std::string_view text, const std::string& name) {
  std::string filled;
  for (const char c : text) {
    if (c == '$')
      filled += name;
    else if (c == '^')
      filled += in_capitals(name);
    else if (c == '@')
      filled += c_type<Scalar>;
    else
      filled += c;
  }
  return filled;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
