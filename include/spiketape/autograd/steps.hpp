// Parts of sequences, and sequences made of parts.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/operands.hpp>
#include <spiketape/kernels/rows.hpp>

#include <iterator>
#include <memory>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// A view of some steps. In a constant sequence they stay stored once.
template <typename Scalar>
SequenceView<Scalar> steps_of(SequenceView<Scalar> view, Index first, Index count) {
  if (!view.constant) view.data += first * view.batch * view.stride;
  view.steps = count;
  return view;
}
/// A view of some features.
template <typename Scalar>
SequenceView<Scalar> features_of(SequenceView<Scalar> view, Index first, Index count) {
  view.data += first;
  view.features = count;
  return view;
}

/// out = some steps of a
template <Real Scalar>
struct StepsOp {
  Var<Scalar> a, out;
  Index first;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    add_rows<Scalar>(out.adjoint(), steps_of(tape.open_adjoint(a), first, out.steps()));
  }
};

/// out = some features of a
template <Real Scalar>
struct FeaturesOp {
  Var<Scalar> a, out;
  Index first;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    add_rows<Scalar>(out.adjoint(), features_of(tape.open_adjoint(a), first, out.features()));
  }
};

/// out = the steps of several values, one after the other
template <Real Scalar>
struct StackOp {
  const Var<Scalar>* parts;
  Index count;
  Var<Scalar> out;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    Index first = 0;
    for (Index i = 0; i < count; ++i) {
      const Var<Scalar>& part = parts[i];
      const SequenceView<const Scalar> adjoint = steps_of(out.adjoint(), first, part.steps());
      first += part.steps();
      if (part.differentiable())
        tape.touch(part).add(part.steps(), [&](Index t) { return adjoint.step(t).array(); });
    }
  }
};

inline void check_window(const char* function, const char* what, Index first, Index count, Index extent) {
  if (first < 0 || count < 0 || first > extent || count > extent - first)
    fail_argument("spiketape::", function, ": first is ", first, " and count is ", count, ", x has ", extent,
                  " ", what);
}

/// The layout of all steps of `parts`, a range of values of one kind, in order.
template <typename Parts>
Layout stacked_layout(const Parts& parts) {
  if (std::begin(parts) == std::end(parts))
    fail_argument("spiketape::stack: there are no parts, expected at least one");
  const Shape first = layout_of("stack", *std::begin(parts)).shape;
  Index steps = 0;
  for (const auto& part : parts) {
    const Shape shape = layout_of("stack", part).shape;
    if (shape.batch != first.batch || shape.features != first.features)
      fail_argument("spiketape::stack: the shapes are ", first, " and ", shape,
                    ", expected the same batch and features");
    steps += shape.steps;
    if (const char* expected = shape_fault({steps, first.batch, first.features}))
      fail_argument("spiketape::stack: the result has shape ", Shape{steps, first.batch, first.features},
                    ", expected ", expected);
  }
  return {{steps, first.batch, first.features}, false};
}

template <Real Scalar>
void copy_part(const SequenceView<Scalar>& out, const SequenceView<const Scalar>& part, Index& first) {
  for (Index t = 0; t < part.steps; ++t) out.step(first + t).assign(part.step(t));
  first += part.steps;
}

}  // namespace detail

/// Step t of a sequence, as a sequence of one step, (1, batch, features); t counts from 0. If x is a value on
/// a tape, the result is a Var; for a sequence, a view or an Eigen step it is an Array that owns its memory.
/// Differentiated. Throws std::invalid_argument if there is no such step.
template <detail::OpInput X>
[[nodiscard]] auto step(const X& x, Index t) {
  using Scalar = detail::ScalarOf<X>;
  const detail::Layout layout = detail::layout_of("step", x);
  const Shape& shape = layout.shape;
  if (t < 0 || t >= shape.steps)
    detail::fail_argument("spiketape::step: t is ", t, ", the sequence has ", shape.steps, " steps");
  if constexpr (detail::is_var<X>) {
    if (shape.steps == 1 && !layout.constant) return x;
    return detail::result_of(
        x, {{1, shape.batch, shape.features}, false},
        [&](const SequenceView<Scalar>& out, const SequenceView<const Scalar>& in, auto) {
          out.assign(in.step(t));
        },
        [&](const auto& a, const auto& out) {
          return detail::StepsOp<Scalar>{a, out, t};
        });
  } else {
    return detail::with_view<Scalar>(
        x, [&](const SequenceView<const Scalar>& in) { return Array<Scalar>(in.step(t).array()); });
  }
}

