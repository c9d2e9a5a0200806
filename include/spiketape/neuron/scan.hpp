// The scan runs the steps of a sequence in order, each from the states that the step before returned. Its
// loops are over time, samples and the lanes of a row, from outer to inner; `extent` says how much of a lane
// lies in memory. Rows stream through the cache, and a row is complete before the next step begins, as
// inhibition and recurrence require. In a large batch some samples go through all steps before the next ones
// (ScanCall::tile).
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/function_ref.hpp>
#include <spiketape/neuron/scan_call.hpp>
#include <spiketape/neuron/winner.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The memory of one step of one row: the neurons of a sample, or of several samples whose rows are adjacent.
template <typename Neuron>
struct ForwardRow {
  using Scalar = typename Neuron::Scalar;
  static constexpr std::size_t states = Neuron::Dynamics::state_count;

  ForwardRow(const ScanCall<Neuron>& call, const RepeatedNumber<Scalar>& zero, Index t, Index b,
             Index samples)
      : width(samples * call.width),
        input(call.input.row(t, b)),
        spk(call.spk.empty() ? nullptr : call.spk.row(t, b)),
        bits(call.bits_row(t, b)) {
    for (std::size_t k = 0; k < states; ++k) {
      entering[k] = call.entering(k, t, b, zero);
      returned[k] = call.returned[k].row(t, b);
      before_reset[k] = call.before_reset[k].empty() ? nullptr : call.before_reset[k].row(t, b);
    }
    if constexpr (is_recurrent<typename Neuron::Dynamics>) entering_spk = call.entering_spk(t, b, zero);
  }

  Index width;
  const Scalar* input;
  Scalar* spk;
  LineBits* bits;
  std::array<Stream<Scalar>, states> entering;
  Stream<Scalar> entering_spk{};
  std::array<Scalar*, states> returned;
  std::array<Scalar*, states> before_reset;
};

/// One step of a row. What it refers to lies in the kernel and stays in registers: what lies elsewhere is
/// loaded again after each store. (It has no members of its own for that: where one begins between pointers
/// and numbers, g++ 12 takes some of its pointers for null at -O2, and drops what is stored there.)
template <typename ChosenRules, typename Neuron, typename Coefficients>
class RowStep {
 public:
  using Scalar = typename Neuron::Scalar;
  using L = Lane<Scalar>;
  using Step = NeuronStep<Neuron, ChosenRules, L>;
  using States = typename Step::States;
  static constexpr std::size_t membrane = Step::membrane;
  static constexpr bool recurrent = is_recurrent<typename Neuron::Dynamics>;

  SPIKETAPE_INLINE RowStep(const ScanCall<Neuron>& call, const Step& step,
                           const typename Coefficients::Row& coefficients, const ForwardRow<Neuron>& row)
      : call_(call), step_(step), coefficients_(coefficients), row_(row) {}

  SPIKETAPE_INNER void run() const {
    // Under inhibition the winner is known only after the whole row is integrated. The row is then integrated
    // again: results may lie where the entering states do, so they cannot store the first pass.
    Index before = -1, now = -1;
    if (step_.rules.inhibited) {
      const auto winner = [&](bool integrates) SPIKETAPE_NOINLINE_LAMBDA SPIKETAPE_KERNEL {
        return winner_of<Scalar>(call_.input.features, [&](Index i, auto extent) SPIKETAPE_INNER_LAMBDA {
          const auto& c = coefficients_.at(i, extent);
          States states = entered_at(i, extent);
          if (integrates) states = integrated(i, extent, c, winners_at<Scalar>(i, -1, before), states);
          return step_.above(states, c);
        });
      };
      if (step_.asks_winner_before()) before = winner(false);
      now = winner(true);
    }
    const auto do_lane = [&](Index i, auto extent) SPIKETAPE_INNER_LAMBDA {
      const auto& c = coefficients_.at(i, extent);
      const States entered = entered_at(i, extent);
      Winners<L> winners{};
      if (step_.rules.inhibited) winners = winners_at<Scalar>(i, now, before);
      return fire(i, extent, c, winners, entered, integrated(i, extent, c, winners, entered));
    };
    if constexpr (ChosenRules::rare)
      for_lines_in_lanes<Scalar>(row_.width, do_lane, keep_bits());
    else
      for_lines<Scalar>(row_.width, do_lane, keep_bits());
  }

