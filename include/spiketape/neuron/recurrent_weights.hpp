// The learned weights of a layer that sends its spikes to itself.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/parameter.hpp>
#include <spiketape/core/random.hpp>
#include <spiketape/neuron/recurrence.hpp>

#include <cmath>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// W, (neurons, neurons), with one row for what each neuron sends, and b, (1, neurons). Without neurons there
/// is no recurrence. Both are initialized like nn.Linear, uniform in ±1/√neurons.
template <Real Scalar>
struct RecurrentWeights {
  Parameter<Scalar> weight{"recurrent.weight", 0, 0};
  Parameter<Scalar> bias{"recurrent.bias", 1, 0};

  RecurrentWeights() = default;

  /// For a neuron that is made without a Random: its options must not ask for weights.
  template <typename Options>
  static RecurrentWeights none(const char* neuron, const Options& options) {
    if (options.all_to_all)
      fail_argument("spiketape::", neuron, ": all_to_all is true, expected a Random that draws the weights, ",
                    neuron, "<float> lif({...}, random), or all_to_all = false");
    if (options.linear_features != 0)
      fail_argument("spiketape::", neuron, ": all_to_all is false and linear_features is ",
                    options.linear_features,
                    ", expected it to be left out: each neuron acts on itself through V");
    return {};
  }

  /// For a neuron that is made with a Random: zeros, until they are drawn.
  template <typename Options>
  static RecurrentWeights all_to_all(const char* neuron, const Options& options) {
    if (!options.all_to_all)
      fail_argument("spiketape::", neuron,
                    ": all_to_all is false, expected no Random: there are no weights to draw");
    const Index neurons = options.linear_features;
    if (neurons < 1)
      fail_argument("spiketape::", neuron, ": linear_features is ", neurons,
                    ", expected the number of neurons, at least 1");
    RecurrentWeights weights;
    weights.weight = Parameter<Scalar>("recurrent.weight", neurons, neurons);
    weights.bias = Parameter<Scalar>("recurrent.bias", 1, neurons);
    weights.weight.set_saved_transposed(true);
    weights.weight.ptr()->learn = weights.bias.ptr()->learn = options.learn_recurrent;
    return weights;
  }

  explicit operator bool() const { return weight.rows() > 0; }

  void check_features(const char* neuron, Index features) const {
    if (*this && features != weight.rows())
      fail_argument("spiketape::", neuron, ": input has ", features, " features, linear_features is ",
                    weight.rows());
  }

  Recurrence<Scalar> view() const {
    if (!*this) return {};
    return {weight.data(), weight.stride(), bias.data()};
  }
};

/// Draws the weights of a complete neuron: one whose construction fails takes no random numbers.
template <typename Neuron>
void draw_recurrent(Neuron& neuron, Random& random) {
  const double bound = 1 / std::sqrt(static_cast<double>(neuron.recurrent_weight().rows()));
  fill_uniform(neuron.recurrent_weight(), random, bound);
  fill_uniform(neuron.recurrent_bias(), random, bound);
}

/// What a neuron without recurrence has in their place.
struct NoRecurrentWeights {};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
