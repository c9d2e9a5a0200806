// In a network without a tape a neuron hands its spikes on as bits and keeps no states but the last. What
// comes out must be what it is with numbers.
#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <spiketape/kernels/spike_train.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace spike_train_test {

namespace st = spiketape;
using numeric::same;
using st::Index;

namespace {

/// The spikes as numbers.
template <typename Scalar>
st::Sequence<Scalar> written_out(const st::detail::SpikeTrain<Scalar>& spikes) {
  const st::detail::BitRows<Scalar> rows = spikes.rows();
  st::Sequence<Scalar> numbers(spikes.shape());
  std::vector<Scalar> row(static_cast<std::size_t>(rows.lines * st::detail::line<Scalar>));
  for (Index r = 0; r < numbers.array().rows(); ++r) {
    rows.write(r, row.data());
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (Index(i) < numbers.features())
        numbers.array()(r, Index(i)) = row[i];
      else
        REQUIRE(row[i] == 0);  // nobody fires behind the last neuron
    }
  }
  return numbers;
}

st::Row<float> some_numbers(float first, float step, Index count) {
  return st::Row<float>::NullaryExpr(count, [=](Index i) { return first + step * float(i % 7); });
}

/// make(features): a neuron. Small layers, some that end within a line, one whose samples go through the
/// steps in several parts, and none.
template <typename Make>
void check_spikes(Make&& make) {
  st::Random random(5);
  for (const st::Shape& shape : {st::Shape{5, 1, 1},
                                 {5, 3, 16},
                                 {6, 2, 17},
                                 {7, 1, 100},
                                 {4, 10, 4001},
                                 {2, 4, 33},
                                 {0, 2, 5},
                                 {3, 0, 5},
                                 {4, 2, 0}}) {
    CAPTURE(shape.steps, shape.batch, shape.features);
    const auto neuron = make(std::max<Index>(shape.features, 1));
    using Scalar = typename decltype(neuron)::Scalar;
    const auto varying = numeric::random_sequence<Scalar>(random, shape, -0.5, 2);
    for (const bool constant : {false, true}) {
      if (constant && shape.steps == 0) continue;
      const auto input =
          constant ? st::Sequence<Scalar>::repeat(varying.view().step(0), shape.steps) : varying;
      const auto expected = neuron(input).spk;
      if (!constant && input.array().size() > 0) CHECK(expected.array().abs().sum() > 0);
      CHECK(same(written_out(neuron.spikes(input)).array(), expected.array()));
    }
  }
}

}  // namespace

TEST_CASE("spikes as bits are the spikes, for every rule of a neuron") {
  for (const bool delayed : {true, false})
    for (const bool inhibited : {false, true})
      for (const bool exact : {false, true})
        for (const bool shared : {false, true}) {
          CAPTURE(delayed, inhibited, exact, shared);
          check_spikes([=](Index features) {
            const Index count = shared ? 1 : features;
            return st::Leaky<float>({.beta = some_numbers(0.2f, 0.1f, count),
                                     .threshold = some_numbers(0.1f, 0.1f, count),
                                     .inhibition = inhibited,
                                     .graded_spikes_factor = some_numbers(-1, 0.75f, count),
                                     .reset_delay = delayed,
                                     .snntorch_exact = exact});
          });
        }
}

TEST_CASE("spikes as bits are the spikes of neurons with several states") {
  for (const bool inhibited : {false, true}) {
    CAPTURE(inhibited);
    check_spikes([=](Index) {
      return st::Synaptic<double>({.alpha = 0.6, .beta = 0.7, .threshold = 0.4, .inhibition = inhibited});
    });
    check_spikes([=](Index) {
      return st::Alpha<double>({.alpha = 0.8, .beta = 0.5, .threshold = 0.2, .inhibition = inhibited});
    });
  }
}

TEST_CASE("hidden states go on from call to call, whether the spikes are bits or numbers") {
  const st::Synaptic<double>::Options options{
      .alpha = 0.6, .beta = 0.7, .threshold = 0.4, .init_hidden = true};
  const st::Synaptic<double> bits(options), numbers(options);
  st::Random random(1);
  for (int call = 0; call < 3; ++call) {
    const auto input = numeric::random_sequence<double>(random, {3, 2, 19});
    const auto expected = numbers(input);
    CHECK(same(written_out(bits.spikes(input)).array(), expected.spk.array()));
    CHECK(same(bits.mem(), numbers.mem()));
  }
  bits.spikes(st::Sequence<double>(0, 2, 19));  // no step, no change
  CHECK(same(bits.mem(), numbers.mem()));
  const st::Sequence<double> other_batch(1, 3, 19);
  CHECK(error_text<std::invalid_argument>([&] { bits.spikes(other_batch); }) ==
        error_text<std::invalid_argument>([&] { numbers(other_batch); }));
  CHECK(same(bits.mem(), numbers.mem()));
}

TEST_CASE("a dense layer takes bits for the numbers they stand for, few and many") {
  st::Random random(1);
  for (const Index outputs : {0, 1, 10, 16, 33, 150})
    for (const Index inputs : {1, 17, 300})
      for (const float threshold : {0.9f, -0.9f})  // few fire, or most
        for (const bool shared : {true, false}) {
          CAPTURE(outputs, inputs, threshold, shared);
          const st::Leaky<float> neuron({.beta = 0,
                                         .threshold = threshold,
                                         .graded_spikes_factor = some_numbers(2, 0.5f, shared ? 1 : inputs)});
          st::Linear<float> layer(inputs, outputs, random);
          // Sums of few binary digits are exact, so that no order of theirs can tell.
          for (auto* parameter : {&layer.weight(), &layer.bias()})
            parameter->array() = (parameter->array() * 64).round();
          const auto currents = numeric::random_sequence<float>(random, {4, 40, inputs});
          const auto spikes = neuron(currents).spk;
          const auto y = layer(neuron.spikes(currents));
          CHECK(y.shape() == st::Shape{4, 40, outputs});
          CHECK(same(y.array(), layer(spikes).array()));
          const st::Sequential net{st::Leaky(neuron), st::Linear(layer)};
          CHECK(same(net(currents).array(), y.array()));
        }
}

TEST_CASE("a network hands spikes on as bits where it can") {
  using st::detail::PassesSpikes;
  using Sequence = st::Sequence<float>;
  using Linear = st::Linear<float>;
  STATIC_REQUIRE(PassesSpikes<st::Leaky<float>, Linear, Sequence>);
  STATIC_REQUIRE(!PassesSpikes<st::Leaky<float>, st::Leaky<float>, Sequence>);
  STATIC_REQUIRE(!PassesSpikes<st::Leaky<float>, Linear, st::Array<float>>);
  STATIC_REQUIRE(!PassesSpikes<st::RLeaky<float>, Linear, Sequence>);  // whose spikes act as numbers
  STATIC_REQUIRE(!PassesSpikes<Linear, Linear, Sequence>);
}

TEST_CASE("a dense layer of another size says what it got, from bits too") {
  st::Random random(1);
  const st::Sequential net{st::Leaky<float>({.beta = 0.5f}), st::Linear<float>(4, 2, random)};
  CHECK(error_text<std::invalid_argument>([&] { net(st::Sequence<float>(2, 1, 5)); }) ==
        "spiketape::Linear: input has 5 features, 1.weight expects 4");
}

}  // namespace spike_train_test
