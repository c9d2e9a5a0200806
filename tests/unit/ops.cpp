#include <spiketape/autograd/ops.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"

#include <stdexcept>
#include <string>

namespace st = spiketape;
using numeric::random_array, numeric::same;
using st::Index;
using Array = st::Array<double>;
using Var = st::Var<double>;

namespace {

constexpr st::Shape shape{3, 2, 5};

/// An operand: a step for each time, or one step that is repeated; differentiated or not.
struct Operand {
  Array rows;
  bool repeated;
  bool differentiable;

  Operand(st::Random& random, bool repeated_, bool differentiable_)
      : rows(random_array<double>(random, (repeated_ ? 1 : shape.steps) * shape.batch, shape.features)),
        repeated(repeated_),
        differentiable(differentiable_) {}
  Var on(st::Tape<double>& tape, const Array& values) const {
    const st::SequenceView<const double> view(values.data(), shape, shape.features, repeated);
    return differentiable ? tape.variable(view) : tape.constant(view);
  }
  /// All steps.
  Array full() const { return rows.replicate(repeated ? shape.steps : 1, 1); }
};

/// Value and gradient of op(a, b), for every kind of operand; `expected` computes it from all steps of both.
template <typename Op, typename Expected>
void check_op(const char* what, Op&& op, Expected&& expected) {
  INFO(what);
  st::Random random(41);
  for (int bits = 1; bits < 16; ++bits) {
    const Operand a(random, (bits & 4) != 0, (bits & 1) != 0), b(random, (bits & 8) != 0, (bits & 2) != 0);
    INFO("a " << (a.repeated ? "repeated" : "") << ", b " << (b.repeated ? "repeated" : ""));
    if (!a.differentiable && !b.differentiable) continue;
    const Array weights = random_array<double>(random, shape.steps * shape.batch, shape.features);
    st::Tape<double> tape;
    const auto loss_of = [&](const Var& result) {
      const Array part = weights.topRows(result.steps() * result.batch()).leftCols(result.features());
      const st::SequenceView<const double> view(part.data(), result.shape(), result.features());
      return sum(tape.constant(view) * result);
    };
    const auto value = [&](const Array& a_values, const Array& b_values) {
      tape.reset();
      return loss_of(op(a.on(tape, a_values), b.on(tape, b_values))).item();
    };
    tape.reset();
    const Var x = a.on(tape, a.rows), y = b.on(tape, b.rows);
    const Var result = op(x, y);
    const Array full = result.array().replicate(result.constant() ? result.steps() : 1, 1);
    CHECK(numeric::near(full, expected(a.full(), b.full()), tolerance::rounding<double>));
    if (!result.differentiable()) continue;
    tape.backward(loss_of(result));
    CHECK((a.differentiable || !x.has_adjoint()));
    CHECK((b.differentiable || !y.has_adjoint()));
    const auto adjoint = [](const Var& var) -> Array {
      if (!var.has_adjoint()) return Array::Zero(var.value().rows(), var.features());
      return var.adjoint().array();
    };
    const Array by_a = adjoint(x), by_b = adjoint(y);
    if (a.differentiable)
      numeric::check_gradient("a", a.rows, by_a, [&](const Array& values) { return value(values, b.rows); });
    if (b.differentiable)
      numeric::check_gradient("b", b.rows, by_b, [&](const Array& values) { return value(a.rows, values); });
  }
}

}  // namespace

TEST_CASE("arithmetic on a tape has the right values and gradients, with repeated steps too") {
  check_op(
      "a + b", [](const Var& a, const Var& b) { return a + b; },
      [](const Array& a, const Array& b) -> Array { return a + b; });
  check_op(
      "a - b", [](const Var& a, const Var& b) { return a - b; },
      [](const Array& a, const Array& b) -> Array { return a - b; });
  check_op(
      "a * b", [](const Var& a, const Var& b) { return a * b; },
      [](const Array& a, const Array& b) -> Array { return a * b; });
  check_op(
      "-3 a", [](const Var& a, const Var&) { return -3 * a; },
      [](const Array& a, const Array&) -> Array { return -3 * a; });
  check_op(
      "a value used twice in one operation", [](const Var& a, const Var&) { return a * a - (a + a); },
      [](const Array& a, const Array&) -> Array { return a * a - 2 * a; });
  check_op(
      "a chain", [](const Var& a, const Var& b) { return (a - b) * (2 * a * b + b) - a; },
      [](const Array& a, const Array& b) -> Array { return (a - b) * (2 * a * b + b) - a; });
}

