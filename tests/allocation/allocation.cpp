// From the second iteration on a training step allocates nothing, nor does a single sample's inference.
// Counted are operator new, where it can be replaced also malloc and its like, and what Eigen asks for. An
// executable of its own: Eigen is compiled with a check that would change its inline functions everywhere
// else.
#define EIGEN_RUNTIME_NO_MALLOC
#include "counters.hpp"
#define eigen_assert(condition) \
  ((condition) ? static_cast<void>(0) : allocation::assertion_failed(#condition))

#include <spiketape/conv.hpp>
#include <spiketape/data/samples.hpp>
#include <spiketape/functional/losses.hpp>
#include <spiketape/optim/best.hpp>
#include <spiketape/optim/clip.hpp>
#include <spiketape/optim/early_stopping.hpp>
#include <spiketape/optim/schedules.hpp>
#include <spiketape/spikegen.hpp>
#include <spiketape/spiketape.hpp>
#include <spiketape/train/trainer.hpp>

#include "../catch.hpp"
#include "../numeric.hpp"
#include "../own_layers.hpp"

#include <cmath>
#include <optional>
#include <span>
#include <vector>

namespace st = spiketape;
using st::Index;

namespace {

/// What a call takes from the heap.
template <typename Run>
long allocations(Run&& run) {
  Eigen::internal::set_is_malloc_allowed(false);
  allocation::start();
  run();
  const long count = allocation::stop();
  Eigen::internal::set_is_malloc_allowed(true);
  return count;
}

/// Calls it once to warm up, then three times more that must allocate nothing.
template <typename Run>
void check_warm(Run&& run) {
  CHECK(allocations(run) > 0);
  for (int i = 0; i < 3; ++i) CHECK(allocations(run) == 0);
}

constexpr Index batch = 128, steps = 25;

/// A network that learns all it can, on a batch whose products Eigen would pack on the heap.
struct Training {
  st::Random random{91};
  st::Sequential<st::Linear<float>, st::Leaky<float>, st::Linear<float>, st::Leaky<float>> net;
  st::Array<float> input = numeric::random_array<float>(random, batch, 64);
  std::vector<int> labels;
  st::Tape<float> tape;

  explicit Training(bool init_hidden = false, bool same_step = false)
      : net(st::Linear<float>(64, 200, random), neuron(init_hidden, same_step),
            st::Linear<float>(200, 10, random), neuron(init_hidden, same_step)) {
    for (Index b = 0; b < batch; ++b) labels.push_back(static_cast<int>(b % 10));
  }
  static st::Leaky<float> neuron(bool init_hidden, bool same_step) {
    return st::Leaky<float>({.beta = 0.9,
                             .init_hidden = init_hidden,
                             .learn_beta = true,
                             .learn_threshold = true,
                             .output = true,
                             .graded_spikes_factor = 1,
                             .reset_delay = !same_step});
  }
};

}  // namespace

TEST_CASE("the counters see what is allocated") {
  CHECK(allocations([] {}) == 0);
  for (int i = 0; i < 3; ++i) {
    CHECK(allocations([] { allocation::keep(std::vector<float>(10).data()); }) > 0);
    CHECK(allocations([] { allocation::keep(st::detail::AlignedVector<float>(10).data()); }) > 0);
    CHECK(allocations([] { allocation::keep(st::Array<float>(3, 5).data()); }) > 0);
  }
  if (allocation::sees_malloc) {
    CHECK(allocations([] {
            void* memory = std::malloc(10);
            allocation::keep(memory);
            std::free(memory);
          }) > 0);
  }
  // One allocation among the work of a training step is enough to be seen.
  Training t;
  const auto step = [&](bool disturbed) {
    t.tape.reset();
    const auto [spk, mem] = t.net(t.tape.constant(t.input, 2));
    t.tape.backward(st::cross_entropy(mem, t.labels));
    if (disturbed) allocation::keep(st::Array<float>(spk.array()).data());
  };
  step(false);
  CHECK(allocations([&] { step(true); }) > 0);
  CHECK(allocations([&] { step(false); }) == 0);
}

TEST_CASE("the products of this test are too large for Eigen without a workspace") {
  st::Random random(92);
  const st::Array<float> a = numeric::random_array<float>(random, batch * steps, 200);
  st::Array<float> c = st::Array<float>::Zero(200, 208);
  st::detail::Workspace<float> workspace;
  const auto product = [&](st::detail::Workspace<float>* space) {
    using st::detail::Order;
    st::detail::add_product<Order::transposed, Order::as_is, float>(
        200, 200, a.rows(), {a.data(), a.cols()}, {a.data(), a.cols()}, c.data(), 208, space);
  };
  product(&workspace);
  CHECK(allocations([&] { product(&workspace); }) == 0);
  CHECK(allocations([&] { product(nullptr); }) > 0);
}

TEST_CASE("a training step with Adam allocates in the first iteration only") {
  for (const bool same_step : {false, true}) {
    Training t(false, same_step);
    st::Adam<float> adam(t.net.parameters(), {.lr = 1e-3});
    check_warm([&] {
      t.tape.reset();
      const auto [spk, mem] = t.net(t.tape.constant(t.input, steps));
      t.tape.backward(st::cross_entropy(mem, t.labels));
      adam.step(t.tape.gradients());
    });
  }
}

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

TEST_CASE("a training step with SGD on a varying input, differentiated by it, allocates in the first only") {
  Training t;
  const auto input = numeric::random_sequence<float>(t.random, {steps, batch, 64});
  st::SGD<float> sgd(t.net.parameters(), {.lr = 1e-3, .momentum = 0.9});
  check_warm([&] {
    t.tape.reset();
    const auto x = t.tape.variable(input);
    const auto [spk, mem] = t.net(x);
    t.tape.backward(st::cross_entropy(spk, t.labels, {.over_steps = st::OverSteps::mean}) +
                    0.1f * sum(mem * mem));
    sgd.step(t.tape.gradients());
  });
}

TEST_CASE("a loop of single steps with hidden state allocates in the first iteration only") {
  Training t(true);
  st::Adam<float> adam(t.net.parameters());
  check_warm([&] {
    t.tape.reset();
    st::detach_hidden(t.net);  // truncated: it goes on from the last window
    st::Var<float> loss;
    for (int step = 0; step < 6; ++step) {
      const auto [spk, mem] = t.net(t.tape.constant(t.input));
      const auto part = st::cross_entropy(mem, t.labels);
      loss = loss.empty() ? part : loss + part;
    }
    t.tape.backward(loss);
    adam.step(t.tape.gradients());
  });
}

TEST_CASE("a single sample's inference into the caller's memory allocates nothing at all") {
  Training t;
  const auto& net = t.net;
  st::Row<float> hidden(200), spk1(200), mem1(200), out(10), spk2(10), mem2(10);
  mem1.setZero();
  mem2.setZero();
  const st::Array<float> sample = t.input.row(3);
  const auto run = [&] {
    for (int step = 0; step < 4; ++step) {
      net.layer<0>().forward_into(sample, hidden);
      net.layer<1>().forward_into(hidden, mem1, spk1, mem1);
      net.layer<2>().forward_into(spk1, out);
      net.layer<3>().forward_into(out, mem2, spk2, mem2);
    }
  };
  for (int i = 0; i < 3; ++i) CHECK(allocations(run) == 0);
}

TEST_CASE("a stream with a state of its own allocates in the first step only") {
  const Training t;
  st::Random random(1);
  auto state = t.net.state(batch);
  const auto one = numeric::random_sequence<float>(random, {1, batch, 64});
  float sum = 0;
  check_warm([&] { sum += t.net(one, state).mem.row(0, 0)[0]; });
  CHECK(std::isfinite(sum));
}

TEST_CASE("a loop of steps with a state on a tape, through layers of a user's, allocates in the first only") {
  Training t;
  const st::Sequential net{st::Linear(t.net.layer<0>()), own::Delay<float>(2), st::Leaky(t.net.layer<1>()),
                           own::Dropout<float>(0.5), own::MaxPool<float>()};
  auto state = net.state(batch);
  net(t.input, state);  // a state that is zero takes less
  check_warm([&] {
    t.tape.reset();
    st::Var<float> loss;
    for (int step = 0; step < 4; ++step) {
      const auto part = sum(net(t.tape.constant(t.input), state));
      loss = loss.empty() ? part : loss + part;
    }
    t.tape.backward(loss);
    t.tape.gradients().clear();
  });
}

TEST_CASE("shards on one thread allocate in the first run only") {
  Training t;
  st::Shards<float> shards(4);
  st::Adam<float> adam(t.net.parameters());
  check_warm([&] {
    shards.run(batch, [&](st::Tape<float>& tape, Index first, Index count) {
      const auto [spk, mem] = t.net(tape.constant(t.input.middleRows(first, count), steps));
      return st::cross_entropy(mem,
                               std::span<const int>(t.labels).subspan(static_cast<std::size_t>(first),
                                                                      static_cast<std::size_t>(count)),
                               {.samples = batch});
    });
    adam.step(shards.gradients());
  });
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
  const st::Sequential net{st::Conv2d<float>({2, 12, 12}, 20, 5, random),
                           st::BatchNorm2d<float>(20),
                           st::Leaky<float>({.beta = 0.5}),
                           st::MaxPool2d<float>({20, 8, 8}, 2),
                           st::Residual{st::Conv2d<float>({20, 4, 4}, 20, 3, random, {.padding = 1, .groups = 2}),
                                        st::Leaky<float>({.beta = 0.5})},
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

TEST_CASE("a pass over batches allocates nothing") {
  st::Images images;
  images.height = images.width = 8;
  images.pixels.setConstant(300, 64, 7);
  images.labels.assign(300, 1);
  st::Batches<float> batches(images, 128, st::Random(1));
  for (int i = 0; i < 3; ++i)
    CHECK(allocations([&] {
            for (const auto& each : batches.shuffled()) allocation::keep(each.input.data());
          }) == 0);
  st::Samples<float> samples{.inputs = {st::Sequence<float>(3, 50, 2), st::Sequence<float>(1, 50, 4)},
                             .labels = std::vector<int>(50, 1),
                             .targets = st::Sequence<float>(3, 50, 1)};
  samples.lengths.assign(50, 2);
  st::Batches sample_batches(samples, 16, st::Random(1));
  for (int i = 0; i < 3; ++i)
    CHECK(allocations([&] {
            for (const auto& each : sample_batches.shuffled()) allocation::keep(each.input.data);
          }) == 0);
}

TEST_CASE("ops on a tape allocate nothing from the second iteration on") {
  using st::Over;
  st::Random random(97);
  const auto targets = numeric::random_sequence<float>(random, {steps, 8, 10});
  const auto input = numeric::random_array<float>(random, 8, 10);
  st::Tape<float> tape;
  std::vector<st::Var<float>> parts;
  check_warm([&] {
    tape.reset();
    parts.clear();
    const auto v = tape.variable(targets);
    for (Index t = 0; t < steps; ++t)
      parts.push_back(st::tanh(st::step(v, t) * 2 - input) / (1 + st::exp(-st::step(v, t))));
    const auto spk = st::stack(parts);
    const auto rate = st::mean(spk, Over::steps) + st::max(spk, Over::steps) + st::sum(spk, Over::batch);
    const auto part = st::features(st::steps(st::clamp(spk - targets, -1, 1), 2, 5), 1, 4);
    const auto loss = st::mean(st::square(spk - targets)) + sum(st::log_softmax(rate) * st::softmax(rate)) +
                      mean(st::sqrt(st::square(part) + 1)) * st::sum(part, Over::features);
    tape.backward(mean(loss));
  });
}
