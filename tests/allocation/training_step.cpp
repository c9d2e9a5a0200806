// A training step that runs out of memory: every allocation of the first step of a fresh network fails once.
// What has changed then is what is documented, and the step, made again, gives the bits of one that did not
// fail. An executable of its own: it replaces malloc.
#include "counters.hpp"

#include <spiketape/data/batches.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/sgd.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>

#include "../catch.hpp"
#include "../numeric.hpp"
#include "../own_layers.hpp"
#include "../plain_neurons.hpp"

#include <memory>
#include <new>
#include <string>
#include <vector>

namespace st = spiketape;
using st::Index;

namespace {

using Arrays = std::vector<st::Array<double>>;

bool same(const Arrays& a, const Arrays& b) {
  bool equal = a.size() == b.size();
  for (std::size_t k = 0; equal && k < a.size(); ++k) equal = numeric::same(a[k], b[k]);
  return equal;
}

auto make_net(bool init_hidden) {
  st::Random random(3);
  return st::Sequential{st::Linear<double>(3, 5, random),
                        st::Leaky<double>({.beta = 0.9, .init_hidden = init_hidden, .learn_beta = true}),
                        own::Dropout<double>(0.3), st::Linear<double>(5, 4, random),
                        st::Synaptic<double>({.alpha = st::Row<double>{{0.9, 0.8, 0.7, 0.6}},
                                              .beta = 0.5,
                                              .init_hidden = init_hidden,
                                              .learn_alpha = true,
                                              .output = true})};
}
using Net = decltype(make_net(true));

Arrays parameters_of(const Net& net) {
  Arrays all;
  for (const auto& each : net.named_parameters()) all.push_back(each.parameter.array());
  return all;
}
Arrays hidden_of(const Net& net) {
  Arrays all;
  net.for_each_hidden([&](const st::Array<double>& values, const auto&) { all.push_back(values); });
  return all;
}
bool without_gradients(const Net& net, const st::GradientSums<double>& sums) {
  bool none = true;
  for (const auto& parameter : net.parameters()) none = none && !sums.has(parameter);
  return none;
}

const std::vector<int> labels{1, 3};
st::Sequence<double> input() {
  st::Random random(9);
  return numeric::random_sequence<double>(random, {5, 2, 3}, -1, 3);
}
const auto loss_of = [](const auto& out, Index first, Index count) {
  const std::span<const int> all = labels;
  return st::cross_entropy(
      out.mem, all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)), {.samples = 2});
};
const auto loss_of_window = [](const auto& out, Index, Index) { return st::cross_entropy(out.mem, labels); };

/// A training step in its parts, on a tape, or by a driver, which is one part.
struct OnTape {
  static constexpr bool init_hidden = true, all_or_nothing = false;
  st::Tape<double> tape;
  st::Var<double> loss;

  void forward(const Net& net) { loss = loss_of(net(tape.constant(input_)), 0, 2); }
  void backward(const Net&) { tape.backward(loss); }
  void put_right() {
    const std::uint64_t round = tape.round();
    tape.reset();
    tape.set_round(round);  // of random numbers
    tape.gradients().clear();
  }
  void begin() { tape.reset(); }
  st::GradientSums<double>& gradients() { return tape.gradients(); }
  st::Sequence<double> input_ = input();
};
template <typename Driver, bool hidden>
struct ByDriver {
  static constexpr bool init_hidden = hidden, all_or_nothing = true;
  Driver driver;
  st::Sequence<double> input_ = input();

  void forward(const Net& net) {
    if constexpr (hidden)
      driver.run(net, input_, loss_of_window);
    else
      driver.run(net, input_, loss_of);
  }
  void backward(const Net&) {}
  void put_right() {}
  void begin() {}
  st::GradientSums<double>& gradients() { return driver.gradients(); }
};
struct ByShards : ByDriver<st::Shards<double>, false> {
  ByShards() : ByDriver{st::Shards<double>(2, 1, 1)} {}
};
/// The layers before the first neuron then run for the whole batch.
struct ByShardsOfAConstant : ByDriver<st::Shards<double>, false> {
  ByShardsOfAConstant() : ByDriver{st::Shards<double>(2, 1, 1)} {
    input_ = st::Sequence<double>::repeat(input_.step(0), 5);
  }
};
template <bool truncate>
struct ByWindows : ByDriver<st::Windows<double>, true> {
  ByWindows() : ByDriver{st::Windows<double>(2, {.truncate = truncate})} {}
};

template <typename Optimizer>
Optimizer make_optimizer(const Net& net) {
  if constexpr (std::same_as<Optimizer, st::SGD<double>>)
    return Optimizer(net.parameters(), {.lr = 0.1, .momentum = 0.9});
  else
    return Optimizer(net.parameters(), {.lr = 0.1});
}

