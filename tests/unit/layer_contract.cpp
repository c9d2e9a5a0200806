// What layers of a user's rely on, where a mistake would go unnoticed.
#include <spiketape/nn/layer.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "own_layers.hpp"

#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace layer_contract_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same;
using st::Index;

namespace {

/// y = r x with an r for each step, sample and feature, drawn again in backward.
struct Noise : st::Layer<Noise, double> {
  st::Shape result(const st::Shape& input) const { return input; }
  template <typename Write>
  void each(const st::SequenceView<const double>& x, const st::RandomKey& key, Write&& write) const {
    for (Index t = 0; t < x.steps; ++t)
      for (Index b = 0; b < x.batch; ++b)
        for (Index i = 0; i < x.features; ++i) write(t, b, i, key.uniform(t, b, i));
  }
  void forward(st::SequenceView<const double> x, st::SequenceView<double> y,
               st::Context<double>& context) const {
    each(x, context.key(),
         [&](Index t, Index b, Index i, double r) { y.row(t, b)[i] = r * x.row(t, b)[i]; });
  }
  void backward(st::SequenceView<const double> x, st::SequenceView<const double> y_adjoint,
                st::Adjoint<double> x_adjoint, st::Context<double>& context) const {
    each(x, context.key(), [&](Index t, Index b, Index i, double r) {
      x_adjoint.view.row(t, b)[i] += r * y_adjoint.row(t, b)[i];
    });
  }
};

/// A layer around another one.
struct Twice : st::Layer<Twice, double> {
  static constexpr std::string_view name = "Twice";
  st::Linear<double> layer;

  explicit Twice(st::Random& random) : layer(2, 2, random) {}
  st::Shape result(const st::Shape& input) const {
    if (input.features != 2) this->fail("input has ", input.features, " features, expected 2");
    return input;
  }
  void forward(st::SequenceView<const double> x, st::SequenceView<double> y, st::Context<double>&) const {
    y.array() = 2 * x.array();
  }
  void backward(st::SequenceView<const double>, st::SequenceView<const double> y_adjoint,
                st::Adjoint<double> x_adjoint, st::Context<double>&) const {
    x_adjoint.add(2 * y_adjoint.array());
  }
};

st::Array<double> ones(Index rows, Index cols) { return st::Array<double>::Ones(rows, cols); }

/// Says that its result has less than no features.
struct Negative : st::Layer<Negative, double> {
  st::Shape result(const st::Shape& input) const { return {input.steps, input.batch, -1}; }
  void forward(st::SequenceView<const double>, st::SequenceView<double>, st::Context<double>&) const {}
  void backward(st::SequenceView<const double>, st::SequenceView<const double>, st::Adjoint<double>,
                st::Context<double>&) const {}
};

}  // namespace

TEST_CASE("backward draws the random numbers of its forward, whatever the tape is set to since") {
  st::Random random(5);
  const auto input = random_sequence<double>(random, {4, 2, 3}, 0.5, 1);
  const Noise noise;
  st::Tape<double> tape;
  const auto x = tape.variable(input);
  tape.backward(st::sum(noise(x)));
  const st::Array<double> whole = x.adjoint().array();

  tape.reset();
  tape.set_round(tape.round() - 1);
  const auto again = tape.variable(input);
  st::Var<double> loss;
  for (Index t = 0; t < 4; ++t) {
    tape.set_first_step(t);
    const auto part = st::sum(noise(st::step(again, t)));
    loss = t == 0 ? part : loss + part;
  }
  tape.set_first_sample(7);
  tape.set_seed(7);
  tape.backward(loss);
  CHECK(same(again.adjoint().array(), whole));
}

TEST_CASE("layers of a network draw numbers of their own, also after an assignment") {
  st::Sequential net{own::Dropout<double>(0.5), own::Dropout<double>(0.5)};
  net.layer<0>() = own::Dropout<double>(0.5);
  net.layer<1>() = own::Dropout<double>(0.5);
  st::Tape<double> tape;
  const auto x = tape.variable(ones(4, 50));
  const st::Array<double> once = net.layer<0>()(x).array(), other = net.layer<1>()(x).array();
  CHECK_FALSE(same(once, other));
}

TEST_CASE("drivers draw by their seed") {
  const st::Sequential net{own::Dropout<double>(0.5), st::Leaky<double>({.beta = 0.9, .learn_beta = true})};
  const st::Array<double> x = ones(4, 50);
  const auto loss_with = [&](auto&& driver, std::uint64_t seed) {
    driver.set_seed(seed);
    return driver.run(net, x, [](const auto& out, Index, Index) { return st::sum(out.mem); });
  };
  CHECK(loss_with(st::Shards<double>(2, 1, 1), 1) == loss_with(st::Shards<double>(2), 1));
  CHECK(loss_with(st::Shards<double>(2), 1) != loss_with(st::Shards<double>(2), 2));
  CHECK(loss_with(st::Windows<double>(1), 1) != loss_with(st::Windows<double>(1), 2));
}

