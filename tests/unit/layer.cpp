// Layers of a user's: one for each thing that the contract of nn/layer.hpp offers.
#include <spiketape/nn/layer.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/autograd/check_gradients.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "own_layers.hpp"
#include "plain_neurons.hpp"

#include <stdexcept>
#include <string>

namespace layer_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same;
using st::Index;

namespace {

/// The same on a step, a sequence, views and a tape, into memory of the caller's, and from a state.
template <typename L>
void check_calls(const L& layer, const st::Sequence<double>& input) {
  const st::Sequence<double> whole = layer(input);
  CHECK(same(layer(input.view()).array(), whole.array()));
  if (L::carried == 0) CHECK(same(layer(input.step(1)), whole.step(1)));

  st::Sequence<double> written(whole.shape());
  layer.forward_into(input, written);
  CHECK(same(written.array(), whole.array()));
  CHECK(error_text<std::invalid_argument>([&] {
          layer.forward_into(input, st::Sequence<double>(9, 9, 9).view());
        }).find("::forward_into: output has shape (9, 9, 9), expected (") != std::string::npos);

  st::Tape<double> tape;
  tape.set_training(false);
  CHECK(same(layer(tape.constant(input)).array(), whole.array()));

  auto state = layer.state(input.batch());
  CHECK(same(layer(input, state).array(), whole.array()));
  state = layer.state(input.batch());
  for (Index t = 0; t < input.steps(); ++t) CHECK(same(layer(input.step(t), state).array(), whole.step(t)));

  const auto repeated = layer(st::repeat(input.step(0), 3));
  CHECK(repeated.steps() == 3);
  CHECK(repeated.constant() == (L::carried == 0));
}

}  // namespace

TEST_CASE("a layer of one's own is callable on every kind of input, and its adjoint is checked") {
  st::Random random(1);
  const auto input = random_sequence<double>(random, {5, 3, 6});
  const own::MaxPool<double> pool;
  check_calls(pool, input);
  CHECK(st::check_gradients(pool, input));
  const own::Dropout<double> dropout(0.4);
  check_calls(dropout, input);
  CHECK(st::check_gradients(dropout, input));
  own::Centre<double> centre(6);
  centre.mean.set(0.25);
  check_calls(centre, input);
  CHECK(st::check_gradients(centre, input));
  for (const Index delay : {1, 2, 7}) {
    const own::Delay<double> layer(delay);
    check_calls(layer, input);
    const auto check = st::check_gradients(layer, input, layer.parameters());
    INFO(check.text());
    CHECK(check);
    CHECK(check.checked == input.array().size() + 1);
  }
  CHECK(error_text<std::invalid_argument>([&] {
          pool(random_sequence<double>(random, {1, 1, 5}));
        }) == "MaxPool: input has 5 features, expected an even number");
}

TEST_CASE("check_gradients sees a wrong adjoint and says where it is") {
  st::Random random(2);
  const auto input = random_sequence<double>(random, {2, 2, 3});
  const auto cut = [](const st::Var<double>& x) {
    return x + x.tape().constant(st::Array<double>(x.array()));
  };
  const auto check = st::check_gradients(cut, st::Sequence<double>::repeat(input.step(0), 1));
  CHECK_FALSE(check);
  CHECK(check.worst > 0.4);
  CHECK(check.where.substr(0, 9) == "input 0 (");
  CHECK(check.text().substr(0, 8) == "wrong in");
}

}  // namespace layer_test
