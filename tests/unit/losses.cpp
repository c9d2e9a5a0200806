// Losses as values: their laws, one for all kinds. Their numbers are those of snnTorch, see
// golden/losses.cpp.
#include <spiketape/functional/losses.hpp>

#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/integrator.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace losses_test {

namespace st = spiketape;
using numeric::near, numeric::random_sequence, numeric::same;
using st::Index;

namespace {

enum class Needs { labels, values, nothing };

struct Kind {
  std::string name;
  st::Loss<double> loss;
  Needs needs = Needs::labels;
  bool all_steps = false;  // is no sum over steps
  bool times = false;      // has no derivative
  bool mean = true;        // over samples
};

constexpr Index classes = 6;

std::vector<Kind> all_kinds() {
  const std::vector<double> weight{0.5, 1, 2, 0, 0.25, 3}, of_groups{0.5, 2, 1};
  return {
      {"ce_rate", st::ce_rate_loss({.label_smoothing = 0.1})},
      {"ce_rate weighted", st::ce_rate_loss({.weight = weight, .label_smoothing = 0.3})},
      {"ce_rate weighted mean",
       st::ce_rate_loss({.reduction = st::Reduction::weighted_mean, .weight = weight}), Needs::labels, false,
       false, false},
      {"ce_rate population", st::ce_rate_loss({.weight = of_groups, .num_classes = 3})},
      {"ce_rate sum", st::ce_rate_loss({.reduction = st::Reduction::sum}), Needs::labels, false, false,
       false},
      {"ce_count", st::ce_count_loss({.weight = weight, .label_smoothing = 0.1}), Needs::labels, true},
      {"ce_count population", st::ce_count_loss({.num_classes = 3}), Needs::labels, true},
      {"ce_max_membrane", st::ce_max_membrane_loss({.weight = weight}), Needs::labels, true},
      {"tet", st::tet_loss({.lambda = 0.2, .level = 0.7})},
      {"mse_count", st::mse_count_loss({.correct_rate = 0.7, .incorrect_rate = 0.2, .weight = weight}),
       Needs::labels, true},
      {"mse_count population",
       st::mse_count_loss({.correct_rate = 0.7, .num_classes = 3, .weight = of_groups}), Needs::labels, true},
      {"mse_membrane", st::mse_membrane_loss({.on_target = 1.5, .off_target = -0.5, .weight = weight})},
      {"mse", st::mse_loss(), Needs::values},
      {"mse of spikes, sum", st::mse_loss({.readout = st::Readout::spk, .reduction = st::Reduction::sum}),
       Needs::values, false, false, false},
      {"firing_rate", st::firing_rate_loss({.lambda = 2, .lower = 0.2, .upper = 0.4}), Needs::nothing, true},
      {"l1", st::l1_rate_sparsity(0.1), Needs::nothing, false, false, false},
      {"ce_temporal", st::ce_temporal_loss({.reduction = st::Reduction::mean, .weight = weight}),
       Needs::labels, true, true},
      {"ce_temporal reciprocal",
       st::ce_temporal_loss({.inverse = st::Inverse::reciprocal, .label_smoothing = 0.2}), Needs::labels,
       true, true},
      {"mse_temporal", st::mse_temporal_loss({.tolerance = 1, .weight = weight}), Needs::labels, true, true},
      {"mse_temporal several", st::mse_temporal_loss({.on_target = {0, 2}, .off_target = {3, -1}}),
       Needs::labels, true, true},
  };
}

/// The kind of docs/losses.md.
struct VanRossum : st::LossKind<VanRossum> {
  st::Integrator<double> filter{{.beta = 0.9}};

  st::Var<double> of(const st::LossInput<double>& out, const st::LossTargets<double>& targets) const {
    const auto distance = filter(out.spk - st::values_of(out.spk, targets)).mem;
    const auto samples = out.spk.tape().part().samples.of(out.spk.batch()).whole;
    return st::sum(st::square(distance)) / samples;
  }
};

/// A batch of samples of different length.
struct BatchOf {
  std::vector<int> labels;
  st::Sequence<double> values;
  std::vector<Index> lengths;
  std::vector<unsigned char> bytes;
  st::StepMask mask;

