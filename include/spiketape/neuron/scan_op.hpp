// A neuron's call as a record on a tape.
#pragma once

#include <spiketape/autograd/tape.hpp>
#include <spiketape/neuron/scan.hpp>

#include <array>

namespace spiketape::detail {

template <typename Neuron>
struct ScanOp {
  using Scalar = typename Neuron::Scalar;
  static constexpr std::size_t states = Neuron::state_count;
  static constexpr std::size_t count = Neuron::coefficient_count;

  ScanCall<Neuron> call;
  Var<Scalar> input;
  std::array<Var<Scalar>, states> initial;
  Var<Scalar> spk;
  std::array<Var<Scalar>, states> returned;
  std::array<GradientSum<Scalar>*, count + 2> sums;  // nullptr: not learned

  void backward(Tape<Scalar>& tape) const {
    const bool spk_reached = spk.has_adjoint();
    bool reached = spk_reached;
    ScanAdjoint<Neuron> adjoint{};
    if (spk_reached) adjoint.spk = spk.adjoint();
    for (std::size_t k = 0; k < states; ++k) {
      if (!returned[k].has_adjoint()) continue;
      adjoint.states[k] = returned[k].adjoint();
      reached = true;
    }
    if (!reached) return;

    adjoint.with_derivative = !call.surrogate_disable && (spk_reached || !call.rules.delayed);
    const Shape one_step{1, call.input.batch, call.input.features};
    for (auto& carry : adjoint.carry) carry = tape.room(one_step);
    if (input.differentiable()) {
      const Adjoint<Scalar> touched = tape.touch(input);
      adjoint.input = touched.view;
      adjoint.input_first = touched.first;
      if (touched.first && call.input.steps == 0 && touched.view.rows() > 0) touched.view.array().setZero();
    }
    bool learns = false;
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const bool wanted = sums[k] != nullptr && reaches(k, adjoint.with_derivative, spk_reached);
      adjoint.coefficients[k] = wanted ? sums[k]->open() : nullptr;
      learns = learns || wanted;
    }

    adjoint.first_sample = tape.first_sample();
    scan_adjoint(learns, call, adjoint);

    for (std::size_t k = 0; k < states; ++k) {
      if (initial[k].empty() || !initial[k].differentiable()) continue;
      const auto& carry = adjoint.carry[k];
      if (call.input.steps == 0) continue;
      tape.touch(initial[k]).add(1, [&](Index) { return carry.array(); });
    }
  }

  /// Whether the loss depends on coefficient k at all; one that it does not depend on gets no gradient,
  /// so that optimizers leave it alone.
  bool reaches(std::size_t k, bool with_derivative, bool spk_reached) const {
    if (k == count) return with_derivative || Neuron::Reset::d_threshold != 0;
    if (k == count + 1) return spk_reached || (call.rules.exact && call.rules.inhibited && !call.rules.delayed);
    return true;
  }
};

}  // namespace spiketape::detail
