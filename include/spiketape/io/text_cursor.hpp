// A place in a text that is read from its beginning to its end, for the headers of files.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// What readers of texts share. What it throws is a std::runtime_error that begins with `where`, such as
/// "x has a header", and says what stands at this place.
class TextCursor {
 public:
  /// Throws: at this place stands something else than `expected`.
  [[noreturn]] SPIKETAPE_NOINLINE void fail(std::string_view expected) const {
    if (at_ >= text_.size())
      raise_file({where_, " that ends after ", text_.size(), " bytes, expected ", expected});
    raise_file({where_, " with '", Shown{text_.substr(at_, 20)}, "' at byte ", at_, ", expected ", expected});
  }

  /// A number without sign, point and exponent.
  std::uint64_t count() {
    skip_space();
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    const std::size_t first = at_;
    std::uint64_t number = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
      if (number > (most - digit) / 10) fail("a number below 2^64");
      number = 10 * number + digit;
    }
    const bool leading_zero = at_ > first + 1 && text_[first] == '0';
    const bool goes_on = at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E');
    if (at_ == first || leading_zero || goes_on) {
      if (leading_zero) at_ = first;
      fail("a whole number that is not negative");
    }
    return number;
  }

  /// Nothing but white space is left.
  void end() {
    skip_space();
    if (at_ != text_.size()) fail("the end");
  }

 protected:
  TextCursor(std::string_view text, std::string_view space, std::string where)
      : text_(text), space_(space), where_(std::move(where)) {}

  void skip_space() {
    while (at_ < text_.size() && space_.find(text_[at_]) != space_.npos) ++at_;
  }
  bool takes(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void take(char c, std::string_view expected) {
    if (!takes(c)) fail(expected);
  }
  void take(char c) { take(c, std::string_view(&c, 1)); }

  std::string_view text_;
  std::size_t at_ = 0;

 private:
  std::string_view space_;
  std::string where_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