  BatchOf(st::Random& random, Index steps, Index batch)
      : values(random_sequence<double>(random, {steps, batch, classes})) {
    for (Index b = 0; b < batch; ++b) {
      labels.push_back(static_cast<int>(random.below(3)));
      lengths.push_back(steps - static_cast<Index>(random.below(static_cast<std::uint64_t>(steps))));
    }
    mask = st::mask_of_lengths(lengths, steps, bytes);
  }
  st::Loss<double> bind(Kind kind, bool masked) const {
    const st::StepMask by = masked ? mask : st::StepMask();
    if (kind.needs == Needs::values)
      kind.loss.with(values, by);
    else
      kind.loss.with(labels, by);
    return kind.loss;
  }
};

/// Zeros and ones.
st::Sequence<double> random_spikes(st::Random& random, const st::Shape& shape, double rate) {
  st::Sequence<double> spikes(shape);
  for (double& spike : spikes.array().reshaped()) spike = random.uniform(0, 1) < rate ? 1 : 0;
  return spikes;
}

}  // namespace

TEST_CASE("the adjoint of every loss equals differences") {
  st::Random random(61);
  const BatchOf batch(random, 5, 4);
  for (const bool masked : {false, true})
    for (const bool repeated : {false, true})
      for (const Kind& kind : all_kinds()) {
        if (kind.times) continue;
        INFO(kind.name << (masked ? " masked" : "") << (repeated ? " repeated" : ""));
        const st::Loss<double> loss = batch.bind(kind, masked);
        st::Sequence<double> x(st::Shape{5, 4, classes}, repeated);
        x.array() = numeric::random_array<double>(random, x.array().rows(), classes, -0.5, 1.5);
        const std::string text =
            st::check_gradients([&](const st::Var<double>& input) { return loss(input) + 2 * loss(input); },
                                x)
                .text();
        CHECK(text.substr(0, 5) == "right");
      }
}

TEST_CASE("losses that are not reduced have a number for each sample or output, and its adjoint") {
  st::Random random(62);
  const BatchOf batch(random, 5, 4);
  const auto none = st::Reduction::none;
  const auto x = random_sequence<double>(random, {5, 4, classes}, -0.5, 1.5);
  for (const st::Loss<double>& kind : {st::Loss<double>(st::ce_rate_loss({.reduction = none})),
                                       st::Loss<double>(st::ce_count_loss({.reduction = none})),
                                       st::Loss<double>(st::mse_count_loss({.reduction = none})),
                                       st::Loss<double>(st::mse_membrane_loss({.reduction = none}))}) {
    st::Loss<double> loss = kind;
    loss.with(batch.labels, batch.mask);
    CHECK(st::check_gradients([&](const st::Var<double>& input) { return loss(input); }, x));
  }
  st::Tape<double> tape;
  const auto input = tape.constant(x);
  CHECK(st::ce_rate_loss(batch.labels, {.reduction = none})(input).shape() == st::Shape{1, 4, 1});
  CHECK(st::mse_loss(batch.values, {.reduction = none})(input).shape() == st::Shape{1, 4, classes});
  CHECK(static_cast<double>(st::sum(st::ce_rate_loss(batch.labels, {.reduction = none})(input)).item()) ==
        Approx(4 * st::ce_rate_loss(batch.labels)(input).item()));
}

TEST_CASE("the adjoint of a spike's time is -1 at its step, or at the last one") {
  st::Tape<double> tape;
  st::Sequence<double> x(st::Shape{4, 1, 2});
  x(1, 0, 0) = x(2, 0, 0) = 0.5;  // any number but 0 is a spike; the second output is silent
  for (const auto& kind :
       {st::ce_temporal_loss(), st::ce_temporal_loss({.inverse = st::Inverse::reciprocal})}) {
    tape.reset();
    const auto input = tape.variable(x);
    tape.backward(kind(input, std::vector<int>{0}));
    const bool negate = kind.options.inverse == st::Inverse::negate;
    const double a = negate ? -1 : 0.5, b = negate ? -3 : 0.25;           // what 1 and 3 become
    const double da = negate ? -1 : -0.25, db = negate ? -1 : -1.0 / 16;  // derivatives by time
    const double p = std::exp(b) / (std::exp(a) + std::exp(b));
    st::Array<double> expected = st::Array<double>::Zero(4, 2);
    expected(1, 0) = -(-p * da), expected(3, 1) = -(p * db);
    CHECK(near(input.adjoint().array(), expected, 1e-14));
  }
  // Two spikes at the same step, since both are missing: both adjoints go there.
  tape.reset();
  const auto input = tape.variable(x);
  tape.backward(
      st::mse_temporal_loss(std::vector<int>{0}, {.on_target = {0, 2}, .off_target = {1, 1}})(input));
  st::Array<double> expected = st::Array<double>::Zero(4, 2);
  expected(1, 0) = -2.0 * (1 - 0) / 16 / 4, expected(3, 1) = -2.0 * (3 - 1) / 16 / 4 * 2;
  CHECK(near(input.adjoint().array(), expected, 1e-14));
}

