// Sums and means: over everything, or over the steps, the samples or the features.
//
// x is a value on a tape, a sequence, a view or an Eigen step. Over everything the result is a Var of shape
// (1, 1, 1) on a tape, and a plain number in memory. Over steps, batch or features it is a Var, a Sequence or
// an Array whose extent there is 1. Arithmetic repeats an extent of 1, so x - mean(x, Over::batch) has the
// shape of x. Sums are computed in double and rounded once. A repeated step counts as often as it is
// repeated.
//
// All are differentiated. They throw std::invalid_argument for an empty handle.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/elementwise.hpp>

#include <algorithm>

namespace spiketape::inline SPIKETAPE_ABI {

/// The dimension of (steps, batch, features) that a sum, mean, maximum or minimum is taken over. The result
/// has the extent 1 there.
enum class Over { steps, batch, features };

namespace detail {

inline Layout layout_over(Layout layout, Over over) {
  if (over == Over::steps) layout = {{1, layout.shape.batch, layout.shape.features}, false};
  if (over == Over::batch) layout.shape.batch = 1;
  if (over == Over::features) layout.shape.features = 1;
  return layout;
}
inline Index extent_of(const Shape& shape, Over over) {
  return over == Over::steps ? shape.steps : over == Over::batch ? shape.batch : shape.features;
}

inline void check_extent(const char* function, const Shape& shape, Over over) {
  if (extent_of(shape, over) == 0)
    fail_argument("spiketape::", function, ": x has shape ", shape, ", expected at least one ",
                  over == Over::steps   ? "step"
                  : over == Over::batch ? "sample"
                                        : "feature");
}

/// The sum of all stored numbers.
template <Real Scalar>
double sum_of_rows(const SequenceView<const Scalar>& x) {
  double total = 0;
  for (Index row = 0; row < x.rows(); ++row) total += sum_of_row(x.data + row * x.stride, x.features);
  return total;
}

/// A stack of rows that a reduction reduces to one row.
template <typename Scalar>
struct RowStack {
  Scalar* first;
  Index count, distance;

  Scalar* row(Index i) const { return first + i * distance; }
};

/// The steps of sample `number`, or the samples of step `number`.
template <typename Scalar>
RowStack<Scalar> stack_of(const SequenceView<Scalar>& x, Over over, Index number) {
  if (over == Over::steps) return {x.data + number * x.stride, x.stored_steps(), x.batch * x.stride};
  return {x.data + number * x.batch * x.stride, x.batch, x.stride};
}
/// The number of stacks, which is the number of rows of the result.
template <typename Scalar>
Index stacks_of(const SequenceView<Scalar>& x, Over over) {
  return over == Over::steps ? x.batch : x.stored_steps();
}

/// The factor and divisor of a sum. A factor of 0 (no steps) gives 0 whatever is stored.
struct SumScale {
  double factor = 1, divisor = 1;

