#include <spiketape/nn/linear.hpp>

#include <spiketape/autograd/ops.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "products.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace linear_test {

namespace st = spiketape;
using numeric::near, numeric::random_array, numeric::random_sequence, numeric::same;
using st::Index;

namespace {

/// x W + b, number by number and in double.
template <typename Scalar, typename Input>
st::Array<double> naive(const st::Linear<Scalar>& linear, const Input& x) {
  st::Array<double> y(x.rows(), linear.out_features());
  for (Index row = 0; row < y.rows(); ++row)
    for (Index col = 0; col < y.cols(); ++col) {
      double sum = static_cast<double>(linear.bias().array()(0, col));
      for (Index i = 0; i < x.cols(); ++i)
        sum += static_cast<double>(x(row, i)) * static_cast<double>(linear.weight().array()(i, col));
      y(row, col) = sum;
    }
  return y;
}

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}

}  // namespace

TEMPLATE_TEST_CASE("a linear layer starts uniform in its bound, the same for a seed", "", float, double) {
  st::Random random(7), twin(7), other(8);
  const st::Linear<TestType> linear(64, 50, random), same_seed(64, 50, twin), other_seed(64, 50, other);
  CHECK(linear.in_features() == 64);
  CHECK(linear.out_features() == 50);
  CHECK(linear.has_bias());
  CHECK(linear.weight().rows() == 64);
  CHECK(linear.weight().cols() == 50);
  CHECK(linear.bias().rows() == 1);
  CHECK(linear.bias().cols() == 50);
  // As a second implementation of the generator gives them, row by row.
  CHECK(linear.weight().array()(0, 0) == static_cast<TestType>(0.00608648541948284));
  CHECK(linear.weight().array()(0, 1) == static_cast<TestType>(-0.04946524169578931));
  CHECK(linear.weight().array()(0, 2) == static_cast<TestType>(0.11024905782250033));
  CHECK(same(linear.weight().array(), same_seed.weight().array()));
  CHECK(same(linear.bias().array(), same_seed.bias().array()));
  CHECK_FALSE(same(linear.weight().array(), other_seed.weight().array()));
  CHECK_FALSE(same(linear.bias().array(), other_seed.bias().array()));

  const double bound = 1 / std::sqrt(64.0);
  for (const auto& values :
       {st::Array<TestType>(linear.weight().array()), st::Array<TestType>(linear.bias().array())}) {
    CHECK(static_cast<double>(values.abs().maxCoeff()) <= bound);
    CHECK(static_cast<double>(values.maxCoeff()) > 0.9 * bound);
    CHECK(static_cast<double>(values.minCoeff()) < -0.9 * bound);
  }
  CHECK(std::abs(static_cast<double>(linear.weight().array().mean())) < 5 * bound / std::sqrt(3.0 * 64 * 50));
}

TEMPLATE_TEST_CASE("a linear layer computes x W + b for steps, sequences and repeated steps", "", float,
                   double) {
  st::Random random(9);
  const double allowed = tolerance::rounding<TestType>;
  for (const Index in : {0, 1, 19}) {
    for (const Index out : {0, 1, 10, 33}) {
      st::Linear<TestType> linear(in, out, random);
      for (const Index batch : {0, 1, 3}) {
        INFO("in " << in << ", out " << out << ", batch " << batch);
        const auto x = random_sequence<TestType>(random, {4, batch, in});
        const st::Array<double> expected = naive(linear, x.array());
        const st::Sequence<TestType> y = linear(x);
        CHECK(y.shape() == st::Shape{4, batch, out});
        CHECK(near(y.array(), expected, allowed));
        const st::Array<TestType> step = linear(x.step(2));
        CHECK(near(step, expected.middleRows(2 * batch, batch), allowed));

        const auto repeated = st::Sequence<TestType>::repeat(x.step(1), 5);
        const st::Sequence<TestType> y_repeated = linear(repeated);
        CHECK(y_repeated.constant());
        CHECK(y_repeated.shape() == st::Shape{5, batch, out});
        CHECK(near(y_repeated.array(), expected.middleRows(batch, batch), allowed));

        st::Tape<TestType> tape;
        const auto on_tape = linear(tape.constant(x)), once = linear(tape.constant(x.step(1), 5));
        CHECK(near(on_tape.array(), expected, allowed));
        CHECK(on_tape.differentiable());
        CHECK(once.constant());
        CHECK(once.steps() == 5);
        CHECK(near(once.array(), expected.middleRows(batch, batch), allowed));
        for (Index row = 0; row < on_tape.value().rows(); ++row)
          for (Index i = out; i < on_tape.value().stride; ++i)
            REQUIRE(on_tape.value().data[row * on_tape.value().stride + i] == 0);
      }
    }
  }
}

