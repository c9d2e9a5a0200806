// A regression of a real signal: an electrocardiogram becomes the spikes of 24 neurons that prefer other
// voltages, at random times, and a recurrent network reads the voltage from them, as the membrane of a
// readout that never spikes. It learns from 24 seconds and is tested on the 6 that follow. Draws ecg.svg to
// the given folder (default: the current one).

#include <spiketape/data/samples.hpp>
#include <spiketape/functional/mse_losses.hpp>
#include <spiketape/optim/schedules.hpp>
#include <spiketape/plot/curves.hpp>
#include <spiketape/plot/raster.hpp>
#include <spiketape/spikegen.hpp>
#include <spiketape/spiketape.hpp>
#include <spiketape/train/trainer.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace st = spiketape;
namespace plot = st::plot;
using st::Index;

constexpr Index second = 180;  // in steps

/// Pieces of one second, `distance` steps apart: input and target are the same, in mV.
st::Samples<float> pieces(const std::vector<float>& signal, Index from, Index to, Index distance) {
  st::Sequence<float> all(second, (to - from - second) / distance + 1, 1);
  for (Index t = 0; t < all.steps(); ++t)
    for (Index b = 0; b < all.batch(); ++b)
      all(t, b, 0) = signal[static_cast<std::size_t>(from + b * distance + t)];
  return {.inputs = {all}, .targets = all};
}

int main(int argc, char** argv) try {
  const auto recording = st::read_idx<std::int16_t>(SPIKETAPE_EXAMPLE_DATA "/ecg-idx1-short");
  std::vector<float> signal;
  for (std::size_t i = 0; i < recording.values.size(); i += 2)  // 360 numbers a second; every other is enough
    signal.push_back(static_cast<float>(recording.values[i] - 1024) / 200);
  const auto training = pieces(signal, 0, 24 * second, second / 4);
  const auto testing = pieces(signal, 24 * second, 30 * second, second);

  using Recurrent = st::RLeaky<float, st::reset::Subtract, st::surrogate::FastSigmoid>;
  const Index neurons = 24, hidden = 64;
  const st::Row<float> beta = st::Row<float>::LinSpaced(hidden, 0.7f, 0.98f);  // memories of 3 to 50 steps
  st::Random random(1);
  st::Sequential net{
      st::Encode<float, st::spikegen::Population>({.neurons = neurons, .low = -1.5, .high = 2.5}),
      st::Encode<float>(),  // spikes with this probability, at other steps in each epoch
      st::Linear<float>(neurons, hidden, random),
      Recurrent({.beta = beta, .linear_features = hidden, .spike_grad = {.slope = 10}, .learn_beta = true},
                random),
      st::Linear<float>(hidden, 1, random),
      st::Integrator<float>({.beta = 0.5f, .learn_beta = true})};
  st::Adam<float> adam(net.parameters());
  st::Batches train(training, 16, random), test(testing, 16, random);
  st::Trainer trainer(net, adam, {.block = 4});
  trainer.fit(train, test,
              {.epochs = 100,
               .loss = st::mse_loss(),
               .schedule = st::CosineAnnealingLR{.lr = 5e-3, .t_max = 100},
               .clip_grad_norm = 1,
               .progress = stdout});
  const auto& voltage = testing.targets.array();
  const double variance = (voltage - voltage.mean()).square().mean();
  std::printf("the network explains %.1f %% of the variance of 6 s that it has not seen\n",
              100 * (1 - trainer.log().epochs.back().test_loss / variance));

  const auto spikes = net.layer<1>()(net.layer<0>()(testing.inputs[0]));
  const auto decoded = net(testing.inputs[0]).mem;
  const auto line_of = [](const st::Sequence<float>& values) {
    std::vector<double> line;
    for (Index t = 0; t < values.steps(); ++t) line.push_back(values(t, 0, 0));
    return line;
  };
  plot::Svg picture(720, 480);
  plot::raster(picture, {60, 40, 630, 160}, spikes, 0, {.title = "Neurons that prefer other voltages"});
  plot::curves(
      picture, {60, 260, 630, 170},
      {{"recorded", line_of(testing.targets)}, {"read from spikes", line_of(decoded)}},
      {.title = "A second that the network has not seen", .x_label = "step", .y_label = "mV", .first = 0});
  const std::string path = std::string(argc > 1 ? argv[1] : ".") + "/ecg.svg";
  picture.save(path);
  std::printf("wrote %s\n", path.c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