TEST_CASE("a masked batch has the loss of its samples, each by itself and as long as it is") {
  st::Random random(63);
  const BatchOf batch(random, 7, 5);
  const auto x = random_spikes(random, {7, 5, classes}, 0.4);
  for (const Kind& kind : all_kinds()) {
    if (kind.name == "ce_rate weighted mean") continue;
    INFO(kind.name);
    const double share = kind.mean ? 5 : 1;
    st::Tape<double> tape;
    const auto input = tape.variable(x);
    const auto whole = batch.bind(kind, true)(input);
    tape.backward(whole);
    double total = 0;
    for (Index b = 0; b < 5; ++b) {
      const auto sample = static_cast<std::size_t>(b);
      const Index steps = batch.lengths[sample];
      st::Sequence<double> alone(st::Shape{steps, 1, classes}), values(st::Shape{steps, 1, classes});
      for (Index t = 0; t < steps; ++t) {
        alone.step(t) = x.step(t).row(b);
        values.step(t) = batch.values.step(t).row(b);
      }
      st::Tape<double> own;
      const auto part = own.variable(alone);
      st::Loss<double> loss = kind.loss;
      if (kind.needs == Needs::values)
        loss.with(values);
      else
        loss.with(std::span(&batch.labels[sample], 1));
      const auto value = loss(part);
      own.backward(value);
      total += value.item() / share;
      for (Index t = 0; t < 7; ++t) {
        const auto row = input.adjoint().step(t).array().row(b);
        if (t >= steps)
          CHECK((row == 0).all());
        else
          CHECK(near(row, part.adjoint().step(t).array() / share, 1e-13));
      }
    }
    CHECK(whole.item() == Approx(total));
  }
}

TEST_CASE("the parts of a batch add up to the loss and gradient of the whole, to the bit on any threads") {
  st::Random random(64);
  const Index samples = 11, steps = 6;
  const st::Sequential net{st::Linear<double>(9, classes, random), st::Leaky<double>({.beta = 0.8})};
  const auto x = numeric::random_array<double>(random, samples, 9, -1, 4);
  const BatchOf batch(random, steps, samples);
  std::vector<Kind> kinds = all_kinds();
  kinds.push_back({"of a user, in ops", VanRossum(), Needs::values});
  kinds.push_back({"of two", [ce = st::ce_rate_loss(), rates = st::firing_rate_loss({.lower = 0.1})](
                                 const auto& out, const auto& targets) {
                     return ce(out, st::labels_of(out.spk, targets)) + 0.1 * rates(out);
                   }});
  st::Tape<double> tape;
  for (const bool masked : {false, true})
    for (const Kind& kind : kinds) {
      INFO(kind.name << (masked ? " masked" : ""));
      const st::Loss<double> loss = batch.bind(kind, masked);
      tape.reset();
      tape.gradients().clear();
      const auto whole = loss(net(tape.constant(x, steps)));
      tape.backward(whole);
      st::Shards<double> shards(3, 1, 2), threads(3, 2, 2);
      const double total = shards.run(net, st::repeat(x, steps), loss);
      CHECK(total == Approx(whole.item()).epsilon(1e-12));
      CHECK(threads.run(net, st::repeat(x, steps), loss) == total);
      for (const auto& parameter : net.parameters()) {
        const st::Array<double> gradient = shards.gradients().gradient(parameter);
        CHECK(near(gradient, tape.gradients().gradient(parameter), tolerance::rounding<double>));
        CHECK(same(threads.gradients().gradient(parameter), gradient));
      }
    }
}

