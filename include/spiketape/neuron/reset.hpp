// Reset policies: what a spike does to the membrane.
//
// A reset policy gives the membrane right after a spike, as an affine function of the membrane V and the
// threshold θ, and the two partial derivatives of that function, which are plain numbers. `before_input` says
// whether a delayed reset acts on the membrane that enters the step, so that the input of the step survives,
// or on the one that leaves it. Your own is a struct like this:
//
//     struct ResetToHalf {
//       static constexpr bool before_input = false;
//       static constexpr double d_mem = 0.5, d_threshold = 0;
//       template <typename T> T after(const T& mem, const T&) const { return T(0.5) * mem; }
//     };
//
// A policy with parameters may have `void check() const`, which throws std::invalid_argument for parameters
// that make no sense; a neuron that is made with them calls it. The same holds for surrogates and quantizers.
//
// Where there is a cheaper form of select(spiked, after(V, θ), V), a policy may have it as
// after_where(spiked, V, θ), which must equal it (see Subtract).
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/lanes.hpp>

#include <concepts>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI {

/// The contract of a reset policy.
template <typename R>
concept ResetPolicy = std::default_initializable<R> && std::is_trivially_copyable_v<R> &&
    requires(const R reset, float x, double y, Lane<float> lane) {
  { R::before_input } -> std::convertible_to<bool>;
  { R::d_mem } -> std::convertible_to<double>;
  { R::d_threshold } -> std::convertible_to<double>;
  { reset.after(x, x) } -> std::same_as<float>;
  { reset.after(y, y) } -> std::same_as<double>;
  { reset.after(lane, lane) } -> std::same_as<Lane<float>>;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
