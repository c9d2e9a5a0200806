#include <spiketape/functional/loss.hpp>

#include <spiketape/autograd/ops.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace loss_test {

namespace st = spiketape;
using numeric::near, numeric::random_sequence;
using st::Index;

namespace {

/// The formula, number by number, in double: a mean over the samples, a sum over the steps.
template <typename Scalar>
double naive(const st::Sequence<Scalar>& x, const std::vector<int>& targets) {
  double total = 0;
  for (Index t = 0; t < x.steps(); ++t)
    for (Index b = 0; b < x.batch(); ++b) {
      double sum = 0;
      for (Index n = 0; n < x.features(); ++n) sum += std::exp(static_cast<double>(x(t, b, n)));
      total += std::log(sum) - static_cast<double>(x(t, b, targets[static_cast<std::size_t>(b)]));
    }
  return total / static_cast<double>(x.batch());
}

std::vector<int> random_targets(st::Random& random, Index batch, Index classes) {
  std::vector<int> targets;
  for (Index b = 0; b < batch; ++b)
    targets.push_back(static_cast<int>(random.below(static_cast<std::uint64_t>(classes))));
  return targets;
}

}  // namespace

TEMPLATE_TEST_CASE("cross entropy is the formula", "", float, double) {
  st::Random random(51);
  for (const Index steps : {1, 3}) {
    for (const Index batch : {1, 4}) {
      for (const Index classes : {1, 2, 10, 17}) {
        INFO(steps << ' ' << batch << ' ' << classes);
        const auto x = random_sequence<TestType>(random, {steps, batch, classes}, -4, 4);
        const auto targets = random_targets(random, batch, classes);
        const double expected = naive(x, targets);
        st::Tape<TestType> tape;
        const auto value = [&](const st::Var<TestType>& input, const st::CrossEntropyOptions& options) {
          return static_cast<double>(st::cross_entropy(input, targets, options).item());
        };
        const auto close = [](double number) {
          return Approx(number).epsilon(tolerance::rounding<TestType>).margin(1e-6);
        };
        const auto input = tape.constant(x);
        const auto steps_number = static_cast<double>(steps);
        CHECK(static_cast<double>(st::cross_entropy(input, targets).item()) == close(expected));
        CHECK(value(input, {.over_steps = st::OverSteps::mean}) == close(expected / steps_number));
        CHECK(value(input, {.samples = 100}) == close(expected * static_cast<double>(batch) / 100));
        const auto repeated = st::Sequence<TestType>::repeat(x.step(0), 6);
        const auto six = tape.constant(repeated);
        CHECK(value(six, {}) == close(naive(repeated, targets)));
        CHECK(value(six, {.over_steps = st::OverSteps::mean}) == close(naive(repeated, targets) / 6));
        CHECK_FALSE(st::cross_entropy(input, targets).differentiable());
      }
    }
  }
}

TEST_CASE("the gradient of cross entropy equals differences") {
  st::Random random(52);
  const st::Shape shape{3, 4, 9};
  const auto targets = random_targets(random, 4, 9);
  for (const bool repeated : {false, true}) {
    for (const auto over_steps : {st::OverSteps::sum, st::OverSteps::mean}) {
      INFO((repeated ? "repeated " : "") << (over_steps == st::OverSteps::mean ? "mean" : "sum"));
      const st::Array<double> rows = numeric::random_array<double>(random, repeated ? 4 : 12, 9, -3, 3);
      st::Tape<double> tape;
      const auto loss_of = [&](const st::Var<double>& x) {
        // Twice: the second adds to the adjoint, and none takes its own for 1.
        const auto loss = st::cross_entropy(x, targets, {.over_steps = over_steps});
        const std::vector<int> others{8, 0, 8, 1};  // gone before the backward pass
        return 3 * loss + st::cross_entropy(x, others, {.over_steps = over_steps, .samples = 7});
      };
      const auto on_tape = [&](const st::Array<double>& values) {
        tape.reset();
        return tape.variable(st::SequenceView<const double>(values.data(), shape, 9, repeated));
      };
      const auto x = on_tape(rows);
      tape.backward(loss_of(x));
      const st::Array<double> gradient = x.adjoint().array();
      numeric::check_gradient("x", rows, gradient, [&](const st::Array<double>& values) {
        return loss_of(on_tape(values)).item();
      });
    }
  }
}

