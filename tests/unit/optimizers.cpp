// What the optimizers compute, in one group of parameters and in several, and clipping before a step.
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/clip.hpp>
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

namespace {

/// Two parameters after four steps with given gradients; before the third the learning rate is halved.
template <typename Optimizer, typename Make>
std::vector<double> after_four_steps(Make&& make) {
  st::Parameter<double> a("a", 1, 3), b("b", 1, 2);
  a.set(st::Row<double>{{1, -2, 0.5}});
  b.set(st::Row<double>{{0.25, 3}});
  Optimizer optimizer = make(a.ptr(), b.ptr());
  st::GradientSums<double> sums;
  for (int i = 0; i < 4; ++i) {
    give(sums, a, st::Row<double>{{0.5 - 0.25 * i, 1, -0.125 * i * i}});
    give(sums, b, st::Row<double>{{2, -1.5 + i}});
    if (i == 2) optimizer.set_lr(optimizer.lr() / 2);
    optimizer.step(sums);
  }
  return {a.array()(0, 0), a.array()(0, 1), a.array()(0, 2), b.array()(0, 0), b.array()(0, 1)};
}

void check_near(const std::vector<double>& values, const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == Approx(expected[i]).epsilon(1e-12));
}

}  // namespace

TEST_CASE("AdamW, Nesterov's momentum and groups give the numbers of PyTorch 1.13") {
  using Ptr = st::ParameterPtr<double>;
  check_near(after_four_steps<st::AdamW<double>>([](const Ptr& a, const Ptr& b) {
               return st::AdamW<double>({a, b}, {.lr = 0.1});
             }),
             {0.7530086224869449, -2.2936816439787475, 0.6501459883362078, -0.050424336351560774,
              3.1944049733803936});
  check_near(
      after_four_steps<st::AdamW<double>>([](const Ptr& a, const Ptr& b) {
        return st::AdamW<double>({a, b},
                                 {.lr = 0.05, .beta1 = 0.7, .beta2 = 0.6, .eps = 0.1, .weight_decay = 0.3});
      }),
      {0.8632352001825091, -2.045615430142046, 0.5271259109194304, 0.09837980450334821, 2.952489917309753});
  check_near(after_four_steps<st::SGD<double>>([](const Ptr& a, const Ptr& b) {
               return st::SGD<double>({a, b}, {.lr = 0.1, .momentum = 0.9, .nesterov = true});
             }),
             {0.7868850000000001, -2.8377049999999997, 0.70799375, -1.42541, 3.4336075});
  check_near(
      after_four_steps<st::SGD<double>>([](const Ptr& a, const Ptr& b) {
        return st::SGD<double>({a, b}, {.lr = 0.1, .momentum = 0.5, .weight_decay = 0.3, .nesterov = true});
      }),
      {0.746999530625, -2.196232383125, 0.5738481297656249, -0.7679554874609376, 2.7364913871875});
  check_near(
      after_four_steps<st::Adam<double>>([](const Ptr& a, const Ptr& b) {
        st::Adam<double> adam({a, b}, {.lr = 0.1});
        CHECK(adam.add_group({b}, {.lr = 0.02, .beta1 = 0.7, .beta2 = 0.6, .weight_decay = 0.3}) == 1);
        return adam;
      }),
      {0.7556942898701549, -2.2999999969999987, 0.6517377392585256, 0.1899913659657121, 3.006938404721081});
  check_near(after_four_steps<st::SGD<double>>([](const Ptr& a, const Ptr& b) {
               st::SGD<double> sgd({a}, {.lr = 0.1, .momentum = 0.9});
               sgd.add_group({b}, {.lr = 0.02, .momentum = 0.5});  // a parameter that it did not have
               CHECK(sgd.parameters().size() == 2);
               return sgd;
             }),
             {0.83265, -2.59745, 0.6269374999999999, 0.07749999999999999, 3.041875});
}

