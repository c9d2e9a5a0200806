// Errors: one sentence that names the function, the parameter, its value and the expected value, for example
//   spiketape::Linear: input has 63 features, weights expect 64
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/config.hpp>

#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

// Outside of the inline namespace, since a program has one handler.
namespace spiketape {

/// Receives the text of an error if exceptions are disabled (-fno-exceptions); the program aborts when it
/// returns. With exceptions it is never called.
using ErrorHandler = void (*)(const char* text);

/// The current handler; assign to it to change it. By default it prints the text to stderr.
inline ErrorHandler& error_handler() {
  static ErrorHandler handler = [](const char* text) { std::fprintf(stderr, "%s\n", text); };
  return handler;
}

}  // namespace spiketape

namespace spiketape::inline SPIKETAPE_ABI::detail {

inline void append(std::string& text, std::string_view part) { text += part; }
inline void append(std::string& text, char part) { text += part; }
// Not inlined, since every type of number in a message would repeat them.
SPIKETAPE_COLD SPIKETAPE_NOINLINE inline void append_number(std::string& text, long long number) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%lld", number);
  text += digits;
}
SPIKETAPE_COLD SPIKETAPE_NOINLINE inline void append_number(std::string& text, unsigned long long number) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%llu", number);
  text += digits;
}
SPIKETAPE_COLD SPIKETAPE_NOINLINE inline void append_number(std::string& text, double number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.9g", number);
  text += digits;
}
template <std::signed_integral Number>
void append(std::string& text, Number number) {
  append_number(text, static_cast<long long>(number));
}
template <std::unsigned_integral Number>
void append(std::string& text, Number number) {
  append_number(text, static_cast<unsigned long long>(number));
}
template <std::floating_point Number>
void append(std::string& text, Number number) {
  append_number(text, static_cast<double>(number));
}

/// A part of a message, whatever its type. A message is a list of these, so that the many messages of a
/// program share the functions below.
class MessagePart {
 public:
  MessagePart(const char* text)  // NOLINT: parts are passed as they are
      : part_(text),
        append_([](std::string& all, const void* part) { all += static_cast<const char*>(part); }) {}
  template <typename T>
  MessagePart(const T& part)  // NOLINT: parts are passed as they are
      : part_(&part),
        append_([](std::string& all, const void* of_t) { append(all, *static_cast<const T*>(of_t)); }) {}

  void append_to(std::string& text) const { append_(text, part_); }

 private:
  const void* part_;
  void (*append_)(std::string& all, const void* part);
};
using Message = std::initializer_list<MessagePart>;

/// The parts of a message, one after the other.
inline std::string joined(Message parts) {
  std::string text;
  for (const MessagePart& part : parts) part.append_to(text);
  return text;
}
/// Concatenates the parts of a message.
template <typename... Parts>
[[nodiscard]] std::string text_of(const Parts&... parts) {
  return joined({parts...});
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

[[noreturn]] SPIKETAPE_COLD SPIKETAPE_NOINLINE inline void raise_argument(Message parts) {
  raise<std::invalid_argument>(joined(parts));
}
[[noreturn]] SPIKETAPE_COLD SPIKETAPE_NOINLINE inline void raise_file(Message parts) {
  raise<std::runtime_error>(joined(parts));
}

/// For a wrong argument or wrong use: throws std::invalid_argument.
template <typename... Parts>
[[noreturn]] void fail_argument(const Parts&... parts) {
  raise_argument({parts...});
}

/// For a file that cannot be read or written: throws std::runtime_error.
template <typename... Parts>
[[noreturn]] void fail_file(const Parts&... parts) {
  raise_file({parts...});
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
