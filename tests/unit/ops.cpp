#include <spiketape/autograd/ops.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace ops_test {

namespace st = spiketape;
using numeric::random_array, numeric::same;
using st::Index;
using Array = st::Array<double>;
using Var = st::Var<double>;

namespace {

const std::string empty_handle =
    ": the value is an empty handle; of a network whose last neuron has init_hidden = true, states are empty "
    "unless that neuron has output = true";

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
  const Var results[] = {a + b, a - b, a * b, 2 * a};  // in the loop g++ 14 takes them for references
  for (const Var& result : results) {
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
  const Var results[] = {c + c, c * c, 2 * c, sum(c), st::step(c, 0)};
  for (const Var& result : results) CHECK_FALSE(result.differentiable());

  const Var none = tape.variable(st::Sequence<double>(3, 0, 5));
  const Var total = sum(2 * (none * none) + none) + sum(st::step(none, 1));
  CHECK(total.item() == 0);
  tape.backward(total);
  CHECK(none.adjoint().shape() == st::Shape{3, 0, 5});
}

TEST_CASE("empty shapes give empty results, and gradients that are zero") {
  using st::Over;
  for (const st::Shape& extents : {st::Shape{3, 0, 5}, st::Shape{0, 2, 5}, st::Shape{3, 2, 0}}) {
    INFO(st::detail::text_of(extents));
    const st::Sequence<double> none(extents);
    st::Tape<double> tape;
    const Var v = tape.variable(none), row = tape.variable(Array(Array::Ones(1, 1)));
    const Var total = sum(st::exp(v * row + 1)) + sum(st::softmax(v)) + sum(st::log_softmax(v)) +
                      sum(st::sum(v, Over::steps)) + sum(st::sum(v, Over::batch)) +
                      sum(st::sum(v, Over::features)) + sum(st::stack(std::vector<Var>{v, v})) +
                      sum(st::steps(v, 0, 0)) + sum(st::features(v, 0, 0));
    CHECK(total.item() == 0);
    tape.backward(total);
    CHECK(v.adjoint().shape() == extents);
    CHECK((v.adjoint().array() == 0).all());
    CHECK(*row.adjoint().data == 0);
    CHECK(st::sum(none) == 0);
    CHECK((none + none).shape() == extents);
    CHECK(st::softmax(none).shape() == extents);
    CHECK(st::stack(std::vector{none, none}).steps() == 2 * extents.steps);
  }
  // One step where there are none gets no gradient.
  st::Tape<double> tape;
  const Var step = tape.variable(Array(Array::Ones(2, 5))),
            none = tape.variable(st::Sequence<double>(0, 2, 5));
  tape.backward(sum(step * none) + sum(st::steps(tape.variable(Array(Array::Ones(2, 5)), 3), 1, 0)));
  CHECK((step.adjoint().array() == 0).all());
}

TEST_CASE("the first of equals gets the gradient of an extreme, a NaN none") {
  using st::Over;
  const double nan = std::nan("");
  const Array rows{{2, 7, 7}, {7, 7, 1}};
  const auto gradient = [&](auto&& op) {
    st::Tape<double> tape;
    const Var v = tape.variable(rows);
    tape.backward(sum(op(v)));
    return Array(v.adjoint().array());
  };
  CHECK(same(gradient([](const Var& v) { return st::max(v, Over::features); }), Array{{0, 1, 0}, {1, 0, 0}}));
  CHECK(same(gradient([](const Var& v) { return st::max(v, Over::batch); }), Array{{0, 1, 1}, {1, 0, 0}}));
  CHECK(same(gradient([](const Var& v) { return st::min(v, Over::batch); }), Array{{1, 1, 0}, {0, 0, 1}}));
  CHECK(same(gradient([](const Var& v) {
               return st::max(st::stack(std::vector<Var>{v, v, v}), Over::steps);
             }),
             Array{{1, 1, 1}, {1, 1, 1}}));
  CHECK(same(gradient([](const Var& v) { return st::max(v, 7); }), Array{{0, 1, 1}, {1, 1, 0}}));
  CHECK(same(gradient([](const Var& v) { return st::max(7, v); }), Array{{0, 0, 0}, {0, 0, 0}}));
  CHECK(same(gradient([](const Var& v) { return st::clamp(v, 2, 7); }), Array{{1, 1, 1}, {1, 1, 0}}));
  CHECK(same(gradient([](const Var& v) { return st::abs(v - 7); }), Array{{-1, 0, 0}, {0, 0, -1}}));

  for (const Array& with_nan : {Array{{1, nan, 3}}, Array{{nan, 1, 3}}, Array{{1, 3, nan}}}) {
    st::Tape<double> tape;
    const Var v = tape.variable(with_nan);
    const Var largest = st::max(v, Over::features), smallest = st::min(st::max(v, 0), Over::features);
    CHECK(std::isnan(largest.item()));
    CHECK(std::isnan(smallest.item()));
    tape.backward(largest + smallest);
    CHECK((v.adjoint().array() == 0).all());
    CHECK(st::softmax(with_nan).isNaN().all());
    CHECK(st::log_softmax(with_nan).isNaN().all());
    const Array below = st::max(with_nan, Over::batch);
    CHECK(below.isNaN().count() == 1);
  }
}

TEST_CASE("softmax has the values of its formula, of large numbers too") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Array x{{1, 2, 3}, {1000, 1001, 1002}, {-1000, -1001, -1002}, {-infinity, 5, 5}};
  const double e = std::exp(1.0), total = 1 + e + e * e;
  const Array expected{{1 / total, e / total, e * e / total},
                       {1 / total, e / total, e * e / total},
                       {e * e / total, e / total, 1 / total},
                       {0, 0.5, 0.5}};
  CHECK(numeric::near(st::softmax(x), expected, tolerance::rounding<double>));
  CHECK(st::softmax(x)(3, 0) == 0);
  const Array logarithms = st::log_softmax(x);
  CHECK(numeric::near(logarithms.topRows(3).eval(), expected.topRows(3).log().eval(),
                      tolerance::rounding<double>));
  CHECK(logarithms(3, 0) == -infinity);
  CHECK(st::log_softmax(Array{{0, 1000}})(0, 0) == -1000);  // where softmax is 0
  CHECK(st::softmax(Array{{-infinity, -infinity}}).isNaN().all());
}

