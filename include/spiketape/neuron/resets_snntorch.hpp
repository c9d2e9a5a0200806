// The resets of snnTorch.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/reset.hpp>

namespace spiketape::inline SPIKETAPE_ABI::reset {

/// V stays: the neuron reports threshold crossings and keeps integrating. snnTorch: "none".
struct None {
  static constexpr bool before_input = false;
  static constexpr double d_mem = 1, d_threshold = 0;
  template <typename T>
  SPIKETAPE_INLINE T after(const T& mem, const T&) const {
    return mem;
  }
};
/// The same under a name that X11's headers, which make None a macro, leave alone.
using NoReset = None;

/// V becomes V − θ. snnTorch: "subtract", the default.
struct Subtract {
  static constexpr bool before_input = false;
  static constexpr double d_mem = 1, d_threshold = -1;
  template <typename T>
  SPIKETAPE_INLINE T after(const T& mem, const T& threshold) const {
    return mem - threshold;
  }
  /// Equals select(spiked, after(mem, θ), mem) to the bit, which takes up to five instructions.
  template <typename T>
  SPIKETAPE_INLINE T after_where(const detail::MaskOf<T>& spiked, const T& mem, const T& threshold) const {
    return mem - where(spiked, threshold);
  }
};

/// V becomes 0, as snnTorch documents "zero": delayed, U = (1 − R)(βU + I), so the input that arrives
/// in the step of the reset is lost.
struct Zero {
  static constexpr bool before_input = false;
  static constexpr double d_mem = 0, d_threshold = 0;
  template <typename T>
  SPIKETAPE_INLINE T after(const T&, const T&) const {
    return T(0);
  }
};

/// V becomes 0 before the input of the step is added: delayed, U = β(1 − R)U + I. This is what
/// snnTorch 0.9.4 executes for "zero". In the same step (reset_delay = false) it equals Zero.
struct ZeroBeforeInput {
  static constexpr bool before_input = true;
  static constexpr double d_mem = 0, d_threshold = 0;
  template <typename T>
  SPIKETAPE_INLINE T after(const T&, const T&) const {
    return T(0);
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::reset

#include <spiketape/core/pop_macros.hpp>
