// Operands of ops: values on a tape, steps and sequences in memory, plain numbers. One formula of ops serves
// all of them: on a tape it is recorded, in memory it is computed at once.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/float_mode.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

template <typename T>
inline constexpr bool is_var = false;
template <Real Scalar>
inline constexpr bool is_var<Var<Scalar>> = true;

template <typename T>
inline constexpr bool is_sequence = false;
template <Real Scalar>
inline constexpr bool is_sequence<Sequence<Scalar>> = true;
template <Real Scalar>
inline constexpr bool is_sequence<SequenceView<Scalar>> = true;
template <Real Scalar>
inline constexpr bool is_sequence<SequenceView<const Scalar>> = true;

/// A plain number of any type, converted to the Scalar of the other operand.
template <typename T>
concept Number = std::is_arithmetic_v<T> && !std::same_as<T, bool>;

/// An Eigen array, matrix, map, block or expression: one step, (batch, features).
template <typename T>
concept EigenStep = std::is_base_of_v<Eigen::EigenBase<T>, T> && Real<typename T::Scalar>;

/// Types with operators of spiketape; Eigen's arrays have their own.
template <typename T>
concept OwnInput = is_var<T> || is_sequence<T>;
template <typename T>
concept OpInput = OwnInput<T> || EigenStep<T>;

/// InputPair: two operands of a function, at most one of them a number. OperatorPair: two operands of an
/// operator, at least one of them an OwnInput.
template <typename A, typename B>
concept InputPair = (OpInput<A> && (OpInput<B> || Number<B>)) || (Number<A> && OpInput<B>);
template <typename A, typename B>
concept OperatorPair = (OwnInput<A> || OwnInput<B>)&&InputPair<A, B>;

template <Real Scalar>
Scalar scalar_of(const Var<Scalar>&);
template <Real Scalar>
Scalar scalar_of(const Sequence<Scalar>&);
template <typename Scalar>
std::remove_const_t<Scalar> scalar_of(const SequenceView<Scalar>&);
template <typename Derived>
typename Derived::Scalar scalar_of(const Eigen::EigenBase<Derived>&);
template <typename X>
using ScalarOf = decltype(scalar_of(std::declval<const X&>()));

template <typename A, typename B>
struct PairScalar {
  using type = ScalarOf<A>;
  static_assert(std::same_as<type, ScalarOf<B>>,
                "spiketape: one operand is of float, the other of double: expected the same of both");
};
template <typename A, Number B>
struct PairScalar<A, B> {
  using type = ScalarOf<A>;
};
template <Number A, typename B>
struct PairScalar<A, B> {
  using type = ScalarOf<B>;
};

/// The shape of a result, and whether all its steps are the same and one is stored.
struct Layout {
  Shape shape;
  bool constant = false;
};

template <Real Scalar>
Layout layout_of(const SequenceView<const Scalar>& view) {
  return {view.shape(), view.constant};
}
template <typename X>
Layout layout_of(const char* function, const X& x) {
  if constexpr (is_var<X>) {
    if (x.empty()) fail_argument("spiketape::", function, ": the value is an empty handle", why_empty(0, 0));
    return {x.shape(), x.constant()};
  } else if constexpr (is_sequence<X>) {
    return layout_of(view_of(x));
  } else {
    return {{1, x.rows(), x.cols()}, false};
  }
}

/// Calls use(view) with an operand that is not on a tape. Evaluates an Eigen expression first.
template <Real Scalar, typename X, typename Use>
auto with_view(const X& x, Use&& use) {
  if constexpr (Number<X>) {
    const auto number = static_cast<Scalar>(x);
    return use(SequenceView<const Scalar>(&number, {1, 1, 1}, 1));
  } else if constexpr (is_sequence<X>) {
    return use(view_of(x));
  } else if constexpr (bool(X::Flags & Eigen::DirectAccessBit)) {
    return use(view_of(x));
  } else {
    static_assert(X::IsRowMajor || (X::RowsAtCompileTime == 1),
                  "spiketape: a step must be row-major, (batch, features): use spiketape::Array<Scalar>");
    const Array<Scalar> values = x;
    return use(view_of(values));
  }
}

/// A result in memory: an Array if the operands are Eigen steps, else a Sequence.
template <bool step, Real Scalar>
auto make_result(const Layout& layout) {
  if constexpr (step)
    return Array<Scalar>(layout.shape.batch, layout.shape.features);
  else
    return Sequence<Scalar>(layout.shape, layout.constant);
}

/// The result of an op of one operand. compute(out, in, padded_rows) writes it; `padded_rows` says at compile
/// time whether rows are padded to whole lines, as on a tape. The tape records op(x, out).
template <typename X, typename Compute, typename MakeOp>
auto result_of(const X& x, const Layout& layout, Compute&& compute, [[maybe_unused]] MakeOp&& op) {
  using Scalar = ScalarOf<X>;
  const FlushDenormals flush;
  if constexpr (is_var<X>) {
    Tape<Scalar>& tape = x.tape();
    const Var<Scalar> out = tape.result(layout.shape, x.differentiable(), layout.constant);
    compute(tape.writable(out), x.value(), std::true_type());
    if (out.differentiable()) tape.record(op(x, out));
    return out;
  } else {
    return with_view<Scalar>(x, [&](const SequenceView<const Scalar>& in) {
      auto out = make_result<EigenStep<X>, Scalar>(layout);
      compute(SequenceView<Scalar>(out), in, std::false_type());
      return out;
    });
  }
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
