// What every leaky integrate-and-fire neuron shares: options and their checks, threshold and graded
// spikes, reset, quantizer, inhibition, hidden state, and the call on arrays and on tape variables.
// The mathematics of a step is in step.hpp, the loop over a sequence in scan.hpp.
#pragma once

#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/coefficient.hpp>
#include <spiketape/neuron/policy_check.hpp>
#include <spiketape/neuron/quantizer.hpp>
#include <spiketape/neuron/recurrent_weights.hpp>
#include <spiketape/neuron/reset.hpp>
#include <spiketape/neuron/scan_op.hpp>
#include <spiketape/neuron/state_quant.hpp>
#include <spiketape/neuron/surrogates_more.hpp>
#include <spiketape/neuron/surrogates_snntorch.hpp>

#include <array>
#include <memory>
#include <tuple>
#include <utility>

namespace spiketape {

/// The generic base (CRTP: no virtual call). `Derived` supplies its name, its options and its coefficients;
/// `Dynamics` how its states evolve, see dynamics.hpp and, for the whole of it, Leaky.
///
/// A call takes the input and the states it starts from, in the order of its result and without the spikes
/// (with them, for recurrent neurons): all of them or none; none, or empty ones, mean zeros.
///
/// Calls are const and may run on many threads at once, except those of a neuron with hidden state,
/// which belongs to one thread.
template <typename Derived, typename Dynamics_, typename Scalar_, typename Reset_, typename Surrogate_,
          typename Quantizer_>
class LIF : detail::PolicyCheck<Scalar_, Reset_, Surrogate_, Quantizer_> {
 public:
  using Scalar = Scalar_;
  using Dynamics = Dynamics_;
  using Reset = Reset_;
  using Surrogate = Surrogate_;
  using Quantizer = Quantizer_;
  /// {spk, the states}: T is an Array for a step, a Sequence for a sequence, a Var on a tape.
  template <typename T>
  using Result = typename Dynamics::template Result<T>;

  static constexpr bool recurrent = detail::is_recurrent<Dynamics>;
  static constexpr std::size_t state_count = Dynamics::state_count;
  static constexpr std::size_t carried = state_count + (recurrent ? 1 : 0);  ///< What goes from call to call.

  struct Policies {
    [[no_unique_address]] Dynamics dynamics;
    [[no_unique_address]] Reset reset;
    [[no_unique_address]] Surrogate surrogate;
    [[no_unique_address]] detail::Prepared<Scalar, Quantizer> quantizer;
  };

  /// One step on an Eigen array (batch, features); with init_hidden from the states inside. Row-major arrays
  /// of any kind go in, arrays come out. Allocates the results; see forward_into.
  template <typename Step, typename... States>
  Result<Array<Scalar>> operator()(const Eigen::DenseBase<Step>& input, const States&... states) const {
    return call_array<Array<Scalar>>(input, given<SequenceView<const Scalar>>(states...));
  }

  /// A whole sequence; the results are bit for bit those of a loop of single steps.
  template <typename... States>
  Result<Sequence<Scalar>> operator()(const Sequence<Scalar>& input, const States&... states) const {
    return call_array<Sequence<Scalar>>(input, given<SequenceView<const Scalar>>(states...));
  }

  /// A step or a sequence on a tape: differentiated by the input, the given states that are Vars (those on
  /// arrays are constants), and every coefficient that is learned. Allocates nothing once the tape has warmed
  /// up.
  template <typename... States>
  Result<Var<Scalar>> operator()(const Var<Scalar>& input, const States&... states) const {
    if constexpr (sizeof...(States) == 0)
      return call_tape(input, hidden_on(input));
    else
      return call_tape(input, given<Var<Scalar>>(on_tape(input, states)...));
  }

  /// The same under snnTorch's name.
  template <typename... Arguments>
  auto forward(Arguments&&... arguments) const {
    return (*this)(std::forward<Arguments>(arguments)...);
  }

  /// What a call starts from, and what it writes, on memory of the caller's.
  using CarriedViews = std::array<SequenceView<const Scalar>, carried>;
  using ResultViews = std::array<SequenceView<Scalar>, 1 + state_count>;

