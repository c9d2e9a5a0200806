// Random surrogates draw by seed, neuron, round of training, sample, step and feature.
#include <spiketape/neuron/leaky.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/train/windows.hpp>

#include "catch.hpp"
#include "numeric.hpp"

#include <set>

namespace random_surrogates_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same;
using st::Index;

namespace {

using Neuron = st::Leaky<double, st::reset::None, st::surrogate::StochasticSpike>;
using Array = st::Array<double>;

/// The derivative of the sum of all spikes by the input: with β = 0 the surrogate at each number.
Array noise(const Neuron& lif, st::Tape<double>& tape, const st::Sequence<double>& input) {
  const auto x = tape.variable(input);
  tape.backward(st::sum(lif(x).spk));
  return x.adjoint().array();
}

}  // namespace

TEST_CASE("a random surrogate is not frozen where the membrane stays") {
  const Neuron lif({.beta = 0});
  st::Tape<double> tape;
  const Array drawn = noise(lif, tape, st::Sequence<double>(50, 2, 3));
  CHECK(std::set<double>(drawn.data(), drawn.data() + drawn.size()).size() == 300);
  tape.reset();  // the next round
  CHECK_FALSE(same(noise(lif, tape, st::Sequence<double>(50, 2, 3)), drawn));
  tape.reset();
  tape.set_round(0);
  CHECK(same(noise(lif, tape, st::Sequence<double>(50, 2, 3)), drawn));
}

TEST_CASE("a loop of steps draws the numbers of the sequence") {
  const Neuron lif({.beta = 0});
  st::Tape<double> tape;
  const Array drawn = noise(lif, tape, st::Sequence<double>(6, 2, 3));
  tape.reset();
  tape.set_round(0);
  const auto x = tape.variable(st::Sequence<double>(6, 2, 3));
  st::Var<double> loss = st::sum(lif(st::step(x, 0)).spk);
  for (Index t = 1; t < 6; ++t) loss = loss + st::sum(lif(st::step(x, t)).spk);
  tape.backward(loss);
  CHECK(same(x.adjoint().array(), drawn));
}

TEST_CASE("neurons of a network draw different numbers, also after an assignment") {
  st::Sequential net{Neuron({.beta = 0}), Neuron({.beta = 0})};
  net.layer<0>() = Neuron({.beta = 0});
  net.layer<1>() = Neuron({.beta = 0});
  st::Tape<double> tape, other;
  const st::Sequence<double> input(3, 2, 40);
  CHECK_FALSE(same(noise(net.layer<0>(), tape, input), noise(net.layer<1>(), other, input)));
}

TEST_CASE("a window that is computed again draws the numbers of its first run") {
  st::Random random(3);
  const Neuron lif({.beta = 0.9, .init_hidden = true, .learn_beta = true, .output = true});
  const auto input = random_sequence<double>(random, {12, 2, 5});
  const auto gradient = [&](Index steps) {
    lif.reset_hidden();
    st::Windows<double> windows(steps);
    windows.run(lif, input, [](const auto& out, Index, Index) { return st::sum(out.spk); });
    return windows.gradients().gradient(lif.beta())(0, 0);
  };
  CHECK(gradient(4) == Approx(gradient(12)));
  CHECK(gradient(1) == Approx(gradient(12)));
}

}  // namespace random_surrogates_test
