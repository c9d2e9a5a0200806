// A residual network with batch norm and dropout, on the digits.

#include "02_train_digits/data.hpp"

#include <spiketape/conv.hpp>
#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/optim/schedules.hpp>
#include <spiketape/spiketape.hpp>
#include <spiketape/train/trainer.hpp>

#include <cstdio>
#include <exception>

namespace st = spiketape;

constexpr st::Index channels = 16, side = 8;

auto lif() { return st::Leaky<float>({.beta = 0.5f}); }
auto convolution(st::Index in, st::Random& random) {
  // A batch norm follows, which has a bias of its own.
  return st::Conv2d<float>({in, side, side}, channels, 3, random, {.padding = 1, .bias = false});
}

// Two convolutions, and a connection past them: what comes is added to their spikes.
auto block(st::Random& random) {
  return st::Residual{convolution(channels, random), st::BatchNorm2d<float>(channels), lif(),
                      convolution(channels, random), st::BatchNorm2d<float>(channels), lif()};
}

int main() try {
  const Digits digits = load_digits(SPIKETAPE_EXAMPLE_DATA);
  st::Random random(1);
  st::Sequential net{st::named("conv1", convolution(1, random)),
                     st::named("bn1", st::BatchNorm2d<float>(channels)),
                     lif(),
                     st::named("block1", block(random)),
                     st::named("block2", block(random)),
                     st::AvgPool2d<float>({channels, side, side}, 2),
                     st::Flatten<float>(),
                     st::Dropout<float>(0.2),
                     st::named("fc", st::Linear<float>(channels * side * side / 4, 10, random)),
                     lif()};
  std::puts(st::summary(net).c_str());
  st::AdamW<float> adam(net.parameters());
  st::Batches<float> train(digits.train, 64, random.split()), test(digits.test, 64, random.split());
  const st::Index epochs = 5;
  // One shard and no blocks: in training a batch norm takes its figures over the whole batch. Evaluation uses
  // the running ones, and no dropout.
  st::Trainer trainer(net, adam, {.steps = 4});
  trainer.fit(train, test,
              {.epochs = epochs,
               .loss = st::ce_count_loss(),
               .schedule = st::CosineAnnealingLR{.lr = 4e-3, .t_max = epochs * train.size()},
               .schedule_steps = true,
               .progress = stdout});
  std::printf("%.2f %% of the test digits are right\n", 100 * trainer.evaluate(test).accuracy);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