TEST_CASE("a sum counts every step of a repeated one") {
  check_op(
      "sum(a * b)", [](const Var& a, const Var& b) { return sum(a * b); },
      [](const Array& a, const Array& b) -> Array { return Array::Constant(1, 1, (a * b).sum()); });
  check_op(
      "sum(a)", [](const Var& a, const Var&) { return sum(a); },
      [](const Array& a, const Array&) -> Array { return Array::Constant(1, 1, a.sum()); });
}

TEST_CASE("a step of a sequence has the gradient of that step, of a repeated one all together") {
  for (const Index t : {0, 1, 2}) {
    check_op(
        "step(a, t)", [&](const Var& a, const Var&) { return st::step(a, t); },
        [&](const Array& a, const Array&) -> Array { return a.middleRows(2 * t, 2); });
  }
  check_op(
      "step(a, 0) * step(a, 2)", [](const Var& a, const Var&) { return st::step(a, 0) * st::step(a, 2); },
      [](const Array& a, const Array&) -> Array { return a.topRows(2) * a.bottomRows(2); });
  st::Tape<double> tape;
  const Var x = tape.variable(Array(Array::Ones(2, 3)));
  CHECK(st::step(x, 0).value().data == x.value().data);  // nothing to copy
}

TEST_CASE("the result of repeated steps is one, stored once") {
  st::Tape<double> tape;
  const Array ones = Array::Ones(2, 5);
  const Var a = tape.variable(ones, 100), b = tape.variable(ones, 100),
            c = tape.variable(st::Sequence<double>(100, 2, 5));
  for (const Var& result : {a + b, a - b, a * b, 2 * a}) {
    CHECK(result.constant());
    CHECK(result.shape() == st::Shape{100, 2, 5});
    CHECK(result.value().rows() == 2);
  }
  for (const Var& result : {a + c, c * a}) CHECK_FALSE(result.constant());
  CHECK_FALSE(st::step(a, 7).constant());
}

TEST_CASE("operations on constants are constants, and empty ones are harmless") {
  st::Tape<double> tape;
  const Var c = tape.constant(Array(Array::Ones(2, 5)));
  for (const Var& result : {c + c, c * c, 2 * c, sum(c), st::step(c, 0)})
    CHECK_FALSE(result.differentiable());

  const Var none = tape.variable(st::Sequence<double>(3, 0, 5));
  const Var total = sum(2 * (none * none) + none) + sum(st::step(none, 1));
  CHECK(total.item() == 0);
  tape.backward(total);
  CHECK(none.adjoint().shape() == st::Shape{3, 0, 5});
}

TEST_CASE("operands that do not fit say why") {
  st::Tape<double> tape;
  const Var a = tape.variable(st::Sequence<double>(3, 2, 5)),
            b = tape.variable(st::Sequence<double>(3, 2, 4)),
            shorter = tape.variable(st::Sequence<double>(1, 2, 5));
  const auto error = [](auto&& run) { return error_text<std::invalid_argument>(run); };
  CHECK(error([&] { a + b; }) ==
        "spiketape::operator+: the shapes are (3, 2, 5) and (3, 2, 4), expected equal ones");
  CHECK(error([&] { b - a; }) ==
        "spiketape::operator-: the shapes are (3, 2, 4) and (3, 2, 5), expected equal ones");
  CHECK(error([&] { a* shorter; }) ==
        "spiketape::operator*: the shapes are (3, 2, 5) and (1, 2, 5), expected equal ones");
  CHECK(error([&] { st::step(a, 3); }) == "spiketape::step: t is 3, the sequence has 3 steps");
  CHECK(error([&] { st::step(a, -1); }) == "spiketape::step: t is -1, the sequence has 3 steps");
}
