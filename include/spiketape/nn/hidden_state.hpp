// The hidden state, which neurons with init_hidden keep inside: reset, detach, save and restore it.
// autograd/state.hpp has states outside of the network.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/state.hpp>

#include <cstddef>

namespace spiketape::inline SPIKETAPE_ABI {

/// Resets the hidden states of neurons or networks: `reset_hidden(lif1, lif2)`, `reset_hidden(net)`.
template <typename... Layers>
void reset_hidden(const Layers&... layers) {
  (layers.reset_hidden(), ...);
}

/// Cuts the gradient between earlier calls and the next one (truncated BPTT).
template <typename... Layers>
void detach_hidden(const Layers&... layers) {
  (layers.detach_hidden(), ...);
}

/// The hidden states of a neuron or a network, layer by layer.
template <Real Scalar>
using HiddenState = State<Scalar>;

/// Copies the hidden state into `state`, without its gradient. Allocates if the sizes differ.
template <typename Network>
void save_hidden_state(const Network& net, State<typename Network::Scalar>& state) {
  using Scalar = typename Network::Scalar;
  std::size_t count = 0;
  Index batch = 0;
  net.for_each_hidden([&](const Array<Scalar>& values, const Var<Scalar>&) {
    ++count;
    if (values.rows() > 0) batch = values.rows();
  });
  if (state.size() != count || state.batch() != batch) state = State<Scalar>(count, batch);
  count = 0;
  net.for_each_hidden([&](const Array<Scalar>& values, const Var<Scalar>&) {
    auto& part = state.parts()[count++];
    detail::give_size(part.values, values.rows(), values.cols());
    part.values = values;
    part.var = {};
  });
}

/// A copy of the hidden state of a network or a neuron, without its gradient. Allocates.
template <typename Network>
[[nodiscard]] State<typename Network::Scalar> hidden_state(const Network& net) {
  State<typename Network::Scalar> state;
  save_hidden_state(net, state);
  return state;
}

/// Replaces the network's hidden state and cuts its gradient. Throws std::invalid_argument if the network has
/// another number of states, and then changes nothing, as if memory runs out.
template <typename Network>
void set_hidden_state(const Network& net, const State<typename Network::Scalar>& state) {
  using Scalar = typename Network::Scalar;
  std::size_t count = 0;
  bool fits = true;
  net.for_each_hidden([&](const Array<Scalar>& values, const Var<Scalar>&) {
    const std::size_t k = count++;
    fits = fits && k < state.size() &&
           (state[k].size() == 0 || (values.rows() == state[k].rows() && values.cols() == state[k].cols()));
  });
  if (count != state.size())
    detail::fail_argument("spiketape::set_hidden_state: state has ", state.size(),
                          " arrays, the network keeps ", count);
  State<Scalar> copy;  // so that all states are replaced, or none if memory runs out
  if (!fits) copy = state;
  count = 0;
  net.for_each_hidden([&](Array<Scalar>& values, Var<Scalar>& var) {
    if (fits)
      values = state[count];
    else
      values.swap(copy.parts()[count].values);
    ++count;
    var = {};
  });
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
