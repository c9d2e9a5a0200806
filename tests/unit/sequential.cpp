#include <spiketape/nn/sequential.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/alif.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/neuron/synaptic.hpp>
#include <spiketape/nn/linear.hpp>

#include "catch.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <utility>

namespace sequential_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same;
using st::Index;

namespace {

using Linear = st::Linear<double>;
using Leaky = st::Leaky<double>;
using Network = st::Sequential<Linear, Leaky, Linear, Leaky>;

Network network(const Leaky::Options& hidden, const Leaky::Options& last) {
  st::Random random(3);
  Linear first(6, 20, random), second(20, 4, random);
  first.weight().array() *= 4;  // so that they fire
  second.weight().array() *= 4;
  return Network(std::move(first), Leaky(hidden), std::move(second), Leaky(last));
}

/// The layers of the network, called one after the other.
template <typename Input>
auto by_hand(const Network& net, const Input& input) {
  return net.layer<3>()(net.layer<2>()(net.layer<1>()(net.layer<0>()(input)).spk));
}

}  // namespace

TEST_CASE("a network is its layers, one after the other") {
  const Network net = network({.beta = 0.8}, {.beta = 0.9});
  st::Random random(4);
  const auto input = random_sequence<double>(random, {7, 3, 6});

  const auto whole = net(input);
  CHECK(same(whole.spk.array(), by_hand(net, input).spk.array()));
  CHECK(same(whole.mem.array(), by_hand(net, input).mem.array()));
  CHECK(whole.spk.array().sum() > 0);
  CHECK(whole.spk.shape() == st::Shape{7, 3, 4});

  const auto step = net(input.step(2));
  CHECK(same(step.mem, by_hand(net, input.step(2)).mem));
  CHECK(same(net.forward(input.step(2)).mem, step.mem));

  st::Tape<double> tape;
  const auto x = tape.variable(input);
  const auto on_tape = net(x);
  CHECK(numeric::near(on_tape.mem.array(), whole.mem.array(), tolerance::rounding<double>));
  tape.backward(sum(on_tape.mem) + sum(on_tape.spk));
  const st::Array<double> gradient = x.adjoint().array();
  const st::Array<double> weight_gradient = tape.gradients().gradient(net.layer<0>().weight());
  CHECK(gradient.abs().maxCoeff() > 0);
  tape.reset();
  tape.gradients().clear();
  const auto again = tape.variable(input);
  const auto layers = by_hand(net, again);
  tape.backward(sum(layers.mem) + sum(layers.spk));
  CHECK(same(again.adjoint().array(), gradient));
  CHECK(same(tape.gradients().gradient(net.layer<0>().weight()), weight_gradient));
}

TEST_CASE("the parameters of a network are those of its layers, in order and by identity") {
  const Network net = network({.beta = 0.8, .learn_beta = true, .learn_graded_spikes_factor = true},
                              {.beta = 0.9, .learn_threshold = true});
  const st::ParameterList<double> expected{
      net.layer<0>().weight().ptr(),   net.layer<0>().bias().ptr(),
      net.layer<1>().beta().ptr(),     net.layer<1>().graded_spikes_factor().ptr(),
      net.layer<2>().weight().ptr(),   net.layer<2>().bias().ptr(),
      net.layer<3>().threshold().ptr()};
  CHECK(net.parameters() == expected);
  CHECK(network({.beta = 0.8}, {.beta = 0.9}).parameters().size() == 4);

  Network moved = network({.beta = 0.8}, {.beta = 0.9});
  const auto list = moved.parameters();
  const Network target = std::move(moved);
  CHECK(target.parameters() == list);
  CHECK(Network(target).parameters() != list);  // a copy learns for itself
}

TEST_CASE("a layer is anything that can be called") {
  st::Random random(5);
  const auto twice = [](const st::Var<double>& x) { return 2 * x; };
  const Linear linear(6, 4, random);
  const st::Sequential net(Linear(linear), twice);
  CHECK(net.parameters().size() == 2);
  st::Tape<double> tape;
  const auto x = tape.constant(random_sequence<double>(random, {2, 3, 6}));
  CHECK(same(net(x).array(), 2 * linear(x).array()));
  net.reset_hidden();  // nothing to reset
}

