// The loop of steps over a sequence, forward and adjoint: time outside, then samples, then the lanes of
// a row. One row after the other streams through the cache, and a row of a step is complete before the
// next step begins, as inhibition needs it.
#pragma once

#include <spiketape/core/array.hpp>
#include <spiketape/neuron/coefficient.hpp>
#include <spiketape/neuron/step.hpp>

#include <array>
#include <cstdint>
#include <type_traits>

namespace spiketape::detail {

/// The index of the neuron with the largest V − θ, the first of equals; NaN never wins, and with
/// nothing but NaN nobody does (-1).
template <Real Scalar>
Index winner_of(const Scalar* mem, const Stream<Scalar>& threshold, Index features) {
  Index winner = -1;
  Scalar largest = 0;
  for (Index i = 0; i < features; ++i) {
    const Scalar x = mem[i] - threshold.data[i * threshold.stride];
    if (x == x && (winner < 0 || x > largest)) {
      winner = i;
      largest = x;
    }
  }
  return winner;
}

/// The coefficients of a whole call as streams.
template <typename Neuron>
class CoefficientStreams {
 public:
  using Scalar = typename Neuron::Scalar;
  static constexpr std::size_t count = Neuron::coefficient_count;
  using Views = std::array<CoefficientView<Scalar>, count + 2>;

  explicit CoefficientStreams(const Views& views) {
    for (std::size_t k = 0; k < views.size(); ++k) streams_[k] = views[k].stream(places_[k]);
  }
  CoefficientStreams(const CoefficientStreams&) = delete;

  const Stream<Scalar>& threshold() const { return streams_[count]; }

  template <typename Extent>
  SPIKETAPE_INLINE StepCoefficients<Lane<Scalar>, count> at(Index i, Extent extent) const {
    StepCoefficients<Lane<Scalar>, count> c;
    for (std::size_t k = 0; k < count; ++k) c.own[k] = streams_[k].at(i, extent);
    c.threshold = streams_[count].at(i, extent);
    c.graded = streams_[count + 1].at(i, extent);
    return c;
  }

 private:
  std::array<RepeatedNumber<Scalar>, count + 2> places_;
  std::array<Stream<Scalar>, count + 2> streams_;
};

/// A call of a neuron on memory. States are in the neuron's order, membrane last.
template <typename Neuron>
struct ScanCall {
  using Scalar = typename Neuron::Scalar;
  template <typename T>
  using States = std::array<SequenceView<T>, Neuron::state_count>;

  const typename Neuron::Policies* policies;
  Rules rules;
  bool surrogate_disable;
  typename CoefficientStreams<Neuron>::Views coefficients;
  SequenceView<const Scalar> input;
  States<const Scalar> initial;   // one step each; without data: zeros
  SequenceView<Scalar> spk;       // (steps, batch, features)
  States<Scalar> states;          // the states that each step returns
  SequenceView<Scalar> v;         // V of each step, where a same-step reset makes it differ; may have no data
  Index width;                    // what is computed of a row: features, or whole lanes of padded rows

