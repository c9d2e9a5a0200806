// Codes on arrays and as layers: the same spikes whole, in parts, step by step, in every driver.
#include <spiketape/spikegen.hpp>

#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace spikegen_test {

namespace st = spiketape;
namespace sg = st::spikegen;
using numeric::random_array, numeric::random_sequence, numeric::same;
using st::Index;

namespace {

/// A code of a user's: a spike where a number is positive. It needs to know nothing of other steps.
struct Sign {
  static constexpr const char* name = "Sign";
  static constexpr auto memory = sg::Memory::nothing;
  st::Shape result(const st::Shape& data) const { return data; }
  bool gives_spikes() const { return true; }
  template <st::Real Scalar>
  void spikes(const sg::Signal<Scalar>& signal, const sg::SpikeRows& to) const {
    const auto& x = signal.x;
    for (Index t = 0; t < x.steps; ++t)
      for (Index b = 0; b < x.batch; ++b)
        for (Index i = 0; i < x.features; ++i)
          if (x.row(t, b)[i] > 0) to.set(t * x.batch + b, i);
  }
};

template <typename Run>
std::string error_of(Run&& run) {
  std::string text = error_text<std::invalid_argument>(run);
  const std::string prefix = "spiketape::spikegen::";
  REQUIRE(text.rfind(prefix, 0) == 0);
  return text.substr(prefix.size());
}

/// Samples first, …, first + count − 1 of a sequence.
st::Sequence<double> samples(const st::Sequence<double>& x, Index first, Index count) {
  st::Sequence<double> part({x.steps(), count, x.features()}, x.constant());
  for (Index t = 0; t < x.view().stored_steps(); ++t) part.step(t) = x.step(t).middleRows(first, count);
  return part;
}

/// Every way to call a layer gives what encode() gives: whole, as bits, on a tape, step by step.
template <typename Code>
void check_calls(const Code& code, const st::Sequence<double>& x) {
  INFO(Code::name);
  const st::Encode<double, Code> layer(code);
  const st::RandomKey key = st::RandomKey().of_layer(0);
  const st::Array<double> expected = sg::encode(x, code, key).array();
  const Index rows = x.batch();
  CHECK(same(layer(x).array(), expected));

  auto state = layer.state(x.batch());
  st::Tape<double> whole, loop, from_state;
  whole.set_round(0);
  loop.set_round(0);
  const st::Var<double> y = layer(whole.constant(x));
  CHECK((whole.bits(y) != nullptr) == code.gives_spikes());
  CHECK(same(y.array(), expected));
  const st::Var<double> x_on_tape = loop.constant(x);
  auto tape_state = layer.state(x.batch());
  for (Index t = 0; t < x.steps(); ++t) {
    const auto part = expected.middleRows(t * rows, rows);
    CHECK(same(layer(x.view().step(t), state).array(), part));
    if (Code::memory != sg::Memory::input) CHECK(same(layer(st::step(x_on_tape, t)).array(), part));
    from_state.reset();  // the state goes on, the tape's count of steps does not
    from_state.set_round(0);
    CHECK(same(layer(from_state.constant(x.view().step(t)), tape_state).array(), part));
  }
  if (code.gives_spikes()) {
    const auto train = layer.spikes(x);
    st::Array<double> numbers(rows * x.steps(), st::detail::whole_lines<double>(expected.cols()));
    for (Index row = 0; row < numbers.rows(); ++row) train.rows().write(row, &numbers(row, 0));
    CHECK(same(numbers.leftCols(expected.cols()), expected));
    CHECK((numbers.rightCols(numbers.cols() - expected.cols()) == 0).all());
  }
  for (const auto& [first, count] : {std::pair<Index, Index>{0, 2}, {2, 3}}) {
    const auto part = sg::encode(samples(x, first, count), code, st::RandomKey(0, 0, first).of_layer(0));
    st::Sequence<double> of_whole(expected.rows() / rows, rows, expected.cols());
    of_whole.array() = expected;
    CHECK(same(part.array(), samples(of_whole, first, count).array()));
  }
}

}  // namespace