/// A network in training.
template <typename Step, typename Optimizer>
struct Training {
  Net net = make_net(Step::init_hidden);
  Optimizer optimizer = make_optimizer<Optimizer>(net);
  Step step;

  Training() {
    if (Step::init_hidden) net(st::Array<double>::Constant(2, 3, 0.5).eval());  // hidden states are not zero
  }
  void run() {
    step.begin();
    step.forward(net);
    step.backward(net);
    optimizer.step(step.gradients());
  }
};

template <typename Step, typename Optimizer>
void check_every_failure() {
  Training<Step, Optimizer> twin;
  twin.run();
  const Arrays after_one = parameters_of(twin.net), hidden_after_one = hidden_of(twin.net);
  twin.run();
  const Arrays after_two = parameters_of(twin.net), hidden_after_two = hidden_of(twin.net);

  long failures = 1;
  std::vector<std::string> stages;
  for (long failing = 0; failing <= failures; ++failing) {
    Training<Step, Optimizer> training;
    Net& net = training.net;
    const Arrays parameters = parameters_of(net), hidden = hidden_of(net);
    const st::State<double> state = st::hidden_state(net);
    const char* stage = "none";
    bool failed = false;
    allocation::start(failing);
    try {
      training.step.begin();
      stage = "forward";
      training.step.forward(net);
      stage = "backward";
      training.step.backward(net);
      stage = "optimizer";
      training.optimizer.step(training.step.gradients());
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    const long count = allocation::stop();
    if (failing == 0) failures = count;  // of a step that is let alone
    INFO("allocation " << failing << " of " << failures << ", in " << stage);
    REQUIRE(failed == (failing > 0));
    if (stages.empty() || stages.back() != stage) stages.emplace_back(stage);
    if (failed) {
      REQUIRE(same(parameters_of(net), parameters));
      if (stage == std::string("forward")) {
        REQUIRE(same(hidden_of(net), hidden));
        REQUIRE(without_gradients(net, training.step.gradients()));
      }
      if (stage == std::string("optimizer")) {
        training.optimizer.step(training.step.gradients());
      } else {
        training.step.put_right();
        if (!Step::all_or_nothing) st::set_hidden_state(net, state);
        training.step.forward(net);
        training.step.backward(net);
        training.optimizer.step(training.step.gradients());
      }
    }
    REQUIRE(same(parameters_of(net), after_one));
    REQUIRE(same(hidden_of(net), hidden_after_one));
    REQUIRE(without_gradients(net, training.step.gradients()));
    training.run();  // moments and numbers of rounds are right, too
    REQUIRE(same(parameters_of(net), after_two));
    REQUIRE(same(hidden_of(net), hidden_after_two));
  }
  CHECK(failures > 10);
  CHECK(stages.back() == "optimizer");
}

}  // namespace

TEMPLATE_TEST_CASE("a training step on a tape that runs out of memory", "", st::Adam<double>,
                   st::SGD<double>) {
  if (allocation::sees_malloc) check_every_failure<OnTape, TestType>();
}

TEMPLATE_TEST_CASE("a run of shards or windows that runs out of memory was none", "", ByShards,
                   ByShardsOfAConstant, ByWindows<false>, ByWindows<true>) {
  if (allocation::sees_malloc) check_every_failure<TestType, st::Adam<double>>();
}

TEST_CASE("batches that run out of memory draw no random numbers") {
  if (!allocation::sees_malloc) return;
  st::Images images;
  images.height = images.width = 2;
  images.pixels.setRandom(9, 4);
  images.labels = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  const auto order = [](st::Batches<double>& batches) {
    std::vector<int> all;
    for (const auto& batch : batches.shuffled())
      all.insert(all.end(), batch.labels.begin(), batch.labels.end());
    return all;
  };
  st::Random twin(5);
  st::Batches<double> expected(images, 2, twin);
  const std::vector<int> expected_order = order(expected);
  long failures = 1;
  for (long failing = 0; failing <= failures; ++failing) {
    st::Random random(5);
    bool failed = false;
    allocation::start(failing);
    try {
      const st::Batches<double> batches(images, 2, random);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    const long count = allocation::stop();
    if (failing == 0) failures = count;
    INFO("allocation " << failing << " of " << failures);
    REQUIRE(failed == (failing > 0));
    if (!failed) continue;
    st::Batches<double> batches(images, 2, random);
    CHECK(order(batches) == expected_order);
    CHECK(random() == st::Random(twin)());
  }
  CHECK(failures >= 3);

  allocation::start();
  for (const auto& batch : expected.shuffled()) allocation::keep(batch.input.data());
  CHECK(allocation::stop() == 0);
}