  /// The states that enter step t of sample b.
  Stream<Scalar> entering(std::size_t state, Index t, Index b, const RepeatedNumber<Scalar>& zero) const {
    if (t > 0) return {states[state].row(t - 1, b), 1};
    if (!initial[state].empty()) return {initial[state].row(0, b), 1};
    return zero.stream();
  }
};

template <typename Scalar>
SPIKETAPE_INLINE Winners<Lane<Scalar>> winners_at(Index i, Index now, Index before) {
  const Lane<Scalar> index = Lane<Scalar>::counting_from(i);
  return {index == Lane<Scalar>(now), index == Lane<Scalar>(before)};
}

/// Who won the step before: by the membranes that entered, zeros included.
template <typename Neuron>
Index winner_before(const ScanCall<Neuron>& call, const Stream<typename Neuron::Scalar>& entering,
                    const CoefficientStreams<Neuron>& coefficients) {
  using Scalar = typename Neuron::Scalar;
  if (entering.stride == 1) return winner_of<Scalar>(entering.data, coefficients.threshold(), call.input.features);
  Index winner = -1;  // all membranes are 0: the smallest threshold wins
  for (Index i = 0; i < call.input.features; ++i) {
    const Stream<Scalar>& threshold = coefficients.threshold();
    if (winner < 0 || threshold.data[i * threshold.stride] < threshold.data[winner * threshold.stride]) winner = i;
  }
  return winner;
}

template <Rules rules, typename Neuron>
SPIKETAPE_NOINLINE void scan_forward(const ScanCall<Neuron>& call) {
  using Scalar = typename Neuron::Scalar;
  using L = Lane<Scalar>;
  constexpr std::size_t states = Neuron::state_count;
  const NeuronStep<Neuron, rules, L> step(*call.policies, call.surrogate_disable);
  const CoefficientStreams<Neuron> coefficients(call.coefficients);
  const RepeatedNumber<Scalar> zero;

  for (Index t = 0; t < call.input.steps; ++t) {
    for (Index b = 0; b < call.input.batch; ++b) {
      const Scalar* input = call.input.row(t, b);
      Scalar* spk = call.spk.row(t, b);
      Scalar* v_row = call.v.empty() ? nullptr : call.v.row(t, b);
      std::array<Stream<Scalar>, states> entering;
      std::array<Scalar*, states> leaving;
      for (std::size_t k = 0; k < states; ++k) {
        entering[k] = call.entering(k, t, b, zero);
        leaving[k] = call.states[k].row(t, b);
      }

      const auto integrate = [&](Index i, auto extent, const auto& c, const Winners<L>& winners,
                                 L& mem_before) SPIKETAPE_INLINE_LAMBDA {
        std::array<L, states> u;
        for (std::size_t k = 0; k < states; ++k) u[k] = entering[k].at(i, extent);
        mem_before = u[states - 1];
        step.integrate(u, load(input + i, extent), c, winners);
        for (std::size_t k = 0; k + 1 < states; ++k) store(u[k], leaving[k] + i, extent);
        return u[states - 1];
      };
      const auto fire = [&](Index i, auto extent, const auto& c, const Winners<L>& winners, const L& v,
                            const L& mem_before) SPIKETAPE_INLINE_LAMBDA {
        const Fired<L> fired = step.fire(v, mem_before, c, winners);
        store(fired.spk, spk + i, extent);
        if constexpr (!rules.delayed) {
          if (v_row != nullptr) store(v, v_row + i, extent);
        }
        store(fired.mem, leaving[states - 1] + i, extent);
      };

      if constexpr (!rules.inhibited) {
        for_lanes<Scalar>(call.width, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
          const auto c = coefficients.at(i, extent);
          L mem_before;
          const L v = integrate(i, extent, c, Winners<L>{}, mem_before);
          fire(i, extent, c, Winners<L>{}, v, mem_before);
        });
      } else {
        // The winner is known when the whole row is integrated; until then V waits in the row of spikes.
        const Index before = winner_before(call, entering[states - 1], coefficients);
        for_lanes<Scalar>(call.width, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
          L mem_before;
          const L v = integrate(i, extent, coefficients.at(i, extent), winners_at<Scalar>(i, -1, before), mem_before);
          store(v, spk + i, extent);
        });
        const Index now = winner_of<Scalar>(spk, coefficients.threshold(), call.input.features);
        for_lanes<Scalar>(call.width, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
          fire(i, extent, coefficients.at(i, extent), winners_at<Scalar>(i, now, before), load(spk + i, extent),
               entering[states - 1].at(i, extent));
        });
      }
    }
  }
}

/// Where the adjoint of a call goes and comes from. Adjoints of outputs without data count as zero;
/// results without data are not wanted.
template <typename Neuron>
struct ScanAdjoint {
  using Scalar = typename Neuron::Scalar;

  SequenceView<const Scalar> spk;
  std::array<SequenceView<const Scalar>, Neuron::state_count> states;
  SequenceView<Scalar> input;
  bool input_first;                                                 // store instead of adding
  std::array<SequenceView<Scalar>, Neuron::state_count> carry;      // one step: what step t sends to t - 1
  std::array<Scalar*, Neuron::coefficient_count + 2> coefficients;  // rows of sums, or nullptr
  Index first_sample;                                               // see Tape::first_sample
  bool with_derivative;                                             // whether σ' counts; else it is zero
};

