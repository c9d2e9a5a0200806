#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/sgd.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace optimizers_test {

namespace st = spiketape;
using numeric::near, numeric::same;
using st::Index;

namespace {

/// The formulas once more, number by number, in double.
struct NaiveSGD {
  st::SGDOptions o;
  st::Array<double> velocity{};

  void step(st::Array<double>& p, const st::Array<double>& gradient) {
    if (velocity.size() == 0) velocity = st::Array<double>::Zero(p.rows(), p.cols());
    for (Index i = 0; i < p.size(); ++i) {
      double& v = velocity.data()[i];
      v = o.momentum * v + gradient.data()[i] + o.weight_decay * p.data()[i];
      p.data()[i] -= o.lr * v;
    }
  }
};

struct NaiveAdam {
  st::AdamOptions o;
  st::Array<double> m{}, v{};
  int t = 0;

  void step(st::Array<double>& p, const st::Array<double>& gradient) {
    if (m.size() == 0) m = v = st::Array<double>::Zero(p.rows(), p.cols());
    ++t;
    for (Index i = 0; i < p.size(); ++i) {
      const double g = gradient.data()[i] + o.weight_decay * p.data()[i];
      m.data()[i] = o.beta1 * m.data()[i] + (1 - o.beta1) * g;
      v.data()[i] = o.beta2 * v.data()[i] + (1 - o.beta2) * g * g;
      const double m_hat = m.data()[i] / (1 - std::pow(o.beta1, t)),
                   v_hat = v.data()[i] / (1 - std::pow(o.beta2, t));
      p.data()[i] -= o.lr * m_hat / (std::sqrt(v_hat) + o.eps);
    }
  }
};

/// Puts a gradient where a tape would.
template <typename Scalar>
void give(st::GradientSums<Scalar>& sums, const st::Parameter<Scalar>& parameter,
          const st::Array<double>& gradient) {
  Scalar* values = sums.sum_of(parameter.ptr()).open();
  for (Index row = 0; row < gradient.rows(); ++row)
    for (Index col = 0; col < gradient.cols(); ++col)
      values[row * parameter.stride() + col] += static_cast<Scalar>(gradient(row, col));
}

/// Five steps on two parameters, the second of which gets a gradient from the third step on only; halfway the
/// learning rate changes.
template <typename Scalar, typename Optimizer, typename Naive, typename Options>
void check_five_steps(const Options& options) {
  st::Random random(61);
  st::Parameter<Scalar> weight("weight", 3, 21), late("late", 1, 5), stranger("stranger", 1, 5);
  weight.array() = numeric::random_array<Scalar>(random, 3, 21);
  late.array() = numeric::random_array<Scalar>(random, 1, 5);
  const st::Array<Scalar> late_before = late.array();
  st::Array<double> weight_expected = weight.array().template cast<double>();
  st::Array<double> late_expected = late.array().template cast<double>();
  Optimizer optimizer({weight.ptr(), late.ptr()}, options);
  CHECK(optimizer.parameters().size() == 2);
  Naive naive_weight{options}, naive_late{options};
  st::GradientSums<Scalar> sums;
  for (int step = 0; step < 5; ++step) {
    INFO("step " << step);
    const st::Array<double> gradient = numeric::random_array<float>(random, 3, 21).template cast<double>();
    give(sums, weight, gradient);
    give(sums, stranger, st::Array<double>::Ones(1, 5));
    naive_weight.step(weight_expected, gradient);
    if (step == 2) CHECK(same(late.array(), late_before));
    if (step >= 2) {
      give(sums, late, st::Array<double>::Constant(1, 5, 0.25));
      naive_late.step(late_expected, st::Array<double>::Constant(1, 5, 0.25));
    }
    optimizer.step(sums);
    CHECK_FALSE(sums.has(weight));  // used up
    CHECK(sums.has(stranger));      // not ours
    CHECK(near(weight.array(), weight_expected, tolerance::rounding<Scalar>));
    CHECK(near(late.array(), late_expected, tolerance::rounding<Scalar>));
    if (step == 2) {
      optimizer.set_lr(optimizer.lr() / 2);
      naive_weight.o.lr /= 2;
      naive_late.o.lr /= 2;
    }
  }
  CHECK((weight.ptr()->values[21] == 0 &&
         weight.ptr()->values[static_cast<std::size_t>(weight.stride() - 1)] == 0));
  CHECK((stranger.array() == 0).all());
}

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}

}  // namespace

TEMPLATE_TEST_CASE("SGD is its formula", "", float, double) {
  for (const double momentum : {0.0, 0.9})
    for (const double weight_decay : {0.0, 0.3})
      check_five_steps<TestType, st::SGD<TestType>, NaiveSGD>(
          st::SGDOptions{.lr = 0.1, .momentum = momentum, .weight_decay = weight_decay});
}

