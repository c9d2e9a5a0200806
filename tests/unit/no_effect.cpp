// What has no effect says so, and nothing is kept that nobody can reach.
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/sgd.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/train/shards.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace no_effect_test {

namespace st = spiketape;
using st::Index;

namespace {

st::Sequential<st::Linear<double>, st::Leaky<double>> make(int seed) {
  st::Random random(static_cast<std::uint64_t>(seed));
  return st::Sequential{st::Linear<double>(4, 3, random), st::Leaky<double>({.beta = 0.9})};
}
const st::Array<double> input = st::Array<double>::Constant(2, 4, 0.7);

template <typename Network>
void run_backward(const Network& net, st::Tape<double>& tape) {
  tape.reset();
  tape.backward(st::sum(net(tape.constant(input, 3)).mem));
}

}  // namespace

TEST_CASE("an optimizer's step that reaches none of its parameters throws") {
  auto net = make(1);
  st::Tape<double> tape;
  st::Adam<double> adam(net.parameters());
  st::SGD<double> sgd(net.parameters());
  CHECK_THROWS_AS(sgd.step(tape.gradients()), std::invalid_argument);  // no backward
  const std::string text = error_text<std::invalid_argument>([&] { adam.step(tape.gradients()); });
  CHECK(text.find("spiketape::Adam::step: no gradient has reached any of the 2 parameters, the first is "
                  "0.weight: expected a backward pass before") == 0);

  const auto copy = net;
  run_backward(copy, tape);  // training a copy
  CHECK_THROWS_AS(adam.step(tape.gradients()), std::invalid_argument);

  st::Shards<double> shards(1);
  shards.run(net, input, [](const auto& out, Index, Index) { return st::sum(out.mem); });
  tape.reset();
  CHECK_THROWS_AS(adam.step(tape.gradients()), std::invalid_argument);  // the gradients of another
  adam.step(shards.gradients());
  CHECK_THROWS_AS(adam.step(shards.gradients()), std::invalid_argument);  // they are used up
}

TEST_CASE("networks that are assigned and swapped go on being trained") {
  auto net = make(1), best = make(2);
  st::Tape<double> tape;
  st::Adam<double> adam(net.parameters());
  const auto trains = [&] {
    const st::Array<double> before = net.layer<0>().weight().array();
    run_backward(net, tape);
    adam.step(tape.gradients());
    return (before != net.layer<0>().weight().array()).any();
  };
  net = std::move(best);
  CHECK(trains());
  auto other = make(3);
  swap(net, other);
  CHECK(trains());
  net = make(4);
  CHECK(trains());
}

TEST_CASE("std::swap, spelled out, swaps parameters with their identities and optimizers follow them") {
  auto net = make(1), other = make(2);
  const auto net_parameters = net.parameters(), other_parameters = other.parameters();
  const st::Array<double> net_weight = net.layer<0>().weight().array(),
                          other_weight = other.layer<0>().weight().array();
  st::Tape<double> tape;
  st::Adam<double> adam(net_parameters);
  std::swap(net, other);
  CHECK(net.parameters() == other_parameters);
  CHECK(other.parameters() == net_parameters);
  CHECK(numeric::same(st::Array<double>(net.layer<0>().weight().array()), other_weight));
  run_backward(net, tape);
  CHECK_THROWS_AS(adam.step(tape.gradients()), std::invalid_argument);  // it trains `other` now
  tape.gradients().clear();
  run_backward(other, tape);
  adam.step(tape.gradients());
  CHECK((other.layer<0>().weight().array() != net_weight).any());
  CHECK(numeric::same(st::Array<double>(net.layer<0>().weight().array()), other_weight));

  // The same for what networks are made of, also of different shapes.
  st::Parameter<double> a("a", 1, 2), b("b", 3, 4);
  const auto a_known = a.ptr(), b_known = b.ptr();
  std::swap(a, b);
  CHECK(a.ptr() == b_known);
  CHECK(b.ptr() == a_known);
  st::Random random(3);
  st::Linear<double> fc(2, 3, random), without(4, 5, random, {.bias = false});
  st::Leaky<double> lif({.beta = 0.5}), learned({.beta = 0.7, .learn_beta = true});
  const auto known = fc.weight().ptr(), beta = learned.beta().ptr();
  std::swap(fc, without);
  std::swap(lif, learned);
  CHECK(without.weight().ptr() == known);
  CHECK(without.has_bias());
  CHECK_FALSE(fc.has_bias());
  CHECK(fc(st::Array<double>::Ones(1, 4).eval()).cols() == 5);
  CHECK(lif.beta().ptr() == beta);
  CHECK(lif.parameters().size() == 1);
}

TEST_CASE("swapped networks keep their names, however they are swapped") {
  st::Random random(3);
  const auto named = [&](const char* name) {
    return st::Sequential{st::named(name, st::Linear<double>(2, 3, random))};
  };
  auto a = named("a"), b = named("b");
  swap(a, b);
  CHECK(a.layer<0>().weight().name() == "a.weight");
  CHECK(a.named_parameters()[0].path == "a.weight");
  std::swap(a, b);  // the whole networks
  CHECK(a.layer<0>().weight().name() == "b.weight");
  CHECK(a.named_parameters()[0].path == "b.weight");
  CHECK(b.layer<0>().bias().name() == "a.bias");
  CHECK(b.named_parameters()[1].path == "a.bias");
}

TEST_CASE("a parameter that takes another shape is a new one, and the optimizer of the old one says so") {
  st::Random random(3);
  st::Sequential net{st::Linear<double>(4, 3, random), st::Leaky<double>({.beta = 0.9, .learn_beta = true})};
  st::Tape<double> tape;
  st::Adam<double> adam(net.parameters());
  run_backward(net, tape);
  adam.step(tape.gradients());
  net.parameter("1.beta").set(st::Row<double>{{0.9, 0.8, 0.7}});
  run_backward(net, tape);
  const st::Array<double> weight = net.layer<0>().weight().array();
  CHECK(error_text<std::invalid_argument>([&] { adam.step(tape.gradients()); }) ==
        "spiketape::Adam::step: 1.beta has been given another shape, which made it a new parameter: expected "
        "an optimizer made after that");
  CHECK(numeric::same(st::Array<double>(net.layer<0>().weight().array()), weight));
  st::Adam<double> next(net.parameters());
  next.step(tape.gradients());
  CHECK((net.layer<1>().beta().array() != st::Row<double>{{0.9, 0.8, 0.7}}).any());

  // A network of another shape.
  st::SGD<double> sgd(net.parameters());
  net.layer<0>() = st::Linear<double>(4, 2, random);
  CHECK_THROWS_AS(sgd.step(tape.gradients()), std::invalid_argument);
}

TEST_CASE("a gradient that reaches some parameters, and an optimizer without any, are no mistake") {
  auto net = make(1);
  st::Tape<double> tape;
  auto list = net.parameters();
  list.push_back(make(2).parameters().front());
  st::SGD<double> some(list), none({});
  run_backward(net, tape);
  some.step(tape.gradients());
  none.step(tape.gradients());
}

TEST_CASE("sums of gradients of networks that are gone are dropped") {
  st::Tape<double> tape;
  std::size_t after_few = 0;
  for (int i = 0; i < 100; ++i) {
    run_backward(make(i), tape);
    if (i == 3) after_few = tape.gradients().capacity();
  }
  tape.reset();
  CHECK(tape.gradients().capacity() <= after_few);
  st::Shards<double> shards(3, 1, 1);
  const st::Array<double> rows = st::Array<double>::Ones(6, 4);
  for (int i = 0; i < 100; ++i) {
    shards.run(make(i), rows, [](const auto& out, Index, Index) { return st::sum(out.mem); });
    if (i == 3) after_few = shards.gradients().capacity();
  }
  CHECK(shards.gradients().capacity() <= after_few);
}

TEST_CASE("10,000 short-lived networks on one tape leave its memory, and that of gradients, flat") {
  st::Tape<double> tape;
  st::Random random(5);
  const auto run = [&](Index features) {
    const st::Sequential net{st::Linear<double>(4, features, random),
                             st::Leaky<double>({.beta = 0.9, .init_hidden = true, .learn_beta = true}),
                             st::Linear<double>(features, 2, random), st::Leaky<double>({.beta = 0.8})};
    tape.reset();
    tape.gradients().clear();
    tape.backward(st::sum(net(tape.constant(input, 3)).mem));
  };
  std::size_t values = 0, sums = 0;
  const auto run_all = [&](Index count) {
    for (Index i = 0; i < count; ++i) {
      run(i % 7 + 1);
      values = std::max(values, tape.capacity());
      sums = std::max(sums, tape.gradients().capacity());
    }
  };
  run_all(14);
  const std::size_t few_values = values, few_sums = sums;
  run_all(10000);
  CHECK(values == few_values);
  CHECK(sums == few_sums);
}

}  // namespace no_effect_test
