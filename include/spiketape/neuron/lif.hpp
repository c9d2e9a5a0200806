// What every leaky integrate-and-fire neuron shares: options and their checks, threshold and graded
// spikes, reset, quantizer, inhibition, hidden state, and the call on arrays and on tape variables.
// The mathematics of a step is in step.hpp, the loop over a sequence in scan.hpp.
#pragma once

#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/coefficient.hpp>
#include <spiketape/neuron/quantizer.hpp>
#include <spiketape/neuron/reset.hpp>
#include <spiketape/neuron/scan_op.hpp>
#include <spiketape/neuron/state_quant.hpp>
#include <spiketape/neuron/surrogates_more.hpp>
#include <spiketape/neuron/surrogates_snntorch.hpp>

#include <array>
#include <memory>
#include <utility>

namespace spiketape {

/// What a neuron returns for every step: the spikes S = g·H(V − θ) and the membrane U. T is an Array for
/// a step, a Sequence for a sequence, a Var on a tape.
template <typename T>
struct SpkMem {
  T spk;
  T mem;
};

namespace detail {

/// What is wrong with a neuron's template arguments, said in words and before anything else is compiled.
template <typename Scalar, typename Reset, typename Surrogate, typename Quantizer>
struct PolicyCheck {
  static_assert(Real<Scalar>,
                "spiketape::Leaky (or another neuron): Scalar must be float or double: write Leaky<float>");
  static_assert(ResetPolicy<Reset>,
                "spiketape::Leaky (or another neuron): Reset, the second template argument, must be a reset policy: "
                "write reset::Subtract, reset::Zero, reset::ZeroBeforeInput or reset::None, or a struct with "
                "before_input, d_mem, d_threshold and a template after(mem, threshold), see neuron/reset.hpp");
  static_assert(std::is_trivially_copyable_v<Surrogate>,
                "spiketape::Leaky (or another neuron): Surrogate, the third template argument, must be trivially "
                "copyable: write its parameters as plain numbers, without vectors, strings or references");
  static_assert(SurrogatePolicy<Surrogate, Scalar>,
                "spiketape::Leaky (or another neuron): Surrogate, the third template argument, must have a const "
                "derivative(x) or be callable with x: write surrogate::ATan, or a struct with template <typename T> T "
                "derivative(const T& x) const, see neuron/surrogate.hpp");
  static_assert(std::is_trivially_copyable_v<Quantizer>,
                "spiketape::Leaky (or another neuron): Quantizer, the fourth template argument, must be trivially "
                "copyable: write its parameters as plain numbers, without vectors, strings or references");
  static_assert(QuantizerPolicy<Quantizer, Scalar>,
                "spiketape::Leaky (or another neuron): Quantizer, the fourth template argument, must have a const "
                "apply(v) or levels<Scalar>(): write quant::Uniform, quant::NonUniform or quant::None, or a struct of "
                "your own, see neuron/quantizer.hpp");
};

}  // namespace detail

/// The generic base (CRTP: no virtual call). `Derived` has `states` state variables, membrane last, and
/// `coefficients` of its own; it supplies its name and how it integrates, see Leaky for the whole of it.
///
/// Calls are const and may run on many threads at once, except those of a neuron with hidden state,
/// which belongs to one thread.
template <typename Derived, typename Scalar_, typename Reset_, typename Surrogate_, typename Quantizer_,
          std::size_t states, std::size_t coefficients>
class LIF : detail::PolicyCheck<Scalar_, Reset_, Surrogate_, Quantizer_> {
 public:
  using Scalar = Scalar_;
  using Reset = Reset_;
  using Surrogate = Surrogate_;
  using Quantizer = Quantizer_;
  static constexpr std::size_t state_count = states;
  static constexpr std::size_t coefficient_count = coefficients;

  struct Policies {
    [[no_unique_address]] Reset reset;
    [[no_unique_address]] Surrogate surrogate;
    [[no_unique_address]] detail::Prepared<Scalar, Quantizer> quantizer;
  };

  /// One step on an Eigen array (batch, features), from membrane `mem` of the same shape, or from zero
  /// if `mem` is left out or empty; with init_hidden from the membrane inside. Row-major arrays of any
  /// kind go in, arrays come out. Allocates the results; see forward_into.
  template <typename Step>
  SpkMem<Array<Scalar>> operator()(const Eigen::DenseBase<Step>& input) const {
    return call_array<Array<Scalar>>(input, {});
  }
  template <typename Step>
  SpkMem<Array<Scalar>> operator()(const Eigen::DenseBase<Step>& input, SequenceView<const Scalar> mem) const {
    return call_array<Array<Scalar>>(input, given(mem));
  }

  /// A whole sequence; the results are bit for bit those of a loop of single steps.
  SpkMem<Sequence<Scalar>> operator()(const Sequence<Scalar>& input) const {
    return call_array<Sequence<Scalar>>(input, {});
  }
  SpkMem<Sequence<Scalar>> operator()(const Sequence<Scalar>& input, SequenceView<const Scalar> mem) const {
    return call_array<Sequence<Scalar>>(input, given(mem));
  }

