// The scan in reverse: the adjoint of every step, from the last to the first.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/function_ref.hpp>
#include <spiketape/core/random_key.hpp>
#include <spiketape/neuron/scan_call.hpp>
#include <spiketape/neuron/winner.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The inputs and outputs of the adjoint of a call. Adjoints of outputs without data count as zero; results
/// without data are not wanted.
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
  SequenceView<Scalar> current;  // of an all-to-all recurrence; constant: one step for all
  RandomKey key;        // of random surrogates
  bool with_surrogate;  // whether σ' counts; else it is zero

  /// See ScanCall::seamless.
  bool seamless(const ScanCall<Neuron>& call) const {
    return call.seamless(spk) && call.all_seamless(returned) && call.seamless(input) &&
           call.seamless(spk_carry) && call.all_seamless(carry) && call.seamless(current);
  }
};

/// The memory of the adjoint of one step of one row, see ForwardRow.
template <typename Neuron>
struct BackwardRow {
  using Scalar = typename Neuron::Scalar;
  static constexpr std::size_t states = Neuron::Dynamics::state_count;
  using Streams = std::array<Stream<Scalar>, states>;

  BackwardRow(const ScanCall<Neuron>& call, const ScanAdjoint<Neuron>& adjoint,
              const RepeatedNumber<Scalar>& zero, Index t, Index b, Index samples)
      : width(samples * call.width),
        last(t == call.input.steps - 1),
        first_element(HasRandomDerivative<typename Neuron::Surrogate, Lane<Scalar>> ? adjoint.key.row(t, b)
                                                                                    : 0),
        input(call.input.row(t, b)),
        spk_adjoint(adjoint.spk.empty() ? zero.stream() : Stream<Scalar>{adjoint.spk.row(t, b), 1}) {
    for (std::size_t k = 0; k < states; ++k) {
      entering[k] = call.entering(k, t, b, zero);
      fired_from[k] = call.fired_from(k, t, b);
      returned_adjoint[k] =
          adjoint.returned[k].empty() ? zero.stream() : Stream<Scalar>{adjoint.returned[k].row(t, b), 1};
      carry[k] = adjoint.carry[k].row(0, b);
    }
    if constexpr (is_recurrent<typename Neuron::Dynamics>) {
      entering_spk = call.entering_spk(t, b, zero);
      spk_carry = adjoint.spk_carry.row(0, b);
      if (call.recurrence) current_adjoint = adjoint.current.row(t, b);
    }
    if (!adjoint.input.empty()) {
      input_adjoint = adjoint.input.row(t, b);
      const bool first = adjoint.input_first && (last || !adjoint.input.constant);
      input_before = first ? zero.stream() : Stream<Scalar>{input_adjoint, 1};
    }
  }

  Index width;
  bool last;
  std::uint64_t first_element;
  const Scalar* input;
  Stream<Scalar> spk_adjoint, input_before{}, entering_spk{};
  Streams entering, returned_adjoint;
  std::array<const Scalar*, states> fired_from;
  std::array<Scalar*, states> carry;
  Scalar *spk_carry = nullptr, *current_adjoint = nullptr, *input_adjoint = nullptr;
};

/// The adjoint of one step of a row, in the manner of RowStep.
template <typename ChosenRules, bool learns, typename Neuron, typename Coefficients>
class RowAdjoint {
 public:
  using Scalar = typename Neuron::Scalar;
  using L = Lane<Scalar>;
  using Step = NeuronStep<Neuron, ChosenRules, L>;
  using States = typename Step::States;
  static constexpr std::size_t states = Neuron::Dynamics::state_count;
  static constexpr std::size_t membrane = states - 1;
  static constexpr std::size_t count = Neuron::Dynamics::coefficient_count;
  static constexpr bool recurrent = is_recurrent<typename Neuron::Dynamics>;
  /// Lanes at a time: two where the registers suffice for both.
  static constexpr Index together = Coefficients::shared && !learns ? 2 : 1;

  using Sums = decltype(ScanAdjoint<Neuron>::coefficients);

  SPIKETAPE_INLINE RowAdjoint(const ScanCall<Neuron>& call, const Step& step,
                              const typename Coefficients::Row& coefficients, const Sums& sums,
                              const BackwardRow<Neuron>& row)
      : call_(call), step_(step), coefficients_(coefficients), sums_(sums), row_(row) {
    for (std::size_t k = 0; k < states; ++k) fired_from_[k] = {row.fired_from[k], 1};
  }

