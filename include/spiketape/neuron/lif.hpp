// The base of all leaky integrate-and-fire neurons: their calls on arrays and on a tape, and the hidden state
// that they may keep between calls. lif_core.hpp has what a call does, scan.hpp the loop over a sequence,
// step.hpp the mathematics of a step.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/state.hpp>
#include <spiketape/autograd/steps.hpp>
#include <spiketape/neuron/lif_core.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

template <typename T>
inline constexpr bool is_state = false;
template <typename Scalar>
inline constexpr bool is_state<State<Scalar>> = true;

}  // namespace detail

/// The generic base (CRTP: no virtual call). `Derived` supplies its name, its options and its coefficients;
/// `Dynamics` supplies how its states evolve. See dynamics.hpp, and Leaky for a complete neuron.
///
/// A call takes the input and the states it starts from, in the order of its result without the spikes (with
/// them for recurrent neurons). It takes all states or none; missing or empty states are zeros. Or it takes a
/// State, which holds all of them and becomes the state after the last step.
///
/// Calls are const and may run on many threads at once. The exception is a neuron with hidden state (a State
/// that the neuron keeps itself), which belongs to one thread. A call that throws, also std::bad_alloc,
/// leaves all states as they were. A neuron that was moved from throws std::invalid_argument until it is
/// assigned to.
template <typename Derived, typename Dynamics_, typename Scalar_, typename Reset_, typename Surrogate_,
          typename Quantizer_>
class LIF : public LIFCore<Derived, Dynamics_, Scalar_, Reset_, Surrogate_, Quantizer_> {
  using Core = LIFCore<Derived, Dynamics_, Scalar_, Reset_, Surrogate_, Quantizer_>;

 public:
  using Core::carried, Core::recurrent, Core::state_count;
  using typename Core::CarriedViews, typename Core::ResultViews, typename Core::Scalar;
  /// What a call returns: SpkMem<T>, or with more states a struct of their names.
  template <typename T>
  using Result = typename Core::template Result<T>;

  /// One step on an Eigen array (batch, features); with init_hidden it starts from the hidden states. Takes
  /// row-major arrays of any kind and returns arrays. Allocates the results; see forward_into.
  template <typename Step, typename... States>
  requires(!detail::is_state<States> && ...) Result<Array<Scalar>>
  operator()(const Eigen::DenseBase<Step>& input, const States&... states) const {
    return call_array<Array<Scalar>>(input, given<SequenceView<const Scalar>>(states...));
  }

  /// A whole sequence; the results are bit for bit those of a loop of single steps.
  template <typename... States>
  requires(!detail::is_state<States> && ...) Result<Sequence<Scalar>>
  operator()(const SequenceView<const Scalar>& input, const States&... states) const {
    return call_array<Sequence<Scalar>>(input, given<SequenceView<const Scalar>>(states...));
  }
  template <typename... States>
  requires(!detail::is_state<States> && ...) Result<Sequence<Scalar>>
  operator()(const Sequence<Scalar>& input, const States&... states) const {
    return (*this)(input.view(), states...);
  }

  /// A step or a sequence on a tape. It is differentiated with respect to the input, the given states that
  /// are Vars (arrays are constants), and every learned coefficient. Allocates nothing once the tape has
  /// warmed up.
  template <typename... States>
  requires(!detail::is_state<States> && ...) Result<Var<Scalar>>
  operator()(const Var<Scalar>& input, const States&... states) const {
    if constexpr (sizeof...(States) == 0)
      return run(input, hidden_parts());
    else
      return this->packed(this->record(input, given<Var<Scalar>>(on_tape(input, states)...)));
  }

  /// A step or a sequence from a state, which becomes that after the last step. Hidden state is neither read
  /// nor written. On arrays the result lies in the state until its next call, and nothing is allocated once
  /// it has warmed up. Throws std::invalid_argument for a state of another batch or number of parts, and on
  /// arrays for an input that lies in the memory of the state's last result.
  Result<SequenceView<const Scalar>> operator()(const SequenceView<const Scalar>& input,
                                                State<Scalar>& state) const {
    const auto parts = state.of_layer(detail::type_name<Derived>, carried, input.batch);
    return run(input, parts, state.memory_for(detail::type_name<Derived>, input));
  }
  Result<Var<Scalar>> operator()(const Var<Scalar>& input, State<Scalar>& state) const {
    return run(input, state.of_layer(detail::type_name<Derived>, carried, input.batch()));
  }
  /// Says what is wrong with numbers of another type.
  template <detail::OfAnotherScalar<Scalar> Other, typename... More>
  auto operator()(const Other&, const More&...) const {
    return detail::refuse_scalar<Other, Scalar>();
  }

  /// A State with all states of a batch, zero; see State.
  [[nodiscard]] State<Scalar> state(Index batch) const { return State<Scalar>(carried, batch); }

  /// A call, under snnTorch's name.
  template <typename... Arguments>
  auto forward(Arguments&&... arguments) const {
    return (*this)(std::forward<Arguments>(arguments)...);
  }