TEMPLATE_TEST_CASE("Adam is its formula, and counts the steps of each parameter", "", float, double) {
  for (const double weight_decay : {0.0, 0.3}) {
    check_five_steps<TestType, st::Adam<TestType>, NaiveAdam>(
        st::AdamOptions{.lr = 0.1, .weight_decay = weight_decay});
    check_five_steps<TestType, st::Adam<TestType>, NaiveAdam>(
        st::AdamOptions{.lr = 0.05, .beta1 = 0.7, .beta2 = 0.6, .eps = 0.1, .weight_decay = weight_decay});
  }
}

TEMPLATE_TEST_CASE("a number that many neurons share is stepped once, by the sum of its gradients", "", float,
                   double) {
  const auto check = [](auto&& optimizer_of, auto naive) {
    st::Parameter<TestType> beta("beta", 1, 1);
    beta.array().setConstant(TestType(0.5));
    st::Array<double> expected = st::Array<double>::Constant(1, 1, 0.5);
    auto optimizer = optimizer_of(st::ParameterList<TestType>{beta.ptr()});
    st::GradientSums<TestType> sums;
    for (int step = 0; step < 3; ++step) {
      auto& sum = sums.shared_sum_of(beta.ptr(), 37);
      TestType* values = sum.open();
      double total = 0;
      for (int i = 0; i < 37; ++i) {
        values[i] = static_cast<TestType>(i - 10 * step) / 64;
        total += static_cast<double>(values[i]);
      }
      optimizer.step(sums);
      naive.step(expected, st::Array<double>::Constant(1, 1, total));
      CHECK(near(beta.array(), expected, tolerance::rounding<TestType>));
    }
    for (std::size_t i = 1; i < beta.ptr()->values.size(); ++i) REQUIRE(beta.ptr()->values[i] == 0);
  };
  check([](auto list) { return st::SGD<TestType>(list, {.lr = 0.01, .momentum = 0.5}); },
        NaiveSGD{{.lr = 0.01, .momentum = 0.5}});
  check([](auto list) { return st::Adam<TestType>(list, {.lr = 0.01}); }, NaiveAdam{{.lr = 0.01}});
}

TEST_CASE("without a gradient nothing moves, weight decay and momentum included") {
  st::Parameter<double> weight("weight", 2, 3);
  weight.array().setConstant(1);
  const st::Parameter<double> other("other", 1, 1);
  st::SGD<double> sgd({weight.ptr(), other.ptr()}, {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.5});
  st::Adam<double> adam({weight.ptr(), other.ptr()}, {.weight_decay = 0.5});
  st::GradientSums<double> sums;
  give(sums, weight, st::Array<double>::Ones(2, 3));
  sgd.step(sums);
  const st::Array<double> after = weight.array();
  CHECK_FALSE(same(after, st::Array<double>::Ones(2, 3)));
  give(sums, other, st::Array<double>::Ones(1, 1));
  sgd.step(sums);
  give(sums, other, st::Array<double>::Ones(1, 1));
  adam.step(sums);
  CHECK(same(weight.array(), after));
}

TEST_CASE("options of an optimizer that cannot be say why") {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  const auto sgd = [](const st::SGDOptions& options) { return error([&] { st::SGD<float>({}, options); }); };
  const auto adam = [](const st::AdamOptions& options) {
    return error([&] { st::Adam<float>({}, options); });
  };
  const std::string finite = ", expected a finite number of at least 0";
  const std::string fraction = ", expected at least 0 and less than 1";
  CHECK(sgd({.lr = -0.1}) == "spiketape::SGD: lr is -0.1" + finite);
  CHECK(sgd({.lr = nan}) == "spiketape::SGD: lr is nan" + finite);
  CHECK(sgd({.lr = infinity}) == "spiketape::SGD: lr is inf" + finite);
  CHECK(sgd({.momentum = -1}) == "spiketape::SGD: momentum is -1" + finite);
  CHECK(sgd({.weight_decay = -1}) == "spiketape::SGD: weight_decay is -1" + finite);
  CHECK(adam({.lr = -1}) == "spiketape::Adam: lr is -1" + finite);
  CHECK(adam({.beta1 = 1}) == "spiketape::Adam: beta1 is 1" + fraction);
  CHECK(adam({.beta1 = -0.5}) == "spiketape::Adam: beta1 is -0.5" + fraction);
  CHECK(adam({.beta2 = 1.5}) == "spiketape::Adam: beta2 is 1.5" + fraction);
  CHECK(adam({.beta2 = nan}) == "spiketape::Adam: beta2 is nan" + fraction);
  CHECK(adam({.eps = -1}) == "spiketape::Adam: eps is -1" + finite);
  CHECK(adam({.weight_decay = infinity}) == "spiketape::Adam: weight_decay is inf" + finite);
  CHECK_NOTHROW(st::Adam<float>({}, {.lr = 0, .beta1 = 0, .beta2 = 0, .eps = 1e-30, .weight_decay = 0}));
}

}  // namespace optimizers_test
