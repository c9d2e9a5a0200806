// Delays of fractions of steps: their formulas, derivatives, states and files.
#include <spiketape/nn/delay.hpp>

#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/autograd/ops.hpp>
#include <spiketape/io/checkpoint.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/nn/summary.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace delay_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same, numeric::near;
using st::Index, st::DelayKernel;
using Delay = st::Delay<double>;

bool close(double a, double b) { return std::abs(a - b) <= 1e-12 * std::max(1.0, std::abs(b)); }

/// The weights of a delay, and their derivatives by it, as the papers have them.
struct Plain {
  std::vector<double> weights, slopes;

  Plain(const Delay& layer, double d) {
    const double longest = static_cast<double>(layer.max_delay());
    const bool inside = d >= 0 && d <= longest;
    d = std::min(std::max(d, 0.0), longest);
    double sum = 0, sum_of_slopes = 0;
    for (Index lag = 0; lag <= layer.max_delay(); ++lag) {
      const double distance = static_cast<double>(lag) - d, variance = layer.sigma() * layer.sigma();
      if (layer.kernel() == DelayKernel::linear) {
        weights.push_back(std::max(0.0, 1 - std::abs(distance)));
        slopes.push_back(std::abs(distance) >= 1 ? 0 : distance > 0 ? 1 : -1);
      } else {
        weights.push_back(std::exp(-distance * distance / (2 * variance)));
        slopes.push_back(weights.back() * distance / variance);
      }
      sum += weights.back();
      sum_of_slopes += slopes.back();
    }
    for (std::size_t k = 0; k < weights.size() && layer.kernel() == DelayKernel::gaussian; ++k) {
      slopes[k] = slopes[k] / sum - weights[k] * sum_of_slopes / (sum * sum);  // of a quotient
      weights[k] /= sum;
    }
    for (double& slope : slopes) slope *= inside ? 1 : 0;
  }
};

/// Delays with every kernel and way of sharing, for 12 features.
template <typename Visit>
void for_delays(Visit&& visit) {
  st::Row<double> each(12), channels{{0.4, 3.7, 2.2}};
  for (Index i = 0; i < 12; ++i) each[i] = 0.1 + 0.37 * static_cast<double>(i);
  for (const DelayKernel kernel : {DelayKernel::linear, DelayKernel::gaussian}) {
    visit(Delay({.max_delay = 4, .delay = 1.3, .learn_delay = true, .kernel = kernel, .sigma = 0.8}));
    visit(Delay({.max_delay = 5, .delay = each, .learn_delay = true, .kernel = kernel, .sigma = 0.6}));
    visit(Delay({.max_delay = 4,
                 .delay = channels,
                 .channels = 3,
                 .learn_delay = true,
                 .kernel = kernel,
                 .sigma = 1.4}));
    visit(Delay({.max_delay = 2, .delay = 0.5, .channels = 12, .learn_delay = true, .kernel = kernel}));
  }
}

TEST_CASE("a delay is its formula, forward and by its position") {
  st::Random random(1);
  const auto x = random_sequence<double>(random, {9, 3, 12}, -1, 1);
  const auto y_adjoint = random_sequence<double>(random, {9, 3, 12}, -1, 1);
  for_delays([&](const Delay& layer) {
    st::Sequence<double> expected(x.shape());
    st::Array<double> expected_gradient = st::Array<double>::Zero(1, layer.channels());
    for (Index i = 0; i < 12; ++i) {
      const Index channel = i / (12 / layer.channels());
      const Plain plain(layer, layer.delay().array()(0, channel));
      for (Index t = 0; t < 9; ++t)
        for (Index b = 0; b < 3; ++b)
          for (Index lag = 0; lag <= std::min(t, layer.max_delay()); ++lag) {
            const auto k = static_cast<std::size_t>(lag);
            expected(t, b, i) += plain.weights[k] * x(t - lag, b, i);
            expected_gradient(0, channel) += y_adjoint(t, b, i) * plain.slopes[k] * x(t - lag, b, i);
          }
    }
    st::Tape<double> tape;
    const auto y = layer(tape.constant(x));
    CHECK(near(y.array(), expected.array(), tolerance::rounding<double>));
    CHECK(same(layer(x).array(), y.array()));
    tape.open_adjoint(y).assign(y_adjoint);
    tape.backward();
    CHECK(
        near(tape.gradients().gradient(layer.delay()), expected_gradient, tolerance::rounding<double> * 10));
  });
}

