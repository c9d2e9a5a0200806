// All-to-all recurrence: the spikes of a layer add a current S[t−1] W + b to its own input.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/event_products.hpp>
#include <spiketape/kernels/product.hpp>

#include <algorithm>

namespace spiketape::detail {

template <Real Scalar>
struct Recurrence {
  const Scalar* weight = nullptr;  // (neurons, neurons), a row for what each neuron sends; null: none
  Index stride = 0;
  const Scalar* bias = nullptr;
  Workspace<Scalar>* workspace = nullptr;  // of dense products; null: they take memory themselves

  explicit operator bool() const { return weight != nullptr; }

  /// The current into each sample of a step, from the spikes of the step before (without data: none). Uses
  /// events, or a dense product where many samples fire too densely for events to pay off.
  void forward(const SequenceView<const Scalar>& spk_before, const SequenceView<Scalar>& current) const {
    const Index features = current.features;
    const bool dense = current.batch >= 16 && !spk_before.empty() && fires_densely(spk_before);
    for (Index b = 0; b < current.batch; ++b)
      if (dense || spk_before.empty())
        std::copy_n(bias, features, current.row(0, b));
      else
        row_times_weight(spk_before.row(0, b), features, weight, stride, bias, features, current.row(0, b));
    if (dense)
      add_product<Order::as_is, Order::as_is, Scalar>(current.batch, features, features,
                                                      {spk_before.data, spk_before.stride}, {weight, stride},
                                                      current.data, current.stride, workspace);
  }

  /// Adds the adjoint of a step's current to that of the spikes of the step before. That of weights and bias
  /// is one product for all steps, see ScanOp.
  void backward(const SequenceView<const Scalar>& current_adjoint,
                const SequenceView<Scalar>& spk_adjoint) const {
    add_product<Order::as_is, Order::transposed, Scalar>(
        current_adjoint.batch, current_adjoint.features, current_adjoint.features,
        {current_adjoint.data, current_adjoint.stride}, {weight, stride}, spk_adjoint.data,
        spk_adjoint.stride, workspace);
  }

 private:
  static bool fires_densely(const SequenceView<const Scalar>& spk) {
    Index count = 0;
    for (Index b = 0; b < spk.batch; ++b) count += nonzeros(spk.row(0, b), spk.features);
    return static_cast<double>(count) > densest_events * static_cast<double>(spk.batch * spk.features);
  }
};

}  // namespace spiketape::detail

#include <spiketape/core/pop_macros.hpp>
