// The hidden state of a network: to forget it, to save it, to go back to it, to start from it.
#pragma once

#include <spiketape/autograd/var.hpp>
#include <spiketape/core/array.hpp>

#include <cstddef>
#include <vector>

namespace spiketape {

/// Forgets the hidden membranes of neurons or networks: `reset_hidden(lif1, lif2)`, `reset_hidden(net)`.
template <typename... Layers>
void reset_hidden(const Layers&... layers) {
  (layers.reset_hidden(), ...);
}

/// Cuts the gradient between the calls so far and the next ones (truncated BPTT).
template <typename... Layers>
void detach_hidden(const Layers&... layers) {
  (layers.detach_hidden(), ...);
}

/// The hidden states of a neuron or a network (those with init_hidden), layer by layer, each (batch,
/// features) or empty: a value that can be copied, kept and written to a file.
template <Real Scalar>
using HiddenState = std::vector<Array<Scalar>>;

/// Copies the hidden state into `state`. Allocates where that has another size.
template <typename Network>
void save_hidden_state(const Network& net, HiddenState<typename Network::Scalar>& state) {
  using Scalar = typename Network::Scalar;
  std::size_t count = 0;
  net.for_each_hidden([&](const Array<Scalar>& values, const Var<Scalar>&) {
    if (count == state.size()) state.emplace_back();
    state[count++] = values;
  });
  state.resize(count);
}

/// The hidden state of a network or a neuron, as a copy. Allocates.
template <typename Network>
HiddenState<typename Network::Scalar> hidden_state(const Network& net) {
  HiddenState<typename Network::Scalar> state;
  save_hidden_state(net, state);
  return state;
}

/// Puts a hidden state in place of the network's; its gradient is cut there. Throws std::invalid_argument,
/// and changes nothing, if the network has another number of states.
template <typename Network>
void set_hidden_state(const Network& net, const HiddenState<typename Network::Scalar>& state) {
  using Scalar = typename Network::Scalar;
  std::size_t count = 0;
  net.for_each_hidden([&](const Array<Scalar>&, const Var<Scalar>&) { ++count; });
  if (count != state.size())
    detail::fail_argument("spiketape::set_hidden_state: state has ", state.size(),
                          " arrays, the network keeps ", count);
  count = 0;
  net.for_each_hidden([&](Array<Scalar>& values, Var<Scalar>& var) {
    values = state[count++];
    var = {};
  });
}

}  // namespace spiketape
