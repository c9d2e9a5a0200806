// Data as spikes, as in snnTorch's first tutorial: an image by rates, latencies and phases, a signal by its
// changes. Draws the spikes, encoders.svg, to the given folder (default: the current one), then trains a
// network whose first layer encodes the images.

#include <spiketape/plot/raster.hpp>
#include <spiketape/spikegen.hpp>
#include <spiketape/spiketape.hpp>

#include <cmath>
#include <cstdio>
#include <exception>
#include <string>

namespace st = spiketape;
namespace spikegen = st::spikegen;
namespace plot = st::plot;

int main(int argc, char** argv) try {
  const st::Index steps = 50;
  const std::string data = std::string(SPIKETAPE_EXAMPLE_DATA) + "/digits-";
  const auto digits =
      st::read_images(data + "train-images-idx3-ubyte", data + "train-labels-idx1-ubyte", 1.0 / 16);
  const auto test =
      st::read_images(data + "test-images-idx3-ubyte", data + "test-labels-idx1-ubyte", 1.0 / 16);

  // A digit of 64 pixels, each between 0 and 1, and a sine that comes and goes.
  const st::Array<float> image = digits.pixels.row(0).cast<float>() / 16;
  st::Sequence<float> signal(steps, 1, 1);
  for (st::Index t = 0; t < steps; ++t) {
    const double x = static_cast<double>(t) / static_cast<double>(steps);
    signal(t, 0, 0) = static_cast<float>(std::sin(20 * x) * std::sin(3.14 * x));
  }

  const auto rate = spikegen::rate(st::repeat(image, steps), {.gain = 0.25}, st::RandomKey(1));
  const auto latency = spikegen::latency(
      image,
      {.num_steps = steps, .threshold = 0.1, .tau = 10, .clip = true, .normalize = true, .linear = true});
  const auto phase = spikegen::phase(st::repeat(image, steps));
  const auto population =
      spikegen::rate(spikegen::population(signal, {.neurons = 12, .low = -1}), {}, st::RandomKey(2));
  const auto delta = spikegen::delta(signal, {.threshold = 0.15, .off_spike = true, .split = true});
  const auto count = [&](const char* name, const st::Sequence<float>& spikes) {
    const auto& all = spikes.array();
    std::printf("%-11s %4.0f spikes of %3d neurons, %4.1f %% of all steps\n", name, double(all.sum()),
                static_cast<int>(spikes.features()), 100 * double(all.mean()));
  };
  count("rate", rate);
  count("latency", latency);
  count("phase", phase);
  count("population", population);
  count("delta", delta);
  std::printf("a pixel of %.2f spikes in %.2f of the steps at a gain of 0.25\n", double(image(0, 12)),
              double(rate.array().col(12).mean()));

  const std::string path = std::string(argc > 1 ? argv[1] : ".") + "/encoders.svg";
  plot::Svg picture(720, 840);
  const auto draw = [&](double y, double height, const st::Sequence<float>& spikes, const char* title) {
    plot::raster(picture, {60, y, 630, height}, spikes, 0, {.title = title, .x_label = ""});
  };
  draw(40, 160, rate, "Rates: bright pixels spike often");
  draw(240, 160, latency, "Latencies: bright pixels spike early, once");
  draw(440, 160, phase, "Phases: the binary digits of each pixel, every 8 steps");
  draw(640, 80, population, "A population: each neuron prefers a value of a signal");
  plot::raster(picture, {60, 760, 630, 30}, delta, 0,
               {.title = "Changes of the signal: up (0) and down (1)", .y_label = ""});
  picture.save(path);
  std::printf("wrote %s\n", path.c_str());

  // The encoder is a layer: each image spikes at other steps in each epoch, whatever the blocks and threads.
  st::Random random(1);
  st::Sequential net{st::Encode<float>(), st::Linear<float>(64, 200, random),
                     st::Leaky<float>({.beta = 0.9f}), st::Linear<float>(200, 10, random),
                     st::Leaky<float>({.beta = 0.9f})};
  st::Adam<float> adam(net.parameters(), {.lr = 2e-3});
  st::Batches<float> batches(digits, 64, random), test_batches(test, 360, random);
  st::Shards<float> shards(1, 1, 8);
  for (int epoch = 1; epoch <= 5; ++epoch) {
    for (const auto& batch : batches.shuffled()) {
      shards.run(net, st::repeat(batch.input, 20),
                 [&](const auto& out) { return st::cross_entropy(out.mem, batch.labels); });
      adam.step(shards.gradients());
    }
    for (const auto& batch : test_batches.in_order())
      std::printf("epoch %d: %.1f %% of the test digits right\n", epoch,
                  100 * st::accuracy(net(st::repeat(batch.input, 20)).spk, batch.labels));
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
