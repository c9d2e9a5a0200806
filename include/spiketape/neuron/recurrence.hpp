// Recurrence: the spikes of a layer add a current S[t−1] W + b to its own input, or what a convolution makes
// of them.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/kernels/linear_product.hpp>

#include <algorithm>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

template <Real Scalar>
struct Recurrence;

/// The product of a recurrence that is no full matrix; W and b are laid out as it likes. Views are of one
/// step, those of gradients of several.
template <Real Scalar>
class RecurrentProduct {
 public:
  using In = SequenceView<const Scalar>;

  RecurrentProduct() = default;
  RecurrentProduct(const RecurrentProduct&) = delete;
  RecurrentProduct& operator=(const RecurrentProduct&) = delete;
  virtual ~RecurrentProduct() = default;

  /// The neurons, and the extents of W and b, also in files.
  [[nodiscard]] virtual Index neurons() const = 0;
  [[nodiscard]] virtual Index weight_rows() const = 0;
  [[nodiscard]] virtual Index weight_cols() const = 0;
  [[nodiscard]] virtual std::vector<Index> saved_shape() const = 0;

  /// The current from spikes; without data: from none.
  virtual void forward(const Recurrence<Scalar>& of, const In& spk,
                       const SequenceView<Scalar>& current) const = 0;
  /// Adds to the adjoint of the spikes.
  virtual void backward(const Recurrence<Scalar>& of, const In& current_adjoint,
                        const SequenceView<Scalar>& spk_adjoint) const = 0;
  /// Add to sums laid out like W and b.
  virtual void add_weight_adjoint(const Recurrence<Scalar>& of, const In& spk, const In& current_adjoint,
                                  Scalar* sum) const = 0;
  virtual void add_bias_adjoint(const Recurrence<Scalar>& of, const In& current_adjoint,
                                Scalar* sum) const = 0;
};

template <Real Scalar>
struct Recurrence {
  const Scalar* weight = nullptr;  // (neurons, neurons), a row for what each neuron sends; null: none
  Index stride = 0;
  const Scalar* bias = nullptr;
  Workspace<Scalar>* workspace = nullptr;             // of dense products; null: they take memory themselves
  const RecurrentProduct<Scalar>* product = nullptr;  // null: of the full matrix
  Arena* memory = nullptr;                            // of `product`

  explicit operator bool() const { return weight != nullptr; }

  /// The current into each sample of a step, from the spikes of the step before (without data: none). Uses
  /// events, or a dense product where many samples fire too densely for events to pay off.
  void forward(const SequenceView<const Scalar>& spk_before, const SequenceView<Scalar>& current) const {
    if (product != nullptr) return product->forward(*this, spk_before, current);
    const LinearProduct<Scalar> matrix{weight, stride, bias, current.features, current.features};
    if (spk_before.empty())
      for (Index b = 0; b < current.batch; ++b) std::copy_n(bias, current.features, current.row(0, b));
    else if (current.batch >= 16 && fires_densely(spk_before))
      matrix.forward(spk_before, current, current.features, workspace);
    else
      matrix.forward_by_rows(spk_before, current);
  }

  /// Adds the adjoint of a step's current to that of the spikes of the step before. That of weights and bias
  /// is one product for all steps, see ScanOp.
  void backward(const SequenceView<const Scalar>& current_adjoint,
                const SequenceView<Scalar>& spk_adjoint) const {
    if (product != nullptr) return product->backward(*this, current_adjoint, spk_adjoint);
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
