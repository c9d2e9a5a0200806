// What a layer is, and the base class that makes one from result, forward and backward.
//
// A layer is anything that is callable with a Var and returns a Var, or {spk, states}: a Linear, a neuron, a
// Sequential, a lambda of ops such as [](const auto& x) { return 2.0f * x; }. A layer with parameters and an
// adjoint of its own derives from Layer and has
//
//   result(input)     returns the shape of the result for an input shape; throws if it does not fit
//   forward(x, y, context)
//                     computes y from x, in memory: rows of (features), all steps and samples
//   backward(x, y_adjoint, x_adjoint, context)
//                     adds to x_adjoint, the derivative of the loss by x, and to context.gradient(p) for each
//                     parameter p. Either is empty if not needed
//   for_each_parameter(f)
//                     calls f("name", parameter) for each Parameter member; not needed without parameters.
//                     Files hold them as they are, a single row as a vector; weights of (in, out) that PyTorch
//                     has as (out, in) are set_saved_transposed(true), other extents set_saved_shape(extents)
//
//     struct Scale : st::Layer<Scale, float> {  // y = a x, one a for each feature
//       st::Parameter<float> a;
//       explicit Scale(st::Index features) : a(1, features) { a.set(1); }
//
//       st::Shape result(const st::Shape& input) const {
//         if (input.features != a.cols())
//           this->fail("input has ", input.features, " features, expected ", a.cols());
//         return input;
//       }
//       void forward(st::SequenceView<const float> x, st::SequenceView<float> y, st::Context<float>&) const {
//         y.array() = x.array().rowwise() * a.array().row(0);
//       }
//       void backward(st::SequenceView<const float> x, st::SequenceView<const float> y_adjoint,
//                     st::Adjoint<float> x_adjoint, st::Context<float>& context) const {
//         if (auto a_adjoint = context.gradient(a); !a_adjoint.empty())
//           a_adjoint.array().row(0) += (x.array() * y_adjoint.array()).colwise().sum();
//         x_adjoint.add(y_adjoint.array().rowwise() * a.array().row(0));
//       }
//       template <typename F>
//       void for_each_parameter(F&& f) { f("a", a); }
//     };
//
// The base makes it callable on a step, a sequence, a view, bits and a value on a tape, with or without a
// state, and adds parameters(), named_parameters(), freeze() and what Sequential and Shards need. A layer may
// also have:
//
//   static constexpr const char* name
//                     its name in error texts and summaries
//   static constexpr bool takes_bits = true
//                     spikes as input may come as context.bits(); x then may have no data
//   static constexpr bool gives_bits = true
//                     if the input is spikes of one value, so is the result. Where context.result_bits() is
//                     not null, forward writes the result there, and y has no data
//   bool gives_spikes() const
//                     on a tape its result is spikes of the value 1, whatever the input: if true, forward finds
//                     context.result_bits() as above
//   static constexpr bool stores_adjoints = true
//                     backward stores x_adjoint, all of it, where x_adjoint.first, instead of adding to zeros
//   static constexpr std::size_t carried
//                     the number of its states; see Context::entering
//   state_shape(k, input)
//                     the shape of each state, if it is not that of one step of the input
//   static constexpr const char* couples_samples = "why"
//                     its result for a sample depends on other samples, so it cannot run in blocks
//   fan_out()         the synapses of one input, for the operations that summary counts
//
// A constant input (all steps the same) gives a constant result, computed once, unless the layer has states
// or changes the number of steps. Constant sequences reach forward and backward with one stored step.
//
// For backward, a tape keeps a copy of the layer that shares its parameters, until it is reset; so a layer
// may be a temporary. Keep arrays in Parameters, which are shared (f("mean", mean) with
// mean.set_learned(false) if it is not learned); other members are copied with each call.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/state.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/parameters.hpp>
#include <spiketape/core/type_name.hpp>
#include <spiketape/kernels/spike_train.hpp>
#include <spiketape/nn/context.hpp>
#include <spiketape/nn/layer_contract.hpp>
#include <spiketape/nn/layer_op.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// A layer built on Layer or LIF, or a network: it has a number of states and runs with given ones.
template <typename L>
concept RunsWithStates = requires {
  L::carried;
};

}  // namespace detail

/// A layer of a Sequential: a class derived from Layer, a neuron, a network, or a function of values on a
/// tape, such as a lambda of ops. All layers of a network have one Scalar.
template <typename L, typename Scalar>
concept AnyLayer = requires {
  requires std::same_as<typename L::Scalar, Scalar>;
}
|| (!requires { typename L::Scalar; } && std::invocable<const L&, const Var<Scalar>&>);

