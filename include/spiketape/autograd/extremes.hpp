// Maximum and minimum over the steps, the samples or the features.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/arithmetic.hpp>
#include <spiketape/autograd/reductions.hpp>

#include <algorithm>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

template <typename Function, Real Scalar>
Scalar extreme_of_row(const Scalar* row, Index features) {
  using L = Lane<Scalar>;
  L best(row[0]);
  for_lanes<Scalar>(features, [&](Index i, auto extent) {
    best = select(L::counting_from(0) < L(features - i), Function::value(best, load(row + i, extent)), best);
  });
  Scalar numbers[L::size];
  best.store(numbers);
  for (Index k = 1; k < L::size; ++k) numbers[0] = Function::value(numbers[0], numbers[k]);
  return numbers[0];
}

template <typename Function, bool padded_rows, Real Scalar>
void extreme_over(const SequenceView<Scalar>& out, const SequenceView<const Scalar>& x, Over over) {
  if (over == Over::features) {
    for (Index row = 0; row < x.rows(); ++row)
      out.data[row * out.stride] = extreme_of_row<Function>(x.data + row * x.stride, x.features);
    return;
  }
  for (Index i = 0; i < stacks_of(x, over); ++i) {
    const RowStack<const Scalar> stack = stack_of(x, over, i);
    Scalar* to = out.data + i * out.stride;
    std::copy_n(stack.row(0), x.features, to);
    for (Index k = 1; k < stack.count; ++k)
      fill_row<padded_rows>(
          to, x.features,
          [](const auto& best, const auto& next)
              SPIKETAPE_INLINE_LAMBDA { return Function::value(best, next); },
          Stream<Scalar>{to, 1}, Stream<Scalar>{stack.row(k), 1});
  }
}

/// out = the largest or smallest number of a. The first number equal to it gets the adjoint.
template <Real Scalar>
struct ExtremeOp {
  Var<Scalar> a, out;
  Over over;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    const SequenceView<Scalar> to = tape.open_adjoint(a);
    const SequenceView<const Scalar> x = a.value(), y = out.value(), adjoint = out.adjoint();
    if (over == Over::features) {
      for (Index row = 0; row < x.rows(); ++row) {
        const Scalar* from = x.data + row * x.stride;
        const Scalar* found = std::find(from, from + x.features, y.data[row * y.stride]);
        if (found != from + x.features)
          to.data[row * to.stride + (found - from)] += adjoint.data[row * adjoint.stride];
      }
      return;
    }
    using L = Lane<Scalar>;
    Scalar* left = tape.template allocate<Scalar>(padded<Scalar>(x.features));
    for (Index i = 0; i < stacks_of(x, over); ++i) {
      const RowStack<const Scalar> stack = stack_of(x, over, i);
      const RowStack<Scalar> goal = stack_of(to, over, i);
      const Stream<Scalar> best{y.data + i * y.stride, 1}, rest{left, 1};
      std::copy_n(adjoint.data + i * adjoint.stride, whole_lines<Scalar>(x.features), left);
      for (Index k = 0; k < stack.count; ++k) {
        Scalar* row = goal.row(k);
        const Stream<Scalar> from{stack.row(k), 1};
        fill_row<true>(
            row, x.features,
            [](const L& before, const L& part, const L& number, const L& extreme)
                SPIKETAPE_INLINE_LAMBDA { return before + where(number == extreme, part); },
            Stream<Scalar>{row, 1}, rest, from, best);
        fill_row<true>(
            left, x.features,
            [](const L& part, const L& number, const L& extreme)
                SPIKETAPE_INLINE_LAMBDA { return except(number == extreme, part); },
            rest, from, best);
      }
    }
  }
};

template <typename Function, typename X>
auto extreme(const char* name, const X& x, Over over) {
  using Scalar = ScalarOf<X>;
  const Layout layout = layout_of(name, x);
  check_extent(name, layout.shape, over);
  return result_of(
      x, layout_over(layout, over),
      [&](const SequenceView<Scalar>& out, const SequenceView<const Scalar>& in, auto padded_rows) {
        extreme_over<Function, padded_rows.value>(out, in, over);
      },
      [&](const auto& a, const auto& out) {
        return ExtremeOp<Scalar>{a, out, over};
      });
}

}  // namespace detail

/// The largest number of x over its steps, samples or features, with the result shapes of reductions.hpp. If
/// several are equal, the first gets the gradient. If one is NaN, the result is NaN and no number gets a
/// gradient. Differentiated. Throws std::invalid_argument if that extent is 0.
template <detail::OpInput X>
[[nodiscard]] auto max(const X& x, Over over) {
  return detail::extreme<detail::MaxFunction>("max", x, over);
}
/// The smallest number; like max.
template <detail::OpInput X>
[[nodiscard]] auto min(const X& x, Over over) {
  return detail::extreme<detail::MinFunction>("min", x, over);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
