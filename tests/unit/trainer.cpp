// A Trainer does what the loop by hand does, to the bit, also if it is interrupted anywhere.
#include <spiketape/autograd/ops.hpp>
#include <spiketape/data/batches.hpp>
#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/functional/metrics.hpp>
#include <spiketape/io/checkpoint.hpp>
#include <spiketape/io/state_dict.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/best.hpp>
#include <spiketape/optim/early_stopping.hpp>
#include <spiketape/optim/schedules.hpp>
#include <spiketape/optim/sgd.hpp>
#include <spiketape/train/csv.hpp>
#include <spiketape/train/trainer.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "own_layers.hpp"
#include "plain_neurons.hpp"
#include "temporary_folder.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trainer_test {

namespace st = spiketape;
using st::Index;

namespace {

st::Images images(int count) {
  st::Images images;
  images.pixels.resize(count, 4);
  st::Random random(3);
  for (int i = 0; i < count; ++i) images.labels.push_back(static_cast<int>(random.below(3)));
  for (std::uint8_t& pixel : images.pixels.reshaped()) pixel = static_cast<std::uint8_t>(random.below(256));
  images.scale = 1.0 / 128;
  return images;
}

auto make_net(bool init_hidden) {
  st::Random random(5);
  return st::Sequential{
      st::Linear<double>(4, 3, random),
      st::Leaky<double>({.beta = 0.5, .init_hidden = init_hidden, .learn_beta = true, .output = true})};
}

const st::CosineAnnealingLR schedule{.lr = 0.05, .t_max = 3};

/// A training of three epochs of three batches, with all that goes on in it.
struct Training {
  enum class By { shards, windows };

  st::Images train_images = images(11), test_images = images(7);
  decltype(make_net(true)) net;
  st::AdamW<double> adam{net.parameters(), {.lr = 0.05}};
  st::Random random{7};
  st::Batches<double> train{train_images, 4, random}, test{test_images, 5, random};
  st::Trainer<double> trainer;
  st::Best<double> best{net, {.better = st::Better::higher}};
  st::EarlyStopping stop;
  st::Loss<double> loss = st::ce_rate_loss();
  st::Checkpoint checkpoint{{"net", net},         {"adam", adam}, {"train", train},
                            {"trainer", trainer}, {"best", best}, {"stop", stop}};

  explicit Training(By by = By::shards, int threads = 1, int patience = 10)
      : net(make_net(by == By::windows)),
        trainer(net, adam,
                by == By::windows
                    ? st::TrainerOptions{.steps = 5, .window = 2, .readout = st::Readout::mem}
                    : st::TrainerOptions{.steps = 5, .shards = 2, .threads = threads, .block = 1}),
        stop({.patience = patience}) {
    trainer.on_epoch([this](const st::EpochLog& epoch) {
      best(epoch.test_accuracy);
      if (stop(epoch.test_loss)) trainer.stop();
    });
  }

  const st::TrainingLog& fit(Index epochs = 3) {
    return trainer.fit(train, test,
                       {.epochs = epochs, .loss = loss, .schedule = schedule, .clip_grad_norm = 0.5});
  }
  /// All that it has made.
  std::string bytes() const { return st::safetensors_bytes(checkpoint.contents()); }
};

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}

/// A driver of one's own: it is Shards, and notes what else it is asked.
struct OwnDriver {
  st::Shards<double> shards{2, 1, 1};
  std::vector<std::size_t> shared{};
  std::vector<double> compared{};

  template <typename Network, typename Loss>
  double run(const Network& net, const st::SequenceView<const double>& input, const Loss& loss) {
    return shards.run(net, input, loss);
  }
  template <typename Network, typename Loss>
  double evaluate(const Network& net, const st::SequenceView<const double>& input, const Loss& loss) {
    return shards.evaluate(net, input, loss);
  }
  st::GradientSums<double>& gradients() { return shards.gradients(); }
  void set_seed(std::uint64_t seed) { shards.set_seed(seed); }
  void share(std::span<int> classes) { shared.push_back(classes.size()); }
  void check_same(std::initializer_list<st::NamedNumber> numbers) {
    for (const st::NamedNumber& each : numbers) compared.push_back(each.number);
  }
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.fact("shards", Index(2));
    visitor.fact("block", Index(1));
    std::uint64_t seed = 0;
    visitor.number("seed", seed);
    shards.checkpoint(round);
    visitor.number("round", round.value);
    shards.checkpoint(round);
  }
  struct Round {
    std::uint64_t value = 0;
    bool set = false;
    void fact(std::string_view, Index) {}
    void number(std::string_view name, std::uint64_t& number) {
      if (name == "round") (set ? number : value) = set ? value : number;
      if (name == "round") set = !set;
    }
  } round{};
};
struct OwnWindows : OwnDriver {
  bool truncates() const { return false; }
};

}  // namespace