/// The base of layers with an adjoint of their own (CRTP). The head of this file says what Derived has.
///
/// Calls are const. They throw what result() throws and, for a state of another number, batch or shape, for
/// rows of the input that share numbers, and if the layer was moved from, std::invalid_argument. A call that
/// throws, also std::bad_alloc, leaves all states as they were.
template <typename Derived, Real Scalar_>
class Layer : public HasParameters<Derived> {
 public:
  using Scalar = Scalar_;
  /// What a layer says of itself if it says nothing else; see the head of this file.
  static constexpr std::size_t carried = 0;
  static constexpr bool takes_bits = false, gives_bits = false, stores_adjoints = false;
  Shape state_shape(std::size_t, const Shape& input) const { return {1, input.batch, input.features}; }

  /// A step or a sequence on a tape. Differentiated by the input and by the learned parameters. Allocates
  /// nothing once the tape has warmed up, unless copies of the layer's own members do.
  Var<Scalar> operator()(const Var<Scalar>& input) const { return run(input, {}); }
  /// The same from a state, which is updated to that after the last step.
  Var<Scalar> operator()(const Var<Scalar>& input, State<Scalar>& state) const {
    return run(input, state.of_layer(detail::type_name<Derived>, Derived::carried, input.batch()));
  }

  /// One step on an Eigen array (batch, features). Allocates the result.
  template <typename Step>
  Array<Scalar> operator()(const Eigen::DenseBase<Step>& input) const {
    const SequenceView<const Scalar> x = input;
    const Shape shape = result_for(x.shape());
    Array<Scalar> y(shape.steps * shape.batch, shape.features);
    on_arrays(x, SequenceView<Scalar>(y.data(), shape, shape.features));
    return y;
  }
  /// A whole sequence. Allocates the result.
  Sequence<Scalar> operator()(const SequenceView<const Scalar>& input) const {
    const Shape shape = result_for(input.shape());
    Sequence<Scalar> y(shape, gives_constant(input, shape));
    on_arrays(input, y);
    return y;
  }
  Sequence<Scalar> operator()(const Sequence<Scalar>& input) const { return (*this)(input.view()); }
  /// Says what is wrong with numbers of another type.
  template <detail::OfAnotherScalar<Scalar> Other, typename... More>
  auto operator()(const Other&, const More&...) const {
    return detail::refuse_scalar<Other, Scalar>();
  }
  /// Spikes as bits, from a neuron in a Sequential. Allocates the result and scratch memory.
  Sequence<Scalar> operator()(const detail::SpikeTrain<Scalar>& spikes) const {
    Sequence<Scalar> y(result_for(spikes.shape()));
    const detail::BitRows<Scalar> bits = spikes.rows();
    Arena memory;
    if constexpr (Derived::takes_bits) {
      compute({nullptr, spikes.shape(), 0}, y, {}, memory, &bits);
    } else {
      const Index stride = detail::whole_lines<Scalar>(spikes.shape().features);
      const SequenceView<Scalar> x(
          memory.allocate<Scalar>(spikes.shape().steps * spikes.shape().batch * stride), spikes.shape(),
          stride);
      for (Index row = 0; row < x.rows(); ++row) bits.write(row, x.data + row * stride);
      compute(x, y, {}, memory);
    }
    return y;
  }
  /// A step or a sequence on arrays from a state, which is updated to that after the last step. The result
  /// lies in the state and is valid until its next call. Allocates nothing once the state has warmed up. Also
  /// throws std::invalid_argument for an input that lies in the memory of the state's last result.
  SequenceView<const Scalar> operator()(const SequenceView<const Scalar>& input, State<Scalar>& state) const {
    const auto parts = state.of_layer(detail::type_name<Derived>, Derived::carried, input.batch);
    return run(input, parts, state.memory_for(detail::type_name<Derived>, input));
  }

  /// Writes the result to the caller's memory. Throws std::invalid_argument if `output` has another shape,
  /// shares a number with the input, has rows that share some, or is constant where the result is not, or the
  /// other way round.
  void forward_into(SequenceView<const Scalar> input, SequenceView<Scalar> output) const {
    const Shape shape = result_for(input.shape());
    const auto refuse = [](const auto&... what) {
      detail::fail_argument(detail::type_name<Derived>(), "::forward_into: ", what...);
    };
    if (output.shape() != shape) refuse("output has shape ", output.shape(), ", expected ", shape);
    if (output.constant != gives_constant(input, shape))
      refuse(output.constant ? "output" : "input", " is one step for all and ",
             output.constant ? "input" : "output", " is not, expected both or neither");
    if (detail::rows_overlap(output))
      refuse("output has a stride of ", output.stride, ", expected at least ", output.features);
    if (detail::overlap<Scalar>(input, output)) refuse("output lies where input lies, expected other memory");
    on_arrays(input, output);
  }