  /// The call on arrays with results that the caller owns: forward_into(input, {syn, mem}, {spk, syn, mem}).
  /// Allocates nothing, except for coefficients of channels, in recurrence through a convolution, and where
  /// 16 or more samples fire densely and all neurons act on all: Eigen's product may then take packing space
  /// from the heap. Initial states are empty or one step each. A result may lie exactly where the state it
  /// replaces lies (except spikes that act all to all), so a loop over a stream of steps is one line.
  /// Otherwise it must share no number with an input, state or other result, and rows must not share any:
  /// std::invalid_argument. Hidden state is neither read nor written.
  void forward_into(const SequenceView<const Scalar>& input, const CarriedViews& states,
                    const ResultViews& results) const {
    this->check_memory(input, states, results);
    Arena memory;  // for coefficients of channels
    this->write_into(input, states, results, memory);
  }
  /// The same where the membrane is the only state.
  void forward_into(const SequenceView<const Scalar>& input, const SequenceView<const Scalar>& mem,
                    const SequenceView<Scalar>& spk_out, const SequenceView<Scalar>& mem_out) const
      requires(carried == 1) {
    forward_into(input, CarriedViews{mem}, ResultViews{spk_out, mem_out});
  }

  /// Only the spikes of a whole sequence, as bits, for the next layer; see Sequential. The states of single
  /// steps are not needed there and are not kept.
  detail::SpikeTrain<Scalar> spikes(const Sequence<Scalar>& input) const requires(!recurrent) {
    const auto parts = hidden_parts();
    check_parts(parts, input.shape());
    std::array<Array<Scalar>, carried> states;
    for (std::size_t k = 0; k < carried; ++k)
      if (k < parts.size() && parts[k].values.size() > 0)
        states[k] = parts[k].values;
      else
        states[k].setZero(input.batch(), input.features());
    auto result = this->spikes_of(input, states);
    if (init_hidden_ && input.steps() > 0 && input.batch() > 0)
      for (std::size_t k = 0; k < carried; ++k) hidden_.set(k, std::move(states[k]));
    return result;
  }

  /// Clears the hidden states: the next call starts from zero. Returns empty states, which an explicit call
  /// takes as zeros, so `auto mem = lif.reset_mem()` ports from snnTorch unchanged (with several states:
  /// `auto [syn, mem] = ...`).
  auto reset_mem() const {
    hidden_.reset();
    if constexpr (carried == 1)
      return Array<Scalar>();
    else
      return std::array<Array<Scalar>, carried>();
  }
  /// Cuts the gradient between the calls so far and the next one (truncated BPTT); the values stay.
  void detach_hidden() const { hidden_.detach(); }
  /// reset_mem, under the name that works for networks too.
  void reset_hidden() const { reset_mem(); }

  /// For networks: calls f(part) for every hidden state.
  template <typename F>
  void for_each_hidden_part(F&& f) const {
    for (auto& part : hidden_parts()) f(part);
  }
  /// Calls f(values, var) for every hidden state, in the order of a call's arguments. `values` has the shape
  /// (batch, features) or is empty; `var` is their value on a tape, or none. f may change both. See
  /// hidden_state.hpp for its uses.
  template <typename F>
  void for_each_hidden(F&& f) const {
    for (auto& part : hidden_parts()) f(part.values, part.var);
  }

  /// The hidden membrane, (batch, features), empty before the first call.
  const Array<Scalar>& mem() const { return hidden(carried - 1); }

  /// Whether the neuron keeps its states itself, between calls.
  bool init_hidden() const noexcept { return init_hidden_; }
  /// The same for all layers and networks: whether states are kept inside, and whether a call without states
  /// starts from zero.
  bool keeps_state() const noexcept { return init_hidden_; }
  bool forgets_state() const noexcept { return !init_hidden_; }
  /// Whether a Sequential passes on the states of this neuron too; see Sequential.
  bool output() const noexcept { return output_; }

 protected:
  using typename Core::CarriedVars, typename Core::NeuronCoefficients;

  /// Reads the options by name. A missing option is off, a missing policy is the default one. `all` are the
  /// coefficients: the neuron's own in its order, then threshold and graded_spikes_factor.
  template <typename Options>
  LIF(const Options& options, NeuronCoefficients all, Dynamics_ dynamics = {},
      typename Core::RecurrentWeights recurrent_weights = {})
      : Core(options, std::move(all), dynamics, std::move(recurrent_weights)) {
    if constexpr (requires { options.init_hidden; }) init_hidden_ = options.init_hidden;
    if constexpr (requires { options.output; }) output_ = options.output;
  }

  /// Hidden state k, in the order of a call's arguments.
  const Array<Scalar>& hidden(std::size_t k) const { return hidden_[k]; }

 private:
  // --- Arguments and their checks.

  /// The states of a call as an array of T; empty ones mean zeros.
  template <typename T, typename... States>
  std::array<T, carried> given(const States&... states) const {
    static_assert(
        sizeof...(States) == 0 || sizeof...(States) == carried,
        "spiketape: a call of a neuron takes the input alone, or the input and every state in the order of "
        "the result (recurrent neurons: the spikes before them)");
    if constexpr (sizeof...(States) == 0) {
      return {};
    } else {
      if (init_hidden_)
        Core::fail(
            carried == 1 ? "mem was" : "states were",
            " passed to a neuron with init_hidden = true, which keeps its own; expected a call without ",
            carried == 1 ? "mem" : "them");
      return {T(states)...};
    }
  }