TEST_CASE("a Trainer does what the loop by hand does") {
  Training by_trainer;
  const st::TrainingLog& log = by_trainer.fit();
  REQUIRE(log.epochs.size() == 3);

  Training by_hand;
  st::Shards<double> shards(2, 1, 1);
  std::vector<double> losses, accuracies;
  for (int epoch = 0; epoch < 3; ++epoch) {
    by_hand.adam.set_lr(schedule(epoch));
    double loss = 0, right = 0;
    for (const auto& batch : by_hand.train.shuffled()) {
      const auto input = st::repeat(batch.input, 5);
      right += st::accuracy(by_hand.net(input).spk, batch.labels) * static_cast<double>(batch.size());
      loss +=
          shards.run(by_hand.net, input, st::ce_rate_loss(batch.labels)) * static_cast<double>(batch.size());
      st::clip_grad_norm(shards.gradients(), 0.5);
      by_hand.adam.step(shards.gradients());
    }
    const st::EpochLog& logged = log.epochs[static_cast<std::size_t>(epoch)];
    CHECK(logged.epoch == epoch + 1);
    CHECK(logged.steps == 3 * (epoch + 1));
    CHECK(logged.lr == schedule(epoch));
    CHECK(logged.loss == loss / 11);
    CHECK(logged.accuracy == Approx(right / 11));
    CHECK(logged.seconds >= 0);
    double test_right = 0;
    for (const auto& batch : by_hand.test.in_order())
      test_right += st::accuracy(by_hand.net(st::repeat(batch.input, 5)).spk, batch.labels) *
                    static_cast<double>(batch.size());
    CHECK(logged.test_accuracy == Approx(test_right / 7));
  }
  for (const auto& each : by_hand.net.named_parameters())
    CHECK(numeric::same(each.parameter.array(), by_trainer.net.parameter(each.path).array()));
}

TEST_CASE("a Trainer drives what is not of the library, and its checkpoint goes on there") {
  Training own, by_driver;
  own.fit();
  OwnDriver driver;
  st::Trainer trainer(by_driver.net, by_driver.adam, driver, {.steps = 5});
  const st::FitOptions<double> options{
      .epochs = 3, .loss = st::ce_rate_loss(), .schedule = schedule, .clip_grad_norm = 0.5};
  trainer.fit(by_driver.train, by_driver.test, options);
  for (const auto& each : own.net.named_parameters())
    CHECK(numeric::same(each.parameter.array(), by_driver.net.parameter(each.path).array()));
  CHECK(trainer.log().epochs[2].test_accuracy == own.trainer.log().epochs[2].test_accuracy);
  CHECK(driver.compared == std::vector<double>{3, 0.5, 0, schedule(0)});
  // Three batches in training and two in the evaluation, each epoch.
  const std::vector<std::size_t> epoch{4, 4, 3, 5, 2};
  REQUIRE(driver.shared.size() == 15);
  CHECK(std::vector<std::size_t>(driver.shared.end() - 5, driver.shared.end()) == epoch);

  // The checkpoint of the one fits the other: both have the driver's place.
  const auto contents = [](st::Trainer<double>& of) {
    return st::safetensors_bytes(st::Checkpoint{{"trainer", of}}.contents());
  };
  CHECK(contents(trainer) == contents(own.trainer));

  CHECK(error([&] {
          st::Trainer(by_driver.net, by_driver.adam, driver, {.shards = 2});
        }).find("shards is 2, threads is 1, block is 0 and window is 0, expected none of them") !=
        std::string::npos);
  OwnWindows windows;
  CHECK(error([&] {
          st::Trainer(by_driver.net, by_driver.adam, windows);
        }).find("expected {.truncate = true}") != std::string::npos);
}

