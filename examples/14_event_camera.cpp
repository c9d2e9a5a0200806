// An event camera sees bright bars move left, right, up or down, and a convolutional network says where they
// go. The recordings are written as files of N-MNIST's format, read back, and binned into steps of spikes.
#include <spiketape/conv.hpp>
#include <spiketape/data/nmnist.hpp>
#include <spiketape/data/spike_samples.hpp>
#include <spiketape/data/split.hpp>
#include <spiketape/plot/image_grid.hpp>
#include <spiketape/spiketape.hpp>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

namespace st = spiketape;

constexpr int side = 34, milliseconds = 150;  // pixels; length of a recording

/// A recording: the front of the bar makes pixels brighter, its back darker, and some events are noise.
std::string recording(int direction, st::Random& random) {
  std::string bytes;
  const auto add = [&](double x, double y, bool brighter, int time) {
    if (x < 0 || x >= side || y < 0 || y >= side) return;
    for (const int byte : {int(x), int(y), (brighter ? 128 : 0) + (time >> 16), time >> 8 & 255, time & 255})
      bytes += static_cast<char>(byte);
  };
  const int begin = int(random.below(12)), length = 10 + int(random.below(12)),
            width = 3 + int(random.below(5));
  const double speed = random.uniform(0.15, 0.3);  // pixels in a millisecond
  int last = -1;
  for (int ms = 0; ms < milliseconds; ++ms) {
    add(random.uniform() * side, random.uniform() * side, random.below(2) == 0, 1000 * ms);
    const int front = int(speed * ms);
    if (front == std::exchange(last, front)) continue;
    for (int i = begin; i < begin + length; ++i)
      for (const bool brighter : {true, false}) {
        const int along = brighter ? front : front - width;
        const int place = direction % 2 == 0 ? side - 1 - along : along;
        const int time = 1000 * ms + int(random.below(1000));
        direction < 2 ? add(place, i, brighter, time) : add(i, place, brighter, time);
      }
  }
  return bytes;
}

int main() {
  st::Random random(1);
  const st::CameraBins bins{.width = side,
                            .height = side,
                            .downsample = 2,  // 17 x 17
                            .time = {.step_length = 1e4, .num_steps = milliseconds / 10}};
  st::SpikeSamples<float> samples;
  const std::string path = SPIKETAPE_EXAMPLE_OUT "/bar.bin";
  for (int i = 0; i < 600; ++i) {
    std::ofstream(path, std::ios::binary) << recording(i % 4, random);
    samples.add(st::bin_spikes<float>(st::read_nmnist(path, {side, side}), bins), i % 4);
  }
  std::printf("%s\n", st::to_string(samples.report).c_str());
  const auto data = st::train_test_split(samples, random, {.test = 1.0 / 3, .stratify = true});

  st::Sequential net{st::Conv2d<float>({2, 17, 17}, 8, 5, random, {.stride = 2}),  // 8 x 7 x 7
                     st::Leaky<float>({.beta = 0.8f}), st::Linear<float>(8 * 7 * 7, 4, random),
                     st::Leaky<float>({.beta = 0.9f})};
  st::Adam<float> adam(net.parameters(), {.lr = 5e-3});
  st::Batches batches(data.train, 25, random), tests(data.test, 200, random);
  st::Tape<float> tape;
  for (int epoch = 1; epoch <= 6; ++epoch) {
    for (const auto& batch : batches.shuffled()) {
      tape.reset();
      tape.backward(st::cross_entropy(net(tape.constant(batch.input)).mem, batch.labels));
      adam.step(tape.gradients());
    }
    for (const auto& batch : tests.in_order())
      std::printf("epoch %d: %.1f %% of the test recordings right\n", epoch,
                  100 * st::accuracy(net(batch.input).spk, batch.labels));
  }
  st::plot::Svg svg(420, 150);
  st::plot::weight_images(
      svg, {20, 40, 380, 90}, net.layer<0>().weight(), 5, 5,
      {.title = "filters for darker (1, 3, ...) and brighter (2, 4, ...)", .columns = 8, .scale = false});
  svg.save("event_camera.svg");
}
