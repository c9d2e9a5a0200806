// What makes one neuron model differ from another: its state variables and how they evolve in a step. All
// else (thresholds, resets, surrogates, quantizers, inhibition, loops over time, gradients of learned
// coefficients) is LIF's. A Dynamics is a trivially copyable value; its members are what is chosen at run
// time. It has
//
//   state_count, coefficient_count     how many there are; the membrane is the last state
//   state_names                        how errors call them
//   Result<T>                          the aggregate a call returns: {spk, the states in their order}
//   integrate(states, input, c)        the states become those of the next step, without spike and reset
//   integrate_adjoint(entered, input, c, adjoint, input_adjoint, c_adjoint)
//                                      `adjoint` is that of the integrated states and becomes that of
//                                      `entered`; input_adjoint and c_adjoint are written
//
// as templates over the number type, std::array<T, state_count> and std::array<T, coefficient_count>, so that
// one text serves SIMD lanes and plain numbers: write the functions of lanes.hpp (st::exp, st::select),
// branch on no T, and mark the functions SPIKETAPE_INLINE, or g++ -O2 may leave calls in the loop. A decay
// rate is read as clamped(c), and its adjoint is where(unclamped(c), ...). All of c_adjoint is written, with
// T(0) for what has none.
//
// Around it a neuron is a flat options struct (designated initializers know no base) and a class on LIF with
// a `name`, which hands LIF the options and the coefficients: its own in their order, then threshold and
// graded_spikes_factor. LIF reads the other options of Leaky by their names; one that is not there is off, or
// a policy as it is by default. Leaky is the smallest example; examples/05_own_neuron.cpp is one from outside
// of the library, and checks its adjoint.
//
// Where a neuron needs it, its Dynamics also has
//
//   static constexpr bool recurrent = true
//                                      integrate and integrate_adjoint get the spike of the step before,
//                                      behind the input; the adjoint writes its adjoint, behind input_adjoint
//   threshold(states, θ, c)            where the threshold stands (see Alif), with
//   threshold_adjoint(states, c, threshold_adjoint, adjoint, θ_adjoint, c_adjoint)
//                                      the last three are added to
//   reset(signal, entered, policy, θ, c, states)
//                                      what a spike does to all states, where it is not the membrane alone
//                                      that is reset (see Alpha), with
//   reset_adjoint(signal, policy, θ, c, adjoint, entered_adjoint, θ_adjoint, c_adjoint)
//                                      `adjoint` changes in place, the last three are added to
//
// All of them are const. `entered` are the states before the integration where the reset is delayed, else
// those that are reset, and entered_adjoint is then `adjoint` itself: change it in place first, then add. A
// recurrent neuron's integrate gets all that comes in as `input`; where all act on all integrate_adjoint gets
// the input without what the layer sends to itself, and must not depend on it. x̄ is the adjoint of x, the
// derivative of the loss by it.
//
// The compiler checks all of this where a neuron is made, for lanes and for plain numbers, and names the first
// thing that is missing or has another signature (dynamics_check.hpp). It cannot check the body of a template:
// std::exp, ?: or a branch on a T is an error in the compiler's own words, at the line where it stands.
#pragma once

#include <spiketape/kernels/lanes.hpp>

#include <array>
#include <cstddef>

namespace spiketape {

/// What a neuron with one state returns for every step: the spikes S = g·H(V − θ) and the membrane U. T is an
/// Array for a step, a Sequence for a sequence, a Var on a tape.
template <typename T>
struct SpkMem {
  T spk;
  T mem;
};

/// A decay rate, held between 0 and 1.
template <typename T>
[[nodiscard]] SPIKETAPE_INLINE T clamped(const T& rate) {
  return min(max(rate, T(0)), T(1));
}
/// Whether a rate lies in [0, 1], the ends included; elsewhere its gradient is 0.
template <typename T>
[[nodiscard]] SPIKETAPE_INLINE detail::MaskOf<T> unclamped(const T& rate) {
  return (rate >= T(0)) & (rate <= T(1));
}

}  // namespace spiketape

namespace spiketape::detail {

template <typename Dynamics>
inline constexpr bool is_recurrent = requires {
  requires Dynamics::recurrent;
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

}  // namespace spiketape::detail
