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

 private:
  static bool fires_densely(const SequenceView<const Scalar>& spk) {
    Index count = 0;
    for (Index b = 0; b < spk.batch; ++b) count += nonzeros(spk.row(0, b), spk.features);
    return static_cast<double>(count) > densest_events * static_cast<double>(spk.batch * spk.features);
  }
};

/// The inputs and outputs of the adjoint of a recurrence.
template <Real Scalar>
struct RecurrenceAdjoint {
  SequenceView<Scalar> current;  // one step: the adjoint of the current
  Scalar* weight = nullptr;      // sums, or nullptr: not learned
  Scalar* bias = nullptr;
  EventRoom<Scalar>* room = nullptr;

  /// The largest share of firing neurons at which scattering is faster than a dense product.
  static constexpr double densest = 0.2;

  /// One step: adds to the sums, and to the adjoint of the spikes of the step before.
  void step(const Recurrence<Scalar>& recurrence, const SequenceView<const Scalar>& spk_before,
            const SequenceView<Scalar>& spk_adjoint) const {
    const Index width = whole_lines<Scalar>(current.features);
    if (weight != nullptr && !spk_before.empty()) {
      if (const Events<Scalar> events = decode(spk_before, *room))
        scatter_weight_gradient(events, current.batch, current.data, current.stride, width, weight,
                                recurrence.stride);
      else
        add_product<Order::transposed, Order::as_is, Scalar>(
            spk_before.features, width, current.batch, {spk_before.data, spk_before.stride},
            {current.data, current.stride}, weight, recurrence.stride, recurrence.workspace);
    }
    if (bias != nullptr) add_rows<Scalar>(current, bias);
    add_product<Order::as_is, Order::transposed, Scalar>(
        current.batch, current.features, current.features, {current.data, current.stride},
        {recurrence.weight, recurrence.stride}, spk_adjoint.data, spk_adjoint.stride, recurrence.workspace);
  }
};

}  // namespace spiketape::detail

#include <spiketape/core/pop_macros.hpp>