  /// The call on arrays with results that the caller owns: forward_into(input, {syn, mem}, {spk, syn, mem}).
  /// Allocates nothing. States to start from are empty, or one step each; the results may be the same memory
  /// (but for spikes that act all to all), which makes a loop over a stream of steps one line. Hidden state
  /// is neither read nor written.
  void forward_into(const SequenceView<const Scalar>& input, const CarriedViews& states,
                    const ResultViews& results) const {
    write_into(input, states, results);
  }
  /// The same where the membrane is the only state.
  void forward_into(const SequenceView<const Scalar>& input, const SequenceView<const Scalar>& mem,
                    const SequenceView<Scalar>& spk_out, const SequenceView<Scalar>& mem_out) const
      requires(carried == 1) {
    write_into(input, {mem}, {spk_out, mem_out});
  }

  /// Forgets the hidden states: the next call starts from zero. Returns empty states, which an explicit call
  /// takes for zeros, so `auto mem = lif.reset_mem()` ports from snnTorch as it stands (with several states:
  /// `auto [syn, mem] = ...`).
  auto reset_mem() const {
    for (auto& values : hidden_values_) values.resize(0, 0);
    detach_hidden();
    if constexpr (carried == 1)
      return Array<Scalar>();
    else
      return std::array<Array<Scalar>, carried>();
  }
  /// Cuts the gradient between the calls so far and the next one (truncated BPTT); the values stay.
  void detach_hidden() const { hidden_vars_ = {}; }
  /// reset_mem, under the name that works for networks too.
  void reset_hidden() const { reset_mem(); }

  /// Calls f(values, var) for every hidden state, in the order of a call's arguments: the values, (batch, features) or
  /// empty, and their value on a tape, or none. See hidden_state.hpp for what one does with it.
  template <typename F>
  void for_each_hidden(F&& f) const {
    if (init_hidden_)
      for (std::size_t k = 0; k < carried; ++k) f(hidden_values_[k], hidden_vars_[k]);
  }

  /// The hidden membrane, (batch, features), empty before the first call.
  const Array<Scalar>& mem() const { return hidden_values_[carried - 1]; }

  /// θ and g: one number (1, 1) or one for each neuron (1, features).
  Parameter<Scalar>& threshold() { return coefficient(count); }
  const Parameter<Scalar>& threshold() const { return coefficient(count); }
  Parameter<Scalar>& graded_spikes_factor() { return coefficient(count + 1); }
  const Parameter<Scalar>& graded_spikes_factor() const { return coefficient(count + 1); }

  /// What a recurrent neuron sends to all of its layer: W, (features, features), what one neuron sends in a
  /// row (the transpose of PyTorch's), and b, (1, features). Without rows where there is no such recurrence.
  Parameter<Scalar>& recurrent_weight() requires(recurrent) { return recurrent_.weight; }
  const Parameter<Scalar>& recurrent_weight() const requires(recurrent) { return recurrent_.weight; }
  Parameter<Scalar>& recurrent_bias() requires(recurrent) { return recurrent_.bias; }
  const Parameter<Scalar>& recurrent_bias() const requires(recurrent) { return recurrent_.bias; }

  /// What is learned.
  ParameterList<Scalar> parameters() const {
    ParameterList<Scalar> list;
    for (const auto& coefficient : coefficients_)
      if (coefficient.learn) list.push_back(coefficient.parameter.ptr());
    if (recurrent_.learned()) {
      list.push_back(recurrent_.weight.ptr());
      list.push_back(recurrent_.bias.ptr());
    }
    return list;
  }

  bool init_hidden() const { return init_hidden_; }
  /// Whether a Sequential hands on the states of this neuron too; see Sequential.
  bool output() const { return output_; }

 protected:
  static constexpr std::size_t count = Dynamics::coefficient_count;
  using NeuronCoefficients = std::array<detail::NeuronCoefficient<Scalar>, count + 2>;

