// Loops of ops with one and two operands over their numbers, forward and backward.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/operands.hpp>
#include <spiketape/kernels/rows.hpp>

#include <algorithm>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Reads an operand as if it had the shape of the result: an extent of 1 is repeated.
template <Real Scalar>
class Spread {
 public:
  Spread(const SequenceView<const Scalar>& view, const Shape& shape)
      : data_(view.data),
        step_(view.stored_steps() == 1 ? 0 : view.batch * view.stride),
        sample_(view.batch == 1 ? 0 : view.stride),
        one_(view.features == 1 && shape.features != 1) {}

  /// A row of the operand, valid until the next call.
  Stream<Scalar> row(Index t, Index b) {
    const Scalar* from = data_ + t * step_ + b * sample_;
    if (!one_) return {from, 1};
    number_ = RepeatedNumber<Scalar>(*from);
    return number_.stream();
  }

 private:
  const Scalar* data_;
  Index step_, sample_;
  bool one_;
  RepeatedNumber<Scalar> number_;
};

/// Writes function(lanes...) into a row of `features` numbers. The rest of a row is computed in a lane, too.
/// In a padded row the remaining numbers of that lane become zero; beyond the end of other rows nothing is
/// read or written.
template <bool padded_rows, Real Scalar, typename Function, typename... Streams>
SPIKETAPE_INLINE void fill_row(Scalar* to, Index features, const Function& function, const Streams&... from) {
  using L = Lane<Scalar>;
  Index i = 0;
  for (; i + L::size <= features; i += L::size) L(function(from.at(i, Whole{})...)).store(to + i);
  if (i == features) return;
  const Part rest{features - i};
  if constexpr (padded_rows)
    where(L::counting_from(0) < L(rest.count), L(function(from.at(i, Whole{})...))).store(to + i);
  else
    L(function(from.at(i, rest)...)).store(to + i, rest.count);
}

/// The sum of a row, in double. Eight partial sums are independent, so processors add them in parallel.
template <Real Scalar>
double sum_of_row(const Scalar* row, Index count) {
  double parts[8] = {};
  Index i = 0;
  for (; i + 8 <= count; i += 8) {
    SPIKETAPE_UNROLL
    for (Index k = 0; k < 8; ++k) parts[k] += static_cast<double>(row[i + k]);
  }
  for (Index k = 0; i + k < count; ++k) parts[k] += static_cast<double>(row[i + k]);
  return ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]));
}

/// out = function(operands...), number by number.
template <bool padded_rows, Real Scalar, typename Function, typename... Operands>
void fill(const SequenceView<Scalar>& out, const Function& function, Operands&&... from) {
  for (Index t = 0; t < out.stored_steps(); ++t)
    for (Index b = 0; b < out.batch; ++b)
      fill_row<padded_rows>(out.row(t, b), out.features, function, from.row(t, b)...);
}

/// The rows of an input's adjoint, seen in the layout of the op's result. Where the input's extent is 1 and
/// the result's is not, the adjoint is the sum; along the features it is summed in double.
template <Real Scalar>
class AdjointRows {
 public:
  AdjointRows(Tape<Scalar>& tape, const Var<Scalar>& input, const Layout& result)
      : steps_(result.constant ? 1 : result.shape.steps),
        batch_(result.shape.batch),
        features_(result.shape.features) {
    const Adjoint<Scalar> adjoint = tape.touch(input);
    to_ = adjoint.view;
    const bool one = to_.features == 1 && features_ != 1;
    const bool collects = one || to_.rows() != steps_ * batch_;
    if (adjoint.first && collects && to_.rows() > 0) to_.array().setZero();
    add_ = !one && (collects || !adjoint.first);
    if (one) parts_ = tape.template allocate<Scalar>(std::max(padded<Scalar>(features_), line<Scalar>));
  }

  Index steps() const { return steps_; }
  Index batch() const { return batch_; }
  Index features() const { return features_; }
  /// Whether to add to a row or to overwrite it.
  bool add() const { return add_; }

