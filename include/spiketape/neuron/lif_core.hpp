// A layer of leaky integrate-and-fire neurons as a function: input and states in, spikes and states out, on
// memory or on a tape. It keeps nothing between calls; lif.hpp has the calls and the hidden state.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/core/parameters.hpp>
#include <spiketape/kernels/spike_train.hpp>
#include <spiketape/neuron/coefficient.hpp>
#include <spiketape/neuron/dynamics_check.hpp>
#include <spiketape/neuron/following.hpp>
#include <spiketape/neuron/memory_check.hpp>
#include <spiketape/neuron/option_check.hpp>
#include <spiketape/neuron/policies.hpp>
#include <spiketape/neuron/policy_check.hpp>
#include <spiketape/neuron/quantizers_snntorch.hpp>
#include <spiketape/neuron/recurrent_weights.hpp>
#include <spiketape/neuron/resets_snntorch.hpp>
#include <spiketape/neuron/scan_op.hpp>
#include <spiketape/neuron/surrogates_more.hpp>
#include <spiketape/neuron/surrogates_snntorch.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// Policies, coefficients and rules of a neuron, their checks, and the passes over its input. See LIF.
template <typename Derived, typename Dynamics_, typename Scalar_, typename Reset_, typename Surrogate_,
          typename Quantizer_>
class LIFCore : public HasParameters<Derived> {
  using Checked = decltype(detail::checked_policies<Scalar_, Reset_, Surrogate_, Quantizer_>());

 public:
  using Scalar = Scalar_;
  using Reset = typename Checked::Reset;
  using Surrogate = typename Checked::Surrogate;
  using Quantizer = typename Checked::Quantizer;
  using Dynamics = typename decltype(detail::checked_dynamics<Dynamics_, Reset, Scalar>())::type;
  /// {spk, the states}: T is an Array for a step, a Sequence for a sequence, a Var on a tape.
  template <typename T>
  using Result = typename Dynamics::template Result<T>;

  static constexpr bool recurrent = detail::is_recurrent<Dynamics>;  ///< Its spikes act on its next step.
  static constexpr std::size_t state_count = Dynamics::state_count;  ///< Without the spikes.
  static constexpr std::size_t carried = state_count + (recurrent ? 1 : 0);  ///< Passed from call to call.

  using Policies = detail::NeuronPolicies<Scalar, Dynamics, Reset, Surrogate, Quantizer>;

  /// The states that a call starts from and the results that it writes, in the caller's memory.
  using CarriedViews = std::array<SequenceView<const Scalar>, carried>;
  using ResultViews = std::array<SequenceView<Scalar>, 1 + state_count>;

  /// θ and g: one number (1, 1) or one for each neuron (1, features).
  Parameter<Scalar>& threshold() { return coefficient(count); }
  const Parameter<Scalar>& threshold() const { return coefficient(count); }
  Parameter<Scalar>& graded_spikes_factor() { return coefficient(count + 1); }
  const Parameter<Scalar>& graded_spikes_factor() const { return coefficient(count + 1); }

  /// The weights of an all-to-all recurrence: W, (features, features), with one row for what each neuron
  /// sends (the transpose of PyTorch's), and b, (1, features); through a convolution both are those of a
  /// Conv2d. W has no rows without such a recurrence.
  Parameter<Scalar>& recurrent_weight() requires(recurrent) { return recurrent_.weight; }
  const Parameter<Scalar>& recurrent_weight() const requires(recurrent) { return recurrent_.weight; }
  Parameter<Scalar>& recurrent_bias() requires(recurrent) { return recurrent_.bias; }
  const Parameter<Scalar>& recurrent_bias() const requires(recurrent) { return recurrent_.bias; }

  /// Whether the recurrence goes through a convolution.
  bool recurrent_convolution() const requires(recurrent) { return recurrent_.product != nullptr; }

  /// For networks: the neuron's number, so that each draws its own random numbers (0 outside of a network).
  void set_number(std::uint64_t number) noexcept { number_.set(number); }