TEST_CASE("options of groups change, and their learning rates keep their ratio") {
  st::Parameter<double> a("a", 1, 3), b("b", 1, 2);
  st::SGD<double> sgd({a.ptr(), b.ptr()}, {.lr = 0.4});
  CHECK(sgd.groups() == 1);
  sgd.add_group({b.ptr()}, {.lr = 0.1, .weight_decay = 0.5});
  CHECK(sgd.groups() == 2);
  sgd.set_lr(0);
  CHECK((sgd.options(0).lr == 0 && sgd.options(1).lr == 0));
  sgd.set_options(sgd.options(1), 1);
  sgd.set_lr(0.8);
  CHECK((sgd.lr() == 0.8 && sgd.options(1).lr == 0.2));
  sgd.set_options({.lr = 1.6, .momentum = 0.5}, 1);
  CHECK((sgd.lr() == 0.8 && sgd.options(1).weight_decay == 0));
  sgd.set_options({.lr = 0.4, .weight_decay = 1});
  CHECK((sgd.options().weight_decay == 1 && sgd.options(1).lr == 0.8 && sgd.options(1).momentum == 0.5));

  // The next step has them: p − lr (g + weight_decay p), and no momentum yet.
  a.set(2);
  st::GradientSums<double> sums;
  give(sums, a, st::Array<double>::Ones(1, 3));
  give(sums, b, st::Array<double>::Ones(1, 2));
  sgd.step(sums);
  CHECK(near(a.array(), st::Array<double>::Constant(1, 3, 2 - 0.4 * 3).eval(), tolerance::rounding<double>));
  CHECK(near(b.array(), st::Array<double>::Constant(1, 2, -0.8).eval(), tolerance::rounding<double>));

  CHECK(error([&] { sgd.set_options({.momentum = 0.5}, 2); }) ==
        "spiketape::SGD: group is 2, expected at most 1");
  CHECK(error([&] { sgd.set_options({.momentum = -1}); }) ==
        "spiketape::SGD: momentum is -1, expected a finite number of at least 0");
  CHECK(error([&] { sgd.set_options({.nesterov = true}); }) ==
        "spiketape::SGD: momentum is 0, with nesterov expected more");
  CHECK(error([&] { sgd.add_group({a.ptr()}, {.threads = 0}); }).find("threads is 0") != std::string::npos);
  CHECK(error([&] { sgd.add_group({a.ptr(), nullptr}, {}); }) ==
        "spiketape::SGD: parameter 1 is null, expected one of a network");
  CHECK(error([&] {
          sgd.add_group({b.ptr(), a.ptr(), a.ptr()}, {});
        }) == "spiketape::SGD: parameter 2, 'a', is parameter 1 once more, expected each once");
  CHECK(error([&] {
          st::Adam<double>({a.ptr(), b.ptr(), a.ptr()});
        }) == "spiketape::Adam: parameter 2, 'a', is parameter 0 once more, expected each once");
  CHECK(sgd.groups() == 2);
  sgd.set_lr(0);
  CHECK(error([&] { sgd.add_group({a.ptr()}, {.lr = 0.5}); }) ==
        "spiketape::SGD: lr is 0.5 in a group while that of group 0 is 0, expected 0: it keeps its ratio to "
        "that");
}

TEST_CASE("clipping gives the numbers of PyTorch 1.13") {
  st::Parameter<double> a("a", 1, 3), b("b", 1, 2);
  const auto clipped = [&](auto&& clip) {
    st::GradientSums<double> sums;
    give(sums, a, st::Row<double>{{0.5, -3, 1.25}});
    give(sums, b, st::Row<double>{{2, -0.75}});
    clip(sums);
    const auto x = sums.gradient(a), y = sums.gradient(b);
    return std::vector<double>{x(0, 0), x(0, 1), x(0, 2), y(0, 0), y(0, 1)};
  };
  double norm = 0;
  check_near(clipped([&](auto& sums) { norm = st::clip_grad_norm(sums, 1.5); }),
             {0.1912729651385261, -1.1476377908311566, 0.47818241284631524, 0.7650918605541044,
              -0.28690944770778914});
  check_near({norm}, {3.9210967853395307});
  check_near(clipped([&](auto& sums) { norm = st::clip_grad_norm(sums, 15); }), {0.5, -3, 1.25, 2, -0.75});
  check_near({norm}, {3.9210967853395307});
  check_near(clipped([&](auto& sums) { st::clip_grad_value(sums, 1); }), {0.5, -1, 1, 1, -0.75});
}