TEST_CASE("a Trainer's bits do not depend on threads, nor on evaluations in between") {
  Training one;
  one.fit();
  Training two(Training::By::shards, 2);
  st::Evaluation last;
  two.trainer.on_step([&] { last = two.trainer.evaluate(two.test, st::ce_rate_loss()); });
  two.fit();
  CHECK(two.bytes() == one.bytes());
  // The same is found by evaluation and by fit.
  CHECK(last.samples == 7);
  CHECK(last.loss == two.trainer.log().epochs.back().test_loss);
  CHECK(last.accuracy == two.trainer.log().epochs.back().test_accuracy);
  CHECK(last.labels == two.test_images.labels);
  CHECK(last.predicted.size() == 7);
}

TEST_CASE("a Trainer that is interrupted anywhere ends with the same bits") {
  const TemporaryFolder folder;
  struct Killed {};
  for (const auto by : {Training::By::shards, Training::By::windows}) {
    Training whole(by);
    whole.fit();
    for (int after = 1; after <= 12; ++after) {  // nine steps and three epochs
      INFO("killed behind event " << after);
      Training part(by);
      int events = 0;
      const auto event = [&] {
        part.checkpoint.save(folder / "part");
        if (++events == after) throw Killed();
      };
      part.trainer.on_step(event);
      part.trainer.on_epoch(event);
      CHECK_THROWS_AS(part.fit(), Killed);
      Training rest(by);
      rest.checkpoint.load(folder / "part");
      rest.fit();
      CHECK(rest.bytes() == whole.bytes());
    }
  }
  Training other(Training::By::windows);
  CHECK(error_text<std::runtime_error>([&] {
          Training().checkpoint.save(folder / "shards");
          other.checkpoint.load(folder / "shards");
        }).find("trainer.shards is unknown") != std::string::npos);
}

TEST_CASE("a fit that has thrown goes on in the next one, and so does a checkpoint saved in between") {
  const TemporaryFolder folder;
  struct Fault {};
  for (const auto by : {Training::By::shards, Training::By::windows}) {
    Training whole(by);
    whole.fit();
    // Each part of each batch in training and evaluation, each step and each epoch.
    int after = 0;
    for (bool thrown = true; thrown; ++after) {
      INFO("thrown at event " << after);
      Training part(by);
      int events = 0;
      thrown = false;
      const auto event = [&] {
        if (events++ != after) return;
        thrown = true;
        throw Fault();
      };
      part.loss = [&](const st::LossInput<double>& out, const st::LossTargets<double>& targets) {
        event();
        return st::ce_rate_loss()(out, targets);
      };
      part.trainer.on_step(event);
      part.trainer.on_epoch(event);
      try {
        part.fit();
      } catch (const Fault&) {
        part.checkpoint.save(folder / "part");
        Training rest(by);
        rest.checkpoint.load(folder / "part");
        rest.fit();
        CHECK(rest.bytes() == whole.bytes());
        part.fit();
      }
      CHECK(part.bytes() == whole.bytes());
    }
    CHECK(after > 50);
  }
}

TEST_CASE("data that cannot go on in the middle of an epoch begin it again") {
  struct Passes {
    std::vector<st::Batch<double>> pass;
    auto& shuffled() const { return pass; }
    auto& in_order() const { return pass; }
    auto size() const { return pass.size(); }
  } data;
  Training training;
  for (const auto& batch : training.train.in_order()) data.pass.push_back(batch);
  const st::FitOptions<double> options{.epochs = 2, .loss = st::ce_rate_loss()};
  std::vector<Index> batches;
  bool throws = true;
  training.trainer.on_step([&](const st::StepLog& step) {
    batches.push_back(step.batch);
    if (step.step == 2 && std::exchange(throws, false)) throw 1;
  });
  CHECK_THROWS_AS(training.trainer.fit(data, options), int);
  training.trainer.fit(data, options);
  CHECK(batches == std::vector<Index>{1, 2, 1, 2, 3, 1, 2, 3});

  // A checkpoint in the middle of an epoch needs the data's place, too.
  const TemporaryFolder folder;
  struct Killed {};
  Training killed;
  killed.trainer.on_step([&](const st::StepLog& step) {
    if (step.step < 2) return;
    killed.checkpoint.save(folder / "all");
    st::Checkpoint{{"trainer", killed.trainer}}.save(folder / "trainer");
    st::Checkpoint{{"train", killed.train}}.save(folder / "train");
    throw Killed();
  });
  CHECK_THROWS_AS(killed.fit(), Killed);
  const auto of_one = [&](const std::string& name) {
    Training rest;
    const st::Checkpoint part =
        name == "train" ? st::Checkpoint{{"train", rest.train}} : st::Checkpoint{{"trainer", rest.trainer}};
    part.load(folder / name);
    return error([&] { rest.fit(); });
  };
  const std::string expected = ", expected the same: load both from one checkpoint, or call train.resume(";
  CHECK(of_one("trainer") ==
        "spiketape::Trainer::fit: train goes on behind batch 0 of its pass, the Trainer behind batch 2 of "
        "its epoch" +
            expected + "2)");
  CHECK(of_one("train") ==
        "spiketape::Trainer::fit: train goes on behind batch 2 of its pass, the Trainer behind batch 0 of "
        "its epoch" +
            expected + "0)");
}

