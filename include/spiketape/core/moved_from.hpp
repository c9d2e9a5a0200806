// What was moved from.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/abi.hpp>

#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Whether the object that it is a member of has been moved from.
struct MovedFrom {
  bool yes = false;

  MovedFrom() = default;
  MovedFrom(const MovedFrom&) = default;
  MovedFrom(MovedFrom&& other) noexcept : yes(std::exchange(other.yes, true)) {}
  MovedFrom& operator=(const MovedFrom&) = default;
  MovedFrom& operator=(MovedFrom&& other) noexcept {
    const bool other_was = std::exchange(other.yes, true);
    yes = other_was;
    return *this;
  }
  ~MovedFrom() = default;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
