// The scan in reverse: the adjoint of every step, from the last to the first.
#pragma once

#include <spiketape/neuron/scan_call.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace spiketape::detail {

/// Where the adjoint of a call goes and comes from. Adjoints of outputs without data count as zero;
/// results without data are not wanted.
template <typename Neuron>
struct ScanAdjoint {
  using Scalar = typename Neuron::Scalar;
  static constexpr std::size_t states = Neuron::Dynamics::state_count;

  SequenceView<const Scalar> spk;
  std::array<SequenceView<const Scalar>, states> returned;
  SequenceView<Scalar> input;
  bool input_first;                // store instead of adding
  SequenceView<Scalar> spk_carry;  // of recurrent neurons; one step: what step t sends to t − 1
  std::array<SequenceView<Scalar>, states> carry;                             // the same for the states
  std::array<Scalar*, Neuron::Dynamics::coefficient_count + 2> coefficients;  // rows of sums, or nullptr
  RecurrenceAdjoint<Scalar> recurrence;
  Index first_sample;   // see Tape::first_sample
  bool with_surrogate;  // whether σ' counts; else it is zero
};

template <Rules rules, bool learns, typename Coefficients, typename Neuron>
SPIKETAPE_NOINLINE void scan_adjoint(const ScanCall<Neuron>& call, const ScanAdjoint<Neuron>& adjoint) {
  using Scalar = typename Neuron::Scalar;
  using L = Lane<Scalar>;
  using Step = NeuronStep<Neuron, rules, L>;
  using States = typename Step::States;
  constexpr std::size_t states = Neuron::Dynamics::state_count;
  constexpr std::size_t membrane = states - 1;
  constexpr std::size_t count = Neuron::Dynamics::coefficient_count;
  constexpr bool recurrent = is_recurrent<typename Neuron::Dynamics>;
  const Step step(*call.policies, !adjoint.with_surrogate);
  const Coefficients coefficients(call.coefficients);
  const RepeatedNumber<Scalar> zero;
  const auto clear_padding = [&](Scalar* row) {
    std::fill(row + call.input.features, row + call.width, Scalar(0));
  };

  for (Index t = call.input.steps - 1; t >= 0; --t) {
    const bool last = t == call.input.steps - 1;
    const bool store_input = adjoint.input_first && (last || !adjoint.input.constant);
    for (Index b = 0; b < call.input.batch; ++b) {
      const Stream<Scalar> spk =
          adjoint.spk.empty() ? zero.stream() : Stream<Scalar>{adjoint.spk.row(t, b), 1};
      std::array<Stream<Scalar>, states> entering, returned, carried;
      std::array<const Scalar*, states> fired_from;
      std::array<Scalar*, states> carry;
      for (std::size_t k = 0; k < states; ++k) {
        entering[k] = call.entering(k, t, b, zero);
        fired_from[k] = call.fired_from(k, t, b);
        returned[k] =
            adjoint.returned[k].empty() ? zero.stream() : Stream<Scalar>{adjoint.returned[k].row(t, b), 1};
        carry[k] = adjoint.carry[k].row(0, b);
        carried[k] = last ? zero.stream() : Stream<Scalar>{carry[k], 1};
      }
      Stream<Scalar> entering_spk{}, carried_spk{};
      Scalar* spk_carry = nullptr;
      if constexpr (recurrent) {
        entering_spk = call.entering_spk(t, b, zero);
        spk_carry = adjoint.spk_carry.row(0, b);
        carried_spk = last ? zero.stream() : Stream<Scalar>{spk_carry, 1};
      }
      const Scalar* input = call.input.row(t, b);
      Scalar* input_adjoint = adjoint.input.empty() ? nullptr : adjoint.input.row(t, b);
      Scalar* current = call.recurrence ? adjoint.recurrence.current.row(0, b) : nullptr;
      const auto first_element = static_cast<std::uint64_t>((adjoint.first_sample + b) * call.input.features);

      const auto states_at = [](const auto& rows, Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
        States lanes;
        for (std::size_t k = 0; k < states; ++k) {
          if constexpr (requires { rows[k].stride; })
            lanes[k] = rows[k].at(i, extent);
          else
            lanes[k] = load(rows[k] + i, extent);
        }
        return lanes;
      };
      Index before = -1;
      Index now = -1;
      if constexpr (rules.inhibited) {
        const auto winner = [&](const auto& rows) {
          return winner_of<Scalar>(call.input.features, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
            const States lanes = states_at(rows, i, extent);
            return lanes[membrane] - step.level(lanes, coefficients.at(i, extent));
          });
        };
        before = winner(entering);
        now = winner(fired_from);
      }

      for_whole_lanes<Scalar>(call.width, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
        const auto& c = coefficients.at(i, extent);
        Winners<L> winners{};
        if constexpr (rules.inhibited) winners = winners_at<Scalar>(i, now, before);
        States u_adjoint;
        for (std::size_t k = 0; k < states; ++k)
          u_adjoint[k] = returned[k].at(i, extent) + carried[k].at(i, extent);
        L spk_adjoint = spk.at(i, extent);
        L spk_before = L(0);
        if constexpr (recurrent) {
          spk_adjoint += carried_spk.at(i, extent);
          spk_before = entering_spk.at(i, extent);
        }
        const auto back = step.adjoint(states_at(entering, i, extent), load(input + i, extent), spk_before,
                                       states_at(fired_from, i, extent), c, winners, spk_adjoint, u_adjoint,
                                       first_element + static_cast<std::uint64_t>(i));
        for (std::size_t k = 0; k < states; ++k) store(back.before[k], carry[k] + i, extent);
        if constexpr (recurrent) {
          store(back.spk_before, spk_carry + i, extent);
          if (current != nullptr) store(back.input, current + i, extent);
        }
        if (input_adjoint != nullptr)
          store(store_input ? back.input : load(input_adjoint + i, extent) + back.input, input_adjoint + i,
                extent);
        if constexpr (learns) {
          const auto add = [&](std::size_t k, const L& part) SPIKETAPE_INLINE_LAMBDA {
            if (adjoint.coefficients[k] == nullptr) return;
            Scalar* sum = adjoint.coefficients[k] + i;
            store(load(sum, extent) + part, sum, extent);
          };
          for (std::size_t k = 0; k < count; ++k) add(k, back.coefficients.own[k]);
          add(count, back.coefficients.threshold);
          add(count + 1, back.coefficients.graded);
        }
      });
      // What lanes behind the last neuron computed is nobody's gradient.
      if (input_adjoint != nullptr) clear_padding(input_adjoint);
      if (current != nullptr) clear_padding(current);
      for (Scalar* sum : adjoint.coefficients)
        if (learns && sum != nullptr) clear_padding(sum);
    }
    if (call.recurrence) adjoint.recurrence.step(call.recurrence, call.step_before(t), adjoint.spk_carry);
  }
}

/// `learns` says whether sums of coefficients are wanted.
template <typename Neuron>
void scan_adjoint(bool learns, const ScanCall<Neuron>& call, const ScanAdjoint<Neuron>& adjoint) {
  if (call.input.features == 0) return;
  with_rules_and_coefficients(call, [&]<typename Chosen, typename Coefficients>() {
    constexpr Rules rules = Chosen::value;
    if constexpr (rules.inhibited || rules.exact) {
      scan_adjoint<rules, true, Coefficients>(call, adjoint);
    } else {
      learns ? scan_adjoint<rules, true, Coefficients>(call, adjoint)
             : scan_adjoint<rules, false, Coefficients>(call, adjoint);
    }
  });
}

}  // namespace spiketape::detail