TEST_CASE("windows add up to the whole, or say that a loss needs all steps") {
  st::Random random(65);
  const Index samples = 3, steps = 10;
  const st::Sequential net{st::Linear<double>(4, classes, random),
                           st::Leaky<double>({.beta = 0.8, .init_hidden = true, .output = true})};
  const auto x = random_sequence<double>(random, {steps, samples, 4}, -1, 3);
  const BatchOf batch(random, steps, samples);
  st::Tape<double> tape;
  for (const bool masked : {false, true})
    for (const Kind& kind : all_kinds()) {
      INFO(kind.name << (masked ? " masked" : ""));
      const st::Loss<double> loss = batch.bind(kind, masked);
      st::Windows<double> windows(4);
      const auto run = [&] {
        st::reset_hidden(net);
        return windows.run(net, x, loss);
      };
      if (kind.all_steps) {
        const std::string text = error_text<std::invalid_argument>([&] { run(); });
        CHECK(text.find("steps of 10, expected all: this loss is no sum over steps") != std::string::npos);
        continue;
      }
      st::reset_hidden(net);
      tape.reset();
      tape.gradients().clear();
      const auto whole = loss(net(tape.constant(x)));
      tape.backward(whole);
      CHECK(run() == Approx(whole.item()));
      const auto weight = net.layer<0>().weight();
      CHECK(near(windows.gradients().gradient(weight), tape.gradients().gradient(weight), 1e-12));
    }
  st::reset_hidden(net);
}

TEST_CASE("a loss that is not told its part needs the targets of the whole batch") {
  st::Random random(66);
  const st::Sequential net{st::Linear<double>(9, 5, random), st::Leaky<double>({.beta = 0.8})};
  const auto x = numeric::random_array<double>(random, 8, 9, -1, 4);
  st::Shards<double> shards(2, 1, 2);  // as many labels as a block has, then as a shard, and others
  for (const int count : {2, 4, 3}) {
    const std::vector<int> labels(static_cast<std::size_t>(count), 1);
    const std::string text =
        " has " + std::to_string(count) + " labels, expected those of the whole batch, 8";
    const auto run = [&](auto&& loss) {
      return error_text<std::invalid_argument>([&] { shards.run(net, st::repeat(x, 6), loss); });
    };
    CHECK(run(st::ce_rate_loss(labels)) == "spiketape::ce_rate_loss: targets" + text);
    CHECK(run([&](const auto& out) { return st::cross_entropy(out.mem, labels); }) ==
          "spiketape::cross_entropy: targets" + text);
    const st::Sequence<double> numbers(6, count, 5);
    CHECK(run(st::mse_loss(numbers)) == "spiketape::mse_loss: targets have " + std::to_string(count) +
                                            " samples, expected 8, or 1 that counts for all");
  }
  const std::vector<int> three{0, 1, 2};
  CHECK(error_text<std::invalid_argument>([&] {
          shards.run(net, st::repeat(x, 6),
                     [&](const auto& out, Index, Index) { return st::cross_entropy(out.mem, three); });
        }) ==
        "spiketape::cross_entropy: targets has 3 labels, expected those of this part of the batch, 2, or of "
        "the "
        "whole, 8");
}

TEST_CASE("a lambda that forgets the size of the whole batch is right, too") {
  st::Random random(66);
  const st::Sequential net{st::Linear<double>(9, 5, random), st::Leaky<double>({.beta = 0.8})};
  const auto x = numeric::random_array<double>(random, 7, 9, -1, 4);
  const std::vector<int> labels{0, 1, 2, 3, 4, 3, 2};
  st::Tape<double> tape;
  const auto whole = st::cross_entropy(net(tape.constant(x, 6)).mem, labels).item();
  st::Shards<double> shards(2, 1, 2);
  const auto close = Approx(whole).epsilon(1e-12);
  CHECK(shards.run(net, st::repeat(x, 6), [&](const auto& out, Index first, Index count) {
    return st::cross_entropy(out.mem, std::span<const int>(labels).subspan(static_cast<std::size_t>(first),
                                                                           static_cast<std::size_t>(count)));
  }) == close);
  // It takes its part of all labels, too, and then needs no first and count.
  CHECK(shards.run(net, st::repeat(x, 6),
                   [&](const auto& out) { return st::cross_entropy(out.mem, labels); }) == close);
  CHECK(shards.run(7, [&](st::Tape<double>& own, Index first, Index count) {
    return st::cross_entropy(net(own.constant(x.middleRows(first, count), 6)).mem, labels);
  }) == close);
  st::Loss<double> any = [](const auto& out, const auto& targets) {
    return st::cross_entropy(out.mem, targets.labels);
  };
  CHECK(shards.run(net, st::repeat(x, 6), any.with(labels)) == close);
  CHECK(st::Loss<double>(any)(net(tape.constant(x, 6))).item() == whole);  // a copy has its own targets

  // The mean over steps of a window is one over all steps.
  const st::Sequential stateful{st::Linear<double>(9, 5, random),
                                st::Leaky<double>({.beta = 0.8, .init_hidden = true, .output = true})};
  const auto sequence = random_sequence<double>(random, {10, 7, 9}, -1, 4);
  const auto mean = [&](const auto& out) {
    return st::cross_entropy(out.mem, labels, {.over_steps = st::OverSteps::mean});
  };
  const double expected = mean(stateful(tape.constant(sequence))).item();
  st::reset_hidden(stateful);
  CHECK(st::Windows<double>(3).run(stateful, sequence, mean) == Approx(expected).epsilon(1e-12));
}