TEST_CASE("the values of a state have the rows that the layer expects") {
  const own::Delay<double> delay(2);
  const st::Array<double> x = st::Array<double>::Ones(2, 3);
  const auto text_with = [&](const st::Array<double>& values) {
    auto state = delay.state(2);
    state.set(0, values);
    const std::string on_arrays = error_text<std::invalid_argument>([&] { delay(x, state); });
    st::Tape<double> tape;
    CHECK(error_text<std::invalid_argument>([&] { delay(tape.constant(x), state); }) == on_arrays);
    return on_arrays;
  };
  CHECK(text_with(st::Array<double>::Ones(5, 3)).find(": state 0 is 5 x 3, input of ") != std::string::npos);
  CHECK(text_with(st::Array<double>::Ones(4, 2)).find(" expects 4 x 3") != std::string::npos);
  CHECK_THROWS_AS((st::State<double>{st::Array<double>(2, 3), st::Array<double>(3, 3)}), std::invalid_argument);
}

TEST_CASE("Windows refuses a layer whose state would be lost") {
  const st::Sequential net{own::Delay<double>(2),
                           st::Leaky<double>({.beta = 0.9, .init_hidden = true, .output = true})};
  const st::Sequence<double> input(6, 2, 3);
  st::Windows<double> windows(3);
  CHECK_THROWS_AS(
      windows.run(net, input, [](const auto& out, Index, Index) { return st::sum(out.mem); }),
      std::invalid_argument);
}

TEST_CASE("a layer that has members called layer and name is no named layer") {
  st::Random random(7);
  const st::Sequential net{Twice(random), st::named("last", st::Linear<double>(2, 1, random))};
  CHECK(net(ones(1, 2)).cols() == 1);
  CHECK(net.named_parameters().front().path == "last.weight");
  CHECK(error_text<std::invalid_argument>([&] { net(ones(1, 3)); }) ==
        "Twice: input has 3 features, expected 2");
}

TEST_CASE("a result of negative extents is refused on every road") {
  const Negative layer;
  const st::Array<double> x = st::Array<double>::Ones(1, 2);
  auto state = layer.state(1);
  st::Tape<double> tape;
  st::Arena arena;
  CHECK_THROWS_AS(layer(x), std::invalid_argument);
  CHECK_THROWS_AS(layer(st::Sequence<double>(2, 1, 2)), std::invalid_argument);
  CHECK_THROWS_AS(layer(x, state), std::invalid_argument);
  CHECK_THROWS_AS(layer(tape.constant(x)), std::invalid_argument);
  CHECK_THROWS_AS(arena.allocate<float>(-15), std::invalid_argument);
}

TEST_CASE("assignment keeps a parameter's memory, which records on tapes read") {
  st::Parameter<double> a(2, 3), b(2, 3);
  b.set(4);
  const double* memory = a.data();
  a = std::move(b);
  CHECK(a.data() == memory);
  CHECK((a.array() == 4).all());
}

TEST_CASE("check_gradients reports what is worst, and nothing checked is not right") {
  const auto input = st::Sequence<double>(1, 1, 3);
  const auto nan_first = [](const st::Var<double>& x) {
    st::Tape<double>& tape = x.tape();
    st::Sequence<double> factor(1, 1, 3);
    factor(0, 0, 0) = std::numeric_limits<double>::quiet_NaN();
    return st::sum(x * tape.constant(factor));
  };
  const auto check = st::check_gradients(nan_first, input);
  CHECK_FALSE(check);
  CHECK(check.where == "input 0 (0, 0)");
  CHECK_FALSE(st::check_gradients([](const auto& x) { return st::sum(x); }, st::Sequence<double>(1, 0, 3)));
  CHECK_THROWS_AS((st::check_gradients([](const auto& x) { return x; }, input, {}, {.step = 0})),
                  std::invalid_argument);
}

TEST_CASE("Shards runs a network of a user's that is not made of two parts") {
  st::Random random(8);
  const st::Sequential parts{st::Linear<double>(4, 3, random), st::Leaky<double>({.beta = 0.9})};
  struct Network {
    const st::Sequential<st::Linear<double>, st::Leaky<double>>& net;
    auto operator()(const st::Var<double>& x) const { return net(x); }
    bool keeps_state() const { return false; }
  } const network{parts};
  const auto input = random_sequence<double>(random, {1, 6, 4});
  const auto loss = [](const auto& out, Index, Index) { return st::sum(out.mem); };
  st::Shards<double> whole(2, 1, 2), again(2, 1, 2);
  CHECK(again.run(network, input, loss) == whole.run(parts, input, loss));
  CHECK(numeric::near(again.gradients().gradient(parts.layer<0>().weight()),
                      whole.gradients().gradient(parts.layer<0>().weight()), tolerance::rounding<double>));
}

}  // namespace layer_contract_test