/// `count` steps of a sequence from step `first` on, counted from 0: (count, batch, features). If x is a
/// value on a tape, the result is a Var; for a sequence, a view or an Eigen step it is a Sequence that owns
/// its memory. A constant sequence stays stored once. Differentiated. Throws std::invalid_argument if there
/// are no such steps.
template <detail::OpInput X>
[[nodiscard]] auto steps(const X& x, Index first, Index count) {
  using Scalar = detail::ScalarOf<X>;
  detail::Layout layout = detail::layout_of("steps", x);
  detail::check_window("steps", "steps", first, count, layout.shape.steps);
  const bool all = count == layout.shape.steps;
  layout.shape.steps = count;
  if constexpr (detail::is_var<X>) {
    if (all) return x;
    return detail::result_of(
        x, layout,
        [&](const SequenceView<Scalar>& out, const SequenceView<const Scalar>& in, auto) {
          out.assign(detail::steps_of(in, first, count));
        },
        [&](const auto& a, const auto& out) {
          return detail::StepsOp<Scalar>{a, out, first};
        });
  } else {
    return detail::with_view<Scalar>(x, [&](const SequenceView<const Scalar>& in) {
      Sequence<Scalar> out(layout.shape, layout.constant);
      out.view().assign(detail::steps_of(in, first, count));
      return out;
    });
  }
}

/// `count` features from `first` on, counted from 0: (steps, batch, count). For a value on a tape the result
/// is a Var, for a sequence or a view a Sequence, for an Eigen step an Array; the latter two own their
/// memory. Differentiated. Throws std::invalid_argument if there are no such features.
template <detail::OpInput X>
[[nodiscard]] auto features(const X& x, Index first, Index count) {
  using Scalar = detail::ScalarOf<X>;
  detail::Layout layout = detail::layout_of("features", x);
  detail::check_window("features", "features", first, count, layout.shape.features);
  layout.shape.features = count;
  return detail::result_of(
      x, layout,
      [&](const SequenceView<Scalar>& out, const SequenceView<const Scalar>& in, auto) {
        out.assign(detail::features_of(in, first, count));
      },
      [&](const auto& a, const auto& out) {
        return detail::FeaturesOp<Scalar>{a, out, first};
      });
}

/// Concatenates the steps of several values, such as those of a loop over time:
///
///     std::vector<st::Var<float>> spikes;
///     for (st::Index t = 0; t < 25; ++t) spikes.push_back(...);
///     auto spk = st::stack(spikes);                            // (25, batch, features)
///
/// `parts` is a range (std::vector, std::span, std::array). For values on one tape the result is a Var; for
/// sequences, views or Eigen steps it is a Sequence that owns its memory. A part may have any number of
/// steps. Differentiated. Throws std::invalid_argument without parts, for parts that differ in batch or
/// features, and for values on different tapes.
template <typename Parts>
requires detail::OpInput<std::remove_cvref_t<decltype(*std::begin(std::declval<const Parts&>()))>>
[[nodiscard]] auto stack(const Parts& parts) {
  using Part = std::remove_cvref_t<decltype(*std::begin(parts))>;
  using Scalar = detail::ScalarOf<Part>;
  const detail::Layout layout = detail::stacked_layout(parts);
  Index first = 0;
  if constexpr (detail::is_var<Part>) {
    const auto count = static_cast<Index>(std::distance(std::begin(parts), std::end(parts)));
    Tape<Scalar>& tape = std::begin(parts)->tape();
    bool differentiable = false;
    for (const auto& part : parts) {
      if (&part.tape() != &tape) detail::fail_argument("spiketape::stack: the values are on different tapes");
      differentiable = differentiable || part.differentiable();
    }
    const Var<Scalar> out = tape.result(layout.shape, differentiable);
    for (const auto& part : parts) detail::copy_part(tape.writable(out), part.value(), first);
    if (differentiable) {
      auto* kept = tape.template allocate<Var<Scalar>>(count);
      std::uninitialized_copy(std::begin(parts), std::end(parts), kept);
      tape.record(detail::StackOp<Scalar>{kept, count, out});
    }
    return out;
  } else {
    Sequence<Scalar> out(layout.shape);
    for (const auto& part : parts)
      detail::with_view<Scalar>(
          part, [&](const SequenceView<const Scalar>& in) { detail::copy_part(out.view(), in, first); });
    return out;
  }
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