  /// Reads the options that all neurons share by their names; one that a neuron does not have is off, or
  /// a policy as it is by default. `all` are the coefficients, the neuron's own in its order, then threshold
  /// and graded_spikes_factor.
  template <typename Options>
  LIF(const Options& options, NeuronCoefficients all, Dynamics dynamics = {},
      detail::RecurrentWeights<Scalar> recurrent_weights = {})
      : policies_(std::make_shared<const Policies>(policies(options, dynamics))),
        coefficients_(std::move(all)),
        recurrent_(std::move(recurrent_weights)) {
    if constexpr (requires { options.reset_delay; }) rules_.delayed = options.reset_delay;
    if constexpr (requires { options.inhibition; }) rules_.inhibited = options.inhibition;
    if constexpr (requires { options.snntorch_exact; }) rules_.exact = options.snntorch_exact;
    if constexpr (requires { options.surrogate_disable; }) surrogate_disable_ = options.surrogate_disable;
    if constexpr (requires { options.init_hidden; }) init_hidden_ = options.init_hidden;
    if constexpr (requires { options.output; }) output_ = options.output;
    const detail::NeuronCoefficient<Scalar>* longest = &coefficients_[0];
    for (const auto& coefficient : coefficients_)
      if (coefficient.parameter.cols() > longest->parameter.cols()) longest = &coefficient;
    for (const auto& coefficient : coefficients_)
      if (!coefficient.shared() && coefficient.parameter.cols() != longest->parameter.cols())
        detail::fail_argument("spiketape::", Derived::name, ": ", coefficient.parameter.name(), " has ",
                              coefficient.parameter.cols(), " values, ", longest->parameter.name(), " has ",
                              longest->parameter.cols(), " (expected 1 value or one for each neuron)");
  }

  /// The neuron's own coefficients first, then threshold and graded_spikes_factor.
  Parameter<Scalar>& coefficient(std::size_t k) { return coefficients_[k].parameter; }
  const Parameter<Scalar>& coefficient(std::size_t k) const { return coefficients_[k].parameter; }
  /// A hidden state, counted like the arguments of a call.
  const Array<Scalar>& hidden(std::size_t k) const { return hidden_values_[k]; }

 private:
  using CarriedVars = std::array<Var<Scalar>, carried>;

