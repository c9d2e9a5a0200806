// Softmax over the features.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/extremes.hpp>
#include <spiketape/autograd/functions.hpp>

#include <cmath>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

template <bool padded_rows, Real Scalar>
void softmax_row(Scalar* to, const Scalar* from, Index features, bool logarithm) {
  using L = Lane<Scalar>;
  if (features == 0) return;
  const Stream<Scalar> input{from, 1}, output{to, 1};
  const L largest(extreme_of_row<MaxFunction>(from, features));
  fill_row<padded_rows>(
      to, features, [&](const L& x) SPIKETAPE_INLINE_LAMBDA { return exp_or_zero(x - largest); }, input);
  const double total = sum_of_row(to, features);
  if (logarithm) {
    const L log_total(static_cast<Scalar>(std::log(total)));
    fill_row<padded_rows>(
        to, features, [&](const L& x) SPIKETAPE_INLINE_LAMBDA { return x - largest - log_total; }, input);
  } else {
    const L factor(static_cast<Scalar>(1 / total));
    fill_row<padded_rows>(
        to, features, [&](const L& e) SPIKETAPE_INLINE_LAMBDA { return e * factor; }, output);
  }
}

/// out = softmax of a, or its logarithm.
template <Real Scalar>
struct SoftmaxOp {
  Var<Scalar> a, out;
  bool logarithm;

  void backward(Tape<Scalar>& tape) const {
    using L = Lane<Scalar>;
    if (!out.has_adjoint()) return;
    const SequenceView<const Scalar> y = out.value(), adjoint = out.adjoint();
    const Adjoint<Scalar> goal = tape.touch(a);
    Scalar* part = tape.template allocate<Scalar>(padded<Scalar>(y.features));
    for (Index row = 0; row < y.rows(); ++row) {
      const Stream<Scalar> p{y.data + row * y.stride, 1}, g{adjoint.data + row * adjoint.stride, 1};
      Scalar* to = goal.view.data + row * goal.view.stride;
      if (!logarithm)
        fill_row<true>(
            part, y.features, [](const L& x, const L& z) SPIKETAPE_INLINE_LAMBDA { return x * z; }, p, g);
      const L total(static_cast<Scalar>(sum_of_row(logarithm ? g.data : part, y.features)));
      fill_row<true>(
          to, y.features,
          [&](const L& before, const L& x, const L& z) SPIKETAPE_INLINE_LAMBDA {
            const L share = logarithm ? z - exp_or_zero(x) * total : x * (z - total);
            return goal.first ? share : before + share;
          },
          Stream<Scalar>{to, 1}, p, g);
    }
  }
};

template <typename X>
auto softmax_of(const char* name, const X& x, bool logarithm) {
  using Scalar = ScalarOf<X>;
  return result_of(
      x, layout_of(name, x),
      [&](const SequenceView<Scalar>& out, const SequenceView<const Scalar>& in, auto padded_rows) {
        for (Index row = 0; row < in.rows(); ++row)
          softmax_row<padded_rows.value>(out.data + row * out.stride, in.data + row * in.stride, in.features,
                                         logarithm);
      },
      [&](const auto& a, const auto& out) {
        return SoftmaxOp<Scalar>{a, out, logarithm};
      });
}

}  // namespace detail

/// Softmax over the features of each sample and step, p_n = exp(x_n) / Σ_m exp(x_m). x is a value on a tape,
/// a sequence, a view or an Eigen step; the result has its shape. A feature of -infinity gets 0. A row with a
/// NaN or +infinity, or of -infinity alone, becomes NaN. Differentiated. Throws std::invalid_argument for an
/// empty handle.
template <detail::OpInput X>
[[nodiscard]] auto softmax(const X& x) {
  return detail::softmax_of("softmax", x, false);
}

/// The logarithm of softmax, x_n − log Σ_m exp(x_m), exact also for small probabilities; otherwise like
/// softmax.
template <detail::OpInput X>
[[nodiscard]] auto log_softmax(const X& x) {
  return detail::softmax_of("log_softmax", x, true);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
