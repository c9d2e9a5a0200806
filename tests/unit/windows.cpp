#include <spiketape/train/windows.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/neuron/rsynaptic.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <stdexcept>
#include <vector>

namespace windows_test {

namespace st = spiketape;
using st::Index;

namespace {

/// A network with states of all kinds, which keeps them.
struct Setup {
  st::Random random{81};
  st::Sequential<st::Linear<double>, st::RSynaptic<double>, st::Linear<double>, st::Leaky<double>> net{
      st::Linear<double>(6, 12, random),
      st::RSynaptic<double>(
          {.alpha = 0.6, .beta = 0.8, .linear_features = 12, .init_hidden = true, .learn_beta = true},
          random),
      st::Linear<double>(12, 3, random),
      st::Leaky<double>({.beta = 0.9, .init_hidden = true, .learn_beta = true, .output = true})};
  st::Sequence<double> input = numeric::random_sequence<double>(random, {20, 2, 6}, -1, 3);
  std::vector<int> labels{2, 0};

  std::vector<st::Array<double>> gradients_in(const st::GradientSums<double>& sums) const {
    std::vector<st::Array<double>> gradients;
    for (const auto& parameter : net.parameters()) gradients.push_back(sums.gradient(parameter));
    return gradients;
  }
};

}  // namespace

TEST_CASE("windows give the gradient of the whole sequence, whatever their length") {
  const Setup s;
  s.net.reset_hidden();
  st::Tape<double> tape;
  const auto whole = st::cross_entropy(s.net(tape.constant(s.input)).mem, s.labels);
  tape.backward(whole);
  const auto expected = s.gradients_in(tape.gradients());
  const auto end = st::hidden_state(s.net);
  REQUIRE(end.size() == 4);  // spk, syn and mem of one layer, mem of the other

  for (const Index steps : {1, 3, 10, 20, 50}) {
    INFO("windows of " << steps);
    st::Windows<double> windows(steps);
    s.net.reset_hidden();
    std::vector<Index> firsts;
    const double loss = windows.run(s.net, s.input, [&](const auto& out, Index first, Index count) {
      firsts.push_back(first);
      CHECK(count == std::min(steps, 20 - first));
      return st::cross_entropy(out.mem, s.labels);
    });
    CHECK(loss == Approx(whole.item()).epsilon(1e-12));
    CHECK(Index(firsts.size()) == (20 + steps - 1) / steps);
    const auto gradients = s.gradients_in(windows.gradients());
    for (std::size_t k = 0; k < expected.size(); ++k) CHECK(numeric::near(gradients[k], expected[k], 1e-12));
    // Coefficients of neurons are summed over the steps in the same order.
    CHECK(numeric::same(windows.gradients().gradient(s.net.layer<3>().beta()),
                        tape.gradients().gradient(s.net.layer<3>().beta())));
    const auto left = st::hidden_state(s.net);
    for (std::size_t k = 0; k < end.size(); ++k) CHECK(numeric::same(left[k], end[k]));
  }
}

TEST_CASE("a loss at the end reaches the first window") {
  const Setup s;
  const auto gradient = [&](bool truncate) {
    st::Windows<double> windows(5, {.truncate = truncate});
    s.net.reset_hidden();
    windows.run(s.net, s.input, [&](const auto& out, Index first, Index) {
      return first == 15 ? st::cross_entropy(st::step(out.mem, 4), s.labels)
             : truncate  ? 0 * st::sum(out.mem)
                         : st::Var<double>();
    });
    return s.gradients_in(windows.gradients());
  };
  s.net.reset_hidden();
  st::Tape<double> tape;
  tape.backward(st::cross_entropy(st::step(s.net(tape.constant(s.input)).mem, 19), s.labels));
  const auto expected = s.gradients_in(tape.gradients());
  const auto whole = gradient(false);
  const auto truncated = gradient(true);
  for (std::size_t k = 0; k < expected.size(); ++k) CHECK(numeric::near(whole[k], expected[k], 1e-12));
  CHECK_FALSE(numeric::near(truncated[0], expected[0], 1e-3));
}

TEST_CASE("truncated windows are a loop with detached states") {
  const Setup s;
  st::Windows<double> windows(7, {.truncate = true});
  s.net.reset_hidden();
  const double loss = windows.run(
      s.net, s.input, [&](const auto& out, Index, Index) { return st::cross_entropy(out.mem, s.labels); });

  s.net.reset_hidden();
  st::Tape<double> tape;
  double total = 0;
  for (Index first = 0; first < 20; first += 7) {
    tape.reset();
    st::Sequence<double> part(std::min<Index>(7, 20 - first), 2, 6);
    part.array() = s.input.array().middleRows(first * 2, part.steps() * 2);
    const auto value = st::cross_entropy(s.net(tape.constant(part)).mem, s.labels);
    tape.backward(value);
    total += value.item();
  }
  CHECK(loss == total);
  const auto expected = s.gradients_in(tape.gradients());
  const auto gradients = s.gradients_in(windows.gradients());
  for (std::size_t k = 0; k < expected.size(); ++k) CHECK(numeric::same(gradients[k], expected[k]));
}

TEST_CASE("memory does not grow with the number of steps") {
  const Setup s;
  const auto bytes = [&](Index steps, bool truncate) {
    st::Windows<double> windows(100, {.truncate = truncate});
    s.net.reset_hidden();
    windows.run(s.net, st::repeat(st::Array<double>::Ones(2, 6).eval(), steps),
                [&](const auto& out, Index, Index) { return st::cross_entropy(out.mem, s.labels); });
    return windows.capacity();
  };
  for (const bool truncate : {false, true}) CHECK(bytes(10000, truncate) == bytes(200, truncate));
}

TEST_CASE("a hidden state is saved and put back") {
  const Setup s;
  s.net(s.input);
  const auto state = st::hidden_state(s.net);
  const auto first = s.net(s.input);
  CHECK_FALSE(numeric::same(st::hidden_state(s.net)[3], state[3]));
  st::set_hidden_state(s.net, state);
  const auto second = s.net(s.input);
  CHECK(numeric::same(first.mem.array(), second.mem.array()));
  CHECK(numeric::same(first.spk.array(), second.spk.array()));

  st::HiddenState<double> fewer(3, 2);
  CHECK(error_text<std::invalid_argument>([&] { st::set_hidden_state(s.net, fewer); }) ==
        "spiketape::set_hidden_state: state has 3 arrays, the network keeps 4");
  CHECK(error_text<std::invalid_argument>([] { st::Windows<float> none(0); }) ==
        "spiketape::Windows: steps is 0, expected at least 1");
}

TEST_CASE("a batch without samples is nothing to run, one without steps a fault") {
  const Setup s;
  s.net.reset_hidden();
  s.net(s.input);
  const auto before = st::hidden_state(s.net);
  const auto loss = [&](const auto& out) { return st::cross_entropy(out.mem, s.labels); };
  for (const bool truncate : {true, false}) {
    st::Windows<double> windows(3, {.truncate = truncate});
    CHECK(windows.run(s.net, st::Sequence<double>(5, 0, 6), loss) == 0);
    CHECK(windows.evaluate(s.net, st::Sequence<double>(5, 0, 6), loss) == 0);
    CHECK(st::hidden_state(s.net) == before);
    CHECK(error_text<std::invalid_argument>([&] {
            windows.run(s.net, st::Sequence<double>(0, 2, 6), loss);
          }) == "spiketape::Windows::run: input has shape (0, 2, 6), expected at least one step");
  }
}

TEST_CASE("several windows need every neuron's state to be kept between them") {
  st::Random random(82);
  const st::Sequence<double> input = numeric::random_sequence<double>(random, {6, 2, 3});
  const auto run = [&](const auto& net, Index steps) {
    st::Windows<double> windows(steps);
    return windows.run(net, input, [](const auto& out, Index, Index) { return st::sum(out.mem); });
  };
  const char* const text =
      "spiketape::Windows::run: a layer of the network keeps no state between calls, expected init_hidden = "
      "true, or data that are encoded before: its state would be lost between windows";
  using st::Leaky, st::Linear;
  const st::Leaky<double> keeps({.beta = 0.9, .init_hidden = true, .learn_beta = true, .output = true}),
      forgets({.beta = 0.9, .learn_beta = true});
  run(keeps, 3);
  run(forgets, 6);  // one window
  CHECK(error_text<std::invalid_argument>([&] { run(forgets, 3); }) == text);
  const st::Linear<double> linear(3, 3, random);
  run(st::Sequential{Linear(linear), Leaky(keeps), Linear(linear), Leaky(keeps)}, 3);
  CHECK(error_text<std::invalid_argument>([&] {
          run(st::Sequential{Linear(linear), Leaky(forgets), Linear(linear), Leaky(keeps)}, 3);
        }) == text);
  CHECK(
      error_text<std::invalid_argument>([&] {
        run(st::Sequential{st::Sequential{Linear(linear), Leaky(forgets)}, Linear(linear), Leaky(keeps)}, 3);
      }) == text);
}

}  // namespace windows_test
