// A network of layers, its NIR graph, and what another network makes of that graph.
#pragma once

#include <spiketape/io/nir_layers.hpp>
#include <spiketape/io/nir_network.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <stdexcept>
#include <string>

namespace nir_layers {

namespace st = spiketape;

inline st::Row<double> each(double first, double step, st::Index count) {
  st::Row<double> row(count);
  for (st::Index k = 0; k < count; ++k) row[k] = first + step * static_cast<double>(k);
  return row;
}
inline auto leaky(st::Random& random, const st::Coefficient<double>& beta, double threshold, bool delay) {
  return st::Sequential{
      st::named("fc", st::Linear<double>(4, 6, random)),
      st::named("lif", st::Leaky<double>({.beta = beta, .threshold = threshold, .reset_delay = delay}))};
}
template <typename Run>
std::string fault(const char* function, Run&& run) {
  const std::string text = error_text<std::invalid_argument>(run),
                    begin = "spiketape::" + std::string(function) + ": ";
  REQUIRE(text.substr(0, begin.size()) == begin);
  return text.substr(begin.size());
}

/// That NirNetwork runs the graph of `net` as `net` runs, and that `other`, a network of the same type with
/// other numbers, becomes the same.
template <typename Network>
void check(const Network& net, Network& other, st::Index in, bool if_takes_dt = false) {
  using Scalar = typename Network::Scalar;
  constexpr double allowed = 20 * tolerance::rounding<Scalar>;
  const st::NirGraph graph = st::to_nir(net, {.dt = 1e-4, .if_takes_dt = if_takes_dt});
  st::Random random(5);
  const st::Sequence<Scalar> input = numeric::random_sequence<Scalar>(random, {40, 3, in}, -1, 2);
  const auto expected = net(input);
  REQUIRE(expected.spk.array().sum() > 20);
  REQUIRE(expected.spk.array().sum() < Scalar(0.9) * static_cast<Scalar>(expected.spk.array().size()));

  const st::NirNetwork<Scalar> run(graph, {.if_takes_dt = if_takes_dt});
  auto state = run.state(3);
  const auto spikes = run(input, state);
  CHECK(numeric::same(spikes.array(), expected.spk.array()));
  CHECK(numeric::near(run.membrane(state, run.neurons().back()), expected.mem.step(39), allowed));

  st::load_nir(other, graph, {.if_takes_dt = if_takes_dt});
  const auto loaded = other(input);
  CHECK(numeric::same(loaded.spk.array(), expected.spk.array()));
  CHECK(numeric::near(loaded.mem.array(), expected.mem.array(), allowed));
}

}  // namespace nir_layers
