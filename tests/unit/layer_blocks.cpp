// Layers that draw random numbers, and layers that couple samples, in drivers that split a batch.
#include <spiketape/train/shards.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "own_layers.hpp"
#include "plain_neurons.hpp"

#include <cmath>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace layer_blocks_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same;
using st::Index;

TEST_CASE("random layers draw the same in blocks and on threads, other numbers in the next round") {
  st::Random random(5);
  const st::Sequential net{st::Linear<double>(6, 12, random), own::Dropout<double>(0.5),
                           st::Leaky<double>({.beta = 0.8})};
  const auto input = random_sequence<double>(random, {4, 9, 6}, 0, 2);
  const auto loss = [](const auto& out, Index, Index) { return st::sum(out.mem); };
  const auto run = [&](int shards, int threads, Index block, int rounds) {
    st::Shards<double> driver(shards, threads, block);
    double value = 0;
    for (int round = 0; round < rounds; ++round) {
      driver.gradients().clear();
      value = driver.run(net, input, loss);
    }
    return std::pair(value, driver.gradients().gradient(net.parameters()[0]));
  };
  const auto [value, gradient] = run(1, 1, 0, 1);
  for (const auto& [shards, threads, block] : {std::tuple(3, 1, 0), {3, 2, 2}, {2, 2, 1}}) {
    const auto [other, other_gradient] = run(shards, threads, block, 1);
    CHECK(std::abs(other - value) < tolerance::rounding<double> * 100 * value);
    CHECK(numeric::near(other_gradient, gradient, tolerance::rounding<double> * 100));
  }
  CHECK(run(1, 1, 0, 2).first != value);
  CHECK(run(3, 2, 2, 2).first == run(3, 1, 2, 2).first);
}

TEST_CASE("two random layers of a network draw different numbers, and so do copies of one") {
  const own::Dropout<double> dropout(0.5);
  const st::Sequential net{dropout, st::Sequential{dropout, dropout}};
  const st::Array<double> ones = st::Array<double>::Ones(1, 400);
  st::Tape<double> tape;
  // A feature passes all three with probability 1/8, and is doubled by each.
  const st::Array<double> kept = net(tape.constant(ones)).array();
  CHECK(((kept == 0) || (kept == 8)).all());
  CHECK((kept != 0).count() > 25);
  CHECK((kept != 0).count() < 80);
}

TEST_CASE("a layer that couples samples says why it does not run in blocks") {
  st::Random random(6);
  const st::Sequential net{own::Centre<double>(6), st::Leaky<double>({.beta = 0.8, .learn_beta = true})};
  const auto input = random_sequence<double>(random, {4, 5, 6}, 0, 2);
  const auto loss = [](const auto& out, Index, Index) { return st::sum(out.mem); };
  st::Shards<double> whole(1), blocks(1, 1, 2), two(2);
  CHECK_NOTHROW(whole.run(net, input, loss));
  CHECK(net.parameter("0.mean").array().abs().maxCoeff() > 0);  // the running figure has been written
  for (auto* driver : {&blocks, &two})
    CHECK(error_text<std::invalid_argument>([&] { driver->run(net, input, loss); }) ==
          "spiketape::Shards::run: a layer of the network couples samples (Centre takes the mean over the "
          "batch), "
          "expected one shard without blocks, Shards(1)");
}

}  // namespace layer_blocks_test