TEST_CASE("a network with hidden state goes on where it was, until it is reset") {
  const Network net =
      network({.beta = 0.8, .init_hidden = true}, {.beta = 0.9, .init_hidden = true, .output = true});
  const Network stateless = network({.beta = 0.8}, {.beta = 0.9});
  st::Random random(6);
  const auto input = random_sequence<double>(random, {6, 3, 6});
  const auto expected = stateless(input);
  for (int round = 0; round < 3; ++round) {
    for (Index t = 0; t < 6; ++t) {
      const auto step = net(input.step(t));
      CHECK(same(step.spk, expected.spk.step(t)));
      CHECK(numeric::near(step.mem, expected.mem.step(t), tolerance::rounding<double>));
    }
    CHECK(net.layer<1>().mem().rows() == 3);
    if (round == 0) {
      net.reset_hidden();
      CHECK(net.layer<1>().mem().size() == 0);
      CHECK(net.layer<3>().mem().size() == 0);
    } else {
      st::reset_hidden(net.layer<1>(), net.layer<3>());
    }
  }
  net(input);
  st::reset_hidden(net);
  CHECK(net.layer<3>().mem().size() == 0);
}

TEST_CASE("detaching cuts the gradient and keeps the values") {
  const Network net =
      network({.beta = 0.8, .init_hidden = true}, {.beta = 0.9, .init_hidden = true, .output = true});
  st::Random random(7);
  const auto input = random_sequence<double>(random, {4, 3, 6});
  st::Tape<double> tape;
  const auto run = [&](int cut) {
    tape.reset();
    net.reset_hidden();
    const auto before = tape.variable(input.step(0)), after = tape.variable(input.step(1));
    net(before);
    if (cut == 1) net.detach_hidden();
    if (cut == 2) st::detach_hidden(net.layer<1>(), net.layer<3>());
    const auto out = net(after);
    tape.backward(sum(out.mem));
    CHECK(after.has_adjoint());
    CHECK(before.has_adjoint() == (cut == 0));
    return st::Array<double>(out.mem.array());
  };
  const st::Array<double> connected = run(0);
  CHECK(same(run(1), connected));
  CHECK(same(run(2), connected));
}

TEST_CASE("a last neuron with hidden state hands on its membrane only with the option output") {
  st::Random random(8);
  const auto input = random_sequence<double>(random, {4, 3, 6});
  for (const bool output : {false, true}) {
    INFO("output " << output);
    const Network net = network({.beta = 0.8}, {.beta = 0.9, .init_hidden = true, .output = output});
    st::Tape<double> tape;
    CHECK(net(tape.constant(input)).mem.empty() == !output);
    net.reset_hidden();
    CHECK(net(input).mem.view().empty() == !output);
    net.reset_hidden();
    CHECK((net(input.step(0)).mem.size() == 0) == !output);
    CHECK(net(input.step(0)).spk.rows() == 3);
  }
  const Network without = network({.beta = 0.8}, {.beta = 0.9, .output = false});
  CHECK(without(input.step(0)).mem.rows() == 3);  // without hidden state the caller needs it
}

TEST_CASE("of a neuron with several states the spikes are passed on, and the last one hands on all or none") {
  st::Random random(9);
  const auto input = random_sequence<double>(random, {4, 3, 6}, 0, 2);
  for (const bool output : {false, true}) {
    INFO("output " << output);
    const st::Sequential net{
        Linear(6, 20, random), st::Alif<double>({.beta = 0.8}), Linear(20, 4, random),
        st::Synaptic<double>({.alpha = 0.7, .beta = 0.8, .init_hidden = true, .output = output})};
    const auto hidden = net.layer<1>()(net.layer<0>()(input));
    CHECK(hidden.spk.array().sum() > 0);
    const auto expected = net.layer<3>()(net.layer<2>()(hidden.spk));
    net.reset_hidden();
    const auto out = net(input);
    CHECK(same(out.spk.array(), expected.spk.array()));
    CHECK(out.syn.view().empty() == !output);
    CHECK(out.mem.view().empty() == !output);
    if (output) CHECK(same(out.syn.array(), expected.syn.array()));
    net.reset_hidden();
    st::Tape<double> tape;
    const auto on_tape = net(tape.constant(input));
    CHECK(on_tape.syn.empty() == !output);
    CHECK(on_tape.mem.empty() == !output);
    CHECK(net.layer<3>().syn().rows() == 3);  // it keeps them all the same
  }
}

}  // namespace sequential_test