TEMPLATE_TEST_CASE("the parts of a split batch add up to the whole", "", float, double) {
  st::Random random(53);
  const auto x = random_sequence<TestType>(random, {1, 5, 10});
  const auto targets = random_targets(random, 5, 10);
  st::Tape<TestType> tape;
  const auto whole = tape.variable(x.array()), top = tape.variable(x.array().topRows(2)),
             bottom = tape.variable(x.array().bottomRows(3));
  const std::span<const int> all(targets);
  const auto parts = st::cross_entropy(top, all.first(2), {.samples = 5}) +
                     st::cross_entropy(bottom, all.subspan(2), {.samples = 5});
  const auto loss = st::cross_entropy(whole, targets);
  CHECK(parts.item() == Approx(loss.item()).epsilon(tolerance::rounding<TestType>));
  tape.backward(loss + parts);
  CHECK(near(top.adjoint().array(), whole.adjoint().array().topRows(2), tolerance::rounding<TestType>));
  CHECK(near(bottom.adjoint().array(), whole.adjoint().array().bottomRows(3), tolerance::rounding<TestType>));
}

TEMPLATE_TEST_CASE("large membranes overflow nothing", "", float, double) {
  st::Array<TestType> x(2, 3);
  x << 1000, 0, -1000, -1000, -1000, -1000;
  st::Tape<TestType> tape;
  const std::vector<int> targets{1, 2};
  const auto input = tape.variable(x);
  const auto loss = st::cross_entropy(input, targets);
  CHECK(static_cast<double>(loss.item()) == Approx((1000 + std::log(3.0)) / 2));
  tape.backward(loss);
  st::Array<double> expected(2, 3);
  expected << 0.5, -0.5, 0, 1.0 / 6, 1.0 / 6, -1.0 / 3;
  CHECK(near(input.adjoint().array(), expected, tolerance::rounding<TestType>));
}

TEMPLATE_TEST_CASE("a NaN in a sample shows in the loss and in that sample's gradient only", "", float,
                   double) {
  for (const Index place : {0, 3, 9}) {
    st::Array<TestType> x = st::Array<TestType>::Zero(3, 10);
    x(1, place) = std::numeric_limits<TestType>::quiet_NaN();
    st::Tape<TestType> tape;
    const auto input = tape.variable(x);
    const auto loss = st::cross_entropy(input, std::vector<int>{0, 3, 9});
    CHECK(std::isnan(loss.item()));
    tape.backward(loss);
    CHECK(input.adjoint().array().row(1).isNaN().all());
    CHECK(input.adjoint().array().row(0).isFinite().all());
    CHECK(input.adjoint().array().row(2).isFinite().all());
  }
}

TEST_CASE("a loss that cannot be says why") {
  st::Tape<float> tape;
  const auto error = [&](const st::Shape& shape, const std::vector<int>& targets, st::Index samples = 0) {
    return error_text<std::invalid_argument>([&] {
      static_cast<void>(
          st::cross_entropy(tape.variable(st::Sequence<float>(shape)), targets, {.samples = samples}));
    });
  };
  const std::string function = "spiketape::cross_entropy: ";
  CHECK(error({2, 3, 10}, {0, 10, 1}) == function + "target 1 is 10, expected 0 to 9");
  CHECK(error({2, 3, 10}, {0, 1, -1}) == function + "target 2 is -1, expected 0 to 9");
  CHECK(error({2, 3, 10}, {0, 1}) == function + "targets has 2 labels, input has a batch of 3");
  CHECK(error({2, 3, 10}, {0, 1, 2, 3}) == function + "targets has 4 labels, input has a batch of 3");
  CHECK(error({2, 0, 10}, {}) ==
        function + "input has shape (2, 0, 10), expected at least one sample and step");
  CHECK(error({0, 3, 10}, {0, 1, 2}) ==
        function + "input has shape (0, 3, 10), expected at least one sample and step");
  CHECK(error({2, 1, 10}, {0}, -4) == function + "samples is -4, expected at least 0");
  CHECK(error({2, 1, 0}, {0}) == function + "target 0 is 0, expected 0 to -1");
}

}  // namespace loss_test
