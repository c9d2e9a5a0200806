// Decay rates at and beyond the ends of [0, 1], and how recurrent weights start.
#include <spiketape/spiketape.hpp>

#include "catch.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <cmath>

namespace rates_test {

namespace st = spiketape;
using st::Index;

namespace {

/// `make(rate)` is a neuron that learns a rate, and `parameter(neuron)` that rate.
template <typename Make, typename Parameter>
void check_rate(const char* what, Make&& make, Parameter&& parameter) {
  st::Random random(5);
  const auto input = numeric::random_sequence<double>(random, {12, 2, 3}, 0, 1);
  const auto of = [&](double rate, bool& has_gradient) {
    auto neuron = make(rate);
    st::Tape<double> tape;
    const auto out = neuron(tape.constant(input));
    tape.backward(st::sum(out.mem) + st::sum(out.spk));
    has_gradient = tape.gradients().gradient(parameter(neuron))(0, 0) != 0;
    return st::Array<double>(out.mem.array());
  };
  INFO(what);
  bool at_0, at_1, below, above;
  const auto mem_0 = of(0, at_0), mem_1 = of(1, at_1);
  CHECK(!numeric::same(mem_0, mem_1));
  CHECK(numeric::same(of(-0.5, below), mem_0));
  CHECK(numeric::same(of(1.5, above), mem_1));
  CHECK(at_0);
  CHECK(at_1);
  CHECK_FALSE(below);
  CHECK_FALSE(above);
}

}  // namespace

TEST_CASE("a rate is clamped to [0, 1], and has a gradient there and at the ends only") {
  const auto beta = [](auto& neuron) -> auto& { return neuron.beta(); };
  const auto alpha = [](auto& neuron) -> auto& { return neuron.alpha(); };
  check_rate(
      "Leaky", [](double r) { return st::Leaky<double>({.beta = r, .learn_beta = true}); }, beta);
  check_rate(
      "Synaptic, alpha",
      [](double r) { return st::Synaptic<double>({.alpha = r, .beta = 0.5, .learn_alpha = true}); }, alpha);
  check_rate(
      "Synaptic, beta",
      [](double r) { return st::Synaptic<double>({.alpha = 0.5, .beta = r, .learn_beta = true}); }, beta);
  check_rate(
      "RLeaky",
      [](double r) { return st::RLeaky<double>({.beta = r, .all_to_all = false, .learn_beta = true}); },
      beta);
  check_rate(
      "RSynaptic, alpha",
      [](double r) {
        return st::RSynaptic<double>({.alpha = r, .beta = 0.5, .all_to_all = false, .learn_alpha = true});
      },
      alpha);
  check_rate(
      "Alif, beta", [](double r) { return st::Alif<double>({.beta = r, .learn_beta = true}); }, beta);
  check_rate(
      "Alif, rho", [](double r) { return st::Alif<double>({.beta = 0.9, .rho = r, .learn_rho = true}); },
      [](auto& neuron) -> auto& { return neuron.rho(); });
}

TEST_CASE("recurrent weights start uniform between plus and minus one by the root of the layer's size") {
  st::Random random(7);
  constexpr Index neurons = 100;
  const st::RLeaky<float> lif({.beta = 0.5f, .linear_features = neurons}, random);
  for (const auto* parameter : {&lif.recurrent_weight(), &lif.recurrent_bias()}) {
    const st::Array<float> values = parameter->array();
    CHECK(values.maxCoeff() <= 0.1f);
    CHECK(values.minCoeff() >= -0.1f);
    CHECK(values.maxCoeff() > 0.09f);
    CHECK(values.minCoeff() < -0.09f);
    CHECK(std::abs(values.mean()) < 0.02f);
  }
}

}  // namespace rates_test
