// The same for what stands around a network: losses, encoders, optimizers' options, the Trainer, deep networks.
#include "warm.hpp"

#include <spiketape/conv.hpp>
#include <spiketape/functional/losses.hpp>
#include <spiketape/optim/best.hpp>
#include <spiketape/optim/clip.hpp>
#include <spiketape/optim/early_stopping.hpp>
#include <spiketape/optim/schedules.hpp>
#include <spiketape/spikegen.hpp>
#include <spiketape/train/trainer.hpp>

using namespace warm;

TEST_CASE("groups, clipping, a schedule and the best so far allocate in the first iteration only") {
  Training t;
  st::AdamW<float> adam(t.net.parameters(), {.lr = 1e-3, .threads = 2});
  adam.add_group(t.net.layer<3>().parameters(), {.lr = 1e-4, .weight_decay = 0});
  const st::WarmUp schedule(2, st::CosineAnnealingLR{.lr = 1e-3, .t_max = 4});
  st::ReduceLROnPlateau plateau;
  st::Best best(t.net);
  st::EarlyStopping stop;
  int i = 0;
  check_warm([&] {
    t.tape.reset();
    const auto loss = st::cross_entropy(t.net(t.tape.constant(t.input, steps)).mem, t.labels);
    t.tape.backward(loss);
    st::clip_grad_norm(t.tape.gradients(), 1);
    st::clip_grad_value(t.tape.gradients(), 0.1);
    adam.set_lr(schedule(i++));
    adam.step(t.tape.gradients());
    best(loss.item());
    plateau(loss.item());
    stop(loss.item());
  });
}

TEST_CASE("a Trainer's steps allocate in the first epoch only") {
  Training t;
  st::Images images;
  images.pixels.setConstant(3 * batch, 64, 7);
  for (Index i = 0; i < 3 * batch; ++i) images.labels.push_back(static_cast<int>(i % 10));
  st::Batches<float> batches(images, batch, t.random);
  st::Adam<float> adam(t.net.parameters(), {.lr = 0});  // more spikes would take more memory
  st::Trainer trainer(t.net, adam, {.steps = steps, .shards = 2, .block = 16});
  std::vector<long> counts;
  counts.reserve(10);
  trainer.on_step([&] {
    counts.push_back(allocation::stop());  // since the callback of the step before
    allocation::start();
  });
  allocation::start();
  trainer.fit(batches, {.epochs = 2, .loss = st::ce_rate_loss(), .clip_grad_norm = 1});
  allocation::stop();
  REQUIRE(counts.size() == 6);
  CHECK(counts[0] > 0);
  CHECK((counts[1] == 0 && counts[2] == 0 && counts[4] == 0 && counts[5] == 0));
}

TEST_CASE("a loss that takes the targets of each batch allocates in the first run only") {
  Training t;
  const std::vector<Index> lengths(batch, steps - 3);
  std::vector<unsigned char> bytes;
  const st::StepMask mask = st::mask_of_lengths(lengths, steps, bytes);
  const st::Sequence<float> wanted(st::Shape{steps, batch, 10});
  st::Shards<float> shards(4, 1, 8);
  for (const st::Loss<float>& kind :
       {st::Loss<float>(st::ce_rate_loss({.weight = std::vector<double>(10, 0.5), .num_classes = 10})),
        st::Loss<float>(st::ce_count_loss()), st::Loss<float>(st::ce_max_membrane_loss()),
        st::Loss<float>(st::tet_loss()), st::Loss<float>(st::mse_count_loss()),
        st::Loss<float>(st::mse_membrane_loss()),
        st::Loss<float>(st::ce_temporal_loss()), st::Loss<float>(st::mse_temporal_loss({.tolerance = 1})),
        st::Loss<float>(st::l1_rate_sparsity()), st::Loss<float>(st::firing_rate_loss({.upper = 0.1}))}) {
    st::Loss<float> loss = kind;
    check_warm([&] { shards.run(t.net, st::repeat(t.input, steps), loss.with(t.labels, mask)); });
  }
  st::Loss<float> loss = st::mse_loss();
  check_warm([&] { shards.run(t.net, st::repeat(t.input, steps), loss.with(wanted, mask)); });
}