TEST_CASE("another Trainer begins with data that begin") {
  Training first, whole;
  first.trainer.on_step([] { throw 1; });
  CHECK_THROWS_AS(first.fit(), int);
  st::AdamW<double> adam(whole.net.parameters(), {.lr = 0.05});
  st::Trainer second(whole.net, adam, {.steps = 5, .shards = 2, .block = 1});
  const st::FitOptions<double> options{.loss = st::ce_rate_loss()};
  CHECK(error([&] { second.fit(first.train, options); }).find("behind batch 1 of its pass") !=
        std::string::npos);
  CHECK(second.step() == 0);
  std::vector<Index> batches;
  second.on_step([&](const st::StepLog& step) { batches.push_back(step.batch); });
  first.train.resume(0);
  second.fit(first.train, options);
  CHECK(batches == std::vector<Index>{1, 2, 3});
}

TEST_CASE("a Trainer keeps the seed of its driver, and drops gradients that its optimizer does not take") {
  st::Random random(2);
  const st::Sequential net{st::Linear<double>(4, 3, random),
                           st::Leaky<double>({.beta = 0.5, .init_hidden = true})};
  st::SGD<double> sgd(st::ParameterList<double>{net.layer<0>().bias().ptr()}, {.lr = 1e-3});
  st::Windows<double> windows(2, {.truncate = true});
  windows.set_seed(7);
  st::Trainer trainer(net, sgd, windows, {.steps = 5});
  struct Seed {
    std::uint64_t value = 0;
    void fact(std::string_view, Index) {}
    void fact(std::string_view, bool) {}
    void number(std::string_view name, const std::uint64_t& number) {
      value = name == "seed" ? number : value;
    }
  } seed;
  windows.checkpoint(seed);
  CHECK(seed.value == 7);
  const st::Images data = images(11);
  st::Batches<double> train(data, 4, random);
  trainer.on_step([&] { CHECK_FALSE(windows.gradients().has(net.layer<0>().weight())); });
  trainer.fit(train, {.loss = st::ce_rate_loss()});
}

TEST_CASE("what a callback may not do") {
  Training inside;
  inside.trainer.on_epoch([&] { inside.fit(); });
  CHECK(error([&] { inside.fit(); }) ==
        "spiketape::Trainer::fit: it is called in a callback of another fit, expected a call behind that");
  CHECK(inside.trainer.epoch() == 1);
  Training same_data;
  same_data.trainer.on_step([&] { static_cast<void>(same_data.trainer.evaluate(same_data.train)); });
  CHECK(error([&] { same_data.fit(); }) ==
        "spiketape::Batches: a pass is under way, expected its end before the next one, since they share "
        "memory");
}

TEST_CASE("a Trainer refuses labels that are no class, with and without a loss") {
  Training training;
  training.train_images.labels[10] = 3;
  training.test_images.labels[6] = 5;
  CHECK(error([&] { training.fit(); }) == "spiketape::Trainer: target 2 is 3, expected 0 to 2");
  CHECK(error([&] { static_cast<void>(training.trainer.evaluate(training.test)); }) ==
        "spiketape::Trainer: target 1 is 5, expected 0 to 2");
}