TEST_CASE("a linear layer reads and writes blocks of larger arrays") {
  st::Random random(10);
  const st::Linear<double> linear(5, 3, random);
  const st::Array<double> source = random_array<double>(random, 6, 9);
  for (const Index rows : {1, 4}) {
    const auto x = source.block(1, 2, rows, 5);
    CHECK(near(linear(x), naive(linear, x), tolerance::rounding<double>));
    st::Array<double> target = st::Array<double>::Constant(6, 9, 77);
    auto y = target.block(1, 4, rows, 3);
    linear.forward_into(x, y);
    CHECK(near(y, naive(linear, x), tolerance::rounding<double>));
    y.setConstant(77);
    CHECK((target == 77).all());
  }
}

TEST_CASE("the gradients of a linear layer equal differences, for every kind of input") {
  st::Random random(11);
  const st::Shape shape{3, 2, 5};
  for (const bool bias : {true, false}) {
    for (const bool repeated : {false, true}) {
      for (const bool differentiable : {true, false}) {
        INFO((bias ? "bias " : "") << (repeated ? "repeated " : "")
                                   << (differentiable ? "variable" : "constant"));
        st::Linear<double> linear(5, 4, random, {.bias = bias});
        const st::Array<double> rows = random_array<double>(random, repeated ? 2 : 6, 5);
        const auto weights = random_sequence<double>(random, {3, 2, 4});
        st::Tape<double> tape;
        const auto on_tape = [&](const st::Array<double>& values) {
          const st::SequenceView<const double> view(values.data(), shape, 5, repeated);
          return differentiable ? tape.variable(view) : tape.constant(view);
        };
        const auto loss_of = [&](const st::Var<double>& x) {
          const auto y = linear(x);
          return sum(tape.constant(weights) * (y * y));
        };
        const auto loss_at = [&](const st::Array<double>& values) {
          tape.reset();
          return loss_of(on_tape(values)).item();
        };
        const auto x = on_tape(rows);
        tape.backward(loss_of(x) + sum(x));  // a second use of x: its adjoint is added to
        const st::Array<double> weight_gradient = tape.gradients().gradient(linear.weight());
        const st::Array<double> bias_gradient = tape.gradients().gradient(linear.bias());
        CHECK(x.has_adjoint() == differentiable);
        CHECK(tape.gradients().has(linear.weight()));
        CHECK(tape.gradients().has(linear.bias()) == bias);
        if (differentiable) {
          const st::Array<double> gradient = x.adjoint().array() - (repeated ? 3.0 : 1.0);
          numeric::check_gradient("x", rows, gradient, loss_at);
        }
        const auto by = [&](const char* what, st::Parameter<double>& parameter,
                            const st::Array<double>& gradient) {
          const st::Array<double> before = parameter.array();
          numeric::check_gradient(what, before, gradient, [&](const st::Array<double>& values) {
            parameter.array() = values;
            const double loss = loss_at(rows);
            parameter.array() = before;
            return loss;
          });
        };
        by("W", linear.weight(), weight_gradient);
        if (bias) by("b", linear.bias(), bias_gradient);
      }
    }
  }
}

TEST_CASE("a layer that is used twice, or in two backward passes, adds up its gradients") {
  st::Random random(12);
  const st::Linear<double> linear(4, 4, random);
  const st::Array<double> x = random_array<double>(random, 3, 4);
  st::Tape<double> tape;
  const auto gradient = [&](bool twice_in_one) {
    tape.gradients().clear();
    for (int pass = 0; pass < (twice_in_one ? 1 : 2); ++pass) {
      tape.reset();
      const auto y = sum(linear(tape.constant(x)));
      tape.backward(twice_in_one ? y + sum(linear(tape.constant(x))) : y);
    }
    return tape.gradients().gradient(linear.weight());
  };
  const st::Array<double> expected = (2 * x.colwise().sum()).transpose().replicate(1, 4);
  CHECK(near(gradient(true), expected, tolerance::rounding<double>));
  CHECK(near(gradient(false), expected, tolerance::rounding<double>));
}

TEST_CASE("a layer without a bias has none, and none to learn") {
  st::Random random(13);
  const st::Linear<double> linear(6, 3, random, {.bias = false}), with_bias(6, 3, random);
  CHECK_FALSE(linear.has_bias());
  CHECK((linear.bias().array() == 0).all());
  CHECK(linear.parameters() == st::ParameterList<double>{linear.weight().ptr()});
  CHECK(with_bias.parameters() ==
        st::ParameterList<double>{with_bias.weight().ptr(), with_bias.bias().ptr()});
  const st::Array<double> x = random_array<double>(random, 2, 6);
  CHECK(near(linear(x).matrix(), x.matrix() * linear.weight().array().matrix(), tolerance::rounding<double>));
}

