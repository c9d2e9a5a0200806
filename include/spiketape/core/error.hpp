// How spiketape reports a mistake: one sentence that names the function, the parameter, what came
// and what was expected, for example
//   spiketape::Linear: input has 63 features, weights expect 64
#pragma once

#include <spiketape/core/config.hpp>

#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace spiketape {

/// Receives the text of an error where exceptions are switched off (-fno-exceptions); the program
/// stops when it returns. With exceptions it is never called.
using ErrorHandler = void (*)(const char* text);

/// The handler in force: by default it prints the text to stderr. Assign to it to change it.
inline ErrorHandler& error_handler() {
  static ErrorHandler handler = [](const char* text) { std::fprintf(stderr, "%s\n", text); };
  return handler;
}

namespace detail {

inline void append(std::string& text, std::string_view part) { text += part; }
inline void append(std::string& text, char part) { text += part; }
template <std::integral Number>
void append(std::string& text, Number number) {
  text += std::to_string(number);
}
template <std::floating_point Number>
void append(std::string& text, Number number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.9g", static_cast<double>(number));
  text += digits;
}

/// The parts of a message, one after the other.
template <typename... Parts>
[[nodiscard]] std::string text_of(const Parts&... parts) {
  std::string text;
  (append(text, parts), ...);
  return text;
}

template <typename Exception>
[[noreturn]] void raise(const std::string& text) {
#if SPIKETAPE_EXCEPTIONS
  throw Exception(text);
#else
  error_handler()(text.c_str());
  std::abort();
#endif
}

/// A wrong argument or a wrong use: std::invalid_argument.
template <typename... Parts>
[[noreturn]] SPIKETAPE_NOINLINE void fail_argument(const Parts&... parts) {
  raise<std::invalid_argument>(text_of(parts...));
}

/// A file that cannot be read or written: std::runtime_error.
template <typename... Parts>
[[noreturn]] SPIKETAPE_NOINLINE void fail_file(const Parts&... parts) {
  raise<std::runtime_error>(text_of(parts...));
}

}  // namespace detail
}  // namespace spiketape