TEST_CASE(
    "a rate spikes where the key's number is below the probability, and nowhere before its first spike") {
  st::Random random(3);
  const st::Array<double> x = random_array<double>(random, 4, 19, -0.3, 1.3);
  const st::RandomKey key(7, 2, 5, 11);
  const auto y = sg::rate(st::repeat(x, 6), {.gain = 0.75, .offset = 0.125, .first_spike_time = 13}, key);
  double spikes = 0;
  for (Index t = 0; t < 6; ++t)
    for (Index b = 0; b < 4; ++b)
      for (Index i = 0; i < 19; ++i) {
        const bool expected = 11 + t >= 13 && key.uniform(t, b, i) < 0.75 * x(b, i) + 0.125;
        REQUIRE(y(t, b, i) == (expected ? 1 : 0));
        spikes += y(t, b, i);
      }
  CHECK(spikes > 50);

  // The same in both scalars and on every platform: SplitMix64's finalizer, as another language computes it.
  constexpr std::uint64_t expected[] = {0xfefbeffb4b12a900u, 0xfffde5fd3c001000u, 0xfffae13a36e20800u};
  st::Array<float> steps(1, 64);
  for (Index i = 0; i < 64; ++i) steps(0, i) = static_cast<float>(i) / 64;
  const auto floats = sg::rate(st::repeat(steps, 3), {}, st::RandomKey(1));
  const auto doubles = sg::rate(st::repeat(st::Array<double>(steps.cast<double>()), 3), {}, st::RandomKey(1));
  CHECK(same(floats.array().cast<double>(), doubles.array()));
  for (Index t = 0; t < 3; ++t) {
    std::uint64_t bits = 0;
    for (Index i = 0; i < 64; ++i) bits |= std::uint64_t(doubles(t, 0, i) != 0) << i;
    CHECK(bits == expected[t]);
  }
}

TEST_CASE("every call of a code gives the same spikes: whole, step by step, on tapes, in parts of a batch") {
  st::Random random(5);
  const auto x = random_sequence<double>(random, {9, 5, 7}, 0, 1);
  const auto constant = st::Sequence<double>::repeat(x.step(0), 9);
  check_calls(sg::Rate{.gain = 0.6, .first_spike_time = 2}, x);
  check_calls(sg::Rate{}, constant);
  check_calls(sg::Latency{.num_steps = 9, .normalize = true, .linear = true}, constant);
  check_calls(sg::Latency{.num_steps = 9,
                          .first_spike_time = 1,
                          .off_target = 0.25,
                          .normalize = true,
                          .linear = true,
                          .interpolate = true},
              constant);
  check_calls(sg::Delta{.threshold = 0.2}, x);
  check_calls(sg::Delta{.threshold = 0.2, .padding = true, .off_spike = true}, x);
  check_calls(sg::Delta{.threshold = 0.2, .padding = true, .off_spike = true, .split = true}, x);
  check_calls(sg::Phase{.phases = 4}, x);
  check_calls(sg::Phase{.phases = 4, .weighted = true}, constant);
  check_calls(sg::Population{.neurons = 5}, x);
  check_calls(Sign{}, x);

  // All steps of a constant are the same by a code that needs no other steps, and one is stored.
  CHECK(sg::population(constant).constant());
  CHECK(st::Encode<double, Sign>()(constant).constant());
  CHECK(same(st::Encode<double, Sign>()(constant).array(), sg::encode(x, Sign()).step(0)));
  CHECK_FALSE(sg::rate(constant).constant());
}

