// What the random driver trains with: losses and optimizers without their type.
#pragma once

#include "driver.hpp"

#include <spiketape/functional/loss_kind.hpp>

namespace driver {

/// A loss of random kind, options, targets and mask for results of a shape.
struct RandomLoss {
  std::string name;
  st::Loss<double> loss;
  bool all_steps = false;  // it needs all steps at once
};
RandomLoss random_loss(Draw& draw, const st::Shape& shape);

/// Trains two networks that are equal, for some steps with gradients of `gradients(net, sums)`, by optimizers
/// of one random kind: one has all parameters in one group and one thread, the other two groups with the same
/// options and several threads. Returns what does not hold, or an empty text.
using Gradients = std::function<void(const Net& net, st::GradientSums<double>& sums)>;
std::string optimizer_fault(Draw& draw, Net& ours, Net& theirs, const Gradients& gradients);

}  // namespace driver
