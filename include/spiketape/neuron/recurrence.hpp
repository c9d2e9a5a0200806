// All-to-all recurrence: the spikes of a layer add a current S[t−1] W + b to its own input.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/linear_product.hpp>

#include <algorithm>

namespace spiketape::inline SPIKETAPE_ABI::detail {

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
    const LinearProduct<Scalar> product{weight, stride, bias, current.features, current.features};
    if (spk_before.empty())
      for (Index b = 0; b < current.batch; ++b) std::copy_n(bias, current.features, current.row(0, b));
    else if (current.batch >= 16 && fires_densely(spk_before))
      product.forward(spk_before, current, current.features, workspace);
    else
      product.forward_by_rows(spk_before, current);
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

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