  /// A step or a sequence on a tape: differentiated by the input, the given membrane, and every
  /// coefficient that is learned. `mem` may be empty: zeros. Allocates nothing once the tape has warmed up.
  SpkMem<Var<Scalar>> operator()(const Var<Scalar>& input) const { return call_tape(input, hidden_on(input)); }
  SpkMem<Var<Scalar>> operator()(const Var<Scalar>& input, const Var<Scalar>& mem) const {
    check_explicit();
    return call_tape(input, mem);
  }

  /// The same from a membrane on an array, a constant; one of size 0, as reset_mem gives it, means zeros.
  template <typename Step>
  SpkMem<Var<Scalar>> operator()(const Var<Scalar>& input, const Eigen::DenseBase<Step>& mem) const {
    return (*this)(input, mem.size() == 0 ? Var<Scalar>() : input.tape().constant(mem));
  }

  /// The same under snnTorch's name.
  template <typename... Arguments>
  auto forward(Arguments&&... arguments) const {
    return (*this)(std::forward<Arguments>(arguments)...);
  }

  /// The call on arrays with results that the caller owns: allocates nothing. `mem` is empty, or one
  /// step; `mem_out` may be the same memory, which makes a loop over a stream of steps one line. Hidden
  /// state is neither read nor written.
  void forward_into(SequenceView<const Scalar> input, SequenceView<const Scalar> mem, SequenceView<Scalar> spk_out,
                    SequenceView<Scalar> mem_out) const {
    check_input(input.shape());
    check_mem(input.shape(), mem.batch == 0 && mem.features == 0, mem.shape());
    if (spk_out.shape() != input.shape() || mem_out.shape() != input.shape() || spk_out.constant || mem_out.constant)
      detail::fail_argument("spiketape::", Derived::name, "::forward_into: results have shapes ", spk_out.shape(),
                            " and ", mem_out.shape(), ", input has ", input.shape());
    detail::scan_forward(scan_call(input, mem, spk_out, mem_out, {}, input.features));
  }

  /// Forgets the hidden membrane: the next call starts from zero. Returns an empty membrane, which an
  /// explicit call takes for zeros, so `auto mem = lif.reset_mem()` ports from snnTorch as it stands.
  Array<Scalar> reset_mem() const {
    hidden_values_.resize(0, 0);
    hidden_var_ = Var<Scalar>();
    return {};
  }
  /// Cuts the gradient between the calls so far and the next one (truncated BPTT); the values stay.
  void detach_hidden() const { hidden_var_ = Var<Scalar>(); }
  /// reset_mem, under the name that works for networks too.
  void reset_hidden() const { reset_mem(); }

  /// The hidden membrane, (batch, features), empty before the first call.
  const Array<Scalar>& mem() const { return hidden_values_; }

  /// θ and g: one number (1, 1) or one for each neuron (1, features).
  Parameter<Scalar>& threshold() { return coefficient(coefficient_count); }
  const Parameter<Scalar>& threshold() const { return coefficient(coefficient_count); }
  Parameter<Scalar>& graded_spikes_factor() { return coefficient(coefficient_count + 1); }
  const Parameter<Scalar>& graded_spikes_factor() const { return coefficient(coefficient_count + 1); }

  /// The coefficients that are learned.
  ParameterList<Scalar> parameters() const {
    ParameterList<Scalar> list;
    for (const auto& coefficient : coefficients_)
      if (coefficient.learn) list.push_back(coefficient.parameter.ptr());
    return list;
  }

  bool init_hidden() const { return init_hidden_; }
  /// Whether a Sequential hands on the membrane of this neuron too; see Sequential.
  bool output() const { return output_; }

 protected:
  using NeuronCoefficients = std::array<detail::NeuronCoefficient<Scalar>, coefficient_count + 2>;

