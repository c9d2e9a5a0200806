// The arguments of a scan over a sequence: memory, coefficients and rules, without types that allocate.
//
// The names of states, in the order in which a step makes them: `initial`, before the first step; `entering`,
// the rows that a step reads, and `entered`, their lanes; `integrated`, V, before the spike; `returned`, U.
// Backward, `carry` is the adjoint that step t sends to step t − 1.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/kernels/bit_rows.hpp>
#include <spiketape/neuron/coefficient.hpp>
#include <spiketape/neuron/recurrence.hpp>
#include <spiketape/neuron/step.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A call of a neuron on memory. States are in the neuron's order, membrane last.
template <typename Neuron>
struct ScanCall {
  using Scalar = typename Neuron::Scalar;
  using Dynamics = typename Neuron::Dynamics;
  static constexpr std::size_t states = Dynamics::state_count;
  static constexpr std::size_t membrane = states - 1;
  using Coefficients = std::array<CoefficientView<Scalar>, Dynamics::coefficient_count + 2>;
  template <typename T>
  using Views = std::array<SequenceView<T>, states>;

  const typename Neuron::Policies* policies;
  Rules rules;
  bool surrogate_disable;
  Coefficients coefficients;
  Recurrence<Scalar> recurrence;
  SequenceView<const Scalar> input;
  SequenceView<const Scalar> initial_spk;  // one step, of recurrent neurons; without data: zeros
  Views<const Scalar> initial;             // one step each; without data: zeros
  SequenceView<Scalar> spk;                // (steps, batch, features); without data: as bits only
  LineBits* spk_bits;                      // the same as bits, or nullptr
  Views<Scalar> returned;                  // the states that each step returns; constant: only the last does
  Views<Scalar>
      before_reset;  // the states that fired, where a same-step reset changes them and backward reads them
  Index width;       // numbers computed per row: features, or whole lines of padded rows

  /// Whether the rows of a view are adjacent without a gap, so that many can be treated as one.
  template <typename T>
  bool seamless(const SequenceView<T>& view) const {
    return view.empty() || view.stride == width || view.batch == 1;
  }
  template <typename Views>
  bool all_seamless(const Views& views) const {
    bool all = true;
    for (const auto& view : views) all = all && seamless(view);
    return all;
  }
  /// Whether the rows of samples can be treated as one row, which matters for small layers.
  bool joins() const {
    return seamless(input) && seamless(spk) && seamless(initial_spk) && all_seamless(initial) &&
           all_seamless(returned) && all_seamless(before_reset) &&
           (spk_bits == nullptr || width % line<Scalar> == 0);
  }
  /// How many samples go through all steps before the next ones do: few enough that a step finds the results
  /// of the one before in the nearest caches. All of them where a step needs the spikes of all.
  Index tile() const {
    constexpr Index row_bytes = Index(64) * 1024;  // of each of the four or five rows that a step goes through
    if (recurrence) return input.batch;
    return std::max<Index>(1, row_bytes / Index(sizeof(Scalar)) / width);
  }

  /// Clears what lanes behind the last neuron of each row computed: it is not a gradient.
  void clear_padding(const SequenceView<Scalar>& view) const {
    for (Index row = 0; row < view.rows(); ++row)
      std::fill(view.row(0, row) + view.features, view.row(0, row) + width, Scalar(0));
  }
  /// Clears the bits behind the last neuron of each row: they are not spikes.
  void clear_padding_of_bits() const {
    const Index last = (input.features - 1) / line<Scalar>;
    for (Index row = 0; spk_bits != nullptr && row < input.steps * input.batch; ++row) {
      LineBits* bits = spk_bits + row * lines();
      bits[last] &= static_cast<LineBits>((2u << ((input.features - 1) % line<Scalar>)) - 1);
      std::fill(bits + last + 1, bits + lines(), LineBits(0));
    }
  }

  Index lines() const { return (width + line<Scalar> - 1) / line<Scalar>; }
  LineBits* bits_row(Index t, Index b) const {
    return spk_bits == nullptr ? nullptr : spk_bits + (t * input.batch + b) * lines();
  }

  /// A state, or the spike, that enters step t of sample b.
  Stream<Scalar> entering(std::size_t state, Index t, Index b, const RepeatedNumber<Scalar>& zero) const {
    return entering(returned[state], initial[state], t, b, zero);
  }
  Stream<Scalar> entering_spk(Index t, Index b, const RepeatedNumber<Scalar>& zero) const {
    return entering(spk, initial_spk, t, b, zero);
  }
  /// The spikes of all samples that enter step t; without data: none.
  SequenceView<const Scalar> step_before(Index t) const {
    return t > 0 ? SequenceView<const Scalar>(spk.step(t - 1)) : initial_spk;
  }