TEST_CASE("the adjoint of a delay is its derivative, by input, delay and state") {
  st::Random random(2);
  const auto x = random_sequence<double>(random, {7, 2, 12}, -1, 1);
  for_delays([&](const Delay& layer) {
    const auto check = st::check_gradients(layer, x, layer.parameters());
    INFO(check.text());
    CHECK(check);
    const auto in_parts = [&](const auto& sequence) {
      auto state = layer.state(2);
      layer(st::step(sequence, 0), state);
      st::Var<double> sum = st::sum(st::square(layer(st::step(sequence, 1), state)));
      for (Index t = 2; t < 7; ++t) sum = sum + st::sum(st::square(layer(st::step(sequence, t), state)));
      return sum;
    };
    st::Tape<double> whole, parts;
    const auto a = whole.variable(x), b = parts.variable(x);
    whole.backward(st::sum(st::square(layer(a))) - st::sum(st::square(layer(st::step(a, 0)))));
    parts.backward(in_parts(b));
    CHECK(near(b.adjoint().array(), a.adjoint().array(), tolerance::rounding<double> * 10));
    CHECK(near(parts.gradients().gradient(layer.delay()), whole.gradients().gradient(layer.delay()),
               tolerance::rounding<double> * 100));
  });
}

TEST_CASE("steps, sequences, constants and bits of a delay agree to the bit") {
  st::Random random(3);
  const auto x = random_sequence<double>(random, {9, 2, 12}, -1, 1);
  const st::Leaky<double> lif({.beta = 0.6, .threshold = 0.2});
  const auto spikes = lif(x).spk;
  REQUIRE((spikes.array() != 0).any());
  for_delays([&](const Delay& layer) {
    const auto y = layer(x);
    auto state = layer.state(2), on_tape = layer.state(2);
    st::Tape<double> tape;
    for (Index t = 0; t < 9; ++t) {
      CHECK(same(layer(x.step(t), state).array(), y.step(t)));
      CHECK(same(layer(tape.constant(x.step(t)), on_tape).array(), y.step(t)));
    }
    CHECK(state == on_tape);
    CHECK(same(state[0], x.array().bottomRows(2 * layer.max_delay())));

    const auto step = st::repeat(x.step(4), 9);
    st::Sequence<double> repeated(x.shape());
    for (Index t = 0; t < 9; ++t) repeated.step(t) = x.step(4);
    CHECK(same(layer(step).array(), layer(repeated).array()));
    st::Tape<double> of_constant, of_steps;
    const auto constant = of_constant.variable(x.step(4), 9), steps = of_steps.variable(repeated);
    of_constant.backward(st::sum(st::square(layer(constant))));
    of_steps.backward(st::sum(st::square(layer(steps))));
    st::Array<double> sum = st::Array<double>::Zero(2, 12);
    for (Index t = 0; t < 9; ++t) sum += steps.adjoint().step(t).array();
    CHECK(near(constant.adjoint().array(), sum, tolerance::rounding<double> * 10));

    const st::Sequential net{st::Leaky<double>(lif), Delay(layer)};
    st::Tape<double> bits, numbers;
    const auto of_bits = net(bits.constant(x)), of_numbers = layer(numbers.constant(spikes));
    CHECK(same(of_bits.array(), layer(spikes).array()));
    CHECK(same(net(x).array(), layer(spikes).array()));
    bits.backward(st::sum(st::square(of_bits)));
    numbers.backward(st::sum(st::square(of_numbers)));
    CHECK(
        same(bits.gradients().gradient(net.layer<1>().delay()), numbers.gradients().gradient(layer.delay())));
  });
}

