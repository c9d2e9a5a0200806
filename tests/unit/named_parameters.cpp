// Parameters by their paths, frozen ones, networks as values, and the table of a network.
#include <spiketape/core/parameters.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/nn/summary.hpp>
#include <spiketape/optim/sgd.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "own_layers.hpp"
#include "plain_neurons.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace named_parameters_test {

namespace st = spiketape;
using numeric::same;
using st::Index;

namespace {

auto make_network(std::uint64_t seed) {
  st::Random random(seed);
  return st::Sequential{st::named("fc1", st::Linear<double>(4, 6, random)),
                        st::named("lif1", st::Leaky<double>({.beta = 0.8, .learn_beta = true})),
                        st::Linear<double>(6, 2, random, {.bias = false}), st::Leaky<double>({.beta = 0.9})};
}

template <typename Network>
std::vector<std::string> paths(const Network& net) {
  std::vector<std::string> list;
  for (const auto& [path, parameter] : net.named_parameters()) list.push_back(path);
  return list;
}

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}

/// Takes the function by value, or by reference.
template <typename ByValue>
struct OneParameter : st::Layer<OneParameter<ByValue>, double> {
  st::Parameter<double> a{1, 2};

  st::Shape result(const st::Shape& input) const { return input; }
  void forward(st::SequenceView<const double> x, st::SequenceView<double> y, st::Context<double>&) const {
    y.array() = x.array();
  }
  void backward(st::SequenceView<const double>, st::SequenceView<const double> y_adjoint,
                st::Adjoint<double> x_adjoint, st::Context<double>&) const {
    x_adjoint.add(y_adjoint.array());
  }
  template <typename F>
  void for_each_parameter(F f) requires ByValue::value {
    f("a", a);
  }
  template <typename F>
  void for_each_parameter(F& f) requires(!ByValue::value) {
    f("a", a);
  }
};

}  // namespace

TEST_CASE("every parameter has a path, learned or not") {
  auto net = make_network(1);
  const std::vector<std::string> expected{
      "fc1.weight", "fc1.bias", "lif1.beta",   "lif1.threshold",        "lif1.graded_spikes_factor",
      "2.weight",   "3.beta",   "3.threshold", "3.graded_spikes_factor"};
  CHECK(paths(net) == expected);
  CHECK(&net.parameter("fc1.weight") == &net.layer<0>().weight());
  CHECK(&std::as_const(net).parameter("3.beta") == &net.layer<3>().beta());
  CHECK(net.parameters().size() == 4);
  CHECK(net.parameters()[2]->name == "lif1.beta");
  CHECK(error([&] {
          static_cast<void>(net.parameter("fc2.weight"));
        }).find("there is no 'fc2.weight', expected one of fc1.weight, fc1.bias") != std::string::npos);

  const st::Sequential outer{st::named("body", st::Sequential(net)), own::MaxPool<double>()};
  CHECK(paths(outer).front() == "body.fc1.weight");
  CHECK(outer.parameter("body.3.beta").name() == "body.3.beta");
  CHECK(error([&] { outer(st::Array<double>(st::Array<double>::Zero(1, 5))); }) ==
        "spiketape::Linear: input has 5 features, body.fc1.weight expects 4");
  CHECK(paths(net) == expected);

  // Alpha's tau and Lapicque's gain follow from others, and V is not there where all act on all.
  st::Random random(2);
  CHECK(paths(st::Alpha<double>({.alpha = 0.9, .beta = 0.8})) ==
        std::vector<std::string>{"alpha", "beta", "threshold", "graded_spikes_factor"});
  CHECK(paths(st::RLeaky<double>({.beta = 0.9, .linear_features = 3}, random)) ==
        std::vector<std::string>{"beta", "threshold", "graded_spikes_factor", "recurrent.weight",
                                 "recurrent.bias"});
}

namespace {

/// A layer whose author has given one name twice.
struct Twins : st::Layer<Twins, double> {
  st::Parameter<double> a{1, 2}, b{1, 2};

  st::Shape result(const st::Shape& input) const { return input; }
  void forward(st::SequenceView<const double> x, st::SequenceView<double> y, st::Context<double>&) const {
    y.array() = x.array();
  }
  void backward(st::SequenceView<const double>, st::SequenceView<const double> y_adjoint,
                st::Adjoint<double> x_adjoint, st::Context<double>&) const {
    x_adjoint.add(y_adjoint.array());
  }
  template <typename F>
  void for_each_parameter(F&& f) {
    f("a", a);
    f("a", b);
  }
};

}  // namespace

