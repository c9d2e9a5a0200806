// Arithmetic on values of a tape. Each operation is a named record: what it read, what it wrote, and
// how adjoints pass back. Write your own in the same way.
#pragma once

#include <spiketape/autograd/tape.hpp>

#include <type_traits>

namespace spiketape {

namespace detail {

template <Real Scalar>
Tape<Scalar>& common_tape(const char* function, const Var<Scalar>& a, const Var<Scalar>& b) {
  if (&a.tape() != &b.tape())
    fail_argument("spiketape::", function, ": the two values are on different tapes");
  if (a.shape() != b.shape())
    fail_argument("spiketape::", function, ": the shapes are ", a.shape(), " and ", b.shape(),
                  ", expected equal ones");
  return a.tape();
}

/// out = factor_a * a + factor_b * b
template <Real Scalar>
struct LinearCombination {
  Var<Scalar> a, b, out;
  Scalar factor_a, factor_b;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    const auto adjoint = out.adjoint();
    if (a.differentiable())
      tape.touch(a).add(adjoint.stored_steps(), [&](Index t) { return factor_a * adjoint.step(t).array(); });
    if (b.differentiable())
      tape.touch(b).add(adjoint.stored_steps(), [&](Index t) { return factor_b * adjoint.step(t).array(); });
  }
};

/// out = a * b, element by element
template <Real Scalar>
struct Product {
  Var<Scalar> a, b, out;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    const auto adjoint = out.adjoint();
    if (a.differentiable())
      tape.touch(a).add(adjoint.stored_steps(),
                        [&](Index t) { return adjoint.step(t).array() * b.value().step(t).array(); });
    if (b.differentiable())
      tape.touch(b).add(adjoint.stored_steps(),
                        [&](Index t) { return adjoint.step(t).array() * a.value().step(t).array(); });
  }
};

/// out = factor * a
template <Real Scalar>
struct Scale {
  Var<Scalar> a, out;
  Scalar factor;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    const auto adjoint = out.adjoint();
    tape.touch(a).add(adjoint.stored_steps(), [&](Index t) { return factor * adjoint.step(t).array(); });
  }
};

/// out = sum of all elements of a, all steps
template <Real Scalar>
struct Sum {
  Var<Scalar> a, out;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    const Scalar adjoint = *out.adjoint().data;
    tape.touch(a).add(a.steps(),
                      [&](Index) { return Array<Scalar>::Constant(a.batch(), a.features(), adjoint); });
  }
};

/// out = step t of a
template <Real Scalar>
struct Step {
  Var<Scalar> a, out;
  Index t;

  void backward(Tape<Scalar>& tape) const {
    if (!out.has_adjoint()) return;
    tape.open_adjoint(a).step(t).array() += out.adjoint().array();
  }
};

template <Real Scalar>
Var<Scalar> combine(const char* function, const Var<Scalar>& a, const Var<Scalar>& b, Scalar factor_a,
                    Scalar factor_b) {
  Tape<Scalar>& tape = common_tape(function, a, b);
  const Var<Scalar> out =
      tape.result(a.shape(), a.differentiable() || b.differentiable(), a.constant() && b.constant());
  const auto write = tape.writable(out);
  for (Index t = 0; t < write.steps; ++t)
    write.step(t).array() = factor_a * a.value().step(t).array() + factor_b * b.value().step(t).array();
  if (out.differentiable()) tape.record(LinearCombination<Scalar>{a, b, out, factor_a, factor_b});
  return out;
}

}  // namespace detail

/// a + b, element by element; shapes must be equal. Throws std::invalid_argument if they are not, or
/// if the values are on different tapes. Differentiated by both.
template <Real Scalar>
Var<Scalar> operator+(const Var<Scalar>& a, const Var<Scalar>& b) {
  return detail::combine("operator+", a, b, Scalar(1), Scalar(1));
}

/// a - b, element by element; like operator+.
template <Real Scalar>
Var<Scalar> operator-(const Var<Scalar>& a, const Var<Scalar>& b) {
  return detail::combine("operator-", a, b, Scalar(1), Scalar(-1));
}

/// a * b, element by element; like operator+.
template <Real Scalar>
Var<Scalar> operator*(const Var<Scalar>& a, const Var<Scalar>& b) {
  Tape<Scalar>& tape = detail::common_tape("operator*", a, b);
  const Var<Scalar> out =
      tape.result(a.shape(), a.differentiable() || b.differentiable(), a.constant() && b.constant());
  const auto write = tape.writable(out);
  for (Index t = 0; t < write.steps; ++t)
    write.step(t).array() = a.value().step(t).array() * b.value().step(t).array();
  if (out.differentiable()) tape.record(detail::Product<Scalar>{a, b, out});
  return out;
}

/// factor * a for a plain number. Differentiated by a.
template <Real Scalar>
Var<Scalar> operator*(std::type_identity_t<Scalar> factor, const Var<Scalar>& a) {
  Tape<Scalar>& tape = a.tape();
  const Var<Scalar> out = tape.result(a.shape(), a.differentiable(), a.constant());
  if (a.value().rows() > 0) tape.writable(out).array() = factor * a.array();
  if (out.differentiable()) tape.record(detail::Scale<Scalar>{a, out, factor});
  return out;
}

/// The sum of all elements over all steps: a single number, shape (1, 1, 1). Differentiated.
template <Real Scalar>
Var<Scalar> sum(const Var<Scalar>& a) {
  Tape<Scalar>& tape = a.tape();
  const Var<Scalar> out = tape.result({1, 1, 1}, a.differentiable());
  Scalar total = 0;
  for (Index t = 0; t < a.steps(); ++t) total += a.value().step(t).array().sum();
  *tape.writable(out).data = total;
  if (out.differentiable()) tape.record(detail::Sum<Scalar>{a, out});
  return out;
}

/// One step of a sequence, itself a sequence of one step; t counts from 0. Throws if there is no such
/// step. Differentiated.
template <Real Scalar>
Var<Scalar> step(const Var<Scalar>& a, Index t) {
  if (t < 0 || t >= a.steps())
    detail::fail_argument("spiketape::step: t is ", t, ", the sequence has ", a.steps(), " steps");
  if (a.steps() == 1 && !a.constant()) return a;
  Tape<Scalar>& tape = a.tape();
  const Var<Scalar> out = tape.result({1, a.batch(), a.features()}, a.differentiable());
  if (a.batch() > 0) tape.writable(out).array() = a.value().step(t).array();
  if (out.differentiable()) tape.record(detail::Step<Scalar>{a, out, t});
  return out;
}

}  // namespace spiketape
