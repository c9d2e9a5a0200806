// A Trainer, losses, metrics, convolutions, graphs of other tools and C files once, to be compiled with the warnings of
// flags.cmake.
#include <spiketape/conv.hpp>
#include <spiketape/functional/losses.hpp>
#include <spiketape/functional/metrics.hpp>
#include <spiketape/io/firmware.hpp>
#include <spiketape/io/nir_graph.hpp>
#include <spiketape/io/nir_layers.hpp>
#include <spiketape/io/nir_network.hpp>
#include <spiketape/nn/delay.hpp>
#include <spiketape/nn/dropout.hpp>
#include <spiketape/nn/residual.hpp>
#include <spiketape/nn/summary.hpp>
#include <spiketape/optim/best.hpp>
#include <spiketape/optim/early_stopping.hpp>
#include <spiketape/optim/schedules.hpp>
#include <spiketape/plot/confusion.hpp>
#include <spiketape/plot/curves.hpp>
#include <spiketape/spiketape.hpp>
#include <spiketape/train/csv.hpp>
#include <spiketape/train/trainer.hpp>

#include <cstdio>
#include <string>
#include <vector>

#include "warnings.hpp"

namespace st = spiketape;

void warnings::use_toolbox() {
  st::Random random(1);
  st::Images images;
  images.pixels.setZero(4, 16);
  images.labels = {0, 1, 0, 1};
  st::Sequential net{st::Conv2d<float>({1, 4, 4}, 2, 3, random),
                     st::BatchNorm2d<float>(2),
                     st::Leaky<float>({.beta = 0.5F}),
                     st::MaxPool2d<float>({2, 2, 2}, 2),
                     st::Flatten<float>(),
                     st::Delay<float>({.max_delay = 2}),
                     st::Dropout<float>(0.25),
                     st::Residual{st::Linear<float>(2, 2, random)},
                     st::Linear<float>(2, 2, random),
                     st::Leaky<float>({.beta = 0.5F})};
  st::AdamW<float> adam(net.parameters());
  st::Batches<float> train(images, 2, random);
  st::Trainer trainer(net, adam, {.steps = 3});
  st::Best best(net);
  st::EarlyStopping stop;
  trainer.on_step([](const st::StepLog& step) { static_cast<void>(step.loss); });
  trainer.on_epoch([&](const st::EpochLog& epoch) {
    best(epoch.loss);
    if (stop(epoch.loss)) trainer.stop();
  });
  trainer.fit(train, train,
              {.epochs = 2,
               .loss = [tet = st::tet_loss(), rates = st::firing_rate_loss({.upper = 0.5})](
                           const auto& out, const auto& targets) { return tet(out, targets) + rates(out); },
               .schedule = st::WarmUp(1, st::OneCycleLR{.total_steps = 4}),
               .clip_grad_norm = 1,
               .progress = stdout});
  const st::Evaluation seen = trainer.evaluate(train, st::mse_count_loss());
  st::save_csv(trainer.log(), "log.csv");

  st::plot::Svg svg(300, 200);
  st::plot::curves(svg, {0, 0, 100, 100}, {{"loss", trainer.log().column(&st::EpochLog::loss)}});
  st::plot::confusion(svg, {100, 0, 100, 100}, st::confusion_matrix(seen.predicted, seen.labels, 2));
  static_cast<void>(st::summary(net));

  st::Sequential small{st::Linear<float>(2, 2, random), st::Leaky<float>({.beta = 0.5F})};
  static_cast<void>(st::c_source(small));
  const st::NirGraph graph = st::to_nir(small, {.dt = 1e-3});
  const auto out = st::NirNetwork<float>(graph, {.dt = 1e-3})(st::Sequence<float>(3, 1, 2));
  static_cast<void>(st::accuracy_top_k(out, std::vector<int>{1}, 1));
  static_cast<void>(st::accuracy_temporal(out, std::vector<int>{1}));
}