  /// The states that fired in step t.
  const Scalar* fired_from(std::size_t state, Index t, Index b) const {
    return before_reset[state].empty() ? returned[state].row(t, b) : before_reset[state].row(t, b);
  }

 private:
  static Stream<Scalar> entering(const SequenceView<Scalar>& rows, const SequenceView<const Scalar>& first,
                                 Index t, Index b, const RepeatedNumber<Scalar>& zero) {
    if (t > 0) return {rows.row(t - 1, b), 1};
    if (!first.empty()) return {first.row(0, b), 1};
    return zero.stream();
  }
};

/// The coefficients of a call for neurons that share all of them, loaded once. A pass over a row holds a
/// `Row` of them by value: through a reference, compilers would reload them after each store.
template <typename Neuron>
class SharedCoefficients {
 public:
  static constexpr bool shared = true;  // then neurons of all samples do the same, see ScanCall::joins
  using Scalar = typename Neuron::Scalar;
  using Row = SharedCoefficients;
  static constexpr std::size_t count = Neuron::Dynamics::coefficient_count;

  explicit SharedCoefficients(const ScanCall<Neuron>& call) {
    for (std::size_t k = 0; k < count; ++k) lanes_.own[k] = *call.coefficients[k].data;
    lanes_.threshold = *call.coefficients[count].data;
    lanes_.graded = *call.coefficients[count + 1].data;
    if constexpr (Derives<typename Neuron::Dynamics, Lane<Scalar>>)
      call.policies->dynamics.derive(lanes_.own);
  }

  const Row& row() const { return *this; }
  template <typename Extent>
  SPIKETAPE_INLINE const StepCoefficients<Lane<Scalar>, count>& at(Index, Extent) const {
    return lanes_;
  }

 private:
  StepCoefficients<Lane<Scalar>, count> lanes_;
};

/// The same as streams, for coefficients that are not all shared.
template <typename Neuron>
class CoefficientStreams {
 public:
  static constexpr bool shared = false;
  using Scalar = typename Neuron::Scalar;
  static constexpr std::size_t count = Neuron::Dynamics::coefficient_count;

  struct Row {
    std::array<Stream<Scalar>, count + 2> streams;
    SPIKETAPE_NO_UNIQUE_ADDRESS typename Neuron::Dynamics dynamics;

    template <typename Extent>
    SPIKETAPE_INLINE StepCoefficients<Lane<Scalar>, count> at(Index i, Extent extent) const {
      StepCoefficients<Lane<Scalar>, count> c;
      for (std::size_t k = 0; k < count; ++k) c.own[k] = streams[k].at(i, extent);
      if constexpr (Derives<typename Neuron::Dynamics, Lane<Scalar>>) dynamics.derive(c.own);
      c.threshold = streams[count].at(i, extent);
      c.graded = streams[count + 1].at(i, extent);
      return c;
    }
  };

  explicit CoefficientStreams(const ScanCall<Neuron>& call) : row_{{}, call.policies->dynamics} {
    for (std::size_t k = 0; k < places_.size(); ++k)
      row_.streams[k] = call.coefficients[k].stream(places_[k]);
  }
  CoefficientStreams(const CoefficientStreams&) = delete;

  const Row& row() const { return row_; }

 private:
  std::array<RepeatedNumber<Scalar>, count + 2> places_;
  Row row_;
};

/// Calls f<rules, coefficients>. Common rules get instances of their own, with and without shared
/// coefficients; all other rules share one.
template <typename Neuron, typename F>
void with_rules_and_coefficients(const ScanCall<Neuron>& call, F&& f) {
  if (!call.rules.common()) return f.template operator()<Rules, CoefficientStreams<Neuron>>();
  bool shared = true;
  for (const auto& coefficient : call.coefficients) shared = shared && coefficient.shared;
  const auto with_coefficients = [&]<typename Chosen>() {
    shared ? f.template operator()<Chosen, SharedCoefficients<Neuron>>()
           : f.template operator()<Chosen, CoefficientStreams<Neuron>>();
  };
  call.rules.delayed ? with_coefficients.template operator()<CommonRules<true>>()
                     : with_coefficients.template operator()<CommonRules<false>>();
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
