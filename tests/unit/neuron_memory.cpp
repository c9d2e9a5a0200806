// Which memory a call of a neuron reads and writes, and when.
#include <spiketape/spiketape.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <memory>
#include <stdexcept>

namespace neuron_memory_test {

namespace st = spiketape;
using st::Index;

TEST_CASE("spikes on a tape have the graded factor of their call, whatever becomes of the neuron") {
  for (const Index features : {1, 5}) {
    auto lif = std::make_unique<st::Leaky<float>>(
        st::Leaky<float>::Options{.beta = 0.5f,
                                  .graded_spikes_factor = st::Row<float>::Constant(features, 2),
                                  .learn_graded_spikes_factor = true});
    st::Tape<float> tape;
    const auto spk = (*lif)(tape.constant(st::Array<float>::Constant(2, 5, 3).eval())).spk;
    lif->graded_spikes_factor().array() = 7;
    lif.reset();
    CHECK((spk.array() == 2).all());
  }
}

TEST_CASE("results must not lie where other results lie, nor, all to all, spikes where input lies") {
  const st::Leaky<float> lif({.beta = 0.5f});
  st::Array<float> input = st::Array<float>::Ones(2, 3), mem = input, both = input;
  CHECK(
      error_text<std::invalid_argument>([&] { lif.forward_into(input, mem, both, both); }) ==
      "spiketape::Leaky::forward_into: the result mem lies where the result spk lies, expected other memory");
  lif.forward_into(input, mem, both, mem);

  st::Sequence<float> constant = st::Sequence<float>::repeat(input, 4), states(4, 2, 3);
  CHECK(error_text<std::invalid_argument>([&] { lif.forward_into(constant, {}, constant, states); }) ==
        "spiketape::Leaky::forward_into: the result spk is one step for all, expected one row for each step");

  st::Random random(1);
  const st::RLeaky<double> recurrent({.beta = 0.5, .linear_features = 3}, random);
  st::Array<double> current = st::Array<double>::Ones(2, 3), recurrent_mem = current;
  CHECK(error_text<std::invalid_argument>([&] {
          recurrent.forward_into(current, {}, {current, recurrent_mem});
        }) ==
        "spiketape::RLeaky::forward_into: the result spk lies where input lies, expected other memory, since "
        "all act "
        "on all");
}

TEST_CASE("each hidden state is taken for itself, on arrays and on a tape") {
  const st::Synaptic<double> lif({.alpha = 0.9, .beta = 0.8, .init_hidden = true});
  const st::Array<double> input = st::Array<double>::Zero(2, 3);
  st::set_hidden_state(lif, {st::Array<double>::Ones(2, 3), st::Array<double>()});
  st::Tape<double> tape;
  const st::Array<double> on_tape = lif(tape.constant(input)).syn.array();
  st::set_hidden_state(lif, {st::Array<double>::Ones(2, 3), st::Array<double>()});
  CHECK(numeric::same(lif(input).syn, on_tape));
  CHECK((on_tape == 0.9).all());

  st::set_hidden_state(lif, {st::Array<double>::Ones(2, 4), st::Array<double>()});
  CHECK(error_text<std::invalid_argument>([&] { lif(input); }) ==
        "spiketape::Synaptic: the hidden syn has shape (2, 4), input has (2, 3); expected the same, or "
        "reset_mem() before, in a network reset_hidden(net)");
}

TEST_CASE("what is computed behind the last neuron reaches no gradient") {
  // There β is 0, so that Lapicque's adjoint divides by 0.
  const Index features = 3;
  st::Random random(1);
  const st::Sequential net{
      st::Linear<double>(4, features, random),
      st::Lapicque<double>({.beta = st::Row<double>::Constant(features, 0.9), .learn_beta = true})};
  st::Tape<double> tape;
  const auto out = net(tape.constant(numeric::random_sequence<double>(random, {5, 2, 4}, 0, 3)));
  tape.backward(st::sum(out.mem));
  for (const auto& parameter : net.parameters()) {
    INFO(parameter->name);
    bool zero = true;
    const auto& sum = *tape.gradients().find(parameter);
    for (Index row = 0; row < parameter->rows; ++row)
      for (Index i = parameter->cols; i < parameter->stride; ++i)
        zero = zero && sum.values[static_cast<std::size_t>(row * parameter->stride + i)] == 0;
    CHECK(zero);
  }
}

TEST_CASE("a neuron whose shared coefficients are learned may be called on layers of different widths") {
  const st::Leaky<float> lif({.beta = 0.9f,
                              .threshold = 0.8f,
                              .learn_beta = true,
                              .learn_threshold = true,
                              .graded_spikes_factor = 2.0f,
                              .learn_graded_spikes_factor = true});
  st::Random random(8);
  const auto wide = numeric::random_sequence<float>(random, {6, 3, 37}, -0.4, 1.6);
  const auto narrow = numeric::random_sequence<float>(random, {6, 3, 10}, -0.4, 1.6);
  const auto gradients = [&](std::vector<st::Sequence<float>> inputs) {
    st::Tape<float> tape;
    for (const auto& input : inputs) {
      tape.reset();
      const auto out = lif(tape.constant(input));
      tape.backward(st::sum(out.mem * out.mem) + st::sum(out.spk));
    }
    return std::array{tape.gradients().gradient(lif.beta())(0, 0),
                      tape.gradients().gradient(lif.threshold())(0, 0),
                      tape.gradients().gradient(lif.graded_spikes_factor())(0, 0)};
  };
  const auto of_wide = gradients({wide}), of_narrow = gradients({narrow}),
             of_both = gradients({wide, narrow});
  for (std::size_t k = 0; k < 3; ++k) {
    INFO("coefficient " << k);
    CHECK(of_both[k] == Approx(of_wide[k] + of_narrow[k]).epsilon(tolerance::rounding<float>));
  }
}

}  // namespace neuron_memory_test