TEST_CASE("a delay of whole steps copies") {
  const double infinity = std::numeric_limits<double>::infinity();
  st::Sequence<double> x(4, 1, 3);
  for (Index t = 0; t < 4; ++t) x.step(t) << static_cast<double>(t + 1), 0, t == 1 ? infinity : 1;
  for (const double d : {0.0, 1.0, 2.0}) {
    const auto y = Delay({.max_delay = 2, .delay = d})(x);
    const auto lag = static_cast<Index>(d);
    CHECK((y.array().topRows(lag) == 0).all());
    CHECK(same(y.array().bottomRows(4 - lag), x.array().topRows(4 - lag)));
  }
}

TEST_CASE("a delay is clamped, and has no gradient outside; at the longest it has that from below") {
  st::Random random(4);
  const auto x = random_sequence<double>(random, {6, 2, 1}, -1, 1);
  const auto derivative = [&](double d, DelayKernel kernel) {
    Delay layer({.max_delay = 3, .learn_delay = true, .kernel = kernel});
    layer.delay().set(d);
    const Plain plain(layer, d);
    st::Tape<double> tape;
    const auto y = layer(tape.constant(x));
    double expected = 0;
    for (Index lag = 0; lag <= 3; ++lag)
      expected += plain.weights[static_cast<std::size_t>(lag)] * x(5 - lag, 1, 0);
    CHECK(close(y.array()(11, 0), expected));
    tape.backward(st::sum(y));
    return tape.gradients().gradient(layer.delay())(0, 0);
  };
  for (const DelayKernel kernel : {DelayKernel::linear, DelayKernel::gaussian}) {
    CHECK(derivative(-0.5, kernel) == 0);
    CHECK(derivative(3.5, kernel) == 0);
    CHECK(derivative(0, kernel) != 0);
    CHECK(derivative(3, kernel) != 0);
  }
  CHECK(close(derivative(3, DelayKernel::linear), derivative(2.5, DelayKernel::linear)));

  // However narrow, a Gaussian is the nearest step.
  Delay narrow({.max_delay = 3, .delay = 1.4, .kernel = DelayKernel::gaussian, .sigma = 1e-3});
  CHECK(same(narrow(x).array(), Delay({.max_delay = 3, .delay = 1})(x).array()));
  for (const double tiny : {1e-15, 1e-160, std::numeric_limits<double>::denorm_min()}) {
    narrow.set_sigma(tiny);
    CHECK(narrow(st::Array<double>::Ones(1, 2).eval()).isFinite().all());
  }
  narrow.set_sigma(0.5);
  CHECK(narrow.sigma() == 0.5);
  // What training made NaN is seen.
  narrow.delay().array()(0, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(narrow(x)(5, 0, 0)));
  Delay linear({.max_delay = 3, .delay = 1.4});
  linear.delay().array()(0, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(linear(x)(5, 0, 0)));
}