TEST_CASE("reductions of repeated steps count each, and stay repeated where steps remain") {
  using st::Over;
  st::Tape<double> tape;
  const Array step{{1, 2, 6}, {3, 4, 5}};
  const Var v = tape.variable(step, 10);
  CHECK(same(st::sum(v, Over::steps).array(), step * 10));
  CHECK(same(st::mean(v, Over::steps).array(), step));
  CHECK(same(st::max(v, Over::steps).array(), step));
  CHECK(same(st::sum(v, Over::features).array(), Array{{9}, {12}}));
  CHECK(same(st::mean(v, Over::batch).array(), Array{{2, 3, 5.5}}));
  CHECK(st::sum(v, Over::features).shape() == st::Shape{10, 2, 1});
  CHECK(st::sum(v, Over::features).constant());
  CHECK_FALSE(st::sum(v, Over::steps).constant());
  CHECK(sum(v).item() == 210);
  CHECK(mean(v).item() == 3.5);
  const Array unbounded = Array::Constant(2, 3, std::numeric_limits<double>::infinity());
  CHECK(sum(tape.constant(unbounded, 0)).item() == 0);
  CHECK((st::sum(tape.constant(unbounded, 0), Over::steps).array() == 0).all());
  CHECK(st::steps(v, 3, 4).constant());
  CHECK(st::steps(v, 3, 4).shape() == st::Shape{4, 2, 3});
  CHECK(st::steps(v, 0, 10).value().data == v.value().data);  // nothing to copy
}

