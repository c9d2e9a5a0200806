// Trains the network of the README on the digits, writes it as C, and writes the test images with the spikes
// that the library computes for them: digits_main.c compares them.
//   digits DATA FOLDER [EPOCHS]
#include <spiketape/io/firmware.hpp>
#include <spiketape/spiketape.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace st = spiketape;

namespace {

constexpr int steps = 20;

template <typename F>
double seconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) return std::fputs("digits DATA FOLDER [EPOCHS]\n", stderr), 2;
  const std::string data = std::string(argv[1]) + "/digits-", folder = std::string(argv[2]) + '/';
  const auto read = [&](const char* part) {
    const std::string begin = data + part;
    return st::read_images(begin + "-images-idx3-ubyte", begin + "-labels-idx1-ubyte", 1.0 / 16);
  };
  const st::Images train = read("train"), test = read("test");

  st::Random random(1);
  st::Sequential net{st::named("fc1", st::Linear<float>(64, 200, random)),
                     st::named("lif1", st::Leaky<float>({.beta = 0.5f})),
                     st::named("fc2", st::Linear<float>(200, 10, random)),
                     st::named("lif2", st::Leaky<float>({.beta = 0.5f}))};
  st::Adam<float> adam(net.parameters(), {.lr = 2e-3});
  st::Batches<float> batches(train, 32, random);
  st::Tape<float> tape;
  for (int epoch = 0; epoch < (argc > 3 ? std::atoi(argv[3]) : 3); ++epoch)
    for (const auto& batch : batches.shuffled()) {
      tape.reset();
      const auto [spk, mem] = net(tape.constant(batch.input, steps));
      tape.backward(st::cross_entropy(mem, batch.labels));
      adam.step(tape.gradients());
    }
  st::write_c(net, folder + "digits.h", {.name = "digits"});

  const st::Array<float> images = test.pixels.cast<float>() * float(test.scale);
  std::string spikes,
      bytes(reinterpret_cast<const char*>(images.data()), sizeof(float) * std::size_t(images.size()));
  auto state = net.state(1);
  const auto run_all = [&](auto&& step) {
    for (st::Index i = 0; i < images.rows(); ++i) {
      state.reset();
      for (int t = 0; t < steps; ++t) step(images.row(i));
    }
  };
  run_all([&](const auto& image) {
    net.trace(image, state, [&](std::string_view name, const auto&, const auto&, const auto& output) {
      if (!name.starts_with("lif")) return;
      for (const float spike : output.array().reshaped()) spikes += spike != 0 ? '\1' : '\0';
    });
  });
  st::write_file(folder + "digits.images", bytes);
  st::write_file(folder + "digits.spikes", spikes);

  constexpr int passes = 30;
  float sum = 0;
  const double time = seconds([&] {
    for (int pass = 0; pass < passes; ++pass)
      run_all([&](const auto& image) { sum += net(image, state).spk.array()(0, 0); });
  });
  std::printf("library: %.3f us for each step (%g)\n", 1e6 * time / passes / steps / double(images.rows()),
              double(sum));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