TEST_CASE("a Trainer drives Shards and Windows of one's own") {
  Training by_options, by_driver;
  st::Shards<double> shards(2, 1, 1);
  st::Trainer trainer(by_driver.net, by_driver.adam, shards, {.steps = 5});
  const st::FitOptions<double> options{.epochs = 2, .loss = st::ce_rate_loss(), .clip_grad_norm = 0.5};
  by_options.trainer.fit(by_options.train, options);
  trainer.fit(by_driver.train, options);
  const auto weights = [](const auto& net) { return st::safetensors_bytes(st::state_dict(net)); };
  CHECK(weights(by_driver.net) == weights(by_options.net));
}

TEST_CASE("a Trainer that was stopped stays so, also behind a checkpoint") {
  const TemporaryFolder folder;
  Training training(Training::By::shards, 1, 1);
  training.stop = st::EarlyStopping({.patience = 1, .min_delta = 1e9});
  training.fit();
  CHECK(training.trainer.stopped());
  CHECK(training.trainer.epoch() == 2);
  training.checkpoint.save(folder / "stopped");
  Training again(Training::By::shards, 1, 1);
  again.stop = st::EarlyStopping({.patience = 1, .min_delta = 1e9});
  again.checkpoint.load(folder / "stopped");
  CHECK(again.fit().epochs.size() == 2);
  CHECK(again.bytes() == training.bytes());

  Training early;
  early.trainer.on_step([&](const st::StepLog& step) {
    CHECK((step.batches == 3 && step.batch == (step.step - 1) % 3 + 1 &&
           step.epoch == (step.step - 1) / 3 + 1));
    if (step.step == 4) early.trainer.stop();
  });
  CHECK(early.fit().epochs.size() == 1);
  CHECK(early.trainer.step() == 4);
}

TEST_CASE("a callback may add others, which follow it at once") {
  Training training;
  std::vector<int> calls;
  training.trainer.on_step([&](const st::StepLog& step) {
    const int number = static_cast<int>(step.step);
    for (int k = 0; number == 1 && k < 20; ++k) training.trainer.on_step([&calls, k] { calls.push_back(k); });
    calls.push_back(-number);
    if (number == 2) training.trainer.stop();
  });
  training.fit();
  REQUIRE(calls.size() == 42);
  CHECK((calls[0] == -1 && calls[1] == 0 && calls[20] == 19 && calls[21] == -2 && calls[41] == 19));
}

TEST_CASE("a Trainer with windows trains by truncated BPTT") {
  Training by_trainer(Training::By::windows);
  by_trainer.fit(1);
  Training by_hand(Training::By::windows);
  st::Windows<double> windows(2, {.truncate = true});
  const auto kind = st::ce_rate_loss();
  by_hand.adam.set_lr(schedule(0));
  double right = 0;
  for (const auto& batch : by_hand.train.shuffled()) {
    const auto input = st::repeat(batch.input, 5);
    st::reset_hidden(by_hand.net);
    right += st::accuracy(by_hand.net(input).mem, batch.labels) * static_cast<double>(batch.size());
    st::reset_hidden(by_hand.net);
    windows.run(by_hand.net, input, kind.with(batch.labels));
    st::clip_grad_norm(windows.gradients(), 0.5);
    by_hand.adam.step(windows.gradients());
  }
  CHECK(by_trainer.trainer.log().epochs[0].accuracy == Approx(right / 11));
  for (const auto& each : by_hand.net.named_parameters())
    CHECK(numeric::same(each.parameter.array(), by_trainer.net.parameter(each.path).array()));
}

