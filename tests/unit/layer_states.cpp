// States apart from weights, and spikes as bits, through layers of a user's.
#include <spiketape/autograd/state.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "own_layers.hpp"
#include "plain_neurons.hpp"

#include <stdexcept>
#include <vector>

namespace layer_states_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same;
using own::gradients;
using st::Index;

TEST_CASE("a layer hands spikes on as bits") {
  st::Random random(3);
  const st::Leaky<double> lif({.beta = 0.5, .threshold = 0.4});
  const own::MaxPool<double> pool;
  const st::Linear<double> linear(20, 3, random);
  const auto input = random_sequence<double>(random, {6, 3, 40}, -1, 1);
  const auto spikes = lif(input).spk;
  const auto expected = linear(pool(spikes));
  CHECK(spikes.array().sum() > 10);
  const st::Sequential net{st::Leaky(lif), own::MaxPool(pool), st::Linear(linear)};
  CHECK(numeric::near(net(input).array(), expected.array(), tolerance::rounding<double>));
  st::Tape<double> tape;
  const auto x = tape.variable(input);
  const auto pooled = pool(lif(x).spk);
  CHECK(tape.bits(pooled) != nullptr);
  CHECK(same(pooled.array(), pool(spikes).array()));
  CHECK(numeric::near(net(x).array(), expected.array(), tolerance::rounding<double>));
  tape.backward(st::sum(linear(pooled)));
  CHECK(x.has_adjoint());
}

TEST_CASE("states of layers go from call to call, with their gradient on a tape") {
  st::Random random(4);
  const st::Sequential net{own::Delay<double>(3), st::Leaky<double>({.beta = 0.8, .learn_beta = true})};
  const auto input = random_sequence<double>(random, {8, 2, 5}, 0, 1);
  auto state = net.state(2);
  CHECK(state.size() == 2);
  const auto whole = net(input, state);
  const st::Array<double> mem = whole.mem.array();
  CHECK(same(mem, net(input).mem.array()));
  CHECK(whole.spk.array().sum() > 0);

  st::Tape<double> tape;
  auto on_tape = net.state(2);
  const auto x = tape.variable(input);
  const auto expected = gradients(net, tape, st::sum(net(x, on_tape).mem));
  const st::Array<double> x_adjoint = x.adjoint().array();

  tape.reset();
  tape.gradients().clear();
  auto stepwise = net.state(2), in_parts = net.state(2);
  const auto x_again = tape.variable(input);
  st::Var<double> loss;
  for (Index t = 0; t < 8; ++t) {
    const auto out = net(st::step(x_again, t), stepwise);
    CHECK(same(out.mem.array(), mem.middleRows(2 * t, 2)));
    CHECK(same(net(input.step(t), in_parts).mem.array(), mem.middleRows(2 * t, 2)));
    loss = loss.empty() ? st::sum(out.mem) : loss + st::sum(out.mem);
  }
  CHECK(stepwise == on_tape);
  CHECK(stepwise == in_parts);
  const auto by_steps = gradients(net, tape, loss);
  CHECK(numeric::near(x_again.adjoint().array(), x_adjoint, tolerance::rounding<double>));
  REQUIRE(by_steps.size() == 2);
  for (std::size_t k = 0; k < 2; ++k)
    CHECK(numeric::near(by_steps[k], expected[k], tolerance::rounding<double> * 10));

  // Detached, nothing flows back.
  tape.reset();
  auto cut = net.state(2);
  const auto before = tape.variable(input.step(0)), after = tape.variable(input.step(1));
  net(before, cut);
  cut.detach();
  tape.backward(st::sum(net(after, cut).mem));
  CHECK_FALSE(before.has_adjoint());

  const auto last = net(input, state);
  CHECK(error_text<std::invalid_argument>([&] { net(last.mem, state); }) ==
        "spiketape::Sequential: input is the result of the last call with this state, which ends here: "
        "expected "
        "other memory, such as a copy");
  CHECK(error_text<std::invalid_argument>([&] {
          auto other = net.state(3);
          net(input, other);
        }) ==
        "spiketape::Sequential: state has 2 parts of batch 3, expected 2 of batch 2: make it with "
        "state(batch)");
}

TEST_CASE("a stream takes no step and no sample, too") {
  const st::Sequential net{own::MaxPool<double>{}, st::Leaky<double>({.beta = 0.8}),
                           st::Synaptic<double>({.alpha = 0.5, .beta = 0.6})};
  for (const st::Shape& shape : {st::Shape{0, 3, 4}, {5, 0, 4}, {2, 3, 0}}) {
    auto state = net.state(shape.batch);
    CHECK(net(st::Sequence<double>(shape), state).mem.shape() ==
          st::Shape{shape.steps, shape.batch, shape.features / 2});
  }
}

}  // namespace layer_states_test