  /// Calls f(name, parameter) for every parameter.
  template <typename F>
  void for_each_parameter(F&& f) {
    for (auto& coefficient : coefficients_)
      if (!coefficient.derived) f(coefficient.name, coefficient.parameter);
    if constexpr (recurrent)
      if (recurrent_) {
        f("recurrent.weight", recurrent_.weight);
        f("recurrent.bias", recurrent_.bias);
      }
  }
  /// Calls f(name, value) for each option that decides what a step computes and is no coefficient: policies
  /// and switches. For writers of files.
  template <typename F>
  void for_each_option(F&& f) const {
    detail::check_not_moved_from(static_cast<const Derived&>(*this));
    f("reset_mechanism", policies_->reset);
    f("reset_delay", rules_.delayed);
    f("spike_grad", policies_->surrogate);
    f("surrogate_disable", surrogate_disable_);
    f("state_quant", policies_->state_quant);
    f("inhibition", rules_.inhibited);
    f("snntorch_exact", rules_.exact);
  }
  /// Calls f(name, values) for each coefficient with its values as a step uses them, one or one for each
  /// neuron; also for those that follow from others, such as Alpha's τ. Allocates.
  template <typename F>
  void for_each_coefficient(F&& f) const {
    detail::check_not_moved_from(static_cast<const Derived&>(*this));
    const auto rows = detail::coefficients_in_use<Scalar>(
        following_.choose(policies_, coefficients_)->dynamics, coefficients_);
    for (std::size_t k = 0; k < rows.size(); ++k) f(coefficients_[k].name, rows[k]);
  }
  /// For writers of files: a step on the caller's memory as a call of the scan, which can also keep the
  /// states before a same-step reset. What it points at may lie in `memory`.
  detail::ScanCall<Derived> step_call(const SequenceView<const Scalar>& input, const CarriedViews& initial,
                                      const ResultViews& results, Arena& memory) const {
    check_input(input.shape());
    return scan_call(input, initial, results, input.features, memory);
  }

  /// The name of state k, in the order of a call's arguments.
  static const char* name_of(std::size_t k) {
    return recurrent && k == 0 ? "spk" : Dynamics::state_names[k - (recurrent ? 1 : 0)];
  }

 protected:
  static constexpr std::size_t count = Dynamics::coefficient_count;
  using RecurrentWeights =
      std::conditional_t<recurrent, detail::RecurrentWeights<Scalar>, detail::NoRecurrentWeights>;
  using NeuronCoefficients = std::array<detail::NeuronCoefficient<Scalar>, count + 2>;
  using Following = detail::FollowingOf<Dynamics, Policies, Scalar>;

  /// Reads the options that all neurons share by name. A missing option is off, a missing policy is the
  /// default one. `all` are the coefficients: the neuron's own in its order, then threshold and
  /// graded_spikes_factor.
  template <typename Options>
  LIFCore(const Options& options, NeuronCoefficients all, Dynamics_ dynamics = {},
          RecurrentWeights recurrent_weights = {})
      : policies_(std::make_shared<const Policies>(options, dynamics)),
        coefficients_(std::move(all)),
        recurrent_(std::move(recurrent_weights)) {
    if constexpr (requires { options.reset_delay; }) rules_.delayed = options.reset_delay;
    if constexpr (requires { options.inhibition; }) rules_.inhibited = options.inhibition;
    if constexpr (requires { options.snntorch_exact; }) rules_.exact = options.snntorch_exact;
    if constexpr (requires { options.surrogate_disable; }) surrogate_disable_ = options.surrogate_disable;
    if (detail::HasOwnReset<Dynamics, Reset, Scalar> && rules_.exact && !rules_.delayed)
      fail(
          "snntorch_exact is true and reset_delay is false, which snnTorch has for resets of the "
          "membrane only; expected one of them otherwise");
    if constexpr (detail::Follows<Dynamics>) following_ = Following(options, dynamics, coefficients_);
    const detail::NeuronCoefficient<Scalar>* longest = &coefficients_[0];
    for (const auto& coefficient : coefficients_)
      if (coefficient.neurons() > longest->neurons()) longest = &coefficient;
    for (const auto& coefficient : coefficients_)
      if (!coefficient.shared() && coefficient.neurons() != longest->neurons())
        fail(coefficient.parameter.name(), " has ", coefficient.neurons(), " values, ",
             longest->parameter.name(), " has ", longest->neurons(),
             " (expected 1 value or one for each neuron)");
    // A neuron that does not fire sends 0, and 0·∞ is NaN.
    graded_spikes_factor().ptr()->allowed = detail::Allowed::finite;
    for (Index i = 0; i < graded_spikes_factor().cols(); ++i) {
      const Scalar factor = graded_spikes_factor().array()(0, i);
      if (const char* expected = detail::refused(factor, detail::Allowed::finite))
        fail("graded_spikes_factor is ", factor, ", expected ", expected);
    }
  }

