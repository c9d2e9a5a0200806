#include <spiketape/train/shards.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace shards_test {

namespace st = spiketape;
using st::Index;

namespace {

/// A network that learns everything, and a batch of 11, which no number of shards but 1 and 11 divides.
struct Setup {
  st::Random random{71};
  st::Sequential<st::Linear<float>, st::Leaky<float>, st::Linear<float>, st::Leaky<float>> net{
      st::Linear<float>(20, 33, random), st::Leaky<float>({.beta = 0.8, .learn_beta = true}),
      st::Linear<float>(33, 5, random), st::Leaky<float>({.beta = 0.9, .learn_threshold = true})};
  st::Array<float> input = numeric::random_array<float>(random, 11, 20, -2, 4);
  std::vector<int> labels{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0};

  st::Var<float> loss(st::Tape<float>& tape, Index first, Index count) const {
    const auto [spk, mem] = net(tape.constant(input.middleRows(first, count), 8));
    return st::cross_entropy(mem,
                             std::span<const int>(labels).subspan(static_cast<std::size_t>(first),
                                                                  static_cast<std::size_t>(count)),
                             {.samples = input.rows()});
  }
  auto forward() const {
    return [this](st::Tape<float>& tape, Index first, Index count) { return loss(tape, first, count); };
  }
  std::vector<st::Array<float>> gradients_in(const st::GradientSums<float>& sums) const {
    std::vector<st::Array<float>> gradients;
    for (const auto& parameter : net.parameters()) gradients.push_back(sums.gradient(parameter));
    return gradients;
  }
};

}  // namespace

TEST_CASE("shards give the same bits on any number of threads, and the gradient of the whole batch") {
  const Setup s;
  st::Tape<float> tape;
  const auto whole = s.loss(tape, 0, 11);
  tape.backward(whole);
  const auto expected = s.gradients_in(tape.gradients());

  for (const int count : {1, 2, 4, 11}) {
    INFO(count << " shards");
    st::Shards<float> serial(count);
    CHECK(serial.count() == count);
    CHECK(serial.threads() == 1);
    const float loss = serial.run(11, s.forward());
    const auto gradients = s.gradients_in(serial.gradients());
    CHECK(loss == Approx(whole.item()).epsilon(tolerance::rounding<float>));
    for (std::size_t k = 0; k < expected.size(); ++k) {
      INFO("parameter " << k);
      CHECK(expected[k].abs().maxCoeff() > 0);
      CHECK(numeric::near(gradients[k], expected[k], tolerance::rounding<float>));
    }
    for (const int threads : {2, 3}) {
      st::Shards<float> parallel(count, threads);
      for (int round = 0; round < 3; ++round) {  // each round starts afresh
        CHECK(parallel.run(11, s.forward()) == loss);
        const auto same_gradients = s.gradients_in(parallel.gradients());
        for (std::size_t k = 0; k < gradients.size(); ++k)
          CHECK(numeric::same(same_gradients[k], gradients[k]));
      }
    }
  }
}

TEST_CASE("every sample is in one shard, in order, and shards without one do not run") {
  for (const Index batch : {0, 1, 2, 5, 6, 17}) {
    INFO("batch " << batch);
    st::Shards<double> shards(5);
    std::vector<std::pair<Index, Index>> calls;
    const double loss = shards.run(batch, [&](st::Tape<double>& tape, Index first, Index count) {
      calls.emplace_back(first, count);
      return sum(tape.variable(st::Array<double>(st::Array<double>::Ones(count, 1))));
    });
    CHECK(loss == static_cast<double>(batch));
    Index next = 0;
    for (const auto& [first, count] : calls) {
      CHECK(first == next);
      CHECK(count > 0);
      CHECK(count <= (batch + 4) / 5);  // evenly
      next += count;
    }
    CHECK(next == batch);
  }
}

TEST_CASE("a batch smaller than before leaves no gradient of the last one behind") {
  const Setup s;
  st::Shards<float> used(4), fresh(4);
  used.run(11, s.forward());
  CHECK(used.run(2, s.forward()) == fresh.run(2, s.forward()));
  const auto gradients = s.gradients_in(used.gradients()), expected = s.gradients_in(fresh.gradients());
  for (std::size_t k = 0; k < expected.size(); ++k) CHECK(numeric::same(gradients[k], expected[k]));
  CHECK(used.run(0, s.forward()) == 0);
  for (const auto& parameter : s.net.parameters()) CHECK_FALSE(used.gradients().has(parameter));
}

