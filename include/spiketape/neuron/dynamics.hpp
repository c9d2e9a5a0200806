// The Dynamics of a neuron model: its state variables and how they evolve in a step. LIF does all else
// (thresholds, resets, surrogates, quantizers, inhibition, loops over time, gradients of learned
// coefficients). A Dynamics is a trivially copyable value; its members are what is chosen at run time. It has
//
//   state_count, coefficient_count     how many there are; the membrane is the last state
//   state_names                        their names in errors
//   Result<T>                          the aggregate that a call returns: {spk, the states in their order}
//   integrate(states, input, c)        turns the states into those of the next step, without spike and reset
//   integrate_adjoint(entered, input, c, adjoint, input_adjoint, c_adjoint)
//                                      turns `adjoint` from that of the integrated states into that of
//                                      `entered`; writes input_adjoint and c_adjoint
//
// as templates over the number type T, with states of type std::array<T, state_count> and c of type
// std::array<T, coefficient_count>, so that the same code serves SIMD lanes and plain numbers. Use the
// functions of lanes.hpp (st::exp, st::select), do not branch on a T, and mark the functions
// SPIKETAPE_INLINE, or g++ -O2 may leave calls in the loop. Read a decay rate as clamped(c); its adjoint is
// where(unclamped(c), ...). Write all of c_adjoint, with T(0) where there is none.
//
// A neuron also has a flat options struct (designated initializers do not reach a base) and a class on LIF
// with a `name`. The class passes LIF the options and the coefficients: its own in their order, then
// threshold and graded_spikes_factor. LIF reads the other options of Leaky by name; a missing one is off, or
// the default policy. Leaky is the smallest example. examples/05_own_neuron.cpp is one from outside of the
// library and checks its adjoint.
//
// Where a neuron needs it, its Dynamics also has
//
//   static constexpr bool recurrent = true
//                                      integrate and integrate_adjoint get the spike of the step before,
//                                      behind input; the latter writes its adjoint, behind input_adjoint
//   derive(c)                          writes coefficients that follow from others (see Alpha): once for a
//                                      call if all neurons share them, else wherever they are loaded.
//                                      c_adjoint then has their effect in those they follow from
//   bool follows                       whether derive(c) writes them, where they are also computed when the
//                                      neuron is made: LIF sets it in calls where one of the neuron's own
//                                      coefficients is learned, or is another than when the neuron was made
//   threshold(states, θ, c)            returns the current threshold (see Alif); needs
//   threshold_adjoint(states, c, threshold_adjoint, adjoint, θ_adjoint, c_adjoint)
//                                      adds to the last three
//   reset(signal, entered, policy, θ, c, states)
//                                      applies a reset to all states, where it changes more than the
//                                      membrane (see Alpha); needs
//   reset_adjoint(signal, policy, θ, c, adjoint, entered_adjoint, θ_adjoint, c_adjoint)
//                                      changes `adjoint` in place and adds to the last three
//
// All functions are const. With a delayed reset `entered` are the states before the integration. With a
// same-step reset they are the states that are reset, and entered_adjoint is `adjoint` itself: change it in
// place first, then add. Where all neurons act on all, integrate gets an `input` that includes the recurrent
// current. integrate_adjoint then gets `input` without it, and must not depend on `input`. x̄ is the adjoint
// of x: the derivative of the loss with respect to x.
//
// The compiler checks all of this where a neuron is made, for lanes and for plain numbers, and names the
// first member that is missing or has another signature (dynamics_check.hpp). It cannot check the body of a
// template: std::exp, ?: or a branch on a T gives the compiler's own error at that line.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/lanes.hpp>

#include <array>
#include <cstddef>

namespace spiketape::inline SPIKETAPE_ABI {

/// What a neuron with one state returns for every step: the spikes S = g·H(V − θ) and the membrane U. T is an
/// Array for a step, a Sequence for a sequence, a Var on a tape.
template <typename T>
struct SpkMem {
  T spk;  ///< S, the spikes.
  T mem;  ///< U, the membrane.
};

/// A decay rate, clamped to [0, 1].
template <typename T>
[[nodiscard]] SPIKETAPE_INLINE T clamped(const T& rate) {
  return min(max(rate, T(0)), T(1));
}
/// Whether a rate lies in [0, 1], ends included. Elsewhere its gradient is 0.
template <typename T>
[[nodiscard]] SPIKETAPE_INLINE detail::MaskOf<T> unclamped(const T& rate) {
  return (rate >= T(0)) & (rate <= T(1));
}
/// A learned rate for a formula that needs 0 < rate < 1, such as a logarithm that divides: at least 10⁻⁶ away
/// from both. Its adjoint is passed on as it is everywhere, so a rate that an optimizer has moved out of range
/// comes back.
template <typename T>
[[nodiscard]] SPIKETAPE_INLINE T inside(const T& rate) {
  return min(max(rate, T(1e-6)), T(1 - 1e-6));
}

}  // namespace spiketape::inline SPIKETAPE_ABI

namespace spiketape::inline SPIKETAPE_ABI::detail {

template <typename Dynamics>
inline constexpr bool is_recurrent = requires {
  requires Dynamics::recurrent;
};

template <typename Dynamics, typename T>
concept Derives = requires(const Dynamics dynamics, std::array<T, Dynamics::coefficient_count> c) {
  dynamics.derive(c);
};

template <typename Dynamics, typename T>
concept HasMovingThreshold = requires(const Dynamics dynamics, std::array<T, Dynamics::state_count> states,
                                      T threshold, std::array<T, Dynamics::coefficient_count> c) {
  dynamics.threshold(states, threshold, c);
};

template <typename Dynamics, typename Reset, typename T>
concept HasOwnReset = requires(const Dynamics dynamics, MaskOf<T> signal,
                               std::array<T, Dynamics::state_count> states, Reset policy, T threshold,
                               std::array<T, Dynamics::coefficient_count> c) {
  dynamics.reset(signal, states, policy, threshold, c, states);
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