  SPIKETAPE_INNER void run() const {
    Index before = -1;
    Index now = -1;
    if (step_.rules.inhibited) {
      if (step_.asks_winner_before()) before = winner(row_.entering);
      now = winner(fired_from_);
    }
    for_whole_lines_backward<Scalar, together>(
        row_.width,
        // g++ drops a call of what only prefetches, so this is inlined first.
        [&](Index i) SPIKETAPE_INLINE_LAMBDA {
          prefetch_below(row_.fired_from[membrane] + i);
          prefetch_below(row_.spk_adjoint.address(i));
          if (row_.input_adjoint != nullptr) prefetch_below(row_.input_adjoint + i);
        },
        [&](Index i, auto extent) SPIKETAPE_INNER_LAMBDA {
          Winners<L> winners{};
          if (step_.rules.inhibited) winners = winners_at<Scalar>(i, now, before);
          States u_adjoint;
          for (std::size_t k = 0; k < states; ++k)
            u_adjoint[k] = row_.returned_adjoint[k].at(i, extent) + carried(row_.carry[k] + i, extent);
          L spk_adjoint = row_.spk_adjoint.at(i, extent);
          L spk_before = L(0);
          if constexpr (recurrent) {
            spk_adjoint += carried(row_.spk_carry + i, extent);
            spk_before = row_.entering_spk.at(i, extent);
          }
          pass_on(i, extent,
                  step_.adjoint(lanes_of(row_.entering, i, extent), load(row_.input + i, extent), spk_before,
                                lanes_of(fired_from_, i, extent), coefficients_.at(i, extent), winners,
                                spk_adjoint, u_adjoint, row_.first_element + static_cast<std::uint64_t>(i)));
        });
  }

 private:
  using Streams = typename BackwardRow<Neuron>::Streams;

  template <typename Extent>
  static SPIKETAPE_INLINE States lanes_of(const Streams& streams, Index i, Extent extent) {
    States lanes;
    for (std::size_t k = 0; k < states; ++k) lanes[k] = streams[k].at(i, extent);
    return lanes;
  }

  /// The lane that step t + 1 left in `from`. A branch takes fewer registers than a stream of zeros.
  template <typename Extent>
  SPIKETAPE_INLINE L carried(const Scalar* from, Extent extent) const {
    return row_.last ? L(0) : load(from, extent);
  }

  SPIKETAPE_NOINLINE SPIKETAPE_KERNEL Index winner(const Streams& streams) const {
    return winner_of<Scalar>(call_.input.features, [&](Index i, auto extent) SPIKETAPE_INNER_LAMBDA {
      return step_.above(lanes_of(streams, i, extent), coefficients_.at(i, extent));
    });
  }

  /// Writes the adjoint of a lane's step: for the step before, for the input and for the sums.
  template <typename Extent>
  SPIKETAPE_INNER void pass_on(Index i, Extent extent, const typename Step::Adjoint& back) const {
    for (std::size_t k = 0; k < states; ++k) store(back.before[k], row_.carry[k] + i, extent);
    if constexpr (recurrent) {
      store(back.spk_before, row_.spk_carry + i, extent);
      if (row_.current_adjoint != nullptr) store(back.input, row_.current_adjoint + i, extent);
    }
    if (row_.input_adjoint != nullptr)
      store(row_.input_before.at(i, extent) + back.input, row_.input_adjoint + i, extent);
    if constexpr (learns) {
      const auto add = [&](std::size_t k, const L& part) SPIKETAPE_INNER_LAMBDA {
        if (sums_[k] == nullptr) return;
        store(load(sums_[k] + i, extent) + part, sums_[k] + i, extent);
      };
      for (std::size_t k = 0; k < count; ++k) add(k, back.coefficients.own[k]);
      add(count, back.coefficients.threshold);
      add(count + 1, back.coefficients.graded);
    }
  }

  const ScanCall<Neuron>& call_;
  const Step& step_;
  const typename Coefficients::Row& coefficients_;
  const Sums& sums_;
  const BackwardRow<Neuron>& row_;
  Streams fired_from_;
};