  /// The states for a batch, all zero; see State.
  [[nodiscard]] State<Scalar> state(Index batch) const { return State<Scalar>(Derived::carried, batch); }
  /// Whether a call without a state starts from zero although the layer has states. It keeps none inside.
  bool forgets_state() const noexcept { return Derived::carried > 0; }

  // For networks: the layer's number, so that each layer draws its own random numbers (0 outside of a
  // network), and calls as parts of a larger one.

  void set_number(std::uint64_t number) { number_.set(number); }

  /// On a tape, from the layer's states; without any, from zero.
  Var<Scalar> run(const Var<Scalar>& input, detail::StateParts<Scalar> parts) const {
    constexpr std::size_t states = Derived::carried;
    Tape<Scalar>& tape = input.tape();
    const Shape in = input.shape(), shape = result_for(in);
    const RandomKey key = tape.key(this, number_.get(), in.steps);
    detail::LayerOp<Derived> op{nullptr, input, {}, {}, {}, Context<Scalar>(&tape, tape.arena(), key)};
    bool differentiable = input.differentiable();
    detail::for_each_parameter(derived(), [&](std::string_view, const Parameter<Scalar>& parameter) {
      differentiable = differentiable || parameter.learned();
      if (parameter.learned()) tape.gradients().sum_of(parameter.ptr());  // may throw, so it comes first
    });
    std::array<detail::LayerState<Scalar>, states> memory{};
    if constexpr (states > 0) {
      for (std::size_t k = 0; k < parts.size(); ++k) {
        op.entering[k] = detail::on_tape(parts[k], tape, checked_state(k, in, parts[k]).steps);
        if (op.entering[k].empty()) continue;
        memory[k].entering = op.entering[k].value();
        differentiable = differentiable || op.entering[k].differentiable();
      }
      for (std::size_t k = 0; k < states; ++k) {
        op.leaving[k] = tape.result(derived().state_shape(k, in), differentiable);
        memory[k].leaving = tape.writable(op.leaving[k]);
      }
    }

    Context<Scalar>& context = op.forward;
    context.states_ = memory.data();
    const detail::BitRows<Scalar>* bits =
        Derived::takes_bits || Derived::gives_bits ? tape.bits(input) : nullptr;
    if (Derived::takes_bits) context.bits_ = bits;
    const Scalar* spike = nullptr;  // the value of the result's spikes, if it is stored as bits
    if (Derived::gives_bits && bits != nullptr && bits->shared) spike = bits->value;
    if constexpr (requires { derived().gives_spikes(); })
      if (derived().gives_spikes()) spike = &detail::unit_spike<Scalar>;
    if (spike != nullptr) {
      const Index lines = detail::whole_lines<Scalar>(shape.features) / detail::line<Scalar>;
      context.result_bits_ = tape.template allocate<detail::LineBits>(shape.steps * shape.batch * lines);
      op.y = tape.result(shape, differentiable, {context.result_bits_, lines, spike, true});
    } else {
      op.y = tape.result(shape, differentiable, gives_constant(input, shape));
    }
    run_forward(context.bits_ != nullptr ? SequenceView<const Scalar>(tape.writable(input)) : input.value(),
                tape.writable(op.y), context);

    if (differentiable) {
      const detail::SharingCopies sharing;
      op.layer = &tape.keep(Derived(derived()));
      tape.record(op);
    }
    if constexpr (states > 0) keep(parts, memory, op.leaving);
    return op.y;
  }
  /// The same on arrays, with the result in `memory`.
  SequenceView<const Scalar> run(const SequenceView<const Scalar>& input, detail::StateParts<Scalar> parts,
                                 Arena& memory) const {
    const Shape shape = result_for(input.shape());
    const bool constant = gives_constant(input, shape);
    const Index stride = detail::padded<Scalar>(shape.features);
    const SequenceView<Scalar> y(
        memory.allocate<Scalar>((constant ? shape.batch : shape.steps * shape.batch) * stride), shape, stride,
        constant);
    compute(input, y, parts, memory);
    return y;
  }

