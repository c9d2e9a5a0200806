// What networks, metrics and pictures are given.
//
// CASE_VECTOR: an input is a step (an Eigen array), a sequence, a Var, or spikes as bits
// CASE_BINNED: an input is a step (an Eigen array), a sequence, a Var, or spikes as bits, such as
// binned.spikes CASE_BITS_FOR_A_NEURON: spikes as bits are taken by a network that begins with a layer such
// as Linear CASE_ACCURACY_OF_RESULT: write out.spk or out.mem CASE_PREDICT_OF_RESULT: write out.spk or
// out.mem CASE_RATE_OF_RESULT: write out.spk or out.mem CASE_RASTER_OF_RESULT: write out.spk or out.mem
// CASE_CROSS_ENTROPY_OF_RESULT: write out.spk or out.mem
// CASE_STEP_OF_TAPE: write adam.step(tape.gradients())
// CASE_CLIP_OF_TAPE: write clip_grad_norm(tape.gradients(), ...)
// CASE_BATCHES_OF_SAMPLES: write Batches batches(samples, 64, random)
// CASE_LAYER_BEHIND_THE_LAST: the network has fewer layers
#include <spiketape/data/binning.hpp>
#include <spiketape/data/samples.hpp>
#include <spiketape/functional/accuracy.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/functional/metrics.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/clip.hpp>
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
  st::Tape<float> tape;
  st::Adam<float> adam(net.parameters());
  const st::Samples<float> samples;
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
#elif defined(CASE_CROSS_ENTROPY_OF_RESULT)
  tape.backward(st::cross_entropy(net(tape.constant(st::Array<float>::Ones(2, 3).eval())), labels));
#elif defined(CASE_STEP_OF_TAPE)
  adam.step(tape);
#elif defined(CASE_CLIP_OF_TAPE)
  st::clip_grad_norm(tape, 1);
#elif defined(CASE_BATCHES_OF_SAMPLES)
  st::Batches<float> batches(samples, 4, random);
#elif defined(CASE_LAYER_BEHIND_THE_LAST)
  static_cast<void>(net.layer<7>());
#else
  st::Batches batches(samples, 4, random);
  adam.step(tape.gradients());
  st::clip_grad_norm(tape.gradients(), 1);
  static_cast<void>(net.layer<1>());
  net(binned.spikes);
  static_cast<void>(st::accuracy(out.spk, labels));
  static_cast<void>(st::predict(out.mem));
  static_cast<void>(st::accuracy_rate(out.spk, labels));
  st::plot::raster(svg, {0, 0, 50, 50}, out.spk, 0);
#endif
}