TEST_CASE("two parameters of a layer with one name are refused") {
  Twins twins;
  const std::string text =
      "named_parameters_test::Twins: for_each_parameter gives two parameters the name 'a', expected different ones";
  CHECK(error([&] { static_cast<void>(twins.named_parameters()); }) == text);
  CHECK(error([&] { static_cast<void>(twins.parameter("a")); }) == text);
  const st::Sequential net{Twins()};
  const std::string in_net =
      "spiketape::Sequential: for_each_parameter gives two parameters the name '0.a', expected different "
      "ones";
  CHECK(error([&] { static_cast<void>(net.named_parameters()); }) == in_net);
  CHECK(error([&] { static_cast<void>(net.parameter("0.a")); }) == in_net);
  CHECK(error([&] { static_cast<void>(st::summary(net)); }) == text);
  CHECK(error([&] { static_cast<void>(st::summary(net, st::Array<double>::Ones(1, 2).eval())); }) == text);
}

TEST_CASE("a layer may take what it calls for each parameter in any way") {
  CHECK(OneParameter<std::false_type>().parameters().size() == 1);
  CHECK(OneParameter<std::true_type>().parameters().size() == 1);
  const OneParameter<std::false_type> constant;
  CHECK(constant.named_parameters().size() == 1);
}

TEST_CASE("a bias that a layer gains by an assignment has its path as a name") {
  st::Random random(1);
  st::Sequential net{st::named("fc", st::Linear<double>(2, 3, random, {.bias = false}))};
  const st::Sequential other{st::Linear<double>(2, 3, random)};
  auto copy = net;
  net = other;
  CHECK(net.parameter("fc.bias").name() == "fc.bias");
  copy.layer<0>() = st::Linear<double>(2, 3, random);
  CHECK(copy.parameter("fc.bias").name() == "fc.bias");
  st::Linear<double> alone(2, 3, random, {.bias = false});
  alone = other.layer<0>();
  CHECK(alone.bias().name() == "bias");
}

TEST_CASE("names are letters without a dot, each once") {
  st::Random random(1);
  const auto with = [&](const char* first, const char* second) {
    return error([&] {
      st::Sequential net{st::named(first, st::Linear<double>(2, 2, random)),
                         st::named(second, st::Linear<double>(2, 2, random))};
    });
  };
  CHECK(with("a", "a") == "spiketape::Sequential: two layers have the name 'a', expected different ones");
  CHECK(with("1", "1") == "spiketape::Sequential: two layers have the name '1', expected different ones");
  CHECK(with("", "a") == "spiketape::named: name is '', expected some letters and no dot");
  CHECK(with("a", "b.c") == "spiketape::named: name is 'b.c', expected some letters and no dot");
}

TEST_CASE("a row makes a shared coefficient one for each neuron, which is a new parameter") {
  auto net = make_network(1);
  const auto before = net.parameter("lif1.beta").ptr();
  const st::Row<double> betas = st::Row<double>::LinSpaced(6, 0.1, 0.9);
  net.parameter("lif1.beta").set(betas);
  CHECK(net.layer<1>().beta().ptr() != before);
  CHECK(net.layer<1>().beta().learned());
  CHECK(net.parameter("lif1.beta").name() == "lif1.beta");
  st::Random random(3);
  const auto input = numeric::random_sequence<double>(random, {5, 3, 4}, 0, 3);
  const st::Leaky<double> expected({.beta = betas});
  CHECK(same(net.layer<1>()(net.layer<0>()(input)).mem.array(), expected(net.layer<0>()(input)).mem.array()));
  st::Tape<double> tape;
  tape.backward(st::sum(net(tape.constant(input)).mem));
  CHECK(tape.gradients().gradient(net.layer<1>().beta()).cols() == 6);

  net.parameter("lif1.beta").set(st::Row<double>::Constant(5, 0.5));
  CHECK(error([&] { net(input); }) ==
        "spiketape::Leaky: lif1.beta has 5 values, input has 6 features (expected 1 value or one for each "
        "feature)");
}

TEST_CASE("frozen parameters get no gradient and are not listed") {
  auto net = make_network(1);
  st::Random random(3);
  const auto input = numeric::random_sequence<double>(random, {5, 3, 4}, 0, 3);
  net.layer<0>().freeze();
  net.parameter("lif1.beta").freeze();
  CHECK(net.parameters().size() == 1);
  st::Tape<double> tape;
  tape.backward(st::sum(net(tape.constant(input)).mem));
  CHECK_FALSE(tape.gradients().has(net.layer<0>().weight()));
  CHECK_FALSE(tape.gradients().has(net.layer<1>().beta()));
  CHECK(tape.gradients().has(net.layer<2>().weight()));
  net.unfreeze();
  CHECK(net.parameters().size() == 4);
  CHECK_FALSE(net.layer<3>().beta().learned());
  net.freeze();
  CHECK(net.parameters().empty());
  tape.reset();
  const auto frozen = net(tape.constant(input));
  CHECK_FALSE(frozen.mem.differentiable());
}