  Scalar* row(Index t, Index b) { return parts_ != nullptr ? parts_ : goal(t, b); }
  /// Must follow the writing of a row.
  void close(Index t, Index b) {
    if (parts_ == nullptr) return;
    total_ += sum_of_row(parts_, features_);
    if (to_.rows() == 1 && !(t == steps_ - 1 && b == batch_ - 1)) return;
    *goal(t, b) += static_cast<Scalar>(total_);
    total_ = 0;
  }

 private:
  Scalar* goal(Index t, Index b) const {
    return to_.row(to_.stored_steps() == 1 ? 0 : t, to_.batch == 1 ? 0 : b);
  }

  SequenceView<Scalar> to_;
  Index steps_, batch_, features_;
  bool add_;
  Scalar* parts_ = nullptr;  // a row to be summed along the features
  double total_ = 0;
};

/// Adds function(operands...), which has the layout of the op's result, to the adjoint of an input.
template <Real Scalar, typename Function, typename... Operands>
void add_back(Tape<Scalar>& tape, const Var<Scalar>& input, const Layout& result, const Function& function,
              Operands&&... from) {
  if (!input.differentiable()) return;
  AdjointRows<Scalar> to(tape, input, result);
  const bool add = to.add();
  for (Index t = 0; t < to.steps(); ++t)
    for (Index b = 0; b < to.batch(); ++b) {
      Scalar* const row = to.row(t, b);
      fill_row<true>(
          row, to.features(),
          [&](const Lane<Scalar>& before, const auto&... lanes) SPIKETAPE_INLINE_LAMBDA {
            const Lane<Scalar> part = function(lanes...);
            return add ? before + part : part;
          },
          Stream<Scalar>{row, 1}, from.row(t, b)...);
      to.close(t, b);
    }
}

/// out = Function::value(a). Function::back(adjoint of out, a, out) is added to the adjoint of a.
template <Real Scalar, typename Function>
struct MapOp {
  Var<Scalar> a, out;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    const Shape shape = out.shape();
    const auto spread = [&](const SequenceView<const Scalar>& view) { return Spread<Scalar>(view, shape); };
    add_back(
        tape, a, layout_of(out.value()),
        [](const auto& adjoint, const auto& x, const auto& y)
            SPIKETAPE_INLINE_LAMBDA { return Function::back(adjoint, x, y); },
        spread(out.adjoint()), spread(a.value()), spread(out.value()));
  }
};

template <typename Function, typename X>
auto map(const char* name, const X& x) {
  using Scalar = ScalarOf<X>;
  const Layout layout = layout_of(name, x);
  return result_of(
      x, layout,
      [](const SequenceView<Scalar>& out, const SequenceView<const Scalar>& in, auto padded_rows) {
        fill<padded_rows.value>(
            out, [](const auto& lane) SPIKETAPE_INLINE_LAMBDA { return Function::value(lane); },
            Spread<Scalar>(in, out.shape()));
      },
      [&](const auto& a, const auto& out) {
        return MapOp<Scalar, Function>{a, out};
      });
}

/// out = Function::value(a, b), where an extent of 1 is repeated. Function::by_a(adjoint of out, a, b) and
/// by_b are added to the adjoints of a and b; without them the op is not differentiated.
template <Real Scalar, typename Function>
struct CombineOp {
  Var<Scalar> a, b, out;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    const Layout layout = layout_of(out.value());
    const auto spread = [&](const Var<Scalar>& var) { return Spread<Scalar>(var.value(), layout.shape); };
    Spread<Scalar> adjoint(out.adjoint(), layout.shape);
    add_back(
        tape, a, layout,
        [](const auto& g, const auto& x, const auto& y)
            SPIKETAPE_INLINE_LAMBDA { return Function::by_a(g, x, y); },
        adjoint, spread(a), spread(b));
    add_back(
        tape, b, layout,
        [](const auto& g, const auto& x, const auto& y)
            SPIKETAPE_INLINE_LAMBDA { return Function::by_b(g, x, y); },
        adjoint, spread(a), spread(b));
  }
};

