// A neuron's call as a record on a tape.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/kernels/linear_product.hpp>
#include <spiketape/neuron/coefficient.hpp>
#include <spiketape/neuron/scan.hpp>
#include <spiketape/neuron/scan_adjoint.hpp>

#include <array>
#include <cstddef>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Where the gradient of a coefficient is summed up; a null pointer if it is not learned.
template <Real Scalar>
GradientSum<Scalar>* sum_for(const NeuronCoefficient<Scalar>& coefficient, Tape<Scalar>& tape,
                             Index features) {
  if (!coefficient.parameter.learned()) return nullptr;
  const ParameterPtr<Scalar>& parameter = coefficient.parameter.ptr();
  return coefficient.shared() || coefficient.by_channel()
             ? &tape.gradients().shared_sum_of(parameter, features)
             : &tape.gradients().sum_of(parameter);
}

template <typename Neuron>
struct ScanOp {
  using Scalar = typename Neuron::Scalar;
  using Dynamics = typename Neuron::Dynamics;
  static constexpr std::size_t states = Dynamics::state_count;
  static constexpr std::size_t count = Dynamics::coefficient_count;

  ScanCall<Neuron> call;
  Var<Scalar> input;
  Var<Scalar> initial_spk;  // of recurrent neurons
  std::array<Var<Scalar>, states> initial;
  Var<Scalar> spk;
  std::array<Var<Scalar>, states> returned;
  std::array<GradientSum<Scalar>*, count + 2> sums;  // nullptr: not learned
  GradientSum<Scalar>* recurrent_weight_sum;
  GradientSum<Scalar>* recurrent_bias_sum;
  RandomKey key;

  void backward(Tape<Scalar>& tape) const {
    bool reached = spk.has_adjoint();
    ScanAdjoint<Neuron> adjoint{};
    if (reached) adjoint.spk = spk.adjoint();
    for (std::size_t k = 0; k < states; ++k) {
      if (!returned[k].has_adjoint()) continue;
      adjoint.returned[k] = returned[k].adjoint();
      reached = true;
    }
    if (!reached) return;

    // Whether the loss depends on the spikes: directly, or because they act on the states.
    const bool spk_counts = spk.has_adjoint() || is_recurrent<Dynamics>;
    adjoint.with_surrogate = !call.surrogate_disable && (spk_counts || !call.rules.delayed);
    const Shape one_step{1, call.input.batch, call.input.features};
    for (auto& carry : adjoint.carry) carry = tape.bare_room(one_step);
    if (is_recurrent<Dynamics>) adjoint.spk_carry = tape.bare_room(one_step);
    if (input.differentiable()) {
      const Adjoint<Scalar> touched = tape.touch(input);
      adjoint.input = touched.view;
      adjoint.input_first = touched.first;
      if (touched.first && call.input.steps == 0) touched.view.clear();
    }
    bool learns = false;
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const bool wanted = sums[k] != nullptr && reaches(k, adjoint.with_surrogate, spk_counts);
      adjoint.coefficients[k] = wanted ? sums[k]->open() : nullptr;
      learns = learns || wanted;
    }
    if (is_recurrent<Dynamics> && call.recurrence) {
      const bool one_for_all = recurrent_weight_sum == nullptr && recurrent_bias_sum == nullptr;
      adjoint.current = tape.bare_room(call.input.shape(), one_for_all);
    }

    adjoint.key = key;
    scan_adjoint(learns, call, adjoint);

    if (call.input.steps == 0) return;
    if constexpr (is_recurrent<Dynamics>) add_recurrence(tape, adjoint.current);
    const auto pass_on = [&](const Var<Scalar>& var, const SequenceView<Scalar>& carry) {
      if (var.empty() || !var.differentiable()) return;
      const Adjoint<Scalar> touched = tape.touch(var);
      if (touched.first) return touched.view.assign(carry);
      add_rows<Scalar>(carry, touched.view);
    };
    pass_on(initial_spk, adjoint.spk_carry);
    for (std::size_t k = 0; k < states; ++k) pass_on(initial[k], adjoint.carry[k]);
  }

  /// The gradients of the recurrent weights and bias, from the adjoints of the currents of all steps.
  void add_recurrence(Tape<Scalar>& tape, const SequenceView<const Scalar>& current) const {
    const Index neurons = current.features;
    const LinearProduct<Scalar> matrix{call.recurrence.weight, call.recurrence.stride, call.recurrence.bias,
                                       neurons, neurons};
    const auto* product = call.recurrence.product;
    if (recurrent_bias_sum != nullptr && product != nullptr)
      product->add_bias_adjoint(call.recurrence, current, recurrent_bias_sum->open());
    else if (recurrent_bias_sum != nullptr)
      matrix.add_bias_adjoint(current, {recurrent_bias_sum->open(), false}, tape.threads());
    if (recurrent_weight_sum == nullptr) return;
    const bool finite = all_finite(current);
    const auto add = [&](const SequenceView<const Scalar>& sent, const SequenceView<const Scalar>& adjoint) {
      if (sent.rows() == 0) return;
      if (product != nullptr)
        return product->add_weight_adjoint(call.recurrence, sent, adjoint, recurrent_weight_sum->open());
      const typename LinearProduct<Scalar>::WeightSums place{recurrent_weight_sum->open(), false};
      const Index most = most_events(sent.rows(), neurons);
      if (const Events<Scalar> events =
              decode(sent, EventRoom<Scalar>(sent.rows(), neurons, most, tape.arena())))
        matrix.add_weight_adjoint(events, adjoint, place, tape.arena(), tape.threads());
      else
        matrix.add_weight_adjoint(sent, adjoint, place, tape.arena(), tape.workspace(), finite);
    };
    if (!call.initial_spk.empty()) add(call.initial_spk, current.step(0));
    SequenceView<const Scalar> before = call.spk, after = current.step(0);
    before.steps = after.steps = current.steps - 1;
    if (before.steps == 0) return;
    after.data = current.row(1, 0);
    add(before, after);
  }

  /// Whether the loss depends on coefficient k at all. If not, k gets no gradient, so that optimizers leave
  /// it unchanged.
  bool reaches(std::size_t k, bool with_surrogate, bool spk_counts) const {
    if (k == count)
      return with_surrogate || Neuron::Reset::d_threshold != 0 ||
             HasOwnReset<Dynamics, typename Neuron::Reset, Scalar>;
    if (k == count + 1) return spk_counts || (!call.rules.graded() && !call.rules.delayed);
    return true;
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
