// Residual connections: a network whose input is added to its result.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/arithmetic.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/nn/sequential.hpp>

#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// A network f with a connection past it, x + f(x) (He, Zhang, Ren and Sun, Deep residual learning for image
/// recognition, CVPR 2016). Written and used like a Sequential, and a part of one:
///
///     st::Sequential net{st::Conv2d<float>({2, 34, 34}, 16, 3, random, {.padding = 1}),
///                        st::Leaky<float>({.beta = 0.9f}),
///                        st::Residual{st::Conv2d<float>({16, 34, 34}, 16, 3, random, {.padding = 1}),
///                                     st::BatchNorm2d<float>(16), st::Leaky<float>({.beta = 0.9f})}, ...};
///
/// Of a neuron at its end the spikes are added: spikes that are added to spikes are numbers, up to 2 (Fang,
/// Yu, Chen, Huang, Masquelier and Tian, Deep residual learning in spiking neural networks, NeurIPS 2021,
/// call it the ADD function). Throws std::invalid_argument if f(x) has another shape than x, and what the
/// layers throw. On a tape it is differentiated by its input and the layers' parameters. Calls on arrays
/// allocate the result, those with a State nothing once it has warmed up.
template <typename... Layers>
class Residual : public Sequential<Layers...> {
  using Inner = Sequential<Layers...>;

 public:
  using Scalar = typename Inner::Scalar;
  static constexpr const char* name = "Residual";
  static constexpr bool is_chain = false;
  using Inner::Inner;

  template <typename Input>
  auto operator()(const Input& input) const {
    if constexpr (detail::OfAnotherScalar<Input, Scalar>)
      return detail::refuse_scalar<Input, Scalar>();
    else
      return past(input, Inner::operator()(input));
  }
  Var<Scalar> operator()(const Var<Scalar>& input, State<Scalar>& state) const {
    return run(input, state.of_layer(detail::type_name<Residual>, Inner::carried, input.batch()));
  }
  SequenceView<const Scalar> operator()(const SequenceView<const Scalar>& input, State<Scalar>& state) const {
    const auto parts = state.of_layer(detail::type_name<Residual>, Inner::carried, input.batch);
    return run(input, parts, state.memory_for(detail::type_name<Residual>, input));
  }
  template <typename... Arguments>
  auto forward(Arguments&&... arguments) const {
    return (*this)(std::forward<Arguments>(arguments)...);
  }

  // For networks: calls as a part of a larger one.

  Var<Scalar> run(const Var<Scalar>& input, detail::StateParts<Scalar> parts) const {
    return past(input, Inner::run(input, parts));
  }
  SequenceView<const Scalar> run(const SequenceView<const Scalar>& input, detail::StateParts<Scalar> parts,
                                 Arena& memory) const {
    return past(input, Inner::run(input, parts, memory), memory);
  }

 private:
  // It has no two parts: the connection leads past both.
  using Inner::back;
  using Inner::front;

  static void check(const Shape& input, const Shape& result) {
    if (input != result)
      detail::fail_argument("spiketape::Residual: the result of the layers has shape ", result,
                            ", expected that of the input, ", input);
  }

  template <typename Result>
  static Var<Scalar> past(const Var<Scalar>& input, const Result& result) {
    const Var<Scalar>& inner = detail::passed_on(result);
    check(input.shape(), inner.shape());
    return input + inner;
  }
  template <typename Input, typename Result>
  static auto past(const Input& input, const Result& result) {
    const SequenceView<const Scalar> x = view_of(input), y = view_of(detail::passed_on(result));
    check(x.shape(), y.shape());
    if constexpr (requires { typename Input::PlainObject; }) {
      Array<Scalar> sum(x.batch, x.features);
      add(x, y, sum);
      return sum;
    } else {
      Sequence<Scalar> sum(x.shape(), x.constant && y.constant);
      add(x, y, sum);
      return sum;
    }
  }
  template <typename Result>
  static SequenceView<const Scalar> past(const SequenceView<const Scalar>& x, const Result& result,
                                         Arena& memory) {
    const SequenceView<const Scalar> y = view_of(detail::passed_on(result));
    check(x.shape(), y.shape());
    const bool constant = x.constant && y.constant;
    const Index stride = detail::padded<Scalar>(x.features);
    const SequenceView<Scalar> sum(memory.allocate<Scalar>((constant ? x.batch : x.steps * x.batch) * stride),
                                   x.shape(), stride, constant);
    add(x, y, sum);
    return sum;
  }
  SPIKETAPE_NOINLINE static void add(const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y,
                                     const SequenceView<Scalar>& sum) {
    const FlushDenormals flush;
    for (Index t = 0; t < sum.stored_steps(); ++t)
      sum.step(t).array() = x.step(t).array() + y.step(t).array();
  }
};

template <typename... Given>
Residual(Given&&...) -> Residual<detail::unnamed<Given>...>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