template <typename Function, typename Scalar>
concept DifferentiablePair = requires(const Lane<Scalar>& lane) {
  Function::by_a(lane, lane, lane);
};

inline Layout joint_layout(const char* function, const Layout& a, const Layout& b) {
  const auto join = [&](Index x, Index y) {
    if (x != y && x != 1 && y != 1)
      fail_argument("spiketape::", function, ": the shapes are ", a.shape, " and ", b.shape,
                    ", expected the same extents, or 1 for what counts for all");
    return x == 1 ? y : x;
  };
  const auto same_steps = [](const Layout& x) { return x.constant || x.shape.steps == 1; };
  return {{join(a.shape.steps, b.shape.steps), join(a.shape.batch, b.shape.batch),
           join(a.shape.features, b.shape.features)},
          (a.constant || b.constant) && same_steps(a) && same_steps(b)};
}

template <typename Function, bool padded_rows, Real Scalar>
void fill_from_pair(const SequenceView<Scalar>& out, const SequenceView<const Scalar>& a,
                    const SequenceView<const Scalar>& b) {
  const Shape shape = out.shape();
  fill<padded_rows>(
      out, [](const auto& x, const auto& y) SPIKETAPE_INLINE_LAMBDA { return Function::value(x, y); },
      Spread<Scalar>(a, shape), Spread<Scalar>(b, shape));
}

template <typename Function, Real Scalar>
Var<Scalar> combine_on_tape(const char* name, Tape<Scalar>& tape, const Var<Scalar>& a,
                            const Var<Scalar>& b) {
  constexpr bool differentiable = DifferentiablePair<Function, Scalar>;
  const Layout layout = joint_layout(name, layout_of(name, a), layout_of(name, b));
  const Var<Scalar> out = tape.result(
      layout.shape, differentiable && (a.differentiable() || b.differentiable()), layout.constant);
  fill_from_pair<Function, true>(tape.writable(out), a.value(), b.value());
  if constexpr (differentiable)
    if (out.differentiable()) tape.record(CombineOp<Scalar, Function>{a, b, out});
  return out;
}

/// An operand as a value on the tape of the other one. Operands in memory are copied as constants.
template <Real Scalar, typename X>
Var<Scalar> on_tape(const char* name, Tape<Scalar>& tape, const X& x) {
  if constexpr (is_var<X>) {
    if (&x.tape() != &tape) fail_argument("spiketape::", name, ": the two values are on different tapes");
    return x;
  } else {
    return with_view<Scalar>(x, [&](const SequenceView<const Scalar>& view) { return tape.constant(view); });
  }
}

template <typename Function, typename A, typename B>
auto combine(const char* name, const A& a, const B& b) {
  using Scalar = typename PairScalar<A, B>::type;
  const FlushDenormals flush;
  if constexpr (is_var<A>) {
    layout_of(name, a);  // refuses an empty handle
    if constexpr (is_var<B>) layout_of(name, b);
    return combine_on_tape<Function>(name, a.tape(), a, on_tape<Scalar>(name, a.tape(), b));
  } else if constexpr (is_var<B>) {
    layout_of(name, b);
    return combine_on_tape<Function>(name, b.tape(), on_tape<Scalar>(name, b.tape(), a), b);
  } else {
    constexpr bool step = !is_sequence<A> && !is_sequence<B>;
    return with_view<Scalar>(a, [&](const SequenceView<const Scalar>& x) {
      return with_view<Scalar>(b, [&](const SequenceView<const Scalar>& y) {
        auto out = make_result<step, Scalar>(joint_layout(name, layout_of(x), layout_of(y)));
        fill_from_pair<Function, false>(SequenceView<Scalar>(out), x, y);
        return out;
      });
    });
  }
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
