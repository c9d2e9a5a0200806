// Errors: one sentence that names the function, the parameter, its value and the expected value, for example
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

/// Receives the text of an error if exceptions are disabled (-fno-exceptions); the program aborts when it
/// returns. With exceptions it is never called.
using ErrorHandler = void (*)(const char* text);

/// The current handler; assign to it to change it. By default it prints the text to stderr.
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

/// Concatenates the parts of a message.
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

/// For a wrong argument or wrong use: throws std::invalid_argument.
template <typename... Parts>
[[noreturn]] SPIKETAPE_NOINLINE void fail_argument(const Parts&... parts) {
  raise<std::invalid_argument>(text_of(parts...));
}

/// For a file that cannot be read or written: throws std::runtime_error.
template <typename... Parts>
[[noreturn]] SPIKETAPE_NOINLINE void fail_file(const Parts&... parts) {
  raise<std::runtime_error>(text_of(parts...));
}

}  // namespace detail
}  // namespace spiketape