TEST_CASE("clipping takes a shared number as one, refuses what it cannot, and does not overflow") {
  st::Parameter<float> beta("beta", 1, 1), weight("weight", 2, 3);
  st::GradientSums<float> sums;
  CHECK(st::clip_grad_norm(sums, 1) == 0);  // no gradient
  const auto give_shared = [&](float each) {
    auto& sum = sums.shared_sum_of(beta.ptr(), 4);
    for (int i = 0; i < 4; ++i) sum.open()[i] = i == 0 ? -each : each;
  };
  give_shared(3);
  CHECK(st::clip_grad_norm(sums, 3) == 6);  // 3 + 3 + 3 − 3
  CHECK(sums.gradient(beta)(0, 0) == Approx(3));
  st::clip_grad_value(sums, 4);
  CHECK(sums.gradient(beta)(0, 0) == Approx(3));
  st::clip_grad_value(sums, 2);
  CHECK(sums.gradient(beta)(0, 0) == 2);

  sums.clear();
  give(sums, weight, st::Array<double>::Constant(2, 3, 1e30));
  CHECK(st::clip_grad_norm(sums, 1) == Approx(std::sqrt(6.0) * 1e30));
  CHECK(near(sums.gradient(weight), st::Array<double>::Constant(2, 3, 1 / std::sqrt(6.0)).eval(),
             tolerance::rounding<float>));

  const float infinity = std::numeric_limits<float>::infinity();
  sums.sum_of(weight.ptr()).open()[1] = infinity;
  const st::Array<float> before = sums.gradient(weight);
  CHECK(error([&] { st::clip_grad_norm(sums, 1); }) ==
        "spiketape::clip_grad_norm: the norm of the gradients is inf, expected a finite one");
  CHECK(same(sums.gradient(weight), before));
  CHECK(error([&] { st::clip_grad_norm(sums, 0); }) ==
        "spiketape::clip_grad_norm: max_norm is 0, expected finite and positive");
  CHECK(error([&] { st::clip_grad_value(sums, 1, 0); }) ==
        "spiketape::clip_grad_value: threads is 0, expected at least 1");
}

TEST_CASE("clipped gradients have the same bits for any number of threads") {
  st::Random random(3);
  st::Parameter<float> weight("weight", 300, 301), bias("bias", 1, 301);
  const auto weights = numeric::random_array<double>(random, 300, 301),
             biases = numeric::random_array<double>(random, 1, 301);
  double expected = 0;
  st::Array<float> gradient, gradient_value;
  for (const int threads : {1, 2, 3, 8}) {
    st::GradientSums<float> sums;
    give(sums, weight, weights);
    give(sums, bias, biases);
    const double norm = st::clip_grad_norm(sums, 0.7, threads);
    if (threads == 1) {
      expected = norm;
      gradient = sums.gradient(weight);
      CHECK(norm == Approx(std::sqrt(weights.square().sum() + biases.square().sum())).epsilon(1e-6));
      CHECK(std::sqrt(gradient.square().cast<double>().sum() +
                      sums.gradient(bias).square().cast<double>().sum()) == Approx(0.7).epsilon(1e-5));
    }
    CHECK(norm == expected);
    CHECK(same(sums.gradient(weight), gradient));
    st::clip_grad_value(sums, 0.001, threads);
    if (threads == 1) gradient_value = sums.gradient(weight);
    CHECK(same(sums.gradient(weight), gradient_value));
    CHECK(gradient_value.abs().maxCoeff() == 0.001f);
  }
}

TEST_CASE("threads that update share all parameters, and no bit tells") {
  const auto updated = [](int threads) {
    st::Random random(5);
    st::Parameter<float> parameters[] = {{130, 90}, {1, 5}, {301, 33}};
    st::Adam<float> adam({parameters[0].ptr(), parameters[1].ptr(), parameters[2].ptr()},
                         {.threads = threads});
    adam.add_group({parameters[1].ptr()}, {.lr = 0.5});  // on one thread, if it were alone
    st::GradientSums<float> sums;
    for (int i = 0; i < 2; ++i) {
      for (const auto& parameter : parameters) {
        auto& sum = sums.sum_of(parameter.ptr());
        sum.open();
        for (float& value : sum.values) value = static_cast<float>(random.uniform(-1, 1));
      }
      adam.step(sums);
    }
    std::vector<st::Array<float>> values;
    for (const auto& parameter : parameters) values.emplace_back(parameter.array());
    return values;
  };
  const auto expected = updated(1);
  for (const auto& values : expected) CHECK((values != 0).all());
  for (const int threads : {2, 3, 7}) {
    const auto values = updated(threads);
    for (std::size_t k = 0; k < 3; ++k) CHECK(numeric::same(values[k], expected[k]));
  }
}

}  // namespace optimizers_test