TEST_CASE("an encoder draws other spikes with another seed, in the next round, and in another place") {
  const st::Sequential net{st::Encode<double>(), [](const auto& x) { return 0.5 * x; }, st::Encode<double>()};
  const st::Array<double> x = st::Array<double>::Constant(2, 50, 1.0);
  st::Tape<double> tape;
  const auto spikes = [&](double gain) {
    return st::Array<double>(st::Encode<double>({.gain = gain})(tape.constant(x, 3)).array());
  };
  const auto first = spikes(0.5);
  tape.reset();
  const auto next = spikes(0.5);
  CHECK_FALSE(same(first, next));
  tape.reset();
  tape.set_round(0);
  CHECK(same(first, spikes(0.5)));
  tape.reset();
  tape.set_round(0);
  tape.set_seed(1);
  CHECK_FALSE(same(first, spikes(0.5)));
  tape.reset();
  const auto out = net(tape.constant(x, 3));  // the second encoder's probability is ½
  CHECK(std::abs(out.array().mean() - 0.5) < 0.15);
  CHECK_FALSE(same(out.array(), spikes(0.5)));
}

TEST_CASE("an encoder at the front trains the same in shards, blocks and windows") {
  st::Random random(8);
  const auto make = [](bool init_hidden) {
    st::Random weights(2);
    return st::Sequential{
        st::Encode<double>({.gain = 0.8}), st::Linear<double>(6, 12, weights),
        st::Leaky<double>({.beta = 0.8, .init_hidden = init_hidden, .output = init_hidden})};
  };
  const auto net = make(false), hidden = make(true);
  const st::Array<double> x = random_array<double>(random, 9, 6, 0, 1);
  const st::SequenceView<const double> input = st::repeat(x, 12);
  const auto loss = [](const auto& out, Index, Index) { return st::sum(out.mem); };
  const auto gradient_in_shards = [&](int shards, int threads, Index block, int rounds, double& value) {
    st::Shards<double> driver(shards, threads, block);
    for (int round = 0; round < rounds; ++round) {
      driver.gradients().clear();
      value = driver.run(net, input, loss);
    }
    return driver.gradients().gradient(net.parameter("1.weight"));
  };
  double value = 0, other = 0;
  const auto gradient = gradient_in_shards(1, 1, 0, 1, value);
  for (const auto& [shards, threads, block] : {std::tuple(3, 1, 0), {3, 2, 2}, {2, 2, 1}}) {
    CHECK(numeric::near(gradient_in_shards(shards, threads, block, 1, other), gradient, 1e-12));
    CHECK(std::abs(other - value) < 1e-10);
  }
  CHECK(same(gradient_in_shards(3, 1, 2, 2, value), gradient_in_shards(3, 2, 2, 2, other)));
  CHECK(value == other);

  const auto gradient_in_windows = [&](Index steps, double& loss_of_run) {
    st::Windows<double> driver(steps);
    st::reset_hidden(hidden);
    loss_of_run = driver.run(hidden, input, loss);
    return driver.gradients().gradient(hidden.parameter("1.weight"));
  };
  const auto whole = gradient_in_windows(12, value);
  CHECK(numeric::near(whole, gradient, 1e-12));
  CHECK(numeric::near(gradient_in_windows(5, other), whole, 1e-12));
  CHECK(std::abs(other - value) < 1e-10);

  // A latency is one of the whole, whatever the windows.
  const st::Sequential latencies{
      st::Encode<double, sg::Latency>({.first_spike_time = 2, .normalize = true, .linear = true}),
      st::Linear<double>(6, 12, random)};
  const auto squares = [](const auto& out, Index first, Index steps) {
    st::Sequence<double> ramp(steps, 1, 1);
    for (Index t = 0; t < steps; ++t) ramp(t, 0, 0) = static_cast<double>(first + t);
    return st::sum(st::square(out) * ramp);
  };
  st::Windows<double> one(12), five(5);
  const double at_once = one.run(latencies, input, squares);
  CHECK(std::abs(five.run(latencies, input, squares) - at_once) < 1e-10);
  const auto& weight = latencies.parameter("1.weight");
  CHECK(numeric::near(five.gradients().gradient(weight), one.gradients().gradient(weight), 1e-12));

  const st::Sequential changes{st::Encode<double, sg::Delta>(), st::Linear<double>(6, 3, random)};
  st::Windows<double> two(6);
  CHECK(error_text<std::invalid_argument>([&] {
          two.run(changes, input, [](const auto& out, Index, Index) { return st::sum(out); });
        }).find("keeps no state between calls") != std::string::npos);
}

