// Trains a spiking network on handwritten digits and draws its response to some of them.
//
//   ./02_train_digits                               the 8 x 8 digits that come with the examples
//   ./02_train_digits --data DIR --epochs 1 --hidden 1000 --steps 25 --batch 128 --lr 5e-4 --beta 0.95
//                                                   MNIST from DIR, sized as in snnTorch's tutorial 5

#include "02_train_digits/data.hpp"
#include "02_train_digits/picture.hpp"
#include "02_train_digits/settings.hpp"

#include <spiketape/spiketape.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

namespace st = spiketape;

// The accuracy of the network. Uses a tape, though it needs no gradient, because a tape keeps its memory from
// one batch to the next.
template <typename Network>
double accuracy(const Network& net, const st::Images& images, const Settings& settings) {
  st::Batches<float> batches(images, settings.batch, st::Random(0));
  st::Tape<float> tape;
  double right = 0;
  for (const auto& batch : batches.in_order()) {
    tape.reset();
    const auto [spk, mem] = net(tape.constant(batch.input, settings.steps));
    right += st::accuracy(spk, batch.labels) * double(batch.size());
  }
  return right / double(images.count());
}

int main(int argc, char** argv) try {
  const Settings settings = read_settings(argc, argv);
  const std::string path = picture_path(settings.out);
  const Digits digits = load_digits(settings.data);
  const st::Images& train = digits.train;
  std::printf("%s: %d training and %d test images of %d x %d\n", settings.data.c_str(), int(train.count()),
              int(digits.test.count()), int(train.height), int(train.width));

  // The image is a constant current into the hidden layer. Braces make the layers draw their weights from
  // first to last with every compiler; in parentheses the order is unspecified.
  st::Random random(settings.seed);
  st::Sequential net{
      st::Linear<float>(train.features(), settings.hidden, random), st::Leaky<float>({.beta = settings.beta}),
      st::Linear<float>(settings.hidden, train.classes(), random), st::Leaky<float>({.beta = settings.beta})};
  st::Adam<float> adam(net.parameters(), {.lr = settings.lr, .threads = settings.threads});
  st::Batches<float> batches(train, settings.batch, random.split());
  // Each batch is split into two shards, processed in blocks of four samples, whose tape fits into the cache.
  // The number of shards, and so the result, does not depend on the number of threads.
  st::Shards<float> shards(2, std::min(settings.threads, 2), 4);

  using Clock = std::chrono::steady_clock;
  double seconds = 0;
  for (int epoch = 1; epoch <= settings.epochs; ++epoch) {
    const auto start = Clock::now();
    double loss = 0;
    // The learning rate decreases towards the end.
    adam.set_lr(settings.lr * (settings.epochs - epoch + 1) / settings.epochs);
    for (const auto& batch : batches.shuffled()) {
      loss += shards.run(net, st::repeat(batch.input, settings.steps), [&](const auto& out) {
        return st::cross_entropy(out.mem, batch.labels) + st::cross_entropy(out.spk, batch.labels);
      });
      adam.step(shards.gradients());
      show_progress(epoch, settings.epochs, batch.first + batch.size(), train.count());
    }
    const double epoch_seconds = std::chrono::duration<double>(Clock::now() - start).count();
    seconds += epoch_seconds;
    std::printf("epoch %2d/%d  loss %7.3f  train %5.1f %%  test %5.1f %%  %.2f s\n", epoch, settings.epochs,
                loss / double(batches.size()), 100 * accuracy(net, train, settings),
                100 * accuracy(net, digits.test, settings), epoch_seconds);
    std::fflush(stdout);
  }
  std::printf("trained in %.2f s on %d thread%s, test accuracy %.2f %%\n", seconds, shards.threads(),
              shards.threads() == 1 ? "" : "s", 100 * accuracy(net, digits.test, settings));

  draw_digits(path, net, digits.test, settings.steps);
  std::printf("wrote %s\n", path.c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
