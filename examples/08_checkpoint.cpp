// Trains on the digits, dies in the middle, goes on from its last checkpoint, and ends with the same bits as a
// training that was not interrupted.
//
//   ./08_checkpoint                      does all of this, in processes of their own
//   ./08_checkpoint train FILE [N]       trains with a checkpoint in FILE, or goes on from it; dies after N batches

#include <spiketape/io/checkpoint.hpp>
#include <spiketape/spiketape.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>

namespace st = spiketape;

void train(const std::string& file, int dies_after) {
  const std::string digits = SPIKETAPE_EXAMPLE_DATA "/digits-train-";
  const auto images = st::read_images(digits + "images-idx3-ubyte", digits + "labels-idx1-ubyte", 1.0 / 16);
  st::Random random(1);
  st::Sequential net{
      st::named("fc1", st::Linear<float>(64, 100, random)), st::named("lif1", st::Leaky<float>({.beta = 0.5f})),
      st::named("fc2", st::Linear<float>(100, 10, random)), st::named("lif2", st::Leaky<float>({.beta = 0.5f}))};
  st::Adam<float> adam(net.parameters(), {.lr = 2e-3});
  st::Batches<float> batches(images, 32, random);
  st::Shards<float> shards(2, 2);
  int epoch = 0;

  const st::Checkpoint checkpoint{
      {"net", net}, {"adam", adam}, {"batches", batches}, {"shards", shards}, {"epoch", epoch}};
  if (std::filesystem::exists(file)) {
    checkpoint.load(file);
    std::printf("goes on in epoch %d\n", epoch);
  }
  for (; epoch < 3; ++epoch)
    for (const auto& batch : batches.shuffled()) {
      shards.run(net, st::repeat(batch.input, 10),
                 [&](const auto& out) { return st::cross_entropy(out.mem, batch.labels); });
      adam.step(shards.gradients());
      checkpoint.save(file);  // each batch, to show that it may; every few minutes is enough
      if (--dies_after == 0) {
        std::puts("dies");
        std::fflush(stdout);
        std::_Exit(1);  // at once, as when it is killed
      }
    }
  std::puts("has trained");
}

int main(int argc, char** argv) try {
  if (argc > 2) {
    train(argv[2], argc > 3 ? std::atoi(argv[3]) : 0);
    return 0;
  }
  const std::string whole = SPIKETAPE_EXAMPLE_OUT "/whole.safetensors";
  const std::string resumed = SPIKETAPE_EXAMPLE_OUT "/resumed.safetensors";
  std::filesystem::remove(whole);
  std::filesystem::remove(resumed);
  const auto run = [&](const std::string& arguments) {
    const std::string command = '"' + std::string(argv[0]) + "\" train " + arguments;
    return std::system(command.c_str());
  };
  if (run('"' + whole + '"') != 0) return 1;
  run('"' + resumed + "\" 70");
  if (run('"' + resumed + '"') != 0) return 1;
  const bool same = st::read_file(whole) == st::read_file(resumed);
  std::puts(same ? "both files are the same to the byte" : "the files differ");
  return same ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
