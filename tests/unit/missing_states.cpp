// A network with init_hidden returns its states for output = true only, and says so where they are missed.
#include <spiketape/autograd/ops.hpp>
#include <spiketape/autograd/steps.hpp>
#include <spiketape/functional/accuracy.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "plain_neurons.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace missing_states_test {

namespace st = spiketape;

TEST_CASE("a loss on states that a network keeps inside names output = true") {
  st::Random random(1);
  const auto net_of = [&](bool output) {
    return st::Sequential{st::Linear<double>(3, 2, random),
                          st::Leaky<double>({.beta = 0.9, .init_hidden = true, .output = output})};
  };
  const st::Sequential net = net_of(false), with = net_of(true), outer{net_of(false)};
  const st::Array<double> step = st::Array<double>::Ones(2, 3);
  const auto sequence = st::Sequence<double>::repeat(step, 4);
  const std::vector<int> labels{0, 1};
  st::Tape<double> tape;
  const auto on_tape = tape.constant(sequence);
  const auto check = [](const auto& missing) {
    const std::string text = error_text<std::invalid_argument>(missing);
    INFO(text);
    CHECK(text.find("last neuron has init_hidden = true, states are empty unless that neuron has output = "
                    "true") != std::string::npos);
  };
  check([&] { static_cast<void>(st::cross_entropy(net(on_tape).mem, labels)); });
  check([&] { static_cast<void>(st::cross_entropy(outer(on_tape).mem, labels)); });
  check([&] { static_cast<void>(st::mean(net(on_tape).mem)); });
  check([&] { static_cast<void>(st::square(net(on_tape).mem)); });
  check([&] { static_cast<void>(net(on_tape).mem - st::Array<double>::Ones(2, 2).eval()); });
  check([&] { static_cast<void>(net(on_tape).mem + net(on_tape).spk); });
  check([&] { tape.backward(net(on_tape).mem); });
  check([&] { static_cast<void>(net(on_tape).mem.value()); });
  check([&] { static_cast<void>(st::step(net(on_tape).mem, 0)); });
  check([&] { static_cast<void>(net.layer<0>()(net(on_tape).mem)); });
  check([&] { static_cast<void>(st::accuracy(net(step).mem, labels)); });
  check([&] { static_cast<void>(st::predict(net(sequence).mem)); });
  check([&] { static_cast<void>(st::accuracy(net(sequence).mem, labels)); });
  check([&] { static_cast<void>(st::accuracy(outer(sequence).mem, labels)); });
  check([&] { static_cast<void>(net(sequence).mem.step(3)); });
  check([&] { static_cast<void>(net.layer<0>()(net(sequence).mem)); });
  check([&] { static_cast<void>(net.layer<0>()(net(step).mem)); });
  CHECK(st::accuracy(with(sequence).mem, labels) >= 0);
}

}  // namespace missing_states_test