TEST_CASE("a delay with init_hidden goes on from call to call, until it is reset") {
  st::Random random(5);
  const auto x = random_sequence<double>(random, {8, 2, 12}, 0, 1);
  const st::Leaky<double> lif({.beta = 0.6, .threshold = 0.5});
  const auto spikes = lif(x).spk;
  const auto keeping = [](bool init_hidden) {
    return Delay({.max_delay = 3, .delay = 1.25, .learn_delay = true, .init_hidden = init_hidden});
  };
  const Delay layer = keeping(true), forgetting = keeping(false);
  const auto y = forgetting(x);
  CHECK(same(layer(st::Array<double>(x.step(0))), y.step(0)));
  CHECK(same(layer(x.view().step(1)).array(), y.step(1)));
  st::Tape<double> tape;
  CHECK(same(layer(tape.constant(x.step(2))).array(), y.step(2)));
  const Delay copy = layer;
  CHECK(same(layer(st::Array<double>(x.step(3))), y.step(3)));
  CHECK(same(copy(st::Array<double>(x.step(3))), y.step(3)));
  layer.reset_delay();
  CHECK(same(layer(x).array(), y.array()));
  CHECK_FALSE(same(layer(x).array(), y.array()));

  const st::Sequential net{st::Leaky<double>(lif), keeping(true)};
  CHECK(net.keeps_state());
  CHECK(same(net(x).array(), forgetting(spikes).array()));
  CHECK_FALSE(same(net(x).array(), forgetting(spikes).array()));
  st::reset_hidden(net);
  CHECK(same(net(x).array(), forgetting(spikes).array()));
}

TEST_CASE("windows of a network with delays have the gradient of the whole sequence") {
  st::Random random(6);
  const auto make = [](bool init_hidden) {
    st::Random weights(7);
    return st::Sequential{
        st::Linear<double>(5, 6, weights),
        Delay({.max_delay = 4, .delay = 2.3, .channels = 6, .learn_delay = true, .init_hidden = init_hidden}),
        st::Leaky<double>({.beta = 0.8, .init_hidden = init_hidden, .learn_beta = true, .output = true})};
  };
  const auto net = make(true), forgetting = make(false);
  const auto x = random_sequence<double>(random, {11, 2, 5}, -1, 2);
  const auto loss = [](const auto& out, Index, Index) { return st::sum(st::square(out.mem)); };
  st::Windows<double> whole(11), windows(3);
  const double expected = whole.run(forgetting, x, loss), total = windows.run(net, x, loss);
  CHECK(close(total, expected));
  const auto ours = net.parameters(), theirs = forgetting.parameters();
  for (std::size_t k = 0; k < ours.size(); ++k)
    CHECK(near(windows.gradients().gradient(ours[k]), whole.gradients().gradient(theirs[k]),
               tolerance::rounding<double> * 1000));
  CHECK(windows.gradients().gradient(net.layer<1>().delay()).abs().minCoeff() > 0);
  CHECK_THROWS_AS(windows.run(forgetting, x, loss), std::invalid_argument);
}

TEST_CASE("a batch with delays in blocks and on threads has the same bits") {
  st::Random random(8);
  const st::Sequential net{st::Linear<double>(5, 24, random),
                           Delay({.max_delay = 4, .delay = 2.3, .channels = 24, .learn_delay = true}),
                           st::Leaky<double>({.beta = 0.8}),
                           Delay({.max_delay = 2, .delay = 0.5, .learn_delay = true}),
                           st::Linear<double>(24, 3, random)};
  const auto x = random_sequence<double>(random, {7, 8, 5}, -1, 2);
  const auto loss = [](const auto& y, Index, Index) { return st::sum(st::square(y)); };
  st::Shards<double> one(4, 1, 2), two(4, 2, 2);
  CHECK(one.run(net, x, loss) == two.run(net, x, loss));
  st::Tape<double> tape;
  tape.backward(st::sum(st::square(net(tape.constant(x)))));
  for (const auto& parameter : net.parameters()) {
    CHECK(same(one.gradients().gradient(parameter), two.gradients().gradient(parameter)));
    CHECK(near(one.gradients().gradient(parameter), tape.gradients().gradient(parameter), 1e-10));
  }
}