TEST_CASE("spikes stored as bits count as numbers do") {
  st::Random random(67);
  for (const bool graded : {false, true}) {
    st::Row<double> factors = st::Row<double>::Constant(classes, 1);
    if (graded) factors << 2, 1, 0.5, 3, 1, 4;
    const st::Leaky<double> lif({.beta = 0.9, .graded_spikes_factor = factors});
    const BatchOf batch(random, 6, 5);
    st::Tape<double> tape;
    const auto spk = lif(tape.variable(random_sequence<double>(random, {6, 5, classes}, -1, 2))).spk;
    REQUIRE(tape.bits(spk) != nullptr);
    st::Sequence<double> numbers(st::Shape{6, 5, classes});
    numbers.array() = spk.array();
    const auto plain = tape.constant(numbers);
    for (const Kind& kind : all_kinds()) {
      INFO(kind.name);
      const auto loss = batch.bind(kind, true);
      CHECK(loss(spk).item() == loss(plain).item());
    }
    CHECK(st::predict_rate(spk) == st::predict_rate(numbers));
    CHECK(st::predict_temporal(spk) == st::predict_temporal(numbers));
    CHECK(st::synaptic_operations(spk, 7) == 7 * static_cast<double>((numbers.array() != 0).count()));
  }
}

TEST_CASE("labels and numbers may be those of each step, of each sample, or of all") {
  st::Random random(68);
  const auto x = random_sequence<double>(random, {3, 2, 4});
  st::Tape<double> tape;
  const auto input = tape.constant(x);
  const std::vector<int> labels{0, 3, 1, 1, 2, 0};  // step by step
  double entropy = 0, square = 0, from_row = 0;
  st::Array<double> row(1, 4);
  row << 1, 2, 3, 4;
  for (Index t = 0; t < 3; ++t)
    for (Index b = 0; b < 2; ++b) {
      const int label = labels[static_cast<std::size_t>(2 * t + b)];
      entropy += std::log(x.step(t).row(b).exp().sum()) - x(t, b, label);
      for (Index n = 0; n < 4; ++n) {
        square += std::pow(x(t, b, n) - (n == label ? 1 : 0), 2);
        from_row += std::pow(x(t, b, n) - row(0, n), 2);
      }
    }
  CHECK(st::ce_rate_loss(labels)(input).item() == Approx(entropy / 6));
  CHECK(st::mse_membrane_loss(labels)(input).item() == Approx(square / 24));
  CHECK(st::mse_loss(row)(input).item() == Approx(from_row / 24));
  CHECK(st::mse_loss(row, {.reduction = st::Reduction::sum})(input).item() == Approx(from_row));
  CHECK(st::mse_loss(x)(input).item() == 0);
  CHECK(st::mse_loss(st::Array<double>::Zero(1, 1).eval())(input).item() ==
        Approx(x.array().square().mean()));
}

