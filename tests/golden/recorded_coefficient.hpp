// The coefficients of a recorded case, as a neuron takes them and as the record holds their gradients.
#pragma once

#include "../products.hpp"
#include "record.hpp"

#include <spiketape/nn/image_shape.hpp>

namespace golden {

namespace st = spiketape;

/// A recorded coefficient for `features` neurons: one number, one for each neuron, or one for each channel,
/// of shape (channels, 1, 1).
template <typename Scalar>
struct RecordedCoefficient {
  st::Coefficient<Scalar> values = 1;

  RecordedCoefficient(const json& inputs, const char* name, Index features) {
    if (!inputs.contains(name)) return;
    const Tensor tensor(inputs[name]);
    const st::Row<Scalar> row = tensor.array<Scalar>(1).row(0);
    if (tensor.shape.size() == 3)
      values = st::per_channel(row, {row.size(), 1, features / row.size()});
    else
      values = row;
  }

  /// The gradient as numbers of the recorded shape.
  std::vector<double> gradient(const st::Array<Scalar>& ours) const {
    std::vector<double> numbers;
    for (Index i = 0; i < ours.cols(); ++i) numbers.push_back(static_cast<double>(ours(0, i)));
    return numbers;
  }
};

}  // namespace golden