  static const Var<Scalar>& on_tape(const Var<Scalar>&, const Var<Scalar>& state) { return state; }
  template <typename Step>
  static Var<Scalar> on_tape(const Var<Scalar>& input, const Eigen::DenseBase<Step>& state) {
    return state.size() == 0 ? Var<Scalar>() : input.tape().constant(state);
  }

  void check_parts(detail::StateParts<Scalar> parts, const Shape& input) const {
    if (parts.empty()) return;
    const bool own = parts.data() == hidden_.parts().data();
    for (std::size_t k = carried; k-- > 0;) {  // the membrane first
      const Array<Scalar>& values = parts[k].values;
      if (values.size() > 0 && (values.rows() != input.batch || values.cols() != input.features))
        Core::fail("the ", own ? "hidden " : "state's ", k == carried - 1 ? "membrane" : Core::name_of(k),
                   " has shape (", values.rows(), ", ", values.cols(), "), input has (", input.batch, ", ",
                   input.features, "); expected the same",
                   own ? ", or reset_mem() before, in a network reset_hidden(net)" : "");
    }
  }

  // --- Calls.

 public:
  // For networks: calls as parts of a larger call, from the states in `parts`; without parts from zeros.

  Result<Var<Scalar>> run(const Var<Scalar>& input, detail::StateParts<Scalar> parts) const {
    CarriedVars initial;
    if (!parts.empty()) {
      check_parts(parts, input.shape());
      for (std::size_t k = 0; k < carried; ++k) initial[k] = detail::on_tape(parts[k], input.tape());
    }
    auto results = this->record(input, initial);
    if (!parts.empty()) {
      ResultViews views;
      CarriedVars vars;
      for (std::size_t k = 0; k < carried; ++k) {
        vars[k] = results[at(k)];
        views[at(k)] = input.tape().writable(vars[k]);
      }
      keep(parts, views, vars);
    }
    return this->packed(std::move(results));
  }
  /// On arrays, with results in `memory`.
  Result<SequenceView<const Scalar>> run(const SequenceView<const Scalar>& input,
                                         detail::StateParts<Scalar> parts, Arena& memory) const {
    if (const char* expected = detail::shape_fault(input.shape()))
      Core::fail("input has shape ", input.shape(), ", expected ", expected);
    ResultViews views;
    const Index rows = input.steps * input.batch, stride = detail::padded<Scalar>(input.features);
    for (auto& view : views) view = {memory.allocate<Scalar>(rows * stride), input.shape(), stride};
    write(input, parts, {}, views, memory);
    std::array<SequenceView<const Scalar>, 1 + state_count> results;
    std::copy(views.begin(), views.end(), results.begin());
    return this->packed(results);
  }

 private:
  template <typename T>
  Result<T> call_array(const SequenceView<const Scalar>& input, const CarriedViews& initial) const {
    std::array<T, 1 + state_count> parts;
    ResultViews views;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      parts[k] = make<T>(input.shape());
      views[k] = parts[k];
    }
    Arena memory;  // for coefficients of channels
    write(input, hidden_parts(), initial, views, memory);
    return this->packed(std::move(parts));
  }

  /// The call on arrays, from the states in `parts`, which it updates, or from given ones.
  void write(const SequenceView<const Scalar>& input, detail::StateParts<Scalar> parts, CarriedViews initial,
             const ResultViews& views, Arena& memory) const {
    check_parts(parts, input.shape());
    for (std::size_t k = 0; k < parts.size(); ++k)
      if (parts[k].values.size() > 0) initial[k] = parts[k].values;
    this->write_into(input, initial, views, memory);
    keep(parts, views, {});
  }

  template <typename T>
  static T make(const Shape& shape) {
    if constexpr (std::same_as<T, Sequence<Scalar>>)
      return T(shape);
    else
      return T(shape.batch, shape.features);
  }

  /// The place of a carried state among the results.
  static constexpr std::size_t at(std::size_t k) { return 1 + state_count - carried + k; }

  /// Keeps what the last step returned for the next call: all states, or none if memory runs out.
  static void keep(detail::StateParts<Scalar> parts, const ResultViews& results, const CarriedVars& vars) {
    if (parts.empty()) return;
    std::array<SequenceView<const Scalar>, carried> last;
    for (std::size_t k = 0; k < carried; ++k) {
      const SequenceView<Scalar>& view = results[at(k)];
      if (view.steps == 0 || view.batch == 0) return;
      last[k] = view.step(view.steps - 1);
    }
    detail::replace_states<Scalar>(parts, last, vars);
  }

  /// The hidden states; empty without init_hidden.
  detail::StateParts<Scalar> hidden_parts() const {
    return init_hidden_ ? hidden_.parts() : detail::StateParts<Scalar>();
  }

  bool init_hidden_ = false;
  bool output_ = false;
  mutable State<Scalar> hidden_{carried, 0};
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