TEST_CASE("checked values of four steps") {
  st::Sequence<double> x(st::Shape{4, 1, 2});
  x(0, 0, 0) = x(2, 0, 0) = 1;
  st::Tape<double> tape;
  const auto spk = tape.constant(x);
  const std::vector<int> labels{0};
  CHECK(st::ce_rate_loss(labels)(spk).item() == Approx(0.5032044).epsilon(1e-6));
  CHECK(st::ce_count_loss(labels)(spk).item() == Approx(0.1269280).epsilon(1e-6));
  CHECK(st::mse_count_loss(labels)(spk).item() == Approx(0.5));
  CHECK(st::ce_temporal_loss(labels)(spk).item() == Approx(0.0485874).epsilon(1e-5));
  // Rates of 0.5 and 0 lie 0.3 above and 0.1 below the range.
  CHECK(st::firing_rate_loss({.lower = 0.1, .upper = 0.2})(spk).item() == Approx((0.09 + 0.01) / 2));
  CHECK(st::mse_temporal_loss(labels)(spk).item() == 0);  // first at 0, the other at the last step
}

TEST_CASE("metrics rank NaN behind numbers, equal classes by number, and count the steps of a mask") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  st::Array<double> x(3, 4);
  x << 1, 3, 3, 0, nan, 0, nan, 2, 0, 0, 0, 0;
  CHECK(st::predict_rate(x) == std::vector<int>{1, 3, 0});
  CHECK(st::predict_rate(x) == st::predict(x));
  const std::vector<int> targets{2, 1, 2};
  CHECK(st::accuracy_top_k(x, targets, 1) == 0);
  CHECK(st::accuracy_top_k(x, targets, 2) == Approx(2.0 / 3));
  CHECK(st::accuracy_top_k(x, targets, 3) == 1);
  CHECK(st::predict_rate(x, {.num_classes = 2})[0] == 0);

  st::Sequence<double> late(st::Shape{3, 2, 2});
  late(2, 0, 1) = late(1, 1, 1) = 1;
  CHECK(st::predict_temporal(late) == std::vector<int>{0, 1});  // firing last is being silent
  const std::vector<Index> lengths{3, 1};
  std::vector<unsigned char> bytes;
  const auto mask = st::mask_of_lengths(lengths, 3, bytes);
  CHECK(st::predict_rate(late, {.mask = mask}) == std::vector<int>{1, 0});
  CHECK(st::predict_temporal(late, mask) == std::vector<int>{0, 0});

  const st::ConfusionMatrix matrix =
      st::confusion_matrix(std::vector<int>{0, 1, 1, 2}, std::vector<int>{0, 1, 2, 2}, 3);
  CHECK(matrix(2, 1) == 1);
  CHECK(matrix(2, 2) == 1);
  CHECK(matrix.sum() == 4);
  CHECK(matrix.matrix().trace() == 3);
}

