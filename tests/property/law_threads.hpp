// Threads change nothing: a network of neurons learns the same to the bit on any number of them.
#pragma once

#include "common.hpp"

#include <spiketape/functional/loss.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/train/shards.hpp>

#include <functional>
#include <span>
#include <vector>

namespace laws {

/// A network without its type: runs it on an input of 7 features with labels, and returns the loss.
template <typename Scalar>
struct LearningNet {
  std::function<Scalar(st::Shards<Scalar>&, const st::Sequence<Scalar>&, const std::vector<int>&)> run;
  st::ParameterList<Scalar> all, of_hidden_neuron;
};

/// Returns whether a gradient reached the hidden neuron.
template <typename Scalar>
bool check_threads(st::Random& random, const LearningNet<Scalar>& net, Index classes, double largest_input) {
  const Index batch = 11, steps = 6;  // 11 divides by no number of shards but 1 and 11
  const auto moving = numeric::random_sequence<Scalar>(random, {steps, batch, 7}, -1, largest_input);
  const auto still = st::Sequence<Scalar>::repeat(moving.step(0), steps);
  std::vector<int> labels;
  for (Index b = 0; b < batch; ++b) labels.push_back(static_cast<int>(b % classes));
  bool reached = false;
  for (const auto* input : {&moving, &still})
    for (const Index block : {0, 2}) {
      Scalar serial_loss = 0;
      std::vector<st::Array<Scalar>> serial;
      for (const int threads : {1, 2, 3}) {
        INFO((input == &still ? "still" : "moving") << ", block " << block << ", threads " << threads);
        st::Shards<Scalar> shards(4, threads, block);
        const Scalar value = net.run(shards, *input, labels);
        std::vector<st::Array<Scalar>> gradients;
        for (const auto& parameter : net.all) gradients.push_back(shards.gradients().gradient(parameter));
        if (threads == 1) {
          serial_loss = value;
          serial = gradients;
          for (const auto& parameter : net.of_hidden_neuron)
            reached = reached || (shards.gradients().gradient(parameter) != Scalar(0)).any();
          continue;
        }
        CHECK(value == serial_loss);
        for (std::size_t k = 0; k < gradients.size(); ++k) {
          INFO("parameter " << k);
          CHECK(numeric::same(gradients[k], serial[k]));
        }
      }
    }
  return reached;
}

/// The same of two neurons, each behind a linear layer.
template <typename Neuron, typename Scalar>
bool check_threads(st::Random& random, Neuron hidden, Neuron out, Index hidden_features, Index classes,
                   double largest_input) {
  LearningNet<Scalar> erased;
  erased.of_hidden_neuron = hidden.parameters();
  const st::Sequential net{st::Linear<Scalar>(7, hidden_features, random), std::move(hidden),
                           st::Linear<Scalar>(hidden_features, classes, random), std::move(out)};
  erased.all = net.parameters();
  erased.run = [&](st::Shards<Scalar>& shards, const st::Sequence<Scalar>& input,
                   const std::vector<int>& labels) {
    return shards.run(net, input, [&](const auto& result, Index first, Index count) {
      const auto part = std::span<const int>(labels).subspan(static_cast<std::size_t>(first),
                                                             static_cast<std::size_t>(count));
      return st::cross_entropy(result.mem, part, {.samples = input.batch()});
    });
  };
  return check_threads(random, erased, classes, largest_input);
}

}  // namespace laws