  template <typename Options>
  static Policies policies(const Options& options, const Dynamics& dynamics) {
    const auto reset = [&] {
      if constexpr (requires { options.reset_mechanism; })
        return options.reset_mechanism;
      else
        return Reset();
    };
    const auto surrogate = [&] {
      if constexpr (requires { options.spike_grad; })
        return options.spike_grad;
      else
        return Surrogate();
    };
    const auto quantizer = [&] {
      if constexpr (requires { options.state_quant; })
        return options.state_quant;
      else
        return Quantizer();
    };
    return {dynamics, reset(), surrogate(), detail::prepared<Scalar>(quantizer())};
  }

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
        detail::fail_argument(
            "spiketape::", Derived::name, ": ", carried == 1 ? "mem was" : "states were",
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

  void check_input(const Shape& shape) const {
    for (const auto& coefficient : coefficients_) coefficient.check_features(Derived::name, shape.features);
    recurrent_.check_features(Derived::name, shape.features);
  }
  void check_state(std::size_t k, const Shape& input, const Shape& state) const {
    const Shape expected{1, input.batch, input.features};
    if (state != expected)
      detail::fail_argument("spiketape::", Derived::name, ": ", name_of(k), " has shape ", state,
                            ", input of ", input, " expects ", expected);
  }
  void check_hidden(const Shape& input) const {
    const Array<Scalar>& hidden = mem();
    if (hidden.size() > 0 && (hidden.rows() != input.batch || hidden.cols() != input.features))
      detail::fail_argument("spiketape::", Derived::name, ": the hidden membrane has shape (", hidden.rows(),
                            ", ", hidden.cols(), "), input has (", input.batch, ", ", input.features,
                            "); expected the same, or reset_mem() before");
  }
  /// How an error calls argument k.
  static const char* name_of(std::size_t k) {
    return recurrent && k == 0 ? "spk" : Dynamics::state_names[k - (recurrent ? 1 : 0)];
  }

  // --- The call on memory.

  detail::ScanCall<Derived> scan_call(const SequenceView<const Scalar>& input, const CarriedViews& initial,
                                      const ResultViews& results, Index width) const {
    detail::ScanCall<Derived> call{};
    call.policies = policies_.get();
    call.rules = rules_;
    call.surrogate_disable = surrogate_disable_;
    for (std::size_t k = 0; k < coefficients_.size(); ++k)
      call.coefficients[k] = detail::CoefficientView<Scalar>(coefficients_[k]);
    call.recurrence = recurrent_.view();
    call.input = input;
    if (recurrent) call.initial_spk = initial[0];
    call.spk = results[0];
    for (std::size_t k = 0; k < state_count; ++k) {
      call.initial[k] = initial[carried - state_count + k];
      call.returned[k] = results[1 + k];
    }
    call.width = width;
    return call;
  }

  void write_into(const SequenceView<const Scalar>& input, CarriedViews initial,
                  const ResultViews& results) const {
    check_input(input.shape());
    for (std::size_t k = 0; k < carried; ++k) {
      if (initial[k].batch == 0 && initial[k].features == 0)
        initial[k] = {};
      else
        check_state(k, input.shape(), initial[k].shape());
    }
    for (std::size_t k = 0; k <= state_count; ++k)
      if (results[k].shape() != input.shape() || results[k].constant)
        detail::fail_argument("spiketape::", Derived::name, "::forward_into: the result ",
                              k == 0 ? "spk" : Dynamics::state_names[k - 1], " has shape ",
                              results[k].shape(), ", input has ", input.shape());
    if (recurrent_ && !initial[0].empty() && initial[0].data == results[0].data)
      detail::fail_argument(
          "spiketape::", Derived::name,
          "::forward_into: the spikes are written where those of the step before lie, expected other "
          "memory where all neurons act on all");
    detail::scan_forward(scan_call(input, initial, results, input.features));
  }

  template <typename T>
  static Result<T> packed(std::array<T, 1 + state_count> parts) {
    return [&]<std::size_t... k>(std::index_sequence<k...>) { return Result<T>{std::move(parts[k])...}; }
    (std::make_index_sequence<1 + state_count>());
  }

  template <typename T>
  Result<T> call_array(const SequenceView<const Scalar>& input, CarriedViews initial) const {
    if (init_hidden_) {
      check_hidden(input.shape());
      for (std::size_t k = 0; k < carried; ++k)
        if (hidden_values_[k].size() > 0) initial[k] = hidden_values_[k];
    }
    std::array<T, 1 + state_count> parts;
    ResultViews views;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      parts[k] = make<T>(input.shape());
      views[k] = parts[k];
    }
    write_into(input, initial, views);
    if (init_hidden_) {
      hidden_vars_ = {};
      keep(views);
    }
    return packed(std::move(parts));
  }

  template <typename T>
  static T make(const Shape& shape) {
    if constexpr (std::same_as<T, Sequence<Scalar>>)
      return T(shape);
    else
      return T(shape.batch, shape.features);
  }

  // --- The call on a tape.