TEST_CASE("a loss or a metric that cannot be says why") {
  st::Tape<double> tape;
  const auto x = tape.constant(st::Sequence<double>(st::Shape{2, 3, 4}));
  const auto error = [&](auto&& run) {
    return error_text<std::invalid_argument>([&] { static_cast<void>(run()); });
  };
  const auto of = [&](const st::Loss<double>& loss, const std::vector<int>& labels) {
    return error([&] { return loss(x, st::LossTargets<double>{labels, {}, {}}); });
  };
  const std::string at = "spiketape::";
  CHECK(of(st::ce_rate_loss(), {}) ==
        at + "ce_rate_loss: targets are missing, expected a label for each sample");
  CHECK(of(st::ce_count_loss(), {0, 1}) ==
        at + "ce_count_loss: targets has 2 labels, input has a batch of 3");
  CHECK(of(st::ce_count_loss(), {0, 1, 4}) == at + "ce_count_loss: target 2 is 4, expected 0 to 3");
  CHECK(of(st::ce_rate_loss({.num_classes = 3}), {0, 1, 2}) ==
        at + "ce_rate_loss: num_classes is 3, expected a divisor of the 4 outputs");
  CHECK(of(st::ce_rate_loss({.weight = {1, 2}}), {0, 1, 2}) ==
        at + "ce_rate_loss: weight has 2 numbers, expected 4, one for each class");
  CHECK(of(st::mse_count_loss({.weight = {1, 2, 3, -1}}), {0, 1, 2}) ==
        at + "mse_count_loss: weight is -1, expected at least 0 and finite");
  CHECK(of(st::ce_rate_loss({.label_smoothing = 2}), {0, 1, 2}) ==
        at + "ce_rate_loss: label_smoothing is 2, expected 0 to 1");
  CHECK(of(st::mse_membrane_loss({.reduction = st::Reduction::weighted_mean}), {0, 1, 2}) ==
        at + "mse_membrane_loss: reduction is weighted_mean, expected mean, sum or none");
  CHECK(of(st::mse_loss(), {0, 1, 2}) == at + "mse_loss: targets are labels, expected numbers");
  CHECK(of(st::Loss<double>(), {}) == at + "Loss: it is empty, expected a loss such as ce_rate_loss()");
  CHECK(error([&] {
          return st::mse_loss(st::Sequence<double>(st::Shape{2, 2, 4}))(x);
        }) == at + "mse_loss: targets have 2 samples, expected 3, or 1 that counts for all");
  CHECK(error([&] {
          return st::mse_loss(st::Sequence<float>(st::Shape{2, 3, 4}))(x);
        }).find("of double") != std::string::npos);
  CHECK(error([&] {
          return st::ce_rate_loss()(x, st::Sequence<double>(st::Shape{2, 3, 4}));
        }) == at + "ce_rate_loss: targets are numbers, expected a label for each sample");
  const std::vector<unsigned char> bytes(6, 0);
  CHECK(error([&] {
          return st::ce_rate_loss()(x, std::vector<int>{0, 1, 2}, {bytes.data(), 2, 3});
        }) == at + "ce_rate_loss: no step of sample 0 counts in the mask, expected at least one");
  CHECK(error([&] {
          return st::ce_rate_loss()(x, std::vector<int>{0, 1, 2}, {bytes.data(), 3, 2});
        }) == at + "ce_rate_loss: mask is 3 x 2, expected 2 steps x 3 samples");
  CHECK(error([&] {
          return st::mse_temporal_loss({.on_target = {1, 2}});
        }) ==
        at + "mse_temporal_loss: on_target has 2 times and off_target 1, expected as many, at least one");
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinite = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinite}) {
    const auto refuses = [&](auto&& make, const std::string& option) {
      const std::string text = error(make);
      CHECK(text.starts_with(at + option));
      CHECK(text.find(" is ") != std::string::npos);
    };
    refuses([&] { return st::mse_temporal_loss({.on_target = {bad}}); }, "mse_temporal_loss: on_target");
    refuses([&] { return st::mse_temporal_loss({.off_target = {bad}}); }, "mse_temporal_loss: off_target");
    refuses([&] { return st::mse_temporal_loss({.tolerance = bad}); }, "mse_temporal_loss: tolerance");
    refuses([&] { return st::tet_loss({.level = bad}); }, "tet_loss: level");
    refuses([&] { return st::mse_membrane_loss({.on_target = bad}); }, "mse_membrane_loss: on_target");
    refuses([&] { return st::mse_membrane_loss({.off_target = -bad}); }, "mse_membrane_loss: off_target");
    refuses([&] { return st::mse_count_loss({.correct_rate = bad}); }, "mse_count_loss: correct_rate");
    refuses([&] { return st::mse_count_loss({.incorrect_rate = bad}); }, "mse_count_loss: incorrect_rate");
    refuses([&] { return st::firing_rate_loss({.lower = bad, .upper = bad}); }, "firing_rate_loss: lower");
    refuses([&] { return st::firing_rate_loss({.upper = bad}); }, "firing_rate_loss: upper");
  }
  CHECK(error([&] { return st::mse_count_loss({.correct_rate = 80}); }) ==
        at + "mse_count_loss: correct_rate is 80, expected 0 to 1");
  // Options that are set later, too.
  auto later = st::mse_temporal_loss();
  later.options.on_target.push_back(1);
  CHECK(error([&] {
          return later(x, std::vector<int>{0, 1, 2});
        }).find("on_target has 2 times and off_target 1") != std::string::npos);
  const std::vector<double> none(static_cast<std::size_t>(x.features()), 0.0);
  CHECK(error([&] {
          return st::ce_rate_loss({.reduction = st::Reduction::weighted_mean, .weight = none})(
              x, std::vector<int>{0, 1, 2});
        }) == at + "ce_rate_loss: weight of all labels is 0, expected more for weighted_mean, which divides "
                   "by the sum");
  CHECK(error([&] { return st::predict(st::Sequence<double>(0, 2, 3)); }) ==
        at + "predict: input has shape (0, 2, 3), expected at least one step");
  CHECK(error([&] { return st::synaptic_operations(st::Array<double>(2, 3), -1); }) ==
        at + "synaptic_operations: synapses is -1, expected at least 0");
  const std::vector<unsigned char> masked{1, 0, 1, 0};
  CHECK(error([&] {
          return st::predict_rate(st::Sequence<double>(2, 2, 3), {.mask = {masked.data(), 2, 2}});
        }) == at + "predict_rate: no step of sample 1 counts in the mask, expected at least one");
  CHECK(error([&] { return st::mse_temporal_loss({.tolerance = -1}); }) ==
        at + "mse_temporal_loss: tolerance is -1, expected a finite number of at least 0");
  const st::Sequence<double> times(st::Shape{1, 3, 4});
  CHECK(error([&] {
          return st::mse_temporal_loss(times, {.weight = {1, 1, 1, 1}})(x);
        }) == at + "mse_temporal_loss: weight is given, expected labels with it");
  CHECK(of(st::mse_membrane_loss({.weight = {1, 1, 1, 1}}), {0, 1, 2, 0, 1, 2}) ==
        at + "mse_membrane_loss: weight is given for labels of each step, expected one label for each sample");
  CHECK(error([&] { return st::tet_loss({.lambda = 2}); }) == at + "tet_loss: lambda is 2, expected 0 to 1");
  CHECK(error([&] { return st::tet_loss({.reduction = st::Reduction::none}); }) ==
        at + "tet_loss: reduction is none, expected mean, sum or weighted_mean");
  for (const double lambda : {std::numeric_limits<double>::quiet_NaN(), HUGE_VAL}) {
    CHECK(error([&] { return st::l1_rate_sparsity(lambda); }).starts_with("spiketape::l1_rate_sparsity: lambda is "));
    CHECK(error([&] { return st::firing_rate_loss({.lambda = lambda}); })
              .starts_with("spiketape::firing_rate_loss: lambda is "));
  }
  CHECK(error([&] { return st::firing_rate_loss({.lower = 0.5, .upper = 0.1}); }) ==
        at + "firing_rate_loss: lower is 0.5 and upper 0.1, expected at most upper");
  CHECK(error([&] {
          return st::accuracy_rate(x, std::vector<int>{0, 1});
        }) == at + "accuracy_rate: targets has 2 labels, input has a batch of 3");
  CHECK(error([&] {
          return st::accuracy_top_k(x, std::vector<int>{0, 1, 2}, 5);
        }) == at + "accuracy_top_k: k is 5, expected 1 to 4");
  CHECK(error([&] { return st::predict_rate(st::Array<double>(0, 4)); })
            .starts_with(at + "predict_rate: input has shape (1, 0, 4), expected at least one step, sample and "
                              "class"));
  CHECK(error([&] { return st::confusion_matrix(std::vector<int>{0, 1}, std::vector<int>{0}, 3); }) ==
        at + "confusion_matrix: predicted has 2 classes, targets has 1");
  CHECK(error([&] { return st::confusion_matrix(std::vector<int>{7}, std::vector<int>{0}, 3); }) ==
        at + "confusion_matrix: predicted class 0 is 7, expected 0 to 2");
  CHECK(error([&] { return st::confusion_matrix(std::vector<int>{}, std::vector<int>{}, 0); }) ==
        at + "confusion_matrix: classes is 0, expected at least 1");
  CHECK(error([&] { return st::confusion_matrix(std::vector<int>{0}, std::vector<int>{5}, 3); }) ==
        at + "confusion_matrix: target 0 is 5, expected 0 to 2");
  CHECK(error([&] {
          tape.set_part({.samples = {3, 4, 6}});
        }) == at + "Tape::set_part: samples are 4 from 3 on, of 6, expected a part of these");
  // The weights of labels that are not there cannot be added up.
  tape.set_part({.samples = {0, 3, 6}});
  CHECK(
      of(st::ce_rate_loss({.reduction = st::Reduction::weighted_mean, .weight = {1, 1, 1, 1}}), {0, 1, 2}) ==
      at + "ce_rate_loss: targets has 3 labels, expected 6: weighted_mean adds up the weights of the whole "
           "batch's labels");
}

}  // namespace losses_test
