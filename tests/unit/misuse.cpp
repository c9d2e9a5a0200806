// What a reviewer broke once stays a test.
#include <spiketape/spiketape.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <limits>
#include <span>
#include <vector>

namespace misuse_test {

namespace st = spiketape;
using st::Index;

TEST_CASE("blocks are right when a layer before the first known neuron makes a varying sequence") {
  st::Random random(101);
  const st::Leaky<float> inner({.beta = 0.8});
  const st::Sequential net{st::Linear<float>(6, 9, random), [&](const auto& x) { return inner(x).spk; },
                           st::Linear<float>(9, 4, random), st::Leaky<float>({.beta = 0.9})};
  const auto step = numeric::random_array<float>(random, 4, 6, -2, 4);
  const std::vector<int> labels{0, 1, 2, 3};
  const auto run = [&](Index block) {
    st::Shards<float> shards(1, 1, block);
    const float loss = shards.run(net, st::repeat(step, 5), [&](const auto& out, Index first, Index count) {
      return st::cross_entropy(out.mem,
                               std::span<const int>(labels).subspan(static_cast<std::size_t>(first),
                                                                    static_cast<std::size_t>(count)),
                               {.samples = 4});
    });
    return std::pair(loss, shards.gradients().gradient(net.parameters()[0]));
  };
  const auto whole = run(0);
  for (const Index block : {1, 2, 3}) {
    const auto [loss, gradient] = run(block);
    CHECK(loss == Approx(whole.first).epsilon(tolerance::rounding<float>));
    CHECK(numeric::near(gradient, whole.second, tolerance::rounding<float>));
  }
}

TEST_CASE("a network that is copied back is still the one the optimizer knows") {
  st::Random random(102);
  st::Sequential net{st::Linear<double>(2, 2, random)};
  st::SGD<double> sgd(net.parameters(), {.lr = 1});
  const auto best = net;
  net.layer<0>().weight().array().setZero();
  net = best;
  CHECK(numeric::same(net.layer<0>().weight().array(), best.layer<0>().weight().array()));
  st::Tape<double> tape;
  tape.backward(st::sum(net(tape.constant(st::Array<double>{{1, 1}}))));
  sgd.step(tape.gradients());
  CHECK(numeric::near(net.layer<0>().weight().array(), best.layer<0>().weight().array() - 1, 1e-12));
}

TEST_CASE("the errors of one run do not come up in the next") {
  st::Shards<double> shards(2);
  const auto failing = [](st::Tape<double>&, Index, Index) -> st::Var<double> {
    throw std::invalid_argument("bad");
  };
  CHECK_THROWS_AS(shards.run(2, failing), std::invalid_argument);
  const auto good = [](st::Tape<double>& tape, Index, Index) {
    return st::sum(tape.variable(st::Array<double>{{1}}));
  };
  CHECK(shards.run(2, good) == 2);
}

TEST_CASE("a call of no steps leaves a hidden membrane as it is") {
  const st::Leaky<double> lif({.beta = 0.5, .init_hidden = true});
  st::Tape<double> tape;
  const auto x = tape.variable(st::Array<double>{{0.4}});
  lif(x);
  lif(tape.constant(st::Sequence<double>(0, 1, 1)));
  const auto mem = lif(tape.constant(st::Array<double>{{0}})).mem;
  CHECK(mem.item() == Approx(0.2));
  tape.backward(mem);
  CHECK(x.adjoint().data[0] == Approx(0.5));  // the gradient is not cut either
}

TEST_CASE("a membrane without elements has the wrong shape, too") {
  const st::Leaky<float> lif({.beta = 0.5});
  const st::Array<float> input = st::Array<float>::Zero(2, 5);
  CHECK(error_text<std::invalid_argument>([&] { lif(input, st::Array<float>(0, 5)); }) ==
        "spiketape::Leaky: mem has shape (1, 0, 5), input of (1, 2, 5) expects (1, 2, 5)");
  CHECK_NOTHROW(lif(input, st::Array<float>()));
}

TEST_CASE("an infinite threshold makes a readout whose gradients are those of its membrane") {
  for (const bool reset_delay : {true, false}) {
    const st::Leaky<double> lif(
        {.beta = 0.5, .threshold = std::numeric_limits<double>::infinity(), .reset_delay = reset_delay});
    st::Tape<double> tape;
    const auto x = tape.variable(st::Sequence<double>(3, 1, 1));
    const auto [spk, mem] = lif(x);
    tape.backward(st::sum(mem));
    CHECK(spk.array().sum() == 0);
    CHECK(x.adjoint().row(0, 0)[0] == Approx(1.75));
  }
}

TEST_CASE("reset_mem begins a loop on a tape, as in snnTorch") {
  const st::Leaky<double> lif({.beta = 0.5});
  st::Tape<double> tape;
  const auto mem = lif.reset_mem();
  CHECK(lif(tape.constant(st::Array<double>{{0.4}}), mem).mem.item() == 0.4);
  const st::Array<double> start{{0.2}};
  CHECK(lif(tape.constant(st::Array<double>{{0.4}}), start).mem.item() == 0.5);
}

TEST_CASE("non-uniform levels ascend for any number of bits") {
  for (int bits = 1; bits <= 16; ++bits)
    for (const bool thr_centered : {false, true}) {
      const st::quant::NonUniform quantizer{.num_bits = bits, .thr_centered = thr_centered};
      const auto levels = quantizer.levels<float>();
      CHECK(levels.size() == std::size_t(1) << bits);
      CHECK(std::is_sorted(levels.begin(), levels.end()));
    }
}

TEST_CASE("a step that is not there and memory that is read and written are refused") {
  const st::Sequence<float> two(2, 3, 4);
  CHECK(error_text<std::invalid_argument>([&] { static_cast<void>(two.step(2)); }) ==
        "spiketape::Sequence::step: t is 2, the sequence has 2 steps");
  st::Random random(103);
  const st::Linear<float> layer(4, 4, random);
  st::Array<float> both = st::Array<float>::Ones(2, 4);
  CHECK(error_text<std::invalid_argument>([&] { layer.forward_into(both, both); }) ==
        "spiketape::Linear::forward_into: output lies where input lies, expected other memory");
}

TEST_CASE("an output that overlaps the input anywhere is refused, one beside it is not") {
  st::Random random(104);
  const st::Linear<float> layer(4, 4, random);
  st::Array<float> memory = st::Array<float>::Ones(6, 9);
  const auto refused = [&](auto input, auto output) {
    return error_text<std::invalid_argument>([&] { layer.forward_into(input, output); }) ==
           "spiketape::Linear::forward_into: output lies where input lies, expected other memory";
  };
  CHECK(refused(memory.block(0, 0, 3, 4), memory.block(2, 0, 3, 4)));
  CHECK(refused(memory.block(2, 0, 3, 4), memory.block(0, 0, 3, 4)));
  CHECK(refused(memory.block(0, 0, 3, 4), memory.block(0, 3, 3, 4)));
  CHECK(refused(memory.block(0, 3, 3, 4), memory.block(0, 0, 3, 4)));
  using View = st::SequenceView<float>;
  CHECK(refused(View(memory.data(), {1, 3, 4}, 9), View(memory.data() + 2, {1, 3, 4}, 4)));

  const st::Array<float> expected = layer(st::Array<float>::Ones(3, 4).eval());
  const auto written = [&](auto input, auto output) {
    memory.setOnes();
    layer.forward_into(input, output);
    return numeric::same(st::Array<float>(output), expected);
  };
  CHECK(written(memory.block(0, 0, 3, 4), memory.block(0, 4, 3, 4)));
  CHECK(written(memory.block(0, 5, 3, 4), memory.block(0, 0, 3, 4)));
  CHECK(written(memory.block(0, 0, 3, 4), memory.block(3, 0, 3, 4)));
}

TEST_CASE("a network may end in an Eigen expression") {
  st::Random random(104);
  const st::Sequential net{st::Linear<float>(3, 4, random), [](const auto& x) { return x * 2.0f; }};
  const auto input = numeric::random_array<float>(random, 2, 3);
  CHECK(numeric::same(net(input), st::Array<float>(2 * net.layer<0>()(input))));
}

TEST_CASE("a neuron names itself when a state is on another tape than its input") {
  st::Tape<float> one, two;
  const st::Leaky<float> leaky({.beta = 0.5});
  const st::Array<float> step = st::Array<float>::Ones(2, 4);
  CHECK(error_text<std::invalid_argument>([&] { leaky(one.constant(step), two.constant(step)); }) ==
        "spiketape::Leaky: the value belongs to another tape");
}

}  // namespace misuse_test
