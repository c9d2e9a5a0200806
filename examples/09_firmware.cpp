// A trained network for a microcontroller: writes it as one C file, compiles that with a C compiler and
// compares its spikes with those of the library.

#include "02_train_digits/data.hpp"

#include <spiketape/io/firmware.hpp>
#include <spiketape/spiketape.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace st = spiketape;

constexpr int steps = 20;

// What a program on the device does, here with files: reads images, shows each for 20 steps, writes the
// spikes.
constexpr std::string_view device_program = R"(#define DIGITS_IMPLEMENTATION
#define DIGITS_SELF_TEST
#include "digits.h"
#include <stdio.h>

int main(int argc, char** argv) {
  static digits_state state;
  float image[DIGITS_INPUTS];
  uint8_t spikes[DIGITS_OUTPUTS];
  FILE* images = argc == 3 ? fopen(argv[1], "rb") : 0;
  FILE* out = argc == 3 ? fopen(argv[2], "wb") : 0;
  int t;
  if (images == 0 || out == 0 || digits_self_test() != 0) return 1;
  while (fread(image, sizeof image, 1, images) == 1) {
    digits_reset(&state);
    for (t = 0; t < 20; ++t) {
      digits_step(&state, image, spikes);
      fwrite(spikes, sizeof spikes, 1, out);
    }
  }
  return fclose(out) != 0;
}
)";

// Runs a command of words, each of which may have spaces.
bool run(const std::vector<std::string>& words) {
  std::string command;
  for (const std::string& word : words) command += (command.empty() ? "\"" : " \"") + word + '"';
  return std::system(command.c_str()) == 0;
}

int main() try {
  const Digits digits = load_digits(SPIKETAPE_EXAMPLE_DATA);
  st::Random random(1);
  st::Sequential net{st::named("fc1", st::Linear<float>(64, 100, random)),
                     st::named("lif1", st::Leaky<float>({.beta = 0.5f})),
                     st::named("fc2", st::Linear<float>(100, 10, random)),
                     st::named("lif2", st::Leaky<float>({.beta = 0.5f}))};
  st::Adam<float> adam(net.parameters(), {.lr = 4e-3});
  st::Batches<float> batches(digits.train, 16, random);
  st::Tape<float> tape;
  for (int epoch = 0; epoch < 4; ++epoch)
    for (const auto& batch : batches.shuffled()) {
      tape.reset();
      const auto [spk, mem] = net(tape.constant(batch.input, steps));
      tape.backward(st::cross_entropy(mem, batch.labels) + st::cross_entropy(spk, batch.labels));
      adam.step(tape.gradients());
    }

  const std::string folder = SPIKETAPE_EXAMPLE_OUT;
  st::write_c(net, folder + "/digits.h", {.name = "digits"});
  std::printf("wrote %s/digits.h\n", folder.c_str());

  // The library's spikes, step by step as the device computes them.
  const st::Array<float> images = digits.test.pixels.cast<float>() * float(digits.test.scale);
  std::vector<std::uint8_t> spikes;
  auto state = net.state(1);
  for (st::Index i = 0; i < images.rows(); ++i) {
    state.reset();
    for (int t = 0; t < steps; ++t)
      for (const float spike : net(images.row(i), state).spk.array().reshaped())
        spikes.push_back(std::uint8_t(spike));
  }

#ifdef SPIKETAPE_EXAMPLE_CC
  const std::string source = folder + "/digits.c", program = folder + "/digits_on_device";
  const std::string in = folder + "/digits.images", out = folder + "/digits.spikes";
  st::write_file(source, device_program);
  st::write_file(in,
                 {reinterpret_cast<const char*>(images.data()), sizeof(float) * std::size_t(images.size())});
  if (!run({SPIKETAPE_EXAMPLE_CC, "-std=c99", "-O2", source, "-o", program}) || !run({program, in, out})) {
    std::fprintf(stderr, "%s or the program that it made failed\n", SPIKETAPE_EXAMPLE_CC);
    return 1;
  }
  const std::vector<std::uint8_t> on_device = st::read_file(out);
  if (on_device.size() != spikes.size()) return std::fputs("the device wrote too few spikes\n", stderr), 1;

  int differ = 0, right = 0;
  for (std::size_t i = 0; i < spikes.size(); ++i) differ += on_device[i] != spikes[i];
  for (st::Index i = 0; i < images.rows(); ++i) {
    int counts[10] = {};
    for (int k = 0; k < 10 * steps; ++k) counts[k % 10] += on_device[std::size_t(i * 10 * steps + k)];
    right += std::max_element(counts, counts + 10) - counts == digits.test.labels[std::size_t(i)];
  }
  std::printf("compiled by %s: the self-test passed, %d of %d digits are right\n", SPIKETAPE_EXAMPLE_CC,
              right, int(images.rows()));
  // Not none where this program rounds a b + c once, and that one twice.
  std::printf("%d of %d spikes differ from those of the library\n", differ, int(spikes.size()));
#else
  std::printf("found no C compiler to compile it with; the library has %d spikes for the test digits\n",
              int(std::count(spikes.begin(), spikes.end(), 1)));
#endif
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