TEST_CASE("a copy of a layer learns for itself") {
  st::Random random(14);
  const st::Linear<double> linear(2, 3, random);
  st::Linear<double> copy = linear;
  CHECK(copy.parameters() != linear.parameters());
  copy.weight().array().setZero();
  CHECK(linear.weight().array().abs().minCoeff() > 0);
}

TEST_CASE("a linear layer that does not fit says why") {
  st::Random random(15);
  const st::Linear<float> linear(64, 4, random);
  CHECK(error([&] { st::Linear<float>(-1, 4, random); }) ==
        "spiketape::Linear: in_features is -1, expected at least 0");
  CHECK(error([&] { st::Linear<float>(4, -2, random); }) ==
        "spiketape::Linear: out_features is -2, expected at least 0");
  const std::string wrong = "spiketape::Linear: input has 63 features, weight expects 64";
  CHECK(error([&] { linear(st::Array<float>(2, 63)); }) == wrong);
  CHECK(error([&] { linear(st::Sequence<float>(3, 2, 63)); }) == wrong);
  st::Tape<float> tape;
  CHECK(error([&] { linear(tape.constant(st::Sequence<float>(3, 2, 63))); }) == wrong);

  const st::Array<float> x = st::Array<float>::Zero(2, 64);
  st::Array<float> too_wide(2, 5), too_many(3, 4);
  const std::string function = "spiketape::Linear::forward_into: output has shape ";
  CHECK(error([&] { linear.forward_into(x, too_wide); }) == function + "(1, 2, 5), expected (1, 2, 4)");
  CHECK(error([&] { linear.forward_into(x, too_many); }) == function + "(1, 3, 4), expected (1, 2, 4)");
  st::Sequence<float> once(st::Shape{3, 2, 4}, true);
  CHECK(error([&] { linear.forward_into(st::Sequence<float>(3, 2, 64), once); }) ==
        "spiketape::Linear::forward_into: output is one step for all and input is not, expected both or "
        "neither");
}

TEMPLATE_TEST_CASE("threads share what a tape's layers do, and no bit tells", "", float, double) {
  st::Random random(9);
  const Index in = 150, out = 610;
  // The second layer gives the first one's result an adjoint.
  const st::Linear<TestType> first(in, out, random), second(out, 100, random);
  for (const double zeros : {0., 0.8, 1.})  // dense; as events; with rows that have none
    for (const bool repeated : {false, true}) {
      auto input = random_sequence<TestType>(random, {4, 7, in});
      for (Index i = 0; i < input.array().size(); ++i)
        if (random.uniform(0, 1) < zeros) input.array().data()[i] = 0;
      const auto run = [&](int threads) {
        st::Tape<TestType> tape;
        tape.set_threads(threads);
        CHECK(tape.threads() == threads);
        std::vector<st::Array<TestType>> results;
        for (const int times : {1, 2}) {  // the gradients are stored, and added to
          tape.reset();
          const auto x = repeated ? tape.variable(input.step(times), 3) : tape.variable(input);
          const auto hidden = first(x);
          const auto y = second(hidden);
          tape.backward(sum(y * y));
          for (const auto& var : {x, hidden}) results.emplace_back(var.adjoint().array());
          for (const auto& var : {hidden, y}) results.emplace_back(var.array());
        }
        for (const st::Linear<TestType>* layer : {&first, &second})
          for (const auto& parameter : layer->parameters())
            results.push_back(tape.gradients().gradient(parameter));
        return results;
      };
      const auto expected = run(1);
      for (const int threads : {2, 3}) {
        INFO(zeros << " are zero, " << threads << " threads");
        const auto results = run(threads);
        for (std::size_t k = 0; k < expected.size(); ++k) {
          INFO("result " << k);
          REQUIRE(same(results[k], expected[k]));
        }
      }
    }
  st::Tape<TestType> tape;
  CHECK(error([&] { tape.set_threads(0); }) ==
        "spiketape::Tape::set_threads: threads is 0, expected at least 1");
}

TEST_CASE("the gradient of weights that no cache holds is that of small ones") {
  st::Random random(9);
  const Index in = 150, out = 4100;  // many pieces of W
  const st::Linear<float> linear(in, out, random);
  const auto input = numeric::random_array<float>(random, 3, in, 0.5, 1.5);
  const auto weights = numeric::random_array<float>(random, 3, out);
  const st::Array<float> expected = input.matrix().transpose() * weights.matrix();
  st::Tape<float> tape;
  for (const int round : {1, 2}) {  // the second begins with what the first left
    INFO("round " << round);
    tape.gradients().clear();
    for (const int times : {1, 2}) {  // stored, and added to
      tape.reset();
      tape.backward(st::sum(tape.constant(weights) * linear(tape.constant(input))));
      const st::Array<float> sum = static_cast<float>(times) * expected;
      CHECK(numeric::near(tape.gradients().gradient(linear.weight()), sum, tolerance::rounding<float>));
    }
  }
}

}  // namespace linear_test
