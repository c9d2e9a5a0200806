// A batch worked through in blocks of samples gives what it gives in one piece.
#include <spiketape/train/shards.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <span>

namespace blocks_test {

namespace st = spiketape;
using st::Index;

namespace {

// Random surrogates draw by the place in the whole batch, so they tell a wrong place.
using Hidden = st::Leaky<float, st::reset::Subtract, st::surrogate::StochasticSpike>;

constexpr Index batch = 11, steps = 6;
const std::vector<int> labels{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0};

template <typename Network>
void check_blocks(const Network& net, st::SequenceView<const float> input) {
  const auto loss = [](const auto& out, Index first, Index count) {
    const auto part = std::span<const int>(labels).subspan(static_cast<std::size_t>(first),
                                                           static_cast<std::size_t>(count));
    return st::cross_entropy(out.mem, part, {.samples = batch}) +
           st::cross_entropy(out.spk, part, {.samples = batch});
  };
  st::Tape<float> tape;
  tape.set_round(1);  // that of a driver's first run, for the random surrogate
  const auto whole = loss(net(tape.constant(input)), 0, batch);
  tape.backward(whole);

  for (const int count : {1, 3})
    for (const Index block : {0, 1, 2, 4, 100}) {
      INFO(count << " shards, blocks of " << block);
      st::Shards<float> serial(count, 1, block), parallel(count, 2, block);
      const float value = serial.run(net, input, loss);
      CHECK(value == Approx(whole.item()).epsilon(tolerance::rounding<float>));
      CHECK(parallel.run(net, input, loss) == value);
      for (const auto& parameter : net.parameters()) {
        INFO(parameter->name);
        const auto gradient = serial.gradients().gradient(parameter);
        if (input.steps > 1)
          CHECK(gradient.abs().maxCoeff() > 0);  // one step from zero tells nothing of beta
        CHECK(numeric::near(gradient, tape.gradients().gradient(parameter), tolerance::rounding<float>));
        CHECK(numeric::same(parallel.gradients().gradient(parameter), gradient));
      }
      const std::size_t capacity = serial.capacity();
      CHECK(serial.run(net, input, loss) == value);
      CHECK(serial.capacity() == capacity);
    }
}

Hidden hidden() { return Hidden({.beta = 0.8, .learn_beta = true, .learn_threshold = true}); }
st::Leaky<float> output() { return st::Leaky<float>({.beta = 0.9, .learn_beta = true}); }

}  // namespace

TEST_CASE("blocks give the loss and the gradients of the whole batch, on any number of threads") {
  st::Random random(81);
  const st::Sequential net{st::Linear<float>(20, 33, random), hidden(), st::Linear<float>(33, 5, random),
                           output()};
  const auto step = numeric::random_array<float>(random, batch, 20, -2, 4);
  check_blocks(net, step);
  check_blocks(net, st::repeat(step, steps));
  check_blocks(net, numeric::random_sequence<float>(random, {steps, batch, 20}, -2, 4));
}

TEST_CASE("the layers before the first neuron are shared by threads, dense and as events") {
  st::Random random(86);
  const st::Sequential net{st::Linear<float>(120, 300, random), hidden(), st::Linear<float>(300, 5, random),
                           output()};
  auto step = numeric::random_array<float>(random, batch, 120, -2, 4);
  check_blocks(net, st::repeat(step, steps));
  step = (step > 3).select(step, 0);
  check_blocks(net, st::repeat(step, steps));

  // So many events that threads share the sorting, too.
  const st::Sequential wide{st::Linear<float>(6000, 33, random), hidden(), st::Linear<float>(33, 5, random),
                            output()};
  auto many = numeric::random_array<float>(random, batch, 6000, -2, 4);
  many = (many > 3).select(many, 0);
  check_blocks(wide, st::repeat(many, steps));
}

TEST_CASE("a network may begin with a neuron, or with several layers before the first") {
  st::Random random(82);
  const auto step = numeric::random_array<float>(random, batch, 5, -1, 3);
  const st::Sequential neuron_first{hidden(), st::Linear<float>(5, 5, random), output()};
  check_blocks(neuron_first, st::repeat(step, steps));
  const st::Sequential two_before{st::Linear<float>(5, 9, random), st::Linear<float>(9, 12, random), hidden(),
                                  st::Linear<float>(12, 5, random), output()};
  check_blocks(two_before, st::repeat(step, steps));
}

TEST_CASE("the layers before the first neuron may end in spikes, those of a neuron inside a function") {
  st::Random random(85);
  const auto step = numeric::random_array<float>(random, batch, 20, -2, 4);
  const st::Sequential net{st::Linear<float>(20, 5, random),
                           [neuron = hidden()](const auto& input) { return neuron(input).spk; }, output()};
  check_blocks(net, step);
  check_blocks(net, st::repeat(step, steps));
}

TEST_CASE("front and back are the two parts of a network") {
  st::Random random(83);
  const st::Sequential net{st::Linear<double>(4, 6, random), st::Leaky<double>({.beta = 0.5}),
                           st::Linear<double>(6, 3, random)};
  const auto input = numeric::random_sequence<double>(random, {5, 2, 4}, -2, 3);
  CHECK(numeric::same(net.back(net.front(input)).array(), net(input).array()));
  CHECK(numeric::same(net.front(input).array(), net.layer<0>()(input).array()));
}

TEST_CASE(
    "an error in the layers before the first neuron leaves no gradient, and the next run is a good one") {
  st::Random random(87);
  const st::Sequential net{st::Linear<float>(4, 3, random), output()};
  const auto step = numeric::random_array<float>(random, 3, 4, 0, 3);
  const auto loss = [](const auto& out, Index, Index) { return st::sum(out.mem); };
  st::Shards<float> shards(2, 2, 1);
  const float value = shards.run(net, step, loss);
  CHECK(error_text<std::invalid_argument>([&] { shards.run(net, step.leftCols(3).eval(), loss); }) ==
        "spiketape::Linear: input has 3 features, 0.weight expects 4");
  for (const auto& parameter : net.parameters()) CHECK_FALSE(shards.gradients().has(parameter));
  CHECK(shards.run(net, step, loss) == value);
}

TEST_CASE("what cannot be split into blocks says why") {
  st::Random random(84);
  const st::Sequential net{st::Linear<float>(4, 3, random),
                           st::Leaky<float>({.beta = 0.5, .init_hidden = true})};
  st::Shards<float> shards(1, 1, 2);
  const auto step = numeric::random_array<float>(random, 3, 4);
  CHECK(error_text<std::invalid_argument>(
            [&] { shards.run(net, step, [](const auto& out, Index, Index) { return st::sum(out.spk); }); }) ==
        "spiketape::Shards::run: a neuron of the network has init_hidden = true, expected none: hidden state "
        "belongs "
        "to one thread and one batch");
  CHECK(error_text<std::invalid_argument>([] { st::Shards<float>(1, 1, -1); }) ==
        "spiketape::Shards: block is -1, expected at least 0");
}

}  // namespace blocks_test
