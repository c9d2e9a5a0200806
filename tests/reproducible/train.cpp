// Trains the network of the README on digits and prints a hash of all its weights: programs that print the
// same lines have computed the same bits.
//   train DATA [IMAGES [THREADS]]     DATA is the folder of the digits, IMAGES how many of them, 0 for all
#include <spiketape/spiketape.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace st = spiketape;

// FNV-1a over the bits of the numbers, which is the same on machines of either byte order.
template <typename Network>
std::uint64_t hash(Network& net) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const auto& parameter : net.parameters())
    for (const float number : parameter->array().template reshaped<Eigen::RowMajor>()) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &number, sizeof(bits));
      hash = (hash ^ bits) * 0x100000001b3;
    }
  return hash;
}

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("train DATA [IMAGES [THREADS]]\n", stderr), 2;
  const std::string name = std::string(argv[1]) + "/digits-train-";
  st::Images digits = st::read_images(name + "images-idx3-ubyte", name + "labels-idx1-ubyte", 1.0 / 16);
  if (const long images = argc > 2 ? std::atol(argv[2]) : 0; images > 0 && images < digits.count()) {
    digits.pixels.conservativeResize(images, Eigen::NoChange);
    digits.labels.resize(static_cast<std::size_t>(images));
  }
  const int threads = argc > 3 ? std::atoi(argv[3]) : 1;

  st::Random random(1);
  st::Sequential net{st::Linear<float>(64, 200, random), st::Leaky<float>({.beta = 0.5f}),
                     st::Linear<float>(200, 10, random), st::Leaky<float>({.beta = 0.5f})};
  st::Adam<float> adam(net.parameters(), {.lr = 2e-3, .threads = threads});
  const auto show = [&](const char* how, double right) {
    std::printf("%-6s %016llx %.4f\n", how, static_cast<unsigned long long>(hash(net)), right);
  };

  st::Batches<float> batches(digits, 32, random);
  st::Tape<float> tape;
  tape.set_threads(threads);
  double right = 0;
  for (const auto& batch : batches.shuffled()) {
    tape.reset();
    const auto [spk, mem] = net(tape.constant(batch.input, 20));
    tape.backward(st::cross_entropy(mem, batch.labels));
    adam.step(tape.gradients());
    right += st::accuracy(spk, batch.labels);
  }
  show("tape", right);

  st::Batches<float> large(digits, 500, random);
  st::Shards<float> shards(3, threads, 8);
  double loss = 0;
  for (const auto& batch : large.shuffled()) {
    loss +=
        shards.run(net, st::repeat(batch.input, 20), [&](const auto& out, st::Index first, st::Index count) {
          return st::cross_entropy(
              out.mem, batch.labels.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
              {.samples = batch.size()});
        });
    adam.step(shards.gradients());
  }
  show("shards", loss);
}
