// What one neuron is in terms of another, and neurons that can be followed by hand.
#include "catch.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/alif.hpp>
#include <spiketape/neuron/alpha.hpp>
#include <spiketape/neuron/integrator.hpp>
#include <spiketape/neuron/lapicque.hpp>
#include <spiketape/neuron/rsynaptic.hpp>
#include <spiketape/nn/linear.hpp>

#include <cmath>

namespace neurons_test {

namespace st = spiketape;
using numeric::same;
using st::Index;
using Array = st::Array<double>;
using Sequence = st::Sequence<double>;
using Leaky = st::Leaky<double>;

namespace {

Sequence currents(unsigned seed, const st::Shape& shape = {9, 3, 19}) {
  st::Random random(seed);
  return numeric::random_sequence<double>(random, shape, -0.4, 1.6);
}

Sequence one_neuron(std::initializer_list<double> values) {
  Sequence sequence(static_cast<Index>(values.size()), 1, 1);
  std::copy(values.begin(), values.end(), sequence.array().data());
  return sequence;
}

template <typename A, typename B>
void check_same_spk_mem(const A& ours, const B& expected) {
  CHECK(expected.spk.array().sum() > 10);
  CHECK(same(ours.spk.array(), expected.spk.array()));
  CHECK(same(ours.mem.array(), expected.mem.array()));
}

}  // namespace

TEST_CASE("without what is theirs, the others are Leaky") {
  const Sequence input = currents(1);
  const auto leaky = Leaky({.beta = 0.8})(input);
  check_same_spk_mem(st::Synaptic<double>({.alpha = 0, .beta = 0.8})(input), leaky);
  check_same_spk_mem(st::RLeaky<double>({.beta = 0.8, .V = 0, .all_to_all = false})(input), leaky);
  check_same_spk_mem(st::RSynaptic<double>({.alpha = 0, .beta = 0.8, .V = 0, .all_to_all = false})(input),
                     leaky);
  check_same_spk_mem(st::Alif<double>({.beta = 0.8, .adaptation = 0})(input), leaky);
  check_same_spk_mem(st::Lapicque<double>({.beta = 0.8, .C = 1})(input), leaky);
  check_same_spk_mem(st::Lapicque<double>({.beta = 0.8, .C = 2, .time_step = 2})(input), leaky);
}

TEST_CASE("Synaptic and Alpha answer an impulse with a rise and a fall") {
  const Sequence impulse = one_neuron({0.5, 0, 0, 0, 0});
  const auto synaptic = st::Synaptic<double>({.alpha = 0.5, .beta = 0.75, .threshold = 9})(impulse);
  const auto alpha = st::Alpha<double>({.alpha = 0.75, .beta = 0.5, .threshold = 9})(impulse);
  const double tau = std::log(0.75) / std::log(0.5) - std::log(0.75) + 1;
  for (Index t = 0; t < 5; ++t) {
    const double slow = std::pow(0.75, t), fast = std::pow(0.5, t);
    CHECK(synaptic.syn(t, 0, 0) == 0.5 * fast);
    // The sum of 0.75^k 0.5^(t−k).
    CHECK(synaptic.mem(t, 0, 0) == Approx(0.5 * (3 * slow - 2 * fast)));
    CHECK(alpha.syn_exc(t, 0, 0) == 0.5 * slow);
    CHECK(alpha.syn_inh(t, 0, 0) == -0.5 * fast);
    CHECK(alpha.mem(t, 0, 0) == Approx(tau * 0.5 * (slow - fast)).margin(1e-15));
  }
}

TEST_CASE("a spike that RLeaky sends to itself arrives in the next step") {
  // U: 1.5, a spike; 0.75 + 0.25 + 0.5·1 − 1 = 0.5; 0.25 + 0.25.
  const auto [spk, mem] =
      st::RLeaky<double>({.beta = 0.5, .V = 0.5, .all_to_all = false})(one_neuron({1.5, 0.25, 0.25}));
  CHECK(same(spk.array(), one_neuron({1, 0, 0}).array()));
  CHECK(same(mem.array(), one_neuron({1.5, 0.5, 0.5}).array()));
  // A spike of another value acts as that value.
  const auto graded = st::RLeaky<double>(
      {.beta = 0.5, .V = 0.5, .all_to_all = false, .graded_spikes_factor = 2})(one_neuron({1.5, 0.25, 0.25}));
  CHECK(same(graded.spk.array(), one_neuron({2, 0, 0}).array()));
  CHECK(same(graded.mem.array(), one_neuron({1.5, 1, 0.75}).array()));
}

TEST_CASE("a recurrent layer is a Leaky whose spikes go back through a Linear") {
  const Index neurons = 19;
  const Sequence input = currents(2);
  st::Random random(3);
  st::RLeaky<double> lif({.beta = 0.8, .linear_features = neurons, .learn_beta = true}, random);
  lif.recurrent_weight().array() *= 2;
  st::Linear<double> linear(neurons, neurons, random);
  linear.weight().array() = lif.recurrent_weight().array();
  linear.bias().array() = lif.recurrent_bias().array();
  const Leaky leaky({.beta = 0.8, .learn_beta = true});

  st::Tape<double> tape;
  const auto x = tape.variable(input), y = tape.variable(input);
  const auto [spk, mem] = lif(x);
  const auto start = tape.constant(Array(Array::Zero(3, neurons)));
  auto last_spk = start, last_mem = start;
  auto loss = st::sum(spk) + st::sum(mem * mem);
  for (Index t = 0; t < 9; ++t) {
    const auto step = leaky(st::step(y, t) + linear(last_spk), last_mem);
    CHECK(same(step.spk.array(), spk.value().step(t).array()));
    CHECK(numeric::near(step.mem.array(), mem.value().step(t).array(), tolerance::rounding<double>));
    last_spk = step.spk;
    last_mem = step.mem;
    loss = loss + st::sum(step.spk) + st::sum(step.mem * step.mem);
  }
  CHECK(spk.array().sum() > 10);
  tape.backward(loss);
  const auto check = [&](const auto& ours, const auto& expected) {
    CHECK(ours.abs().maxCoeff() > 0);
    CHECK(numeric::near(ours, expected, 10 * tolerance::rounding<double>));
  };
  check(Array(x.adjoint().array()), Array(y.adjoint().array()));
  const auto& gradients = tape.gradients();
  check(gradients.gradient(lif.recurrent_weight()), gradients.gradient(linear.weight()));
  check(gradients.gradient(lif.recurrent_bias()), gradients.gradient(linear.bias()));
  check(gradients.gradient(lif.beta()), gradients.gradient(leaky.beta()));
}

TEST_CASE("a spike makes Alif's next one harder") {
  // Above 1 + A:                           1.5 > 1,  1.25 < 1.5,  2.125 > 1.25,  1.5625 < 1.625
  const auto [spk, adapt, mem] =
      st::Alif<double>({.beta = 0.5, .rho = 0.5, .adaptation = 1})(one_neuron({1.5, 1.5, 1.5, 1.5}));
  CHECK(same(spk.array(), one_neuron({1, 0, 1, 0}).array()));
  CHECK(same(adapt.array(), one_neuron({0, 0.5, 0.25, 0.625}).array()));
  CHECK(same(mem.array(), one_neuron({1.5, 1.25, 2.125, 1.5625}).array()));  // a reset takes θ = 1 away
  // Reset in the step of the spike, from        1.5 > 1,  1.75 > 1.5,  1.625 < 1.75
  const auto same_step = st::Alif<double>({.beta = 0.5, .rho = 0.5, .adaptation = 1, .reset_delay = false})(
      one_neuron({1.5, 1.5, 1.25}));
  CHECK(same(same_step.spk.array(), one_neuron({1, 1, 0}).array()));
  CHECK(same(same_step.mem.array(), one_neuron({0.5, 0.75, 1.625}).array()));
}

TEST_CASE("an Integrator never fires, and is Leaky without threshold and reset") {
  Sequence input = currents(4);
  input.array() *= 1e6;
  const st::Integrator<double> integrator({.beta = 0.9, .learn_beta = true});
  const st::Leaky<double, st::reset::None> leaky(
      {.beta = 0.9, .surrogate_disable = true, .learn_beta = true});
  const auto [spk, mem] = integrator(input);
  CHECK((spk.array() == 0).all());
  CHECK(same(mem.array(), leaky(input).mem.array()));
  const auto gradients = [&](const auto& neuron) {
    st::Tape<double> tape;
    const auto x = tape.variable(input);
    const auto out = neuron(x);
    tape.backward(st::sum(out.mem * out.mem) + st::sum(out.spk));
    Array all(input.array().rows() + 1, input.array().cols());
    all.topRows(input.array().rows()) = x.adjoint().array();
    all.bottomRows(1).setConstant(tape.gradients().gradient(neuron.beta())(0, 0));
    return all;
  };
  CHECK(same(gradients(integrator), gradients(leaky)));
  CHECK(integrator.parameters() == st::ParameterList<double>{integrator.beta().ptr()});
  CHECK(st::Integrator<double>({.beta = 0.9}).parameters().empty());

  const st::Integrator<double> hidden({.beta = 0.5, .init_hidden = true, .output = true});
  CHECK(hidden.output());
  hidden(Array(Array::Constant(1, 1, 3)));
  CHECK(hidden(Array(Array::Constant(1, 1, 3))).mem(0, 0) == 4.5);
}

TEST_CASE("Leaky with beta = 1 integrates and fires without a leak") {
  const auto [spk, mem] = Leaky({.beta = 1})(one_neuron({0.375, 0.375, 0.375, 0, 0, 0.375}));
  CHECK(same(mem.array(), one_neuron({0.375, 0.75, 1.125, 0.125, 0.125, 0.5}).array()));
  CHECK(same(spk.array(), one_neuron({0, 0, 1, 0, 0, 0}).array()));
}

}  // namespace neurons_test