/// The sums of coefficients behind the last neuron. A shared coefficient's sums serve calls of any width, so
/// these may belong to a wider call. They are restored after padding lanes have added to them.
template <typename Neuron>
class SumsBehind {
 public:
  SumsBehind(const ScanCall<Neuron>& call, const ScanAdjoint<Neuron>& adjoint)
      : sums_(adjoint.coefficients), first_(call.input.features), count_(call.width - first_) {
    for (std::size_t k = 0; k < sums_.size(); ++k)
      if (sums_[k] != nullptr) std::copy_n(sums_[k] + first_, count_, kept_[k].begin());
  }
  void restore() const {
    for (std::size_t k = 0; k < sums_.size(); ++k)
      if (sums_[k] != nullptr) std::copy_n(kept_[k].begin(), count_, sums_[k] + first_);
  }

 private:
  using Scalar = typename Neuron::Scalar;
  decltype(ScanAdjoint<Neuron>::coefficients) sums_;
  Index first_, count_;
  std::array<std::array<Scalar, line<Scalar>>, std::tuple_size_v<decltype(sums_)>> kept_;
};

/// Calls do_row for all steps of all rows, backward. `join` says whether rows of samples may be joined.
template <typename Neuron>
SPIKETAPE_NOINLINE void for_rows_backward(const ScanCall<Neuron>& call, const ScanAdjoint<Neuron>& adjoint,
                                          bool join, FunctionRef<void(const BackwardRow<Neuron>&)> do_row) {
  using Scalar = typename Neuron::Scalar;
  const RepeatedNumber<Scalar> zero;
  const SumsBehind<Neuron> behind(call, adjoint);
  const bool joins = join && adjoint.seamless(call) && call.joins();
  for (Index end = call.input.batch, tile = call.tile(); end > 0; end -= tile) {
    const Index first = std::max<Index>(0, end - tile);
    const Index samples = joins ? end - first : 1;
    for (Index t = call.input.steps - 1; t >= 0; --t) {
      for (Index b = end - samples; b >= first; b -= samples) do_row({call, adjoint, zero, t, b, samples});
      if constexpr (is_recurrent<typename Neuron::Dynamics>)
        if (call.recurrence) {
          const SequenceView<Scalar> current = adjoint.current.step(t);
          call.clear_padding(current);
          call.recurrence.backward(current, adjoint.spk_carry);
        }
    }
  }
  if (!adjoint.input.empty()) call.clear_padding(adjoint.input);
  behind.restore();
}

template <typename ChosenRules, bool learns, typename Coefficients, typename Neuron>
SPIKETAPE_NOINLINE void scan_adjoint(const ScanCall<Neuron>& call, const ScanAdjoint<Neuron>& adjoint) {
  using Row = RowAdjoint<ChosenRules, learns, Neuron, Coefficients>;
  const Coefficients all_coefficients(call);
  const typename Row::Step shared_step(call.rules, *call.policies, !adjoint.with_surrogate);
  // Sums of coefficients are one sample wide, so rows of samples cannot be joined if any are learned. Random
  // surrogates draw by samples.
  constexpr bool join =
      Coefficients::shared && !learns && !HasRandomDerivative<typename Neuron::Surrogate, typename Row::L>;
  for_rows_backward<Neuron>(call, adjoint, join, [&](const BackwardRow<Neuron>& given) SPIKETAPE_KERNEL {
    const auto step = shared_step;
    const auto coefficients = all_coefficients.row();
    const auto sums = adjoint.coefficients;
    const auto row = given;
    Row(call, step, coefficients, sums, row).run();
  });
}

/// `learns` says whether sums of coefficients are wanted.
template <typename Neuron>
void scan_adjoint(bool learns, const ScanCall<Neuron>& call, const ScanAdjoint<Neuron>& adjoint) {
  if (call.input.batch == 0 || call.input.features == 0) return;
  with_rules_and_coefficients(call, [&]<typename Chosen, typename Coefficients>() {
    if constexpr (std::is_same_v<Chosen, Rules>)
      scan_adjoint<Chosen, true, Coefficients>(call, adjoint);
    else
      learns ? scan_adjoint<Chosen, true, Coefficients>(call, adjoint)
             : scan_adjoint<Chosen, false, Coefficients>(call, adjoint);
  });
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