TEST_CASE("a network with encoders in front allocates in the first iteration only, whole and in blocks") {
  Training t;
  const st::Array<float> input = t.input.abs();
  const st::Sequential net{st::Encode<float, st::spikegen::Population>({.neurons = 3}), st::Encode<float>(),
                           st::Linear<float>(192, 40, t.random),
                           st::Encode<float, st::spikegen::Delta>({.off_spike = true}), st::Leaky<float>({.beta = 0.9f})};
  const st::Sequential latencies{st::Encode<float, st::spikegen::Latency>({.normalize = true}),
                                 st::Encode<float, st::spikegen::Phase>(), st::Linear<float>(64, 10, t.random)};
  check_warm([&] {
    t.tape.reset();
    t.tape.backward(st::sum(net(t.tape.variable(input, steps)).mem) + st::sum(latencies(t.tape.constant(input, steps))));
  });
  st::Shards<float> shards(1, 1, 8);
  check_warm([&] {
    shards.run(net, st::repeat(input, steps), [&](const auto& out, Index, Index) { return st::sum(out.mem); });
  });
}

TEST_CASE("a training step of a deep convolutional network allocates in the first iteration only") {
  st::Random random(97);
  const st::Row<float> betas = st::Row<float>::LinSpaced(20, 0.3f, 0.7f);
  const st::Sequential net{
      st::Conv2d<float>({2, 12, 12}, 20, 5, random),
      st::BatchNorm2d<float>(20),
      st::Leaky<float>({.beta = st::per_channel(betas, {20, 8, 8}), .learn_beta = true}),
      st::MaxPool2d<float>({20, 8, 8}, 2),
      st::Residual{st::Conv2d<float>({20, 4, 4}, 20, 3, random, {.padding = 1, .groups = 2}),
                   st::RLeaky<float>(
                       {.beta = 0.5, .conv2d_channels = st::ImageShape{20, 4, 4}, .kernel_size = 3}, random)},
      st::AvgPool2d<float>({20, 4, 4}, 2),
      st::Flatten<float>(),
      st::Dropout<float>(0.5),
      st::Linear<float>(80, 10, random),
      st::Leaky<float>({.beta = 0.5})};
  std::vector<int> labels;
  for (int b = 0; b < 8; ++b) labels.push_back(b);
  st::Adam<float> adam(net.parameters(), {.lr = 1e-3});
  for (const double most : {0.1, 2.0}) {  // events, and dense rows
    st::Tape<float> tape;
    const auto input = numeric::random_sequence<float>(random, {steps, 8, 288}, -9, most);
    st::Sequence<float> spikes(input.shape());
    spikes.array() = (input.array() > 0).cast<float>();
    check_warm([&] {
      tape.reset();
      const auto [spk, mem] = net(tape.variable(spikes));
      tape.backward(st::cross_entropy(mem, labels));
      adam.step(tape.gradients());
    });
  }
  auto state = net.state(1);
  const st::Array<float> step = st::Array<float>::Constant(1, 288, 0.5f);
  check_warm([&] { net(step, state); });
}

TEST_CASE("a training step of a network with delays allocates in the first iteration only") {
  st::Random random(98);
  std::vector<int> labels;
  for (int b = 0; b < 8; ++b) labels.push_back(b);
  for (const st::DelayKernel kernel : {st::DelayKernel::linear, st::DelayKernel::gaussian})
    for (const bool init_hidden : {false, true}) {
      const st::Sequential net{
          st::Linear<float>(20, 40, random),
          st::Delay<float>({.max_delay = 6,
                            .delay = 2.5,
                            .channels = 40,
                            .learn_delay = true,
                            .kernel = kernel,
                            .init_hidden = init_hidden}),
          st::Leaky<float>({.beta = 0.5, .init_hidden = init_hidden, .output = true}),
          st::Delay<float>({.max_delay = 3, .delay = 1, .init_hidden = init_hidden}),
          st::Linear<float>(40, 10, random)};
      st::Adam<float> adam(net.parameters(), {.lr = 1e-3});
      st::Tape<float> tape;
      const auto input = numeric::random_sequence<float>(random, {steps, 8, 20}, -1, 1);
      check_warm([&] {
        tape.reset();
        tape.backward(st::cross_entropy(net(tape.variable(input)), labels));
        adam.step(tape.gradients());
      });
      auto state = net.state(1);
      const st::Array<float> step = st::Array<float>::Constant(1, 20, 0.5f);
      check_warm([&] { net(step, state); });
    }
}