TEST_CASE("spikes of an encoder reach the next layer as bits, and give the product of their numbers") {
  st::Random random(4);
  const st::Array<double> x = random_array<double>(random, 3, 33, 0, 0.4);
  const st::Linear<double> linear(33, 9, random);
  const auto check = [&](const auto& code) {
    using Code = std::remove_cvref_t<decltype(code)>;
    const st::Sequential net{st::Encode<double, Code>(code), st::Linear<double>(linear)};
    const st::RandomKey key = st::RandomKey().of_layer(st::detail::mix_bits(1));
    const auto numbers = sg::encode(st::repeat(x, 8), code, key);
    const st::Array<double> expected = linear(numbers).array();
    st::Tape<double> tape;
    tape.set_round(0);
    CHECK(numeric::near(net(tape.constant(x, 8)).array(), expected, 1e-13));
    CHECK(numeric::near(net(st::repeat(x, 8)).array(), expected, 1e-13));
    if (code.gives_spikes())
      CHECK(numeric::near(linear(sg::spikes(st::repeat(x, 8), code, key)).array(), expected, 1e-13));
    CHECK((numbers.array() != 0).any());
  };
  check(sg::Rate{});
  check(sg::Latency{.normalize = true});
  check(sg::Latency{.on_target = 2, .normalize = true});  // numbers
  check(sg::Delta{});
}

TEST_CASE("changes up and down have the signs of their spikes, or features of their own") {
  st::Sequence<double> x(5, 1, 2);
  x.array() << 1, 0, 2, -2, 0, -2, 2, 0, 2.9, 0.5;
  st::Array<double> expected(5, 2);
  expected << 1, 0, 1, -1, -1, 0, 1, 1, 0, 0;
  CHECK(same(sg::delta(x, {.threshold = 1, .off_spike = true}).array(), expected));
  const auto split = sg::delta(x, {.threshold = 1, .off_spike = true, .split = true});
  CHECK(split.features() == 4);
  CHECK(same(split.array().leftCols(2) - split.array().rightCols(2), expected));
  CHECK((split.array() >= 0).all());
  CHECK(sg::delta(x, {.threshold = 1, .padding = true})(0, 0, 0) == 0);
}

TEST_CASE("the phases of a period add up to the number, rounded down to its digits") {
  const st::Array<double> x = st::Row<double>{{0, 1.0 / 3, 0.5, 0.7, 0.999, 1}};
  const auto y = sg::phase(st::repeat(x, 10), {.phases = 5, .weighted = true});
  for (Index i = 0; i < x.size(); ++i) {
    const double expected = std::min(std::floor(x(0, i) * 32), 31.0) / 32;
    CHECK(y.array().col(i).head(5).sum() == expected);
    CHECK(y.array().col(i).tail(5).sum() == expected);  // the second period
  }
  const auto spikes = sg::phase(st::repeat(x, 10), {.phases = 5});
  CHECK(same(spikes.array(), (y.array() != 0).cast<double>()));
}