TEST_CASE("samples of a larger batch count as those of it") {
  const Setup s;
  st::Random random(5);
  const st::Sequence<float> sequence = numeric::random_sequence<float>(random, {6, 11, 20}, -2, 4);
  for (const bool front : {false, true}) {  // a constant input goes through the first layer as a whole batch
    INFO("front " << front);
    const auto samples = [&](Index first, Index count) {
      st::Sequence<float> part(front ? 1 : 6, count, 20);
      for (Index t = 0; t < part.steps(); ++t)
        part.view().step(t).array() =
            (front ? st::view_of(s.input) : sequence.step(t)).array().middleRows(first, count);
      return part;
    };
    std::vector<std::pair<Index, Index>> calls;
    const auto loss = [&](const auto& out, Index first, Index count) {
      calls.emplace_back(first, count);
      return st::cross_entropy(out.mem, s.labels);
    };
    st::Shards<float> whole(front ? 1 : 2, 1, front ? 5 : 0), part(1, 1, 0);
    const st::Sequence<float> all = samples(0, 11);
    whole.run(s.net, all, loss);
    const std::vector<std::pair<Index, Index>> all_calls = std::exchange(calls, {});
    auto expected = s.gradients_in(whole.gradients());
    double sum = 0;
    std::vector<st::Array<float>> gradients;
    for (const auto& [first, count] : all_calls) {
      part.set_samples({first, count, 11});
      part.run(s.net, samples(first, count), loss);
      sum += part.loss();
      const auto more = s.gradients_in(part.gradients());
      if (gradients.empty())
        gradients = more;
      else
        for (std::size_t k = 0; k < more.size(); ++k) gradients[k] += more[k];
    }
    CHECK(calls == all_calls);
    CHECK(sum == Approx(whole.loss()).epsilon(tolerance::rounding<float>));
    for (std::size_t k = 0; k < expected.size(); ++k)
      CHECK(numeric::near(gradients[k], expected[k], tolerance::rounding<float>));
  }
  st::Shards<float> shards(1);
  CHECK(error_text<std::invalid_argument>([&] {
          shards.set_samples({3, 9, 11});
        }).find("samples are 9 from 3 on, of 11") != std::string::npos);
}

TEST_CASE("an exception in a shard arrives at the caller, and the next run is a good one") {
  const Setup s;
  for (const int threads : {1, 2, 3}) {
    st::Shards<float> shards(4, threads);
    const float loss = shards.run(11, s.forward());
    const auto run = [&] {
      shards.run(11, [&](st::Tape<float>& tape, Index first, Index count) {
        const auto result = s.loss(tape, first, count);
        if (first == 5) throw std::runtime_error("in the third shard");
        return result;
      });
    };
    CHECK(error_text<std::runtime_error>(run) == "in the third shard");
    for (const auto& parameter : s.net.parameters()) CHECK_FALSE(shards.gradients().has(parameter));
    CHECK(shards.run(11, s.forward()) == loss);
  }
}

TEST_CASE("shards that cannot be say why") {
  const auto error = [](int count, int threads) {
    return error_text<std::invalid_argument>([&] { st::Shards<float>(count, threads); });
  };
  CHECK(error(0, 1) == "spiketape::Shards: count is 0, expected at least 1");
  CHECK(error(-2, 1) == "spiketape::Shards: count is -2, expected at least 1");
  CHECK(error(1, 0) == "spiketape::Shards: threads is 0, expected at least 1");
}

TEST_CASE(
    "a batch without samples is nothing to run, one without steps a fault, and so is a loss without a "
    "value") {
  const Setup s;
  st::Shards<float> shards(2);
  const auto loss = [&](const auto& out) { return st::cross_entropy(out.mem, s.labels); };
  for (const bool constant : {false, true}) {
    CHECK(shards.run(s.net, st::Sequence<float>({5, 0, 20}, constant), loss) == 0);
    CHECK(shards.evaluate(s.net, st::Sequence<float>({5, 0, 20}, constant), loss) == 0);
    CHECK(error_text<std::invalid_argument>([&] {
            shards.run(s.net, st::Sequence<float>({0, 11, 20}, constant), loss);
          }) == "spiketape::Shards::run: input has shape (0, 11, 20), expected at least one step");
  }
  const auto none = [](const auto&) { return st::Var<float>(); };
  CHECK(shards.evaluate(s.net, s.input, none) == 0);
  CHECK(error_text<std::invalid_argument>([&] { shards.run(s.net, s.input, none); }) ==
        "spiketape::Shards::run: the loss returned an empty Var, expected a number");
}

}  // namespace shards_test