  /// The neuron's own coefficients first, then threshold and graded_spikes_factor.
  Parameter<Scalar>& coefficient(std::size_t k) { return coefficients_[k].parameter; }
  const Parameter<Scalar>& coefficient(std::size_t k) const { return coefficients_[k].parameter; }

  /// For neurons whose coefficients follow from others: the dynamics of their policies, and a call that
  /// stores in coefficient k what follows, computed as when the neuron was made.
  const Dynamics& dynamics() const { return policies_->dynamics; }
  void store(std::size_t k, const Row<Scalar>& values) {
    coefficients_[k].parameter.set(values);
    following_.made_with(coefficients_);
  }

  using CarriedVars = std::array<Var<Scalar>, carried>;

  // --- Arguments and their checks.

  /// Throws std::invalid_argument; the text begins with the name of the neuron.
  template <typename... Parts>
  [[noreturn]] static void fail(const Parts&... parts) {
    detail::fail_argument(detail::type_name<Derived>(), ": ", parts...);
  }
  void check_input(const Shape& shape) const {
    if (policies_ == nullptr) fail("it has been moved from, expected an assignment before its next use");
    for (const auto& coefficient : coefficients_) coefficient.check_features(Derived::name, shape.features);
    if constexpr (recurrent) recurrent_.check_features(Derived::name, shape.features);
  }
  void check_state(std::size_t k, const Shape& input, const Shape& state) const {
    const Shape expected{1, input.batch, input.features};
    if (state != expected)
      fail(name_of(k), " has shape ", state, ", input of ", input, " expects ", expected);
  }
  /// The checks of memory that the caller owns.
  void check_memory(const SequenceView<const Scalar>& input, const CarriedViews& initial,
                    const ResultViews& results) const {
    detail::check_memory<Scalar>(
        {detail::type_name<Derived>, Dynamics::state_names.data(), recurrent, all_to_all()}, input, initial,
        results);
  }

  // --- The call on memory.