TEST_CASE("operands that do not fit say why") {
  st::Tape<double> tape;
  const Var a = tape.variable(st::Sequence<double>(3, 2, 5)),
            b = tape.variable(st::Sequence<double>(3, 2, 4)),
            narrow = tape.variable(st::Sequence<double>(3, 2, 0)), empty;
  st::Tape<double> other;
  const Var foreign = other.variable(st::Sequence<double>(3, 2, 5));
  const auto error = [](auto&& run) { return error_text<std::invalid_argument>(run); };
  CHECK(error([&] { static_cast<void>(a + b); }) ==
        "spiketape::operator+: the shapes are (3, 2, 5) and (3, 2, 4), expected the same extents, or 1 for "
        "what "
        "counts for all");
  CHECK(error([&] { static_cast<void>(b - a); }) ==
        "spiketape::operator-: the shapes are (3, 2, 4) and (3, 2, 5), expected the same extents, or 1 for "
        "what "
        "counts for all");
  CHECK(error([&] { static_cast<void>(st::max(a, Array(Array::Ones(4, 5)))); }) ==
        "spiketape::max: the shapes are (3, 2, 5) and (1, 4, 5), expected the same extents, or 1 for what "
        "counts "
        "for all");
  CHECK(error([&] { static_cast<void>(a * foreign); }) ==
        "spiketape::operator*: the two values are on different tapes");
  CHECK(error([&] { static_cast<void>(a / empty); }) == "spiketape::operator/" + empty_handle);
  CHECK(error([&] { static_cast<void>(empty + 1); }) == "spiketape::operator+" + empty_handle);
  CHECK(error([&] { static_cast<void>(1 - empty); }) == "spiketape::operator-" + empty_handle);
  CHECK(error([&] { static_cast<void>(st::exp(empty)); }) == "spiketape::exp" + empty_handle);
  CHECK(error([&] { static_cast<void>(st::sum(empty)); }) == "spiketape::sum" + empty_handle);
  CHECK(error([&] { static_cast<void>(st::softmax(empty)); }) ==
        "spiketape::softmax" + empty_handle);
  CHECK(error([&] { static_cast<void>(st::step(empty, 0)); }) ==
        "spiketape::step" + empty_handle);
  CHECK(error([&] { static_cast<void>(st::step(a, 3)); }) ==
        "spiketape::step: t is 3, the sequence has 3 steps");
  CHECK(error([&] { static_cast<void>(st::step(a, -1)); }) ==
        "spiketape::step: t is -1, the sequence has 3 steps");
  CHECK(error([&] { static_cast<void>(st::steps(a, 2, 2)); }) ==
        "spiketape::steps: first is 2 and count is 2, x has 3 steps");
  CHECK(error([&] { static_cast<void>(st::steps(a, -1, 2)); }) ==
        "spiketape::steps: first is -1 and count is 2, x has 3 steps");
  CHECK(error([&] { static_cast<void>(st::features(a, 0, 6)); }) ==
        "spiketape::features: first is 0 and count is 6, x has 5 features");
  CHECK(error([&] { static_cast<void>(st::clamp(a, 1, -1)); }) ==
        "spiketape::clamp: low is 1, high is -1, expected low <= high");
  CHECK(error([&] { static_cast<void>(st::clamp(a, 0, std::nan(""))); }) ==
        "spiketape::clamp: low is 0, high is nan, expected low <= high");
  CHECK(error([&] { static_cast<void>(st::mean(narrow)); }) ==
        "spiketape::mean: x has shape (3, 2, 0), expected at least one feature");
  CHECK(error([&] { static_cast<void>(st::mean(st::Sequence<double>(0, 2, 5), st::Over::steps)); }) ==
        "spiketape::mean: x has shape (0, 2, 5), expected at least one step");
  CHECK(error([&] { static_cast<void>(st::max(st::Sequence<double>(3, 0, 5), st::Over::batch)); }) ==
        "spiketape::max: x has shape (3, 0, 5), expected at least one sample");
  CHECK(error([&] { static_cast<void>(st::stack(std::vector<Var>())); }) ==
        "spiketape::stack: there are no parts, expected at least one");
  CHECK(error([&] {
          static_cast<void>(st::stack(std::vector<Var>{a, b}));
        }) ==
        "spiketape::stack: the shapes are (3, 2, 5) and (3, 2, 4), expected the same batch and features");
  CHECK(error([&] {
          static_cast<void>(st::stack(std::vector<Var>{a, foreign}));
        }) == "spiketape::stack: the values are on different tapes");
  CHECK(error([&] {
          static_cast<void>(st::stack(std::vector<Var>{a, empty}));
        }) == "spiketape::stack" + empty_handle);
  other.reset();
  CHECK(error([&] { static_cast<void>(foreign * 2); }) ==
        "spiketape::Var::shape: the tape of the handle has been reset or destroyed since, expected a new "
        "handle");
}

}  // namespace ops_test