TEST_CASE("the optimizer of a network goes on when another is assigned to it, or they are swapped") {
  auto net = make_network(1), best = make_network(2);
  const auto known = net.parameters(), best_known = best.parameters();
  const st::Array<double> best_weight = best.layer<0>().weight().array();
  st::SGD<double> sgd(net.parameters(), {.lr = 1});
  const auto input = st::Array<double>(st::Array<double>::Constant(2, 4, 0.9));
  const auto learns = [&] {
    const st::Array<double> before = net.layer<0>().weight().array();
    st::Tape<double> tape;
    tape.backward(st::sum(net(tape.constant(input, 4)).mem));
    sgd.step(tape.gradients());
    return !same(net.layer<0>().weight().array(), before);
  };
  net = best;
  CHECK(net.parameters() == known);
  CHECK(same(net.layer<0>().weight().array(), best_weight));
  CHECK(learns());
  net = make_network(3);
  CHECK(net.parameters() == known);
  CHECK(learns());
  net = std::move(best);
  CHECK(net.parameters() == known);
  CHECK(same(net.layer<0>().weight().array(), best_weight));
  CHECK(learns());
  auto& self = net;
  net = std::move(self);
  CHECK(net.parameters() == known);
  CHECK(paths(net).front() == "fc1.weight");

  // Names stay, too.
  st::Random random(1);
  st::Sequential a{st::named("a", st::Linear<double>(2, 3, random))};
  const st::Sequential b{st::named("b", st::Linear<double>(2, 3, random))};
  a = b;
  CHECK(paths(a).front() == "a.weight");
  CHECK(a.parameter("a.weight").name() == "a.weight");
  auto moved = std::move(a);
  a = b;
  CHECK(paths(a).front() == "b.weight");
  CHECK(a.parameter("b.weight").name() == "b.weight");
  CHECK(paths(moved).front() == "a.weight");

  auto other = make_network(2);
  const auto other_known = other.parameters();
  swap(net, other);
  CHECK(net.parameters() == known);
  CHECK(other.parameters() == other_known);
  CHECK(same(net.layer<0>().weight().array(), best_weight));
  CHECK(learns());
}

TEST_CASE("a lambda of ops is a layer for every kind of input") {
  st::Random random(5);
  const auto twice = [](const auto& x) { return 2 * x + x; };
  const st::Linear<double> linear(4, 3, random);
  const st::Sequential net{st::Linear(linear), twice, st::named("lif", st::Leaky<double>({.beta = 0.5}))};
  CHECK(paths(net).back() == "lif.graded_spikes_factor");
  const auto input = numeric::random_sequence<double>(random, {5, 2, 4}, 0, 1);
  const st::Sequence<double> currents = linear(input);
  st::Sequence<double> scaled(currents.shape());
  scaled.array() = 2 * currents.array() + currents.array();
  const auto expected = net.layer<2>()(scaled);
  CHECK(same(net(input).mem.array(), expected.mem.array()));
  CHECK(same(net(input.view()).mem.array(), expected.mem.array()));
  CHECK(same(net(input.step(0)).mem, expected.mem.step(0)));
  auto state = net.state(2);
  CHECK(same(net(input, state).mem.array(), expected.mem.array()));
  st::Tape<double> tape;
  CHECK(numeric::near(net(tape.variable(input)).mem.array(), expected.mem.array(),
                      tolerance::rounding<double>));
  const auto repeated = net(st::repeat(input.step(0), 5));
  CHECK(repeated.mem.steps() == 5);
}

TEST_CASE("a summary has a row for each layer") {
  const auto net = make_network(1);
  CHECK(st::summary(net) ==
        "layer  type    features  parameters  bytes\n"
        "fc1    Linear         6          30    240\n"
        "lif1   Leaky          6           3     24\n"
        "2      Linear         2          12     96\n"
        "3      Leaky          2           3     24\n"
        "total                            48    384\n");
  // Two of four inputs are active, and every hidden neuron fires in each step.
  auto firing = net;
  firing.parameter("fc1.weight").set(1);
  firing.parameter("fc1.bias").set(0);
  firing.parameter("2.weight").set(-1);
  st::Array<double> input(1, 4);
  input << 2, 0, 0, 2;
  CHECK(st::summary(firing, st::repeat(input, 3)) ==
        "layer  type    features  parameters  bytes  spikes/step  synaptic ops/step\n"
        "fc1    Linear         6          30    240                              12\n"
        "lif1   Leaky          6           3     24            6\n"
        "2      Linear         2          12     96                              12\n"
        "3      Leaky          2           3     24            0\n"
        "total                            48    384            6                 24\n");
}

}  // namespace named_parameters_test