template <Rules rules, bool learns, typename Neuron>
SPIKETAPE_NOINLINE void scan_adjoint(const ScanCall<Neuron>& call, const ScanAdjoint<Neuron>& adjoint) {
  using Scalar = typename Neuron::Scalar;
  using L = Lane<Scalar>;
  constexpr std::size_t states = Neuron::state_count;
  constexpr std::size_t count = Neuron::coefficient_count;
  const NeuronStep<Neuron, rules, L> step(*call.policies, !adjoint.with_derivative);
  const CoefficientStreams<Neuron> coefficients(call.coefficients);
  const RepeatedNumber<Scalar> zero;

  for (Index t = call.input.steps - 1; t >= 0; --t) {
    const bool last = t == call.input.steps - 1;
    const bool store_input = adjoint.input_first && (last || !adjoint.input.constant);
    for (Index b = 0; b < call.input.batch; ++b) {
      const SequenceView<Scalar>& mem = call.states[states - 1];
      const Scalar* v_row = rules.delayed ? mem.row(t, b) : call.v.row(t, b);
      const Stream<Scalar> spk =
          adjoint.spk.empty() ? zero.stream() : Stream<Scalar>{adjoint.spk.row(t, b), 1};
      std::array<Stream<Scalar>, states> entering, returned, carried;
      std::array<Scalar*, states> carry;
      for (std::size_t k = 0; k < states; ++k) {
        entering[k] = call.entering(k, t, b, zero);
        returned[k] =
            adjoint.states[k].empty() ? zero.stream() : Stream<Scalar>{adjoint.states[k].row(t, b), 1};
        carry[k] = adjoint.carry[k].row(0, b);
        carried[k] = last ? zero.stream() : Stream<Scalar>{carry[k], 1};
      }
      Scalar* input = adjoint.input.empty() ? nullptr : adjoint.input.row(t, b);
      const auto first_element = static_cast<std::uint64_t>((adjoint.first_sample + b) * call.input.features);
      Index before = -1;
      Index now = -1;
      if constexpr (rules.inhibited) {
        before = winner_before(call, entering[states - 1], coefficients);
        now = winner_of<Scalar>(v_row, coefficients.threshold(), call.input.features);
      }

      for_whole_lanes<Scalar>(call.width, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
        const auto c = coefficients.at(i, extent);
        Winners<L> winners{};
        if constexpr (rules.inhibited) winners = winners_at<Scalar>(i, now, before);
        std::array<L, states> u, u_adjoint;
        for (std::size_t k = 0; k < states; ++k) {
          u[k] = entering[k].at(i, extent);
          u_adjoint[k] = returned[k].at(i, extent) + carried[k].at(i, extent);
        }
        const auto back = step.adjoint(u, load(v_row + i, extent), c, winners,
                                                                 spk.at(i, extent), u_adjoint, first_element + static_cast<std::uint64_t>(i));
        for (std::size_t k = 0; k < states; ++k) store(back.before[k], carry[k] + i, extent);
        if (input != nullptr)
          store(store_input ? back.input : load(input + i, extent) + back.input, input + i, extent);
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
    }
  }
}

/// Calls f with the rules as a compile-time constant. The exact rules differ from the others only with
/// a same-step reset or under inhibition.
template <typename F>
void with_rules(Rules rules, F&& f) {
  const auto call = [&]<Rules chosen>() { f(std::integral_constant<Rules, chosen>()); };
  if (rules.inhibited) {
    if (rules.exact && rules.delayed) return call.template operator()<Rules{true, true, true}>();
    if (rules.exact) return call.template operator()<Rules{false, true, true}>();
    if (rules.delayed) return call.template operator()<Rules{true, true, false}>();
    return call.template operator()<Rules{false, true, false}>();
  }
  if (rules.delayed) return call.template operator()<Rules{true, false, false}>();
  if (rules.exact) return call.template operator()<Rules{false, false, true}>();
  return call.template operator()<Rules{false, false, false}>();
}

template <typename Neuron>
void scan_forward(const ScanCall<Neuron>& call) {
  with_rules(call.rules, [&](auto chosen) { scan_forward<chosen.value>(call); });
}

/// `learns` says whether sums of coefficients are wanted. What is common gets an instance for each; the others
/// share one, since every instance costs the user compile time.
template <typename Neuron>
void scan_adjoint(bool learns, const ScanCall<Neuron>& call, const ScanAdjoint<Neuron>& adjoint) {
  with_rules(call.rules, [&](auto chosen) {
    constexpr Rules rules = chosen.value;
    if constexpr (rules.inhibited || rules.exact) {
      scan_adjoint<rules, true>(call, adjoint);
    } else {
      learns ? scan_adjoint<rules, true>(call, adjoint) : scan_adjoint<rules, false>(call, adjoint);
    }
  });
}

}  // namespace spiketape::detail