 private:
  template <typename Extent>
  SPIKETAPE_INLINE States entered_at(Index i, Extent extent) const {
    States states;
    for (std::size_t k = 0; k <= membrane; ++k) states[k] = row_.entering[k].at(i, extent);
    return states;
  }

  template <typename Extent, typename C>
  SPIKETAPE_INNER States integrated(Index i, Extent extent, const C& c, const Winners<L>& winners,
                                    const States& entered) const {
    States states = entered;
    L input = load(row_.input + i, extent);
    L spk_before(0);
    if constexpr (recurrent) {
      spk_before = row_.entering_spk.at(i, extent);
      if (call_.recurrence) input += load(row_.spk + i, extent);  // see scan_forward
    }
    step_.integrate(states, input, spk_before, c, winners.before);
    return states;
  }

  /// Writes what a lane returns, and returns which neurons fired.
  template <typename Extent, typename C>
  SPIKETAPE_INNER Mask<Scalar> fire(Index i, Extent extent, const C& c, const Winners<L>& winners,
                                    const States& entered, States states) const {
    const Mask<Scalar> fired = step_.fired(states, c, winners.now);
    if (!step_.rules.delayed)
      for (std::size_t k = 0; k <= membrane; ++k)
        if (row_.before_reset[k] != nullptr) store(states[k], row_.before_reset[k] + i, extent);
    step_.finish(fired, entered, c, winners, states);
    for (std::size_t k = 0; k <= membrane; ++k) store(states[k], row_.returned[k] + i, extent);
    if (row_.spk != nullptr) store(step_.spike(fired, c), row_.spk + i, extent);
    return fired;
  }

  /// The `emit` of for_lines: stores the spikes of some lines as bits.
  SPIKETAPE_INLINE auto keep_bits() const {
    return [to = row_.bits](Index l, WordBits word, Index lines) SPIKETAPE_INNER_LAMBDA {
      if (to != nullptr) store(word, to + l, lines);
    };
  }

  const ScanCall<Neuron>& call_;
  const Step& step_;
  const typename Coefficients::Row& coefficients_;
  const ForwardRow<Neuron>& row_;
};

/// Calls do_row for all steps of all rows. `shared` says whether all neurons share the coefficients.
template <typename Neuron>
SPIKETAPE_NOINLINE void for_rows(const ScanCall<Neuron>& call, bool shared,
                                 FunctionRef<void(const ForwardRow<Neuron>&)> do_row) {
  const RepeatedNumber<typename Neuron::Scalar> zero;
  const bool joins = shared && call.joins();
  const Index batch = call.input.batch, tile = call.tile();
  for (Index first = 0; first < batch; first += tile) {
    const Index end = std::min(first + tile, batch);
    const Index samples = joins ? end - first : 1;
    for (Index t = 0; t < call.input.steps; ++t) {
      // The recurrent current is stored where the spikes of this step will be written.
      if constexpr (is_recurrent<typename Neuron::Dynamics>)
        if (call.recurrence) call.recurrence.forward(call.step_before(t), call.spk.step(t));
      for (Index b = first; b < end; b += samples) do_row({call, zero, t, b, samples});
    }
  }
  call.clear_padding_of_bits();
}

template <typename ChosenRules, typename Coefficients, typename Neuron>
SPIKETAPE_NOINLINE void scan_forward(const ScanCall<Neuron>& call) {
  using Row = RowStep<ChosenRules, Neuron, Coefficients>;
  const Coefficients all_coefficients(call);
  const typename Row::Step shared_step(call.rules, *call.policies, call.surrogate_disable);
  for_rows<Neuron>(call, Coefficients::shared, [&](const ForwardRow<Neuron>& given) SPIKETAPE_KERNEL {
    const auto step = shared_step;
    const auto coefficients = all_coefficients.row();
    const auto row = given;
    Row(call, step, coefficients, row).run();
  });
}

template <typename Neuron>
void scan_forward(const ScanCall<Neuron>& call) {
  if (call.input.batch == 0 || call.input.features == 0) return;
  const FlushDenormals flush;
  with_rules_and_coefficients(
      call, [&]<typename Chosen, typename Coefficients>() { scan_forward<Chosen, Coefficients>(call); });
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
