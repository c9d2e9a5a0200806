// A recurrent neuron with the recorded weights.
#pragma once

#include "neuron_case.hpp"

#include <spiketape/core/random.hpp>

namespace golden {

template <typename Neuron>
Neuron recurrent(const typename Neuron::Options& options, const json& inputs) {
  if (!options.all_to_all) return Neuron(options);
  using Scalar = typename Neuron::Scalar;
  const Index neurons = options.linear_features;
  st::Random random(1);
  Neuron lif(options, random);
  // The record holds what one neuron receives in a row, we hold what it sends.
  lif.recurrent_weight().array() = Tensor(inputs["recurrent_weight"]).array<Scalar>(neurons).transpose();
  lif.recurrent_bias().array() = Tensor(inputs["recurrent_bias"]).array<Scalar>(1);
  return lif;
}

}  // namespace golden
