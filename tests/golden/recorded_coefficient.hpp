// The coefficients of a recorded case, as a neuron takes them and as the record holds their gradients.
#pragma once

#include "../products.hpp"
#include "record.hpp"

namespace golden {

namespace st = spiketape;

/// A recorded coefficient for `features` neurons: one number, one for each neuron, or one for each of
/// several equal groups of neurons (channels).
template <typename Scalar>
struct RecordedCoefficient {
  st::Row<Scalar> values;
  Index groups = 1;

  RecordedCoefficient(const json& inputs, const char* name, Index features) : values(1) {
    values[0] = 1;
    if (!inputs.contains(name)) return;
    const Tensor tensor(inputs[name]);
    groups = tensor.size();
    values.resize(groups == 1 ? 1 : features);
    for (Index i = 0; i < values.size(); ++i)
      values[i] = static_cast<Scalar>(tensor.data[static_cast<std::size_t>(i * groups / values.size())]);
  }

  /// The gradient in the recorded shape: summed over the neurons of a group.
  std::vector<double> gradient(const st::Array<Scalar>& ours) const {
    std::vector<double> sums(static_cast<std::size_t>(groups), 0.0);
    for (Index i = 0; i < ours.cols(); ++i)
      sums[static_cast<std::size_t>(i * groups / ours.cols())] += static_cast<double>(ours(0, i));
    return sums;
  }
};

}  // namespace golden