  /// The checks stand in the constructor so that they come before other compiler errors.
  Layer() {
    static_assert(detail::SaysItsResult<Derived, Scalar>,
                  "spiketape::Layer: the layer needs: st::Shape result(const st::Shape& input) const");
    static_assert(detail::GoesForward<Derived, Scalar>,
                  "spiketape::Layer: the layer needs: void forward(st::SequenceView<const float> x, "
                  "st::SequenceView<float> y, st::Context<float>& context) const (or double)");
    static_assert(
        detail::GoesBackward<Derived, Scalar>,
        "spiketape::Layer: the layer needs: void backward(st::SequenceView<const float> x, "
        "st::SequenceView<const float> y_adjoint, st::Adjoint<float> x_adjoint, st::Context<float>& "
        "context) const (or double)");
    if constexpr (!detail::NamesParameters<Derived> && !std::is_final_v<Derived>)
      static_assert(
          requires { &detail::LayerAnd<Derived>::for_each_parameter; },
          "spiketape::Layer: for_each_parameter of a layer is public: template <typename F> void "
          "for_each_parameter(F&& f), which calls f(name, parameter) for each");
    static_assert(
        std::copy_constructible<Derived>,
        "spiketape::Layer: the layer cannot be copied, as a tape does, which shares its parameters");
  }

 protected:
  /// Throws std::invalid_argument; the text begins with the name of the layer.
  template <typename... Parts>
  [[noreturn]] static void fail(const Parts&... parts) {
    detail::fail_argument(detail::type_name<Derived>(), ": ", parts...);
  }
  /// The key of calls on arrays; see Context::key.
  RandomKey array_key() const { return RandomKey().of_layer(number_.get()); }

 private:
  const Derived& derived() const { return static_cast<const Derived&>(*this); }
  Derived& derived() { return static_cast<Derived&>(*this); }

  Shape result_for(const Shape& input) const {
    detail::check_not_moved_from(derived());
    const Shape shape = derived().result(input);
    if (const char* expected = detail::shape_fault(shape))
      fail("result is ", shape, " for an input of ", input, ", expected ", expected);
    return shape;
  }

  static bool is_constant(const Var<Scalar>& input) { return input.constant(); }
  static bool is_constant(const SequenceView<const Scalar>& input) { return input.constant; }
  template <typename Input>
  static bool gives_constant(const Input& input, const Shape& result) {
    return is_constant(input) && Derived::carried == 0 && input.shape().steps == result.steps;
  }

  /// The shape of state k for an input. Throws unless the values in `part`, if there are any, have it.
  Shape checked_state(std::size_t k, const Shape& input, const detail::StatePart<Scalar>& part) const {
    const Shape shape = derived().state_shape(k, input);
    const Array<Scalar>& values = part.values;
    if (values.size() > 0 &&
        (values.rows() != shape.steps * shape.batch || values.cols() != shape.features))
      fail("state ", k, " is ", values.rows(), " x ", values.cols(), ", input of ", input, " expects ",
           shape.steps * shape.batch, " x ", shape.features,
           ": another batch needs another state, or a reset of the hidden one, reset_hidden(net)");
    return shape;
  }

  void run_forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y,
                   Context<Scalar>& context) const {
    const FlushDenormals flush;
    derived().forward(x, y, context);
  }

  /// A call on arrays without a state.
  void on_arrays(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y) const {
    Arena memory;  // allocates on first use
    compute(x, y, {}, memory);
  }

  void compute(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y,
               detail::StateParts<Scalar> parts, Arena& memory,
               const detail::BitRows<Scalar>* bits = nullptr) const {
    constexpr std::size_t states = Derived::carried;
    if (detail::rows_overlap(x)) fail("input has a stride of ", x.stride, ", expected at least ", x.features);
    std::array<detail::LayerState<Scalar>, states> rows{};
    for (std::size_t k = 0; k < states; ++k) {
      const Shape shape = derived().state_shape(k, x.shape());
      rows[k].leaving = {memory.allocate<Scalar>(shape.steps * shape.batch * shape.features), shape,
                         shape.features};
      if (parts.empty() || parts[k].values.size() == 0) continue;
      checked_state(k, x.shape(), parts[k]);
      rows[k].entering = {parts[k].values.data(), shape, shape.features};
    }
    Context<Scalar> context(nullptr, memory, array_key());
    context.bits_ = bits;
    context.states_ = rows.data();
    run_forward(x, y, context);
    if constexpr (states > 0) keep(parts, rows, {});
  }

  /// Keeps the states after a call for the next: all, or none if memory runs out.
  template <std::size_t states>
  static void keep(detail::StateParts<Scalar> parts,
                   const std::array<detail::LayerState<Scalar>, states>& memory,
                   const std::array<Var<Scalar>, states>& vars) {
    if (parts.empty()) return;
    std::array<SequenceView<const Scalar>, states> leaving;
    for (std::size_t k = 0; k < states; ++k) leaving[k] = memory[k].leaving;
    detail::replace_states<Scalar>(parts, leaving, vars);
  }

  detail::LayerNumber number_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
