// What networks, metrics and pictures are given.
//
// CASE_VECTOR: an input is a step (an Eigen array), a sequence, a Var, or spikes as bits
// CASE_BINNED: an input is a step (an Eigen array), a sequence, a Var, or spikes as bits, such as binned.spikes
// CASE_BITS_FOR_A_NEURON: spikes as bits are taken by a network that begins with a layer such as Linear
// CASE_ACCURACY_OF_RESULT: write out.spk or out.mem
// CASE_PREDICT_OF_RESULT: write out.spk or out.mem
// CASE_RATE_OF_RESULT: write out.spk or out.mem
// CASE_RASTER_OF_RESULT: write out.spk or out.mem
#include <spiketape/data/binning.hpp>
#include <spiketape/functional/accuracy.hpp>
#include <spiketape/functional/metrics.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/plot/raster.hpp>

#include <vector>

namespace st = spiketape;

int main() {
  st::Random random(1);
  const st::Sequential net{st::Linear<float>(3, 2, random), st::Leaky<float>({.beta = 0.9f})};
  const st::Sequential neuron{st::Leaky<float>({.beta = 0.9f})};
  const auto out = net(st::Sequence<float>(4, 2, 3));
  const std::vector<int> labels{0, 1};
  const std::vector<st::UnitEvent> events;
  const auto binned = st::bin_spikes<float>(events, st::UnitBins{.units = 3, .time = {.step_length = 1, .num_steps = 2}});
  st::plot::Svg svg(100, 100);
#if defined(CASE_VECTOR)
  net(std::vector<float>{1, 2, 3});
#elif defined(CASE_BINNED)
  net(binned);
#elif defined(CASE_BITS_FOR_A_NEURON)
  neuron(binned.spikes);
#elif defined(CASE_ACCURACY_OF_RESULT)
  static_cast<void>(st::accuracy(out, labels));
#elif defined(CASE_PREDICT_OF_RESULT)
  static_cast<void>(st::predict(out));
#elif defined(CASE_RATE_OF_RESULT)
  static_cast<void>(st::accuracy_rate(out, labels));
#elif defined(CASE_RASTER_OF_RESULT)
  st::plot::raster(svg, {0, 0, 50, 50}, out, 0);
#else
  net(binned.spikes);
  static_cast<void>(st::accuracy(out.spk, labels));
  static_cast<void>(st::predict(out.mem));
  static_cast<void>(st::accuracy_rate(out.spk, labels));
  st::plot::raster(svg, {0, 0, 50, 50}, out.spk, 0);
#endif
}
