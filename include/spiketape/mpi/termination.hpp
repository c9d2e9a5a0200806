// What a process says when it is told to end.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/abi.hpp>

#include <csignal>
#include <cstddef>
#include <string>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace spiketape::inline SPIKETAPE_ABI::mpi::detail {

/// What is printed; the handler of a signal must not make a text.
struct TerminationText {
  char bytes[512];
  std::size_t size;
};
inline TerminationText& termination_text() {
  static TerminationText text{};
  return text;
}

#if defined(__unix__) || defined(__APPLE__)
inline void print_termination(int signal) {
  const TerminationText& text = termination_text();
  const ssize_t written = write(STDERR_FILENO, text.bytes, text.size);
  static_cast<void>(written);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}
#endif

/// Prints a text with this name of a process on SIGTERM, and then ends as without it. An empty name: no
/// longer. Leaves alone what the program has set. Launchers send the signal to all processes when one has
/// died.
inline void say_when_terminated(const std::string& name) {
#if defined(__unix__) || defined(__APPLE__)
  struct sigaction now = {};
  if (sigaction(SIGTERM, nullptr, &now) != 0 || (now.sa_flags & SA_SIGINFO) != 0) return;
  const auto expected = name.empty() ? &print_termination : SIG_DFL;
  if (now.sa_handler != expected) return;
  if (name.empty()) {
    std::signal(SIGTERM, SIG_DFL);
    return;
  }
  const std::string text = "spiketape::mpi: " + name +
                           " is told to end (SIGTERM): another process has died, or the job was stopped. "
                           "Started again it goes on from its last checkpoint.\n";
  TerminationText& kept = termination_text();
  kept.size = text.copy(kept.bytes, sizeof kept.bytes);
  std::signal(SIGTERM, &print_termination);
#else
  static_cast<void>(name);
#endif
}

}  // namespace spiketape::inline SPIKETAPE_ABI::mpi::detail

#include <spiketape/core/pop_macros.hpp>