  detail::ScanCall<Derived> scan_call(const SequenceView<const Scalar>& input, const CarriedViews& initial,
                                      const ResultViews& results, Index width, Arena& memory) const {
    detail::ScanCall<Derived> call{};
    call.policies = following_.choose(policies_, coefficients_).get();
    call.rules = rules_;
    call.surrogate_disable = surrogate_disable_;
    for (std::size_t k = 0; k < coefficients_.size(); ++k)
      call.coefficients[k] = detail::CoefficientView<Scalar>(coefficients_[k], memory);
    if constexpr (recurrent) call.recurrence = recurrent_.view();
    call.recurrence.memory = &memory;
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

  void write_into(const SequenceView<const Scalar>& input, CarriedViews initial, const ResultViews& results,
                  Arena& memory) const {
    check_input(input.shape());
    if (detail::rows_overlap(input))
      fail("input has a stride of ", input.stride, ", expected at least ", input.features);
    for (std::size_t k = 0; k < carried; ++k) {
      if (initial[k].batch == 0 && initial[k].features == 0) {
        initial[k] = {};
        continue;
      }
      check_state(k, input.shape(), initial[k].shape());
      if (detail::rows_overlap(initial[k]))
        fail(name_of(k), " has a stride of ", initial[k].stride, ", expected at least ", initial[k].features);
    }
    detail::scan_forward(scan_call(input, initial, results, input.features, memory));
  }

  /// Only the spikes of a sequence. `states` are the initial states and become those of the last step.
  detail::SpikeTrain<Scalar> spikes_of(const SequenceView<const Scalar>& input,
                                       std::array<Array<Scalar>, state_count>& states) const {
    check_input(input.shape());
    CarriedViews initial;
    ResultViews results;
    for (std::size_t k = 0; k < state_count; ++k) {
      initial[k] = states[k];
      results[1 + k] = {states[k].data(), input.shape(), input.features, true};
    }
    Arena memory;
    const auto [value, shared] = spike_value(memory);
    detail::SpikeTrain<Scalar> spikes(input.shape(), value, shared);
    if (!shared && coefficients_[count + 1].by_channel()) spikes.keep_values();
    detail::ScanCall<Derived> call = scan_call(input, initial, results, input.features, memory);
    call.spk_bits = spikes.bits();
    detail::scan_forward(call);
    return spikes;
  }

  template <typename T>
  static Result<T> packed(std::array<T, 1 + state_count> parts) {
    return [&]<std::size_t... k>(std::index_sequence<k...>) { return Result<T>{std::move(parts[k])...}; }
    (std::make_index_sequence<1 + state_count>());
  }

  // --- The call on a tape.

  /// Starts from `initial`; empty states are zeros. Returns the spikes and the states.
  std::array<Var<Scalar>, 1 + state_count> record(const Var<Scalar>& input,
                                                  const CarriedVars& initial) const {
    Tape<Scalar>& tape = input.tape();
    const Shape shape = input.shape();
    check_input(shape);
    bool differentiable = input.differentiable() || recurrent_learned();
    for (const auto& coefficient : coefficients_)
      differentiable = differentiable || coefficient.parameter.learned();
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
    const Index width = detail::whole_lines<Scalar>(shape.features);
    // Spikes are kept as bits; a recurrent neuron needs them as numbers, too.
    auto* bits =
        tape.template allocate<detail::LineBits>(shape.steps * shape.batch * (width / detail::line<Scalar>));
    if (recurrent) {
      results[0] = tape.result(shape, differentiable);
      written[0] = tape.writable(results[0]);
      tape.set_bits(results[0], spike_rows(bits, width, tape));
    } else {
      results[0] = tape.result(shape, differentiable, spike_rows(bits, width, tape));
    }
    op.call = scan_call(input.value(), views, written, width, tape.arena());
    op.call.spk_bits = bits;
    op.call.recurrence.workspace = &tape.workspace();
    if constexpr (detail::HasRandomDerivative<Surrogate, Lane<Scalar>>)
      op.key = tape.key(this, number_.get(), shape.steps);
    if (differentiable && !rules_.delayed)
      for (std::size_t k = detail::NeuronStep<Derived, detail::Rules, Scalar>::first_reset; k < state_count;
           ++k)
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
        op.sums[k] = detail::sum_for(coefficients_[k], tape, shape.features);
      if constexpr (recurrent) {
        if (recurrent_ && recurrent_.weight.learned())
          op.recurrent_weight_sum = &tape.gradients().sum_of(recurrent_.weight.ptr());
        if (recurrent_ && recurrent_.bias.learned())
          op.recurrent_bias_sum = &tape.gradients().sum_of(recurrent_.bias.ptr());
      }
      // The tape shares ownership of what the record points at: the record may outlive this neuron.
      tape.own(following_.choose(policies_, coefficients_));
      for (const auto& coefficient : coefficients_) tape.own(coefficient.parameter.ptr());
      if constexpr (recurrent) {
        tape.own(recurrent_.weight.ptr());
        tape.own(recurrent_.bias.ptr());
        if (recurrent_.product != nullptr) tape.own(recurrent_.product);
      }
      tape.record(op);
    }
    return results;
  }

  /// The value of a spike, and whether all neurons share it; if not, it is a padded row. It is g, but with
  /// snnTorch's rules a spike under inhibition has no graded factor.
  std::pair<const Scalar*, bool> spike_value(Arena& memory) const {
    static constexpr Scalar one = 1;
    if (!rules_.graded()) return {&one, true};
    const detail::CoefficientView<Scalar> graded(coefficients_[count + 1], memory);
    return {graded.data, graded.shared};
  }
  /// S as rows of bits, with the g of this call.
  detail::BitRows<Scalar> spike_rows(const detail::LineBits* bits, Index width, Tape<Scalar>& tape) const {
    const auto [value, shared] = spike_value(tape.arena());
    const Index numbers = shared ? 1 : width;
    Scalar* values = tape.template allocate<Scalar>(numbers);
    std::copy_n(value, numbers, values);
    return {bits, width / detail::line<Scalar>, values, shared};
  }

  /// Whether the layer sends its spikes to itself by a weight matrix.
  bool all_to_all() const {
    if constexpr (recurrent)
      return bool(recurrent_);
    else
      return false;
  }
  bool recurrent_learned() const {
    if constexpr (recurrent)
      return recurrent_ && (recurrent_.weight.learned() || recurrent_.bias.learned());
    else
      return false;
  }

 private:
  std::shared_ptr<const Policies> policies_;  // stays in place if the neuron moves: records point at it
  NeuronCoefficients coefficients_;
  SPIKETAPE_NO_UNIQUE_ADDRESS RecurrentWeights recurrent_;
  SPIKETAPE_NO_UNIQUE_ADDRESS Following following_;
  detail::Rules rules_;
  bool surrogate_disable_ = false;
  detail::LayerNumber number_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
