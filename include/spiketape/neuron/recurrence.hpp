// Spikes that a layer sends to itself, all to all: a current S[t−1] W + b beside the input.
#pragma once

#include <spiketape/core/events.hpp>
#include <spiketape/core/product.hpp>

#include <algorithm>

namespace spiketape::detail {

template <Real Scalar>
struct Recurrence {
  const Scalar* weight = nullptr;  // (neurons, neurons), what one neuron sends in a row; null: there is none
  Index stride = 0;
  const Scalar* bias = nullptr;

  explicit operator bool() const { return weight != nullptr; }

  /// The current into each sample of a step, from the spikes of the step before (without data: none), as
  /// events.
  void forward(const SequenceView<const Scalar>& spk_before, const SequenceView<Scalar>& current) const {
    for (Index b = 0; b < current.batch; ++b)
      if (spk_before.empty())
        std::copy_n(bias, current.features, current.row(0, b));
      else
        row_times_weight(spk_before.row(0, b), current.features, weight, stride, bias, current.features,
                         current.row(0, b));
  }
};

/// Where the adjoint of a recurrence comes from and goes.
template <Real Scalar>
struct RecurrenceAdjoint {
  SequenceView<Scalar> current;  // one step: the adjoint of the current
  Scalar* weight = nullptr;      // sums, or nullptr: not learned
  Scalar* bias = nullptr;
  EventRoom<Scalar>* room = nullptr;
  Workspace<Scalar>* workspace = nullptr;

  /// One step: adds to the sums, and to the adjoint of the spikes of the step before.
  void step(const Recurrence<Scalar>& recurrence, const SequenceView<const Scalar>& spk_before,
            const SequenceView<Scalar>& spk_adjoint) const {
    const Index width = whole_lanes<Scalar>(current.features);
    if (weight != nullptr) {
      if (!spk_before.empty())
        scatter_weight_gradient(decode(spk_before, *room), current.batch, current.data, current.stride, width,
                                weight, recurrence.stride);
      for (Index b = 0; b < current.batch; ++b)
        for_whole_lanes<Scalar>(width, [&](Index i, auto whole) SPIKETAPE_INLINE_LAMBDA {
          store(load(bias + i, whole) + load(current.row(0, b) + i, whole), bias + i, whole);
        });
    }
    add_product<Order::as_is, Order::transposed, Scalar>(
        current.batch, current.features, current.features, {current.data, current.stride},
        {recurrence.weight, recurrence.stride}, spk_adjoint.data, spk_adjoint.stride, workspace);
  }
};

}  // namespace spiketape::detail
