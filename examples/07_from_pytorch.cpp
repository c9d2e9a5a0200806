// Loads a network that was trained with snnTorch and classifies digits with it. docs/checkpoints.md has the
// Python script that made the file.

#include <spiketape/io/state_dict.hpp>
#include <spiketape/spiketape.hpp>

#include <cstdio>
#include <exception>
#include <string>

namespace st = spiketape;

int main() try {
  const std::string data = SPIKETAPE_EXAMPLE_DATA;

  // The network as it is in Python. Names are those of its members there; the weights drawn here are replaced.
  st::Random random(1);
  st::Sequential net{
      st::named("fc1", st::Linear<float>(64, 40, random)),
      st::named("lif1", st::Leaky<float>({.beta = 0.5f})),
      st::named("fc2", st::Linear<float>(40, 10, random)),
      st::named("lif2", st::Leaky<float, st::reset::None>({.beta = 0.5f})),
  };
  st::load(net, data + "/digits-snntorch.safetensors");
  std::fputs(st::summary(net).c_str(), stdout);

  const auto digits = st::read_images(data + "/digits-test-images-idx3-ubyte",
                                      data + "/digits-test-labels-idx1-ubyte", 1.0 / 16);
  st::Batches<float> all(digits, digits.count(), st::Random(1));
  for (const auto& batch : all.in_order()) {
    const auto out = net(st::repeat(batch.input, 10));
    const st::Array<float> mem = out.mem.step(9);  // the membranes after the last step say the class
    int right = 0;
    for (st::Index i = 0; i < batch.size(); ++i) {
      st::Index guess;
      mem.row(i).maxCoeff(&guess);
      right += guess == batch.labels[std::size_t(i)];
    }
    std::printf("%d of %d digits are right\n", right, int(batch.size()));
  }

  // The other way: torch's load_state_dict takes this file.
  const std::string out = SPIKETAPE_EXAMPLE_OUT "/digits.safetensors";
  st::save(net, out);
  std::printf("wrote %s\n", out.c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