TEST_CASE("a Trainer takes data of any kind, and a step's schedule") {
  /// Sequences of different input in each step, numbers as targets.
  struct Signal {
    struct Batch {
      st::SequenceView<const double> input, targets;
    };
    st::Sequence<double> input{6, 2, 3}, target{1, 2, 1};
    std::vector<Batch> pass;
    const std::vector<Batch>& shuffled() const { return pass; }
    const std::vector<Batch>& in_order() const { return pass; }
    std::size_t size() const { return pass.size(); }
  } signal;
  st::Random random(2);
  signal.input.array() = numeric::random_array<double>(random, 12, 3);
  signal.target.array() = numeric::random_array<double>(random, 2, 1);
  signal.pass = {{signal.input, signal.target}, {signal.input, signal.target}};
  st::Linear<double> net(3, 1, random);
  own::Dropout<double> dropout(0.5);
  st::Sequential dropping{st::Linear<double>(net), dropout};
  st::SGD<double> sgd(dropping.parameters(), {.lr = 0.1});
  st::Trainer trainer(dropping, sgd);
  const auto loss = [](const st::LossInput<double>& out, const st::LossTargets<double>& targets) {
    return st::mean(st::square(st::sum(out.mem, st::Over::steps) - out.mem.tape().constant(targets.values)));
  };
  // Evaluation does not drop: it is the loss of the network without dropout.
  st::Tape<double> tape;
  const auto expected = loss({{}, net(tape.constant(signal.input))}, {{}, signal.target, {}});
  const st::Evaluation before = trainer.evaluate(signal, loss);
  CHECK(before.loss == Approx(expected.item()));
  CHECK(std::isnan(before.accuracy));

  std::vector<double> rates;
  trainer.on_step([&](const st::StepLog& step) { rates.push_back(step.lr); });
  trainer.fit(signal, {.epochs = 2,
                       .loss = loss,
                       .schedule = [](Index step) { return 0.01 * static_cast<double>(step + 1); },
                       .schedule_steps = true,
                       .clip_grad_value = 0.1});
  CHECK(rates == std::vector<double>{0.01, 0.02, 0.03, 0.04});
  CHECK(trainer.evaluate(signal, loss).loss < before.loss);
  CHECK(std::isnan(trainer.log().epochs[0].test_loss));
}

TEST_CASE("a Trainer's accuracies know population codes and masks") {
  /// Samples of different length that are zero behind it, one label each; four outputs for two classes.
  struct Recordings {
    struct Batch {
      st::SequenceView<const double> input;
      std::vector<int> labels;
      st::StepMask mask;
    };
    st::Sequence<double> input{6, 5, 3};
    std::vector<unsigned char> bytes;
    std::vector<Batch> pass;
    const std::vector<Batch>& shuffled() const { return pass; }
    const std::vector<Batch>& in_order() const { return pass; }
    std::size_t size() const { return pass.size(); }
  } data;
  st::Random random(2);
  data.input.array() = numeric::random_array<double>(random, 30, 3);
  const std::vector<Index> lengths = {1, 6, 2, 3, 1};
  const st::StepMask mask = st::mask_of_lengths(lengths, 6, data.bytes);
  data.pass = {{data.input, {0, 1, 1, 0, 1}, mask}};
  st::Linear<double> linear(3, 4, random);
  const st::Sequential net{st::Linear<double>(linear)};
  st::SGD<double> sgd(net.parameters());
  const auto predicted = [&](const st::TrainerOptions& options) {
    return st::Trainer(net, sgd, options).evaluate(data).predicted;
  };
  const st::Sequence<double> out = linear(data.input);
  CHECK(predicted({}) == st::predict_rate(out, {.mask = mask}));
  CHECK(predicted({.block = 2, .num_classes = 2}) == st::predict_rate(out, {.num_classes = 2, .mask = mask}));
  // Each of the two changes what is predicted.
  CHECK(st::predict_rate(out, {.mask = mask}) != st::predict_rate(out));
  CHECK(st::predict_rate(out, {.num_classes = 2, .mask = mask}) != st::predict_rate(out, {.num_classes = 2}));

  CHECK(error([&] { return predicted({.num_classes = 3}); }) ==
        "spiketape::Trainer: num_classes is 3, expected a divisor of the 4 outputs");
  data.pass[0].mask.steps = 5;
  CHECK(error([&] { return predicted({}); }) ==
        "spiketape::Trainer: mask is 5 x 5, expected 6 x 5 steps and samples");
}