TEST_CASE("a population's neurons prefer values beyond both ends, and its gradient is that of its curves") {
  const sg::Population code{.neurons = 4, .low = -1, .high = 3, .beta = 4};
  const st::Array<double> x = st::Row<double>{{-2, 3}};
  const auto y = sg::population(x, code);
  const double center[] = {-2, 0, 2, 4};
  for (Index i = 0; i < 2; ++i)
    for (Index j = 0; j < 4; ++j)
      CHECK(std::abs(y(0, 0, 4 * i + j) - std::exp(-2 * std::pow(x(0, i) - center[j], 2))) < 1e-15);
  st::Random random(1);
  const st::Encode<double, sg::Population> layer(code);
  const auto check = st::check_gradients(layer, random_sequence<double>(random, {3, 2, 3}, -1.5, 3.5));
  INFO(check.text());
  CHECK(check);
  // A constant input gets the sum over its steps; encoders that draw give none.
  st::Tape<double> tape;
  const auto in = tape.variable(x, 3);
  const auto activities = layer(in);
  CHECK(activities.constant());
  tape.backward(st::sum(st::Encode<double>()(in)) + st::sum(activities));
  const auto& s = in.adjoint();
  for (Index i = 0; i < 2; ++i) {
    double expected = 0;
    for (Index j = 0; j < 4; ++j) expected += 3 * 4 * y(0, 0, 4 * i + j) * (center[j] - x(0, i));  // σ = ½
    CHECK(std::abs(s.array()(0, i) - expected) < 1e-13);
  }
}

TEST_CASE("targets fire at their rates, regularly or at random") {
  CHECK(sg::target_rate_code(8, {.rate = 0.5, .first_spike_time = 3}) == std::vector<Index>{3, 5, 7});
  // Step 100 is that of 7 / 0.07, a little below 100 in double; snnTorch's has it, too, and no step behind
  // the last.
  CHECK(sg::target_rate_code(101, {.rate = 0.07}) == std::vector<Index>{0, 14, 28, 42, 57, 71, 85, 100});
  CHECK(sg::target_rate_code(100, {.rate = 0.07}).back() == 85);
  CHECK(sg::target_rate_code(5, {.rate = 1e-300}) == std::vector<Index>{0});
  const std::vector<int> labels(200, 1);
  for (const auto pattern : {sg::FiringPattern::poisson, sg::FiringPattern::uniform}) {
    const sg::TargetsRate options{.num_steps = 50,
                                  .first_spike_time = 10,
                                  .correct_rate = 0.6,
                                  .incorrect_rate = 0.1,
                                  .firing_pattern = pattern};
    const auto y = sg::targets_rate<double>(labels, 3, options, st::RandomKey(5));
    CHECK((y.array().topRows(10 * 200) == 0).all());
    const auto late = y.array().bottomRows(40 * 200);
    CHECK((late == 0 || late == 1).all());
    // Of n·r uniform draws from n steps, 1 − (1 − 1/n)^(nr) of the steps are hit.
    const auto hit = [&](double rate) {
      return pattern == sg::FiringPattern::poisson ? rate : 1 - std::pow(1 - 1.0 / 40, 40 * rate);
    };
    for (const Index c : {0, 1, 2}) {
      const double p = hit(c == 1 ? 0.6 : 0.1);
      CHECK(std::abs(late.col(c).mean() - p) < 5 * std::sqrt(p * (1 - p) / 8000));
    }
    const auto part = sg::targets_rate<double>(std::vector<int>(40, 1), 3, options, st::RandomKey(5, 0, 160));
    for (Index t = 0; t < 50; ++t) CHECK(same(part.step(t), y.step(t).bottomRows(40)));
  }
  const auto same_steps =
      sg::targets_rate<float>(std::vector<int>{2}, 3, {.num_steps = 20, .off_target = -0.5});
  CHECK(same_steps.constant());
  CHECK(same_steps.shape() == st::Shape{20, 1, 3});
  CHECK(same(same_steps.array(), st::Array<float>(st::Row<float>{{-0.5f, -0.5f, 1}})));
}