  Result<Var<Scalar>> call_tape(const Var<Scalar>& input, const CarriedVars& initial) const {
    Tape<Scalar>& tape = input.tape();
    const Shape shape = input.shape();
    check_input(shape);
    bool differentiable = input.differentiable() || recurrent_.learned();
    for (const auto& coefficient : coefficients_) differentiable = differentiable || coefficient.learn;
    CarriedViews views;
    for (std::size_t k = 0; k < carried; ++k) {
      if (initial[k].empty()) continue;
      tape.check_mine(initial[k], Derived::name);
      check_state(k, shape, initial[k].shape());
      views[k] = initial[k].value();
      differentiable = differentiable || initial[k].differentiable();
    }

    detail::ScanOp<Derived> op{};
    std::array<Var<Scalar>, 1 + state_count> results;
    ResultViews written;
    for (std::size_t k = 1; k <= state_count; ++k) {
      results[k] = tape.bare_result(shape, differentiable);
      written[k] = tape.writable(results[k]);
    }
    const Index width = detail::whole_lanes<Scalar>(shape.features);
    // Spikes are kept as bits; a recurrent neuron needs them as numbers, too.
    auto* bits =
        tape.template allocate<detail::LineBits>(shape.steps * shape.batch * (width / detail::line<Scalar>));
    if (recurrent) {
      results[0] = tape.bare_result(shape, differentiable);
      written[0] = tape.writable(results[0]);
      tape.set_bits(results[0], spike_rows(bits, width));
    } else {
      results[0] = tape.result(shape, differentiable, spike_rows(bits, width));
    }
    op.call = scan_call(input.value(), views, written, width);
    op.call.spk_bits = bits;
    op.call.recurrence.workspace = &tape.workspace();
    if (differentiable && !rules_.delayed)
      for (std::size_t k = detail::HasOwnReset<Dynamics, Reset, Scalar> ? 0 : state_count - 1;
           k < state_count; ++k)
        op.call.before_reset[k] = tape.bare_room(shape);
    detail::scan_forward(op.call);

    if (differentiable) {
      op.input = input;
      if (recurrent) op.initial_spk = initial[0];
      op.spk = results[0];
      for (std::size_t k = 0; k < state_count; ++k) {
        op.initial[k] = initial[carried - state_count + k];
        op.returned[k] = results[1 + k];
      }
      for (std::size_t k = 0; k < coefficients_.size(); ++k)
        op.sums[k] = sum_for(coefficients_[k], tape, shape.features);
      if (recurrent_.learned()) {
        op.recurrent_weight_sum = &tape.gradients().sum_of(recurrent_.weight.ptr());
        op.recurrent_bias_sum = &tape.gradients().sum_of(recurrent_.bias.ptr());
      }
      tape.record(op);
    }
    if (init_hidden_ && shape.steps > 0) {
      for (std::size_t k = 0; k < state_count; ++k) written[1 + k] = op.call.returned[k];
      for (std::size_t k = 0; k < carried; ++k) hidden_vars_[k] = results[1 + state_count - carried + k];
      keep(written);
    }
    return packed(std::move(results));
  }

  /// S as rows of bits: with snnTorch's rules a spike under inhibition has no graded factor.
  detail::BitRows<Scalar> spike_rows(const detail::LineBits* bits, Index width) const {
    static constexpr Scalar one = 1;
    const Parameter<Scalar>& graded = graded_spikes_factor();
    const bool is_one = rules_.exact && rules_.inhibited;
    return {bits, width / detail::line<Scalar>, is_one ? &one : graded.data(), is_one || graded.cols() == 1};
  }

  static GradientSum<Scalar>* sum_for(const detail::NeuronCoefficient<Scalar>& coefficient,
                                      Tape<Scalar>& tape, Index features) {
    if (!coefficient.learn) return nullptr;
    const ParameterPtr<Scalar>& parameter = coefficient.parameter.ptr();
    return coefficient.shared() ? &tape.gradients().shared_sum_of(parameter, features)
                                : &tape.gradients().sum_of(parameter);
  }

  // --- Hidden state.

  /// What the last step returned stays inside.
  void keep(const ResultViews& results) const {
    for (std::size_t k = 0; k < carried; ++k) {
      const SequenceView<Scalar>& view = results[1 + state_count - carried + k];
      if (view.steps > 0 && view.batch > 0) hidden_values_[k] = view.step(view.steps - 1).array();
    }
  }

  /// The hidden states as values on the input's tape: with their history if that is still there, else as
  /// constants.
  CarriedVars hidden_on(const Var<Scalar>& input) const {
    CarriedVars hidden;
    if (!init_hidden_ || mem().size() == 0) return hidden;
    check_hidden(input.shape());
    for (std::size_t k = 0; k < carried; ++k)
      hidden[k] = hidden_vars_[k].on(input.tape()) ? step(hidden_vars_[k], hidden_vars_[k].steps() - 1)
                                                   : input.tape().constant(hidden_values_[k]);
    return hidden;
  }

  std::shared_ptr<const Policies> policies_;  // where it is even if the neuron is moved: records point at it
  NeuronCoefficients coefficients_;
  detail::RecurrentWeights<Scalar> recurrent_;
  detail::Rules rules_;
  bool surrogate_disable_ = false;
  bool init_hidden_ = false;
  bool output_ = false;
  mutable std::array<Array<Scalar>, carried> hidden_values_;
  mutable CarriedVars hidden_vars_;
};

}  // namespace spiketape
