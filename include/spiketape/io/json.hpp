// A strict reader of JSON (RFC 8259) for headers whose structure is known: it takes what is expected and
// refuses everything else, so nesting is as deep as the code that reads, whatever the text is.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/function_ref.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/io/text_cursor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Reads a text from its beginning to its end.
class JsonReader : public TextCursor {
 public:
  JsonReader(std::string_view text, std::string where) : TextCursor(text, " \n\r\t", std::move(where)) {}

  /// Calls member(name) for each member of an object; it must read the value.
  void object(FunctionRef<void(std::string&&)> member) {
    list('{', '}', [&] {
      std::string name = string();
      take(':', "':'");
      member(std::move(name));
    });
  }
  /// Calls element() for each element of an array; it must read it.
  void array(FunctionRef<void()> element) { list('[', ']', element); }

  std::string string() {
    take('"', "a text in quotes");
    std::string result;
    for (;;) {
      const unsigned char c = at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : 0;
      if (c < 0x20) fail("a character or the end of the text");
      if (c == '"') break;
      if (c == '\\') {
        ++at_;
        escape(result);
        continue;
      }
      const std::size_t size = utf8_size(text_.substr(at_));
      if (size == 0) fail("UTF-8");
      result += text_.substr(at_, size);
      at_ += size;
    }
    ++at_;
    return result;
  }

 private:
  void list(char open, char close, FunctionRef<void()> element) {
    take(open);
    if (takes(close)) return;
    do {
      element();
    } while (takes(','));
    const char expected[] = {'\'', ',', '\'', ' ', 'o', 'r', ' ', '\'', close, '\''};
    take(close, std::string_view(expected, sizeof expected));
  }

  /// What follows a backslash.
  void escape(std::string& result) {
    constexpr std::string_view written = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (const std::size_t k = written.find(c); c != '\0' && k != written.npos) {
      result += meant[k];
      ++at_;
      return;
    }
    if (c != 'u') fail("one of \"\\/bfnrtu behind the backslash");
    ++at_;
    std::uint32_t code = hexadecimal();
    if (code >= 0xd800 && code < 0xdc00) {  // the first half of a pair, as UTF-16 has it
      if (text_.substr(at_, 2) != "\\u") fail("the second half of a surrogate pair");
      at_ += 2;
      const std::uint32_t low = hexadecimal();
      if (low < 0xdc00 || low > 0xdfff) fail("a character behind the second half of a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
      fail("a character behind the first half of a surrogate pair");
    }
    const auto add = [&](std::uint32_t head, int shift) {
      result += static_cast<char>(head | (code >> shift));
    };
    const auto add_rest = [&](int shift) { result += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
    if (code < 0x80) {
      add(0, 0);
    } else if (code < 0x800) {
      add(0xc0, 6);
      add_rest(0);
    } else if (code < 0x10000) {
      add(0xe0, 12);
      add_rest(6);
      add_rest(0);
    } else {
      add(0xf0, 18);
      add_rest(12);
      add_rest(6);
      add_rest(0);
    }
  }
  std::uint32_t hexadecimal() {
    std::uint32_t code = 0;
    for (int k = 0; k < 4; ++k, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : ' ';
      constexpr std::string_view digits = "0123456789abcdef";
      const std::size_t digit = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
      if (digit == digits.npos) fail("four hexadecimal digits");
      code = 16 * code + static_cast<std::uint32_t>(digit);
    }
    return code;
  }
};

/// A text as JSON writes it, in quotes. The text is UTF-8.
inline std::string json_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    constexpr std::string_view hexadecimal = "0123456789abcdef";
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (result += '\\') += c;
    else if (code < 0x20)
      ((result += "\\u00") += hexadecimal[code >> 4]) += hexadecimal[code & 15];
    else
      result += c;
  }
  return result + '"';
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