  /// Reads the options that all neurons share by their names. `all` are the coefficients, the neuron's own in its
  /// order, then threshold and graded_spikes_factor.
  template <typename Options>
  LIF(const Options& options, NeuronCoefficients all)
      : policies_(std::make_shared<const Policies>(
            Policies{options.reset_mechanism, options.spike_grad, detail::prepared<Scalar>(options.state_quant)})),
        coefficients_(std::move(all)),
        rules_{options.reset_delay, options.inhibition, options.snntorch_exact},
        surrogate_disable_(options.surrogate_disable),
        init_hidden_(options.init_hidden),
        output_(options.output) {
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

 private:
  void check_input(const Shape& shape) const {
    for (const auto& coefficient : coefficients_) coefficient.check_features(Derived::name, shape.features);
  }
  void check_mem(const Shape& input, bool empty, const Shape& mem) const {
    const Shape expected{1, input.batch, input.features};
    if (!empty && mem != expected)
      detail::fail_argument("spiketape::", Derived::name, ": mem has shape ", mem, ", input of ", input, " expects ",
                            expected);
  }
  void check_explicit() const {
    if (init_hidden_)
      detail::fail_argument("spiketape::", Derived::name,
                            ": mem was passed to a neuron with init_hidden = true, which keeps its own; "
                            "expected a call without mem");
  }
  SequenceView<const Scalar> given(const SequenceView<const Scalar>& mem) const {
    check_explicit();
    return mem.features == 0 && mem.batch == 0 ? SequenceView<const Scalar>() : mem;
  }
  void check_hidden(const Shape& input) const {
    if (hidden_values_.size() > 0 &&
        (hidden_values_.rows() != input.batch || hidden_values_.cols() != input.features))
      detail::fail_argument("spiketape::", Derived::name, ": the hidden membrane has shape (", hidden_values_.rows(),
                            ", ", hidden_values_.cols(), "), input has (", input.batch, ", ", input.features,
                            "); expected the same, or reset_mem() before");
  }

  detail::ScanCall<Derived> scan_call(SequenceView<const Scalar> input, SequenceView<const Scalar> mem,
                                      SequenceView<Scalar> spk_out, SequenceView<Scalar> mem_out,
                                      SequenceView<Scalar> v, Index width) const {
    detail::ScanCall<Derived> call{policies_.get(), rules_, surrogate_disable_, {}, input, {mem}, spk_out, {mem_out}, v, width};
    for (std::size_t k = 0; k < coefficients_.size(); ++k)
      call.coefficients[k] = detail::CoefficientView<Scalar>(coefficients_[k]);
    return call;
  }

  template <typename Result>
  SpkMem<Result> call_array(SequenceView<const Scalar> input, SequenceView<const Scalar> mem) const {
    if (init_hidden_) {
      check_hidden(input.shape());
      if (hidden_values_.size() > 0) mem = hidden_values_;
    }
    SpkMem<Result> result{make<Result>(input.shape()), make<Result>(input.shape())};
    forward_into(input, mem, result.spk, result.mem);
    if (init_hidden_ && input.steps > 0) {
      hidden_var_ = Var<Scalar>();
      keep(SequenceView<const Scalar>(result.mem));
    }
    return result;
  }

  template <typename Result>
  static Result make(const Shape& shape) {
    if constexpr (std::same_as<Result, Sequence<Scalar>>) {
      return Result(shape);
    } else {
      return Result(shape.batch, shape.features);
    }
  }

  /// The membrane after the last step stays inside.
  void keep(const SequenceView<const Scalar>& mem) const {
    if (mem.steps > 0 && mem.batch > 0) hidden_values_ = mem.step(mem.steps - 1).array();
  }

  /// The hidden membrane as a value on the input's tape: with its history if that is still there, else
  /// as a constant.
  Var<Scalar> hidden_on(const Var<Scalar>& input) const {
    if (!init_hidden_ || hidden_values_.size() == 0) return {};
    check_hidden(input.shape());
    if (hidden_var_.on(input.tape()))
      return step(hidden_var_, hidden_var_.steps() - 1);
    return input.tape().constant(hidden_values_);
  }

  SpkMem<Var<Scalar>> call_tape(const Var<Scalar>& input, const Var<Scalar>& mem) const {
    Tape<Scalar>& tape = input.tape();
    check_input(input.shape());
    if (!mem.empty()) {
      tape.check_mine(mem, Derived::name);
      check_mem(input.shape(), false, mem.shape());
    }
    bool learns = false;
    for (const auto& coefficient : coefficients_) learns = learns || coefficient.learn;
    const bool differentiable = learns || input.differentiable() || (!mem.empty() && mem.differentiable());
    const SpkMem<Var<Scalar>> result{tape.result(input.shape(), differentiable),
                                     tape.result(input.shape(), differentiable)};

    const auto call = scan_call(input.value(), mem.empty() ? SequenceView<const Scalar>() : mem.value(),
                                tape.writable(result.spk), tape.writable(result.mem),
                                differentiable && !rules_.delayed ? tape.room(input.shape()) : SequenceView<Scalar>(),
                                detail::whole_lanes<Scalar>(input.features()));
    detail::scan_forward(call);
    if (differentiable) {
      detail::ScanOp<Derived> op{call, input, {mem}, result.spk, {result.mem}, {}};
      for (std::size_t k = 0; k < coefficients_.size(); ++k)
        op.sums[k] = sum_for(coefficients_[k], tape, input.features());
      tape.record(op);
    }
    if (init_hidden_ && input.steps() > 0) {
      hidden_var_ = result.mem;
      keep(result.mem.value());
    }
    return result;
  }

  static GradientSum<Scalar>* sum_for(const detail::NeuronCoefficient<Scalar>& coefficient, Tape<Scalar>& tape,
                                      Index features) {
    if (!coefficient.learn) return nullptr;
    const ParameterPtr<Scalar>& parameter = coefficient.parameter.ptr();
    return coefficient.shared() ? &tape.gradients().shared_sum_of(parameter, features)
                                : &tape.gradients().sum_of(parameter);
  }

  std::shared_ptr<const Policies> policies_;  // where it is even if the neuron is moved: records point at it
  NeuronCoefficients coefficients_;
  detail::Rules rules_;
  bool surrogate_disable_;
  bool init_hidden_;
  bool output_;
  mutable Array<Scalar> hidden_values_;
  mutable Var<Scalar> hidden_var_;
};

}  // namespace spiketape
