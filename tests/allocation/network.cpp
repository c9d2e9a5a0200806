// From the second iteration on a training step allocates nothing, nor does a single sample's inference.
// Counted are operator new, where it can be replaced also malloc and its like, and what Eigen asks for.
#include "warm.hpp"

#include <spiketape/data/samples.hpp>

#include "../own_layers.hpp"

#include <cmath>
#include <optional>
#include <span>

using namespace warm;

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
