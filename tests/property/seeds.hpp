// The seeds of random cases: a few by default, as many others as the environment asks for.
#pragma once

#include <cstdint>
#include <cstdlib>

/// A number from the environment.
inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}