  template <Real Scalar>
  Scalar of(double total) const {
    return factor == 0 ? Scalar(0) : static_cast<Scalar>(total * factor / divisor);
  }
};

/// Sums of a stack of rows, number by number.
template <Real Scalar>
void sum_stack(Scalar* to, const RowStack<const Scalar>& stack, Index features, const SumScale& scale) {
  constexpr Index part = 16;  // this many sums fit into registers
  for (Index first = 0; first < features; first += part) {
    const Index count = std::min(part, features - first);
    double totals[part] = {};
    for (Index i = 0; i < stack.count; ++i) {
      const Scalar* row = stack.row(i) + first;
      if (count == part) {
        SPIKETAPE_UNROLL
        for (Index k = 0; k < part; ++k) totals[k] += static_cast<double>(row[k]);
      } else {
        for (Index k = 0; k < count; ++k) totals[k] += static_cast<double>(row[k]);
      }
    }
    for (Index k = 0; k < count; ++k) to[first + k] = scale.of<Scalar>(totals[k]);
  }
}

template <Real Scalar>
void sum_over(const SequenceView<Scalar>& out, const SequenceView<const Scalar>& x, Over over,
              const SumScale& scale) {
  if (over == Over::features) {
    for (Index row = 0; row < x.rows(); ++row)
      out.data[row * out.stride] = scale.of<Scalar>(sum_of_row(x.data + row * x.stride, x.features));
  } else {
    for (Index i = 0; i < stacks_of(x, over); ++i)
      sum_stack(out.data + i * out.stride, stack_of(x, over, i), x.features, scale);
  }
}

/// Not inlined: its arithmetic must not leave the scope of FlushDenormals with its result.
template <Real Scalar>
SPIKETAPE_NOINLINE Scalar scaled_sum(const SequenceView<const Scalar>& x, const SumScale& scale) {
  return scale.of<Scalar>(sum_of_rows(x));
}

/// out = factor * sum of a, over the dimensions in which the extent of out is 1.
template <Real Scalar>
struct SumOp {
  Var<Scalar> a, out;
  Scalar factor;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    const Lane<Scalar> scale(factor);
    const Layout layout = layout_of(a.value());
    add_back(
        tape, a, layout, [&](const auto& adjoint) SPIKETAPE_INLINE_LAMBDA { return scale * adjoint; },
        Spread<Scalar>(out.adjoint(), layout.shape));
  }
};

/// `divisor` is 1 for a sum, and the number of summands for a mean.
template <typename X>
auto sum_all(const X& x, const Layout& layout, double divisor) {
  using Scalar = ScalarOf<X>;
  const SumScale scale{layout.constant ? static_cast<double>(layout.shape.steps) : 1, divisor};
  if constexpr (is_var<X>) {
    return result_of(
        x, {{1, 1, 1}, false},
        [&](const SequenceView<Scalar>& out, const SequenceView<const Scalar>& in, auto) {
          *out.data = scaled_sum(in, scale);
        },
        [&](const auto& a, const auto& out) {
          return SumOp<Scalar>{a, out, scale.of<Scalar>(1)};
        });
  } else {
    const FlushDenormals flush;
    return with_view<Scalar>(x,
                             [&](const SequenceView<const Scalar>& in) { return scaled_sum(in, scale); });
  }
}
template <typename X>
auto sum_over(const X& x, const Layout& layout, Over over, double divisor) {
  using Scalar = ScalarOf<X>;
  const bool repeats = layout.constant && over == Over::steps;
  const SumScale scale{repeats ? static_cast<double>(layout.shape.steps) : 1, divisor};
  return result_of(
      x, layout_over(layout, over),
      [&](const SequenceView<Scalar>& out, const SequenceView<const Scalar>& in, auto) {
        sum_over(out, in, over, scale);
      },
      [&](const auto& a, const auto& out) {
        return SumOp<Scalar>{a, out, scale.of<Scalar>(1)};
      });
}

}  // namespace detail

/// The sum of all numbers of all steps; 0 if there are none.
template <detail::OpInput X>
[[nodiscard]] auto sum(const X& x) {
  return detail::sum_all(x, detail::layout_of("sum", x), 1);
}
/// The sum over the steps, the samples or the features; 0 if there are none.
template <detail::OpInput X>
[[nodiscard]] auto sum(const X& x, Over over) {
  return detail::sum_over(x, detail::layout_of("sum", x), over, 1);
}

/// The mean of all numbers of all steps. Throws std::invalid_argument if there are none.
template <detail::OpInput X>
[[nodiscard]] auto mean(const X& x) {
  const detail::Layout layout = detail::layout_of("mean", x);
  for (const Over over : {Over::steps, Over::batch, Over::features})
    detail::check_extent("mean", layout.shape, over);
  const Shape& shape = layout.shape;
  return detail::sum_all(x, layout,
                         static_cast<double>(shape.steps) * static_cast<double>(shape.batch) *
                             static_cast<double>(shape.features));
}
/// The mean over the steps, the samples or the features. Throws std::invalid_argument if there are none.
template <detail::OpInput X>
[[nodiscard]] auto mean(const X& x, Over over) {
  const detail::Layout layout = detail::layout_of("mean", x);
  detail::check_extent("mean", layout.shape, over);
  return detail::sum_over(x, layout, over, static_cast<double>(detail::extent_of(layout.shape, over)));
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