TEST_CASE("files hold the delays as snnTorch does, and checkpoints what has not come out yet") {
  st::Random random(9);
  const st::Row<double> delays{{0.5, 2.25, 3}};
  const auto make = [](const st::Coefficient<double>& first, const st::Coefficient<double>& second) {
    return st::Sequential{
        st::named("shared", Delay({.max_delay = 4, .delay = first, .learn_delay = true})),
        st::named("each", Delay({.max_delay = 3, .delay = second, .channels = 3, .init_hidden = true}))};
  };
  auto net = make(1.5, delays), other = make(0, 0);
  const TemporaryFolder folder;
  st::save(net, folder / "net");
  const st::Safetensors contents = st::read_safetensors(folder / "net");
  CHECK(contents.find("shared.delay")->shape.empty());
  CHECK(contents.find("each.delay")->shape == std::vector<Index>{3});
  CHECK(st::load(other, folder / "net").complete());
  const auto x = random_sequence<double>(random, {5, 2, 6}, -1, 1);
  CHECK(same(other(x).array(), net(x).array()));

  auto state = net.state(2);
  net(x, state);
  st::Checkpoint{{"net", net}, {"state", state}}.save(folder / "checkpoint");
  const auto next = net(x);
  const st::Array<double> of_stream = net(x, state).array();
  auto later = make(0, 0);
  auto state_later = later.state(2);
  st::Checkpoint{{"net", later}, {"state", state_later}}.load(folder / "checkpoint");
  CHECK(same(later(x).array(), next.array()));
  CHECK(same(later(x, state_later).array(), of_stream));
}

TEST_CASE("a delay says its parameters, and what is wrong") {
  const Delay shared({.max_delay = 4, .delay = 1.5}), of_channels({.max_delay = 4, .channels = 3});
  CHECK((shared.channels() == 1 && of_channels.channels() == 3));
  CHECK_FALSE(shared.delay().learned());
  CHECK(st::summary(st::Sequential{st::named("axon", Delay(of_channels))}) ==
        "layer  type   features  parameters  bytes\n"
        "axon   Delay         ?           3     24\n"
        "total                            3     24\n");
  CHECK(shared.named_parameters().at(0).path == "delay");

  const auto fault = [](const st::DelayOptions<double>& options) {
    return error_text<std::invalid_argument>([&] { const Delay layer(options); });
  };
  CHECK(fault({}) == "spiketape::Delay: max_delay is 0, expected 1 to 1073741824");
  CHECK(fault({.max_delay = 3, .delay = {1, 4}}) ==
        "spiketape::Delay: delay is 4, expected 0 to max_delay, 3");
  CHECK(fault({.max_delay = 3, .delay = std::numeric_limits<double>::quiet_NaN()}) ==
        "spiketape::Delay: delay is NaN, expected 0 to max_delay, 3");
  CHECK(fault({.max_delay = 3, .delay = {1, 2}, .channels = 3}) ==
        "spiketape::Delay: delay has 2 values, channels is 3, expected 1 value or one for each channel");
  CHECK(fault({.max_delay = 3, .channels = -1}) ==
        "spiketape::Delay: channels is -1 and delay has 1 values, expected some");
  CHECK(fault({.max_delay = 3, .sigma = 0}) ==
        "spiketape::Delay: sigma is 0, expected more than 0 and finite");
  Delay gone({.max_delay = 3, .delay = 1});
  const Delay taken = std::move(gone);
  CHECK(error_text<std::invalid_argument>([&] {
          static_cast<void>(gone.result({1, 2, 3}));
        }).starts_with("spiketape::Delay: it has been moved from"));
  CHECK(error_text<std::invalid_argument>([&] { of_channels(st::Array<double>(2, 7)); }) ==
        "spiketape::Delay: input has 7 features, expected a multiple of channels, 3");
  CHECK(error_text<std::invalid_argument>([&] {
          auto state = of_channels.state(2);
          state.set(0, st::Array<double>::Zero(4, 3));
          of_channels(st::Sequence<double>(1, 2, 3), state);
        }) ==
        "spiketape::Delay: state 0 is 4 x 3, input of (1, 2, 3) expects 8 x 3: another batch needs another "
        "state, or a reset of the hidden one, "
        "reset_hidden(net)");
}

}  // namespace delay_test
