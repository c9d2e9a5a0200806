// One formula of ops serves a value on a tape, a sequence, a view and an Eigen step: with the same bits.
#include <spiketape/autograd/ops.hpp>

#include "catch.hpp"
#include "numeric.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

namespace ops_arrays_test {

namespace st = spiketape;
using st::Index, st::Over, st::Shape;

namespace {

template <typename Scalar>
using Rows = st::Array<Scalar>;

/// Bit for bit, of values that have no NaN.
template <typename Scalar>
void check_same(const st::Var<Scalar>& on_tape, const st::Sequence<Scalar>& in_memory) {
  CHECK(on_tape.shape() == in_memory.shape());
  CHECK(on_tape.constant() == in_memory.constant());
  CHECK(numeric::same(on_tape.array(), in_memory.array()));
}
template <typename Scalar>
void check_same(const st::Var<Scalar>& on_tape, const st::Array<Scalar>& step) {
  CHECK(on_tape.shape() == Shape{1, step.rows(), step.cols()});
  CHECK(numeric::same(on_tape.array(), step));
}
template <typename Scalar>
void check_same(const st::Var<Scalar>& on_tape, Scalar number) {
  CHECK(on_tape.item() == number);
}

/// The padding of a value on a tape is zero, so nothing that reads it meets a NaN.
template <typename Scalar>
bool padding_is_zero(const st::Var<Scalar>& var) {
  const auto value = var.value();
  for (Index row = 0; row < value.rows(); ++row)
    for (Index i = value.features; i < st::detail::whole_lines<Scalar>(value.features); ++i)
      if (!(value.data[row * value.stride + i] == 0)) return false;
  return true;
}

/// formula(x) on a tape, of a sequence, of a repeated step and of an Eigen step.
template <typename Scalar, typename Formula>
void check_formula(const char* what, Formula&& formula) {
  st::Random random(53);
  for (const Index features : {1, 5, 16, 19}) {
    INFO(what << " of " << features << " features");
    st::Tape<Scalar> tape;
    const auto sequence = numeric::random_sequence<Scalar>(random, {3, 2, features}, 0.1, 2);
    const auto x = formula(tape.variable(sequence));
    CHECK(padding_is_zero(x));
    check_same(x, formula(sequence));
    check_same(x, formula(sequence.view()));
    const Rows<Scalar> step = numeric::random_array<Scalar>(random, 2, features, 0.1, 2);
    check_same(formula(tape.variable(step, 4)), formula(st::Sequence<Scalar>::repeat(step, 4)));
    check_same(formula(tape.constant(step)), formula(step));
    const Rows<Scalar> doubled = step * 2;
    check_same(formula(tape.constant(doubled)), formula(step * 2));  // an expression
  }
}

/// function(x) number by number against `expected` in double, on the numbers given.
template <typename Scalar, typename Function, typename Expected>
void check_function(const char* what, std::vector<double> numbers, Function&& function, Expected&& expected) {
  INFO(what);
  Rows<Scalar> x(1, static_cast<Index>(numbers.size()));
  for (Index i = 0; i < x.cols(); ++i) x(0, i) = static_cast<Scalar>(numbers[static_cast<std::size_t>(i)]);
  const Rows<Scalar> y = function(x);
  for (Index i = 0; i < x.cols(); ++i) {
    INFO("x is " << x(0, i) << ", the result " << y(0, i));
    const double right = expected(static_cast<double>(x(0, i)));
    if (std::isfinite(right))
      CHECK(std::abs(static_cast<double>(y(0, i)) - right) <= tolerance::rounding<Scalar> * std::abs(right));
    else
      CHECK((std::isnan(right) ? std::isnan(y(0, i)) : static_cast<double>(y(0, i)) == right));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a formula of ops has the same bits on a tape and in memory", "", float, double) {
  using Scalar = TestType;
  check_formula<Scalar>("numbers", [](const auto& x) { return st::max(1 - x * 2, Scalar(0.1) / x); });
  check_formula<Scalar>("functions", [](const auto& x) {
    return st::exp(st::log(st::sqrt(st::square(st::tanh(st::sigmoid(st::abs(x)))))));
  });
  check_formula<Scalar>("softmax", [](const auto& x) { return st::softmax(x); });
  check_formula<Scalar>("log_softmax", [](const auto& x) { return st::log_softmax(x); });
  check_formula<Scalar>("comparisons", [](const auto& x) { return st::greater(st::clamp(x, 0.5, 1), 0.7); });
  check_formula<Scalar>("sum", [](const auto& x) { return st::sum(x); });
  check_formula<Scalar>("mean square", [](const auto& x) { return st::mean(st::square(x - x)); });
  for (const Over over : {Over::steps, Over::batch, Over::features}) {
    check_formula<Scalar>("sum over", [=](const auto& x) { return st::sum(x, over); });
    check_formula<Scalar>("mean over", [=](const auto& x) { return st::mean(x, over); });
    check_formula<Scalar>("max over", [=](const auto& x) { return st::max(x, over); });
  }
  check_formula<Scalar>("step", [](const auto& x) { return st::step(x, 0); });
  check_formula<Scalar>("steps", [](const auto& x) { return st::steps(x, 0, 1); });
  check_formula<Scalar>("features", [](const auto& x) { return st::features(x, 0, 1); });
}

TEMPLATE_TEST_CASE("functions have the values of <cmath>, at the ends too", "", float, double) {
  using Scalar = TestType;
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> numbers{-infinity, -1000, -30,  -3,   -1,       -0.1,        -1e-4,
                                    -1e-7,     0,     1e-7, 1e-4, 0.1,      0.9,         1,
                                    2,         3,     30,   1000, infinity, std::nan("")};
  std::vector<double> moderate(numbers);
  std::erase(moderate, 1000.0);
  check_function<Scalar>(
      "exp", moderate, [](const auto& x) { return st::exp(x); }, [](double x) { return std::exp(x); });
  check_function<Scalar>(
      "exp", {1000.0}, [](const auto& x) { return st::exp(x); }, [=](double) { return infinity; });
  check_function<Scalar>(
      "log", numbers, [](const auto& x) { return st::log(x); }, [](double x) { return std::log(x); });
  check_function<Scalar>(
      "abs", numbers, [](const auto& x) { return st::abs(x); }, [](double x) { return std::abs(x); });
  check_function<Scalar>(
      "square", numbers, [](const auto& x) { return st::square(x); }, [](double x) { return x * x; });
  check_function<Scalar>(
      "sqrt", numbers, [](const auto& x) { return st::sqrt(x); }, [](double x) { return std::sqrt(x); });
  check_function<Scalar>(
      "tanh", numbers, [](const auto& x) { return st::tanh(x); }, [](double x) { return std::tanh(x); });
  check_function<Scalar>(
      "sigmoid", numbers, [](const auto& x) { return st::sigmoid(x); },
      [](double x) { return x < -500 ? 0 : 1 / (1 + std::exp(-x)); });
  check_function<Scalar>(
      "clamp", numbers, [](const auto& x) { return st::clamp(x, -2, 1); },
      [](double x) { return std::isnan(x) ? x : std::clamp(x, -2.0, 1.0); });
  check_function<Scalar>(
      "max", numbers, [](const auto& x) { return st::max(x, 0); },
      [](double x) { return std::isnan(x) ? x : std::max(x, 0.0); });
  check_function<Scalar>(
      "min", numbers, [](const auto& x) { return st::min(0, x); },
      [](double x) { return std::isnan(x) ? x : std::min(x, 0.0); });
  check_function<Scalar>(
      "greater", numbers, [](const auto& x) { return st::greater(x, 1); },
      [](double x) { return x > 1 ? 1.0 : 0.0; });
  check_function<Scalar>(
      "greater_equal", numbers, [](const auto& x) { return st::greater_equal(x, 1); },
      [](double x) { return x >= 1 ? 1.0 : 0.0; });
  check_function<Scalar>(
      "less", numbers, [](const auto& x) { return st::less(x, 1); },
      [](double x) { return x < 1 ? 1.0 : 0.0; });
  check_function<Scalar>(
      "less_equal", numbers, [](const auto& x) { return st::less_equal(x, 1); },
      [](double x) { return x <= 1 ? 1.0 : 0.0; });
  check_function<Scalar>(
      "equal", numbers, [](const auto& x) { return st::equal(x, 1); },
      [](double x) { return x == 1 ? 1.0 : 0.0; });
  CHECK(st::square(Scalar(3)) == 9);
  CHECK(st::tanh(Scalar(0.5)) == std::tanh(Scalar(0.5)));
  CHECK(st::sigmoid(Scalar(0)) == Scalar(0.5));
}

TEST_CASE("operands of different kinds meet as on a tape, and results own their memory") {
  st::Random random(59);
  const auto sequence = numeric::random_sequence<float>(random, {3, 2, 5}, 0.5, 2);
  const auto step = numeric::random_array<float>(random, 2, 5, 0.5, 2);
  st::Tape<float> tape;
  const auto v = tape.variable(sequence);
  const st::Sequence<float> repeated = st::Sequence<float>::repeat(step, 3);
  const st::Sequence<float> difference = sequence - step;
  for (Index t = 0; t < 3; ++t) CHECK(numeric::same(difference.step(t), sequence.step(t) - step));
  check_same(v - step, difference);
  check_same(v - (step * 1), difference);  // an expression
  check_same(v - repeated, difference);
  check_same(v - tape.constant(step, 3), sequence.view() - repeated);
  check_same(step / v, step / sequence);
  check_same(st::repeat(step, 3) * v, repeated * sequence);
  check_same(st::max(step, v), st::max(step, sequence));
  check_same(1 - st::tanh(tape.constant(step, 3)), 1 - st::tanh(repeated));
  CHECK((repeated * repeated).constant());
  CHECK((repeated * step).constant());
  CHECK_FALSE((step * sequence).constant());
  const auto row_means = st::mean(sequence, Over::features);
  CHECK(row_means.shape() == Shape{3, 2, 1});
  check_same(v - st::mean(v, Over::features), sequence - row_means);
  CHECK((sequence - st::mean(sequence)).shape() == sequence.shape());
  CHECK((v * st::greater(v, 1)).differentiable());
  CHECK_FALSE(st::greater(v, v).differentiable());

  const std::vector<st::Array<float>> steps{sequence.step(0), sequence.step(1), sequence.step(2)};
  CHECK(numeric::same(st::stack(steps).array(), sequence.array()));
  check_same(st::stack(std::vector{v, tape.constant(step, 3)}), st::stack(std::vector{sequence, repeated}));
}

TEMPLATE_TEST_CASE("long sums are added in double", "", float, double) {
  using Scalar = TestType;
  constexpr Index many = 1 << 22;
  st::Tape<Scalar> tape;
  const Rows<Scalar> tenths = Rows<Scalar>::Constant(1, many, Scalar(0.1));
  [[maybe_unused]] const auto right = static_cast<Scalar>(static_cast<double>(Scalar(0.1)) * many);
  if constexpr (std::is_same_v<Scalar, float>)
    CHECK(st::sum(tenths) == right);  // in double, doubles are rounded
  CHECK(static_cast<float>(st::mean(tenths)) == 0.1f);
  CHECK(sum(tape.constant(tenths)).item() == st::sum(tenths));
  const st::SequenceView<const Scalar> by_step(tenths.data(), {many, 1, 1}, 1);
  CHECK(static_cast<float>(st::mean(by_step, Over::steps)(0, 0, 0)) == 0.1f);
  CHECK(st::sum(st::repeat(Rows<Scalar>(Rows<Scalar>::Ones(1, 1)), Index(1) << 26)) == Scalar(1 << 26));
  const st::SequenceView<const Scalar> by_sample(tenths.data(), {1, many, 1}, 1);
  CHECK(static_cast<float>(st::mean(by_sample, Over::batch)(0, 0, 0)) == 0.1f);

  // So is the gradient of one number that all others meet.
  const auto one = tape.variable(Rows<Scalar>(Rows<Scalar>::Ones(1, 1)));
  tape.backward(sum(tape.constant(tenths) * one));
  CHECK(*one.adjoint().data == st::sum(tenths));
}

}  // namespace ops_arrays_test