TEST_CASE("progress is a line for each epoch") {
  const TemporaryFolder folder;
  std::FILE* file = std::fopen((folder / "progress").c_str(), "w");
  Training training;
  training.trainer.fit(training.train, training.test,
                       {.epochs = 2, .loss = st::ce_rate_loss(), .progress = file});
  std::fclose(file);
  const auto bytes = st::read_file(folder / "progress");
  const std::string text(bytes.begin(), bytes.end());
  CHECK(text.starts_with("epoch 1/2  loss "));
  CHECK(text.find(" left\nepoch 2/2  loss ") != std::string::npos);
  CHECK(text.find('\r') == std::string::npos);  // no terminal

  using st::detail::duration_text;
  CHECK(duration_text(0.0437) == "0.044 s");
  CHECK(duration_text(12.4) == "12 s");
  CHECK(duration_text(59.7) == "1 min 0 s");
  CHECK(duration_text(200) == "3 min 20 s");
  CHECK(duration_text(7500) == "2 h 5 min");
  CHECK(duration_text(st::EpochLog::unknown) == "?");
  CHECK(st::detail::epoch_text({.epoch = 3, .loss = 1.96789, .accuracy = 0.954, .seconds = 0.5}, 20, 12) ==
        "epoch  3/20  loss 1.968  accuracy 95.4 %  0.5 s, 12 s left");
  CHECK(st::detail::epoch_text({.epoch = 20, .test_loss = 2}, 20, 0) == "epoch 20/20  test loss 2");
}

TEST_CASE("a log is a CSV file, and comes back") {
  const TemporaryFolder folder;
  st::TrainingLog log;
  log.epochs.push_back({.epoch = 1, .steps = 45, .lr = 1e-3, .loss = 0.1 + 0.2, .seconds = 0.25});
  log.epochs.push_back({.epoch = 2, .steps = 90, .test_loss = 1e-300, .test_accuracy = 0.5});
  CHECK(st::csv(log) ==
        "epoch,steps,lr,loss,accuracy,test_loss,test_accuracy,seconds\n"
        "1,45,0.001,0.30000000000000004,,,,0.25\n"
        "2,90,,,,1e-300,0.5,\n");
  st::save_csv(log, folder / "log.csv");
  const st::TrainingLog read = st::read_csv_log(folder / "log.csv");
  CHECK(st::csv(read) == st::csv(log));
  CHECK(read.column(&st::EpochLog::steps) == std::vector<double>{45, 90});

  const std::string head = st::csv({});
  const auto refused = [&](const std::string& text) {
    st::write_file(folder / "bad.csv", text);
    return error_text<std::runtime_error>([&] { static_cast<void>(st::read_csv_log(folder / "bad.csv")); });
  };
  CHECK(refused("epoch,loss\n").find("is no log: expected the line epoch,steps,") != std::string::npos);
  for (const char* line : {"1,2,3\n", "1,2,3,4,5,6,7,8,9\n", "1,2,3,4,5,6,7,8", "1,2,x,4,5,6,7,8\n", "\n"})
    CHECK(refused(head + "1,2,3,4,5,6,7,8\n" + line).find("', line 3, ") != std::string::npos);
}

TEST_CASE("what a Trainer refuses") {
  Training t;
  const auto made = [&](const st::TrainerOptions& options) {
    return error([&] { st::Trainer(t.net, t.adam, options); });
  };
  CHECK(made({.steps = 0}) == "spiketape::Trainer: steps is 0, expected at least 1");
  CHECK(made({.num_classes = -1}) == "spiketape::Trainer: num_classes is -1, expected at least 0");
  CHECK(made({.window = -1}) == "spiketape::Trainer: window is -1, expected at least 0");
  CHECK(made({.shards = 0}) == "spiketape::Shards: count is 0, expected at least 1");
  CHECK(made({.shards = 2, .window = 3}) ==
        "spiketape::Trainer: window is 3, shards is 2, threads is 1 and block is 0, expected windows, or "
        "shards, "
        "threads and blocks");
  CHECK(error([&] { t.trainer.fit(t.train, {.epochs = 1}); }) ==
        "spiketape::Trainer::fit: loss is empty, expected one such as ce_rate_loss()");
  CHECK(error([&] { t.trainer.fit(t.train, {.epochs = -1, .loss = st::ce_rate_loss()}); }) ==
        "spiketape::Trainer::fit: epochs is -1, expected at least 0");
  CHECK(error([&] { t.trainer.fit(t.train, {.loss = st::ce_rate_loss(), .schedule_steps = true}); }) ==
        "spiketape::Trainer::fit: schedule is empty, expected one beside schedule_steps");
  CHECK(error([&] { t.trainer.fit(t.train, {.loss = st::ce_rate_loss(), .clip_grad_norm = -1}); }) ==
        "spiketape::Trainer::fit: clip_grad_norm is -1, expected a finite number of at least 0");
  CHECK(t.trainer.log().epochs.empty());
}

}  // namespace trainer_test
