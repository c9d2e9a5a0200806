// Threads change nothing: a network of neurons learns the same to the bit on any number of them.
#pragma once

#include "subject.hpp"

#include <spiketape/functional/loss.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/train/shards.hpp>

#include <span>
#include <vector>

namespace laws {

/// Returns whether a gradient reached the neuron.
template <typename Neuron, typename Scalar>
bool check_threads(st::Random& random, Neuron hidden, Neuron out, Index hidden_features, Index classes,
                   double largest_input) {
  const auto own = hidden.parameters();
  const st::Sequential net{st::Linear<Scalar>(7, hidden_features, random), std::move(hidden),
                           st::Linear<Scalar>(hidden_features, classes, random), std::move(out)};
  const Index batch = 11, steps = 6;  // 11 divides by no number of shards but 1 and 11
  const auto moving = numeric::random_sequence<Scalar>(random, {steps, batch, 7}, -1, largest_input);
  const auto still = st::Sequence<Scalar>::repeat(moving.step(0), steps);
  std::vector<int> labels;
  for (Index b = 0; b < batch; ++b) labels.push_back(static_cast<int>(b % classes));
  const auto loss = [&](const auto& result, Index first, Index count) {
    const auto part = std::span<const int>(labels).subspan(static_cast<std::size_t>(first),
                                                           static_cast<std::size_t>(count));
    return st::cross_entropy(result.mem, part, {.samples = batch});
  };
  bool reached = false;
  for (const auto* input : {&moving, &still})
    for (const Index block : {0, 2}) {
      Scalar serial_loss = 0;
      std::vector<st::Array<Scalar>> serial;
      for (const int threads : {1, 2, 3}) {
        INFO((input == &still ? "still" : "moving") << ", block " << block << ", threads " << threads);
        st::Shards<Scalar> shards(4, threads, block);
        const Scalar value = shards.run(net, *input, loss);
        std::vector<st::Array<Scalar>> all;
        for (const auto& parameter : net.parameters()) all.push_back(shards.gradients().gradient(parameter));
        if (threads == 1) {
          serial_loss = value;
          serial = all;
          for (const auto& parameter : own)
            reached = reached || (shards.gradients().gradient(parameter) != Scalar(0)).any();
          continue;
        }
        CHECK(value == serial_loss);
        for (std::size_t k = 0; k < all.size(); ++k) {
          INFO("parameter " << k);
          CHECK(numeric::same(all[k], serial[k]));
        }
      }
    }
  return reached;
}

}  // namespace laws