TEST_CASE("wrong options and data are refused") {
  const st::Array<double> x = st::Row<double>{{0, 0.5, 1.5}};
  const st::Array<double> nan = st::Array<double>::Constant(1, 1, std::numeric_limits<double>::quiet_NaN());
  const st::Array<double> half = st::Array<double>::Constant(1, 1, 0.5);
  const auto repeated = st::repeat(half, 4);
  const st::Sequence<double> changing(4, 1, 1);
  const std::vector<int> labels{0, 3};
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(error_of([&] { static_cast<void>(sg::rate(x, {.gain = infinite})); }) ==
        "Rate: gain is inf, expected a finite number");
  CHECK(error_of([&] { static_cast<void>(sg::rate(x, {.first_spike_time = -1})); }) ==
        "Rate: first_spike_time is -1, expected at least 0");
  CHECK(error_of([&] { static_cast<void>(sg::rate(nan)); }) ==
        "Rate: gain * data + offset is NaN, expected a number");
  CHECK(error_of([&] { static_cast<void>(sg::latency(x, {.num_steps = 20})); }) ==
        "Latency: data have the number 1.5, expected 0 to 1");
  CHECK(error_of([&] { static_cast<void>(sg::latency(nan, {.num_steps = 9})); }) ==
        "Latency: data have the number nan, expected 0 to 1");
  CHECK(error_of([&] { static_cast<void>(sg::latency(half)); }) ==
        "latency: num_steps is 0, expected at least 1, st::repeat(data, steps), or bypass = true");
  CHECK(error_of([&] { static_cast<void>(sg::latency(changing)); }) ==
        "Latency: data have 4 steps, expected one step, or st::repeat of it");
  CHECK(error_of([&] { static_cast<void>(sg::latency(repeated, {.threshold = 1})); }) ==
        "Latency: threshold is 1, expected one between 0 and 1");
  CHECK(error_of([&] { static_cast<void>(sg::latency(repeated, {.tau = 0})); }) ==
        "Latency: tau is 0, expected a positive finite number");
  CHECK(error_of([&] {
          static_cast<void>(sg::latency(repeated, {.normalize = true, .epsilon = 1e-20}));
        }) == "Latency: epsilon is 1e-20, expected more: threshold + epsilon is the threshold");
  CHECK(error_of([&] { static_cast<void>(sg::latency(repeated, {.first_spike_time = 4})); }) ==
        "Latency: first_spike_time is 4, expected one of the 4 steps");
  CHECK(error_of([&] { static_cast<void>(sg::latency(repeated, {.tau = 20, .linear = true})); }) ==
        "Latency: a spike falls on step 10 of 4, expected earlier ones: a smaller tau, normalize = true, or "
        "bypass = "
        "true");
  CHECK(sg::latency(repeated, {.tau = 20, .linear = true, .bypass = true}).array().sum() == 0);
  CHECK(sg::latency(half, {.tau = 20, .linear = true, .bypass = true}).steps() == 11);
  CHECK(error_of([&] { static_cast<void>(sg::latency_code(half, {.normalize = true})); }) ==
        "latency_code: num_steps is 0, expected at least 1 to normalize");
  CHECK(error_of([&] {
          const st::Encode<double, sg::Latency> layer({.normalize = true});
          auto state = layer.state(1);
          for (int t = 0; t < 2; ++t) layer(half, state);
        }) == "Latency: num_steps is 0 and the data go on at step 1, expected the steps of the whole");
  CHECK(error_of([&] { static_cast<void>(sg::latency_interpolate(half, 3, 0, 1)); }) ==
        "latency_interpolate: on_target is 0, expected at least 1, the off_target");
  CHECK(error_of([&] { static_cast<void>(sg::delta(changing, {.threshold = infinite})); }) ==
        "Delta: threshold is inf, expected a finite number");
  CHECK(error_of([&] { static_cast<void>(sg::delta(changing, {.split = true})); }) ==
        "Delta: split is true, expected off_spike = true with it");
  CHECK(error_of([&] { static_cast<void>(sg::spikes(changing, sg::Delta{.off_spike = true})); }) ==
        "spikes: Delta gives other values than 0 and 1 with these options, expected spikes");
  CHECK(error_of([&] { static_cast<void>(sg::phase(x)); }) ==
        "Phase: data have the number 1.5, expected 0 to 1");
  CHECK(error_of([&] { static_cast<void>(sg::phase(x, {.phases = 0})); }) ==
        "Phase: phases is 0, expected 1 to 52");
  CHECK(error_of([&] { static_cast<void>(sg::population(x, {.neurons = 2})); }) ==
        "Population: neurons is 2, expected at least 3");
  CHECK(error_of([&] { static_cast<void>(sg::population(x, {.low = 1})); }) ==
        "Population: low is 1 and high is 1, expected finite numbers, the first below the second");
  CHECK(error_of([&] { static_cast<void>(sg::population(x, {.beta = 0})); }) ==
        "Population: beta is 0, expected a positive finite number");
  CHECK(error_of([&] { static_cast<void>(sg::to_one_hot<float>(labels, 3)); }) ==
        "to_one_hot: target 1 is 3, expected 0 to 2");
  CHECK(error_of([&] { static_cast<void>(sg::targets_latency<float>(labels, 0)); }) ==
        "targets_latency: num_classes is 0, expected at least 1");
  CHECK(error_of([&] { static_cast<void>(sg::from_one_hot(x)); }) ==
        "from_one_hot: row 0 has 0.5 in column 1, expected zeros and a single 1");
  CHECK(error_of([&] { static_cast<void>(sg::from_one_hot(st::Array<double>(x * 0))); }) ==
        "from_one_hot: row 0 is zero, expected a single 1");
  CHECK(error_of([&] {
          static_cast<void>(sg::targets_rate<float>(labels, 4, {.correct_rate = 0.2, .incorrect_rate = 0.3}));
        }) == "targets_rate: correct_rate is 0.2, expected at least 0.3, the incorrect_rate");
  CHECK(error_of([&] { static_cast<void>(sg::targets_rate<float>(labels, 4, {.first_spike_time = 1})); }) ==
        "targets_rate: first_spike_time is 1, expected one of 1 steps");
  CHECK(error_of([&] { static_cast<void>(sg::targets_rate<float>(labels, 4, {.correct_rate = 1.5})); }) ==
        "targets_rate: correct_rate is 1.5, expected 0 to 1");
  const double no_value = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_of([&] { static_cast<void>(sg::targets_rate<float>(labels, 4, {.incorrect_rate = no_value})); }) ==
        "targets_rate: incorrect_rate is nan, expected 0 to 1");
  const st::Array<float> beyond = st::Array<float>::Constant(1, 2, 5);
  const st::Array<float> no_number = beyond * static_cast<float>(no_value);
  CHECK(error_of([&] { static_cast<void>(sg::latency(beyond, {.linear = true, .bypass = true})); }) ==
        "latency_code: data have the number 5, expected 0 to 1");
  CHECK(error_of([&] { static_cast<void>(sg::latency(no_number, {.bypass = true})); }) ==
        "latency_code: data have the number nan, expected 0 to 1");
  CHECK(error_of([&] {
          static_cast<void>(sg::latency(st::Array<float>::Zero(1, 2).eval(), {.tau = 1e30, .bypass = true}));
        }).starts_with("latency: the last spike falls on step "));
  CHECK(error_of([&] { static_cast<void>(sg::latency_interpolate(no_number, 3)); }) ==
        "latency_interpolate: a time is nan, expected a finite number");
  CHECK(error_of([&] {
          static_cast<void>(sg::rate(st::Sequence<float>(2, 1, 2),
                                     {.first_spike_time = std::numeric_limits<Index>::max()}));
        }).find("expected fewer steps") != std::string::npos);
  CHECK(error_of([&] {
          static_cast<void>(sg::delta(st::Sequence<float>(2, 1, 2), {.threshold = 1e-60}));
        }).find("which is 0 in the data's Scalar") != std::string::npos);
  CHECK(error_of([&] { static_cast<void>(sg::target_rate_code(3, {.first_spike_time = 4})); }) ==
        "target_rate_code: first_spike_time is 4, expected 0 to 3");
  CHECK(error_of([&] {
          static_cast<void>(sg::rate_interpolate<double>(std::vector<Index>{2, 1}, 4));
        }) == "rate_interpolate: spike_time has 1, expected 3 to 3, ascending");
}

}  // namespace spikegen_test
