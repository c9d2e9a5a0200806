// What neurons return, as arrays: for tests over neurons with any number of states.
#pragma once

#include <spiketape/neuron/alif.hpp>
#include <spiketape/neuron/alpha.hpp>
#include <spiketape/neuron/synaptic.hpp>

#include <array>
#include <tuple>

namespace results {

/// {spk, the states in their order}.
template <typename T>
std::array<T, 2> parts(const spiketape::SpkMem<T>& result) {
  return {result.spk, result.mem};
}
template <typename T>
std::array<T, 3> parts(const spiketape::SpkSynMem<T>& result) {
  return {result.spk, result.syn, result.mem};
}
template <typename T>
std::array<T, 3> parts(const spiketape::SpkAdaptMem<T>& result) {
  return {result.spk, result.adapt, result.mem};
}
template <typename T>
std::array<T, 4> parts(const spiketape::SpkExcInhMem<T>& result) {
  return {result.spk, result.syn_exc, result.syn_inh, result.mem};
}

/// The call with explicit states.
template <typename Neuron, typename Input, typename State, std::size_t count>
auto call(const Neuron& lif, const Input& input, const std::array<State, count>& states) {
  return std::apply([&](const auto&... state) { return parts(lif(input, state...)); }, states);
}

/// What goes from a call to the next: recurrent neurons take the spikes, too.
template <typename Neuron, typename T, std::size_t count>
std::array<T, Neuron::carried> carried(const std::array<T, count>& parts) {
  std::array<T, Neuron::carried> states;
  for (std::size_t k = 0; k < states.size(); ++k) states[k] = parts[count - states.size() + k];
  return states;
}

/// The names of {spk, the states}.
template <typename Neuron>
std::array<const char*, 1 + Neuron::state_count> names() {
  std::array<const char*, 1 + Neuron::state_count> list{"spk"};
  for (std::size_t k = 0; k < Neuron::state_count; ++k) list[1 + k] = Neuron::Dynamics::state_names[k];
  return list;
}

}  // namespace results
