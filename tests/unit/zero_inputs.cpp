// What is zero sends nothing, not even through an infinite weight, whichever product is taken.
#include <spiketape/nn/linear.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/core/random.hpp>
#include <spiketape/neuron/rleaky.hpp>

#include "catch.hpp"

#include <limits>

namespace zero_inputs_test {

namespace st = spiketape;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// A layer whose input `broken` has an infinite weight to each output, and one that is NaN.
st::Linear<float> layer_with(st::Index broken, st::Index in, st::Index out) {
  st::Random random(3);
  st::Linear<float> layer(in, out, random);
  layer.weight().array().row(broken).setConstant(infinity);
  layer.weight().array()(broken, 1) = std::numeric_limits<float>::quiet_NaN();
  return layer;
}

/// Numbers of a given density; column `silent` is zero.
st::Sequence<float> input_with(st::Index silent, const st::Shape& shape, double density) {
  st::Random random(4);
  st::Sequence<float> input(shape.steps, shape.batch, shape.features);
  for (st::Index i = 0; i < input.array().rows(); ++i)
    for (st::Index j = 0; j < shape.features; ++j)
      input.array()(i, j) =
          j != silent && random.uniform(0, 1) < density ? static_cast<float>(random.uniform(0.5, 1)) : 0.0f;
  return input;
}

}  // namespace

TEST_CASE("zeros send nothing through infinite weights, by every product") {
  const st::Index out = GENERATE(10, 40, 100);
  const double density = GENERATE(0.1, 0.9, 1.0);
  // More rows than inputs, and fewer.
  const st::Shape shape = GENERATE(st::Shape{8, 6, 20}, st::Shape{5, 2, 20}, st::Shape{1, 2, 20});
  const st::Linear<float> layer = layer_with(7, shape.features, out);
  const st::Sequence<float> input = input_with(7, shape, density);

  st::Array<float> one_by_one(shape.steps * shape.batch, out);
  for (st::Index row = 0; row < one_by_one.rows(); ++row)
    one_by_one.row(row) = layer(st::Array<float>(input.array().row(row)));
  CHECK(one_by_one.isFinite().all());

  CHECK((layer(input).array() - one_by_one).abs().maxCoeff() < 1e-5f);
  st::Tape<float> tape;
  tape.set_threads(GENERATE(1, 2));
  CHECK((layer(tape.constant(input)).array() - one_by_one).abs().maxCoeff() < 1e-5f);
}

TEST_CASE("an active column that is silent in a step sends nothing in it") {
  const st::Linear<float> layer = layer_with(0, 4, 100);
  st::Sequence<float> input(10, 1, 4);
  input.array().setOnes();
  input(6, 0, 0) = 0;  // all columns are active in nine of ten steps
  input.array().rightCols(2).setZero();
  st::Tape<float> tape;
  const auto out = layer(tape.constant(input));
  CHECK(out.array().row(6).isFinite().all());
  CHECK_FALSE(out.array().row(5).isFinite().any());
}

TEST_CASE("zeros get no gradient from infinite adjoints, by every product") {
  const st::Index out = GENERATE(10, 100);
  const double density = GENERATE(0.1, 0.7, 1.0);
  const bool bias = GENERATE(true, false);
  st::Random random(5);
  st::Linear<float> layer(20, out, random, {.bias = bias});
  st::Tape<float> tape;
  const auto result = layer(tape.constant(input_with(7, {8, 6, 20}, density)));
  tape.backward(st::sum(result * infinity));
  const st::Array<float> gradient = tape.gradients().gradient(layer.weight());
  CHECK((gradient.row(7) == 0).all());
  CHECK_FALSE(gradient.row(6).isFinite().any());
}

TEST_CASE("neurons that do not fire send nothing through infinite recurrent weights") {
  constexpr st::Index neurons = 40, batch = 20;
  st::Random random(6);
  st::RLeaky<float> neuron({.beta = 0.5f, .linear_features = neurons}, random);
  neuron.recurrent_weight().array().setConstant(0.01f);
  neuron.recurrent_weight().array().row(3).setConstant(infinity);
  st::Sequence<float> input(3, batch, neurons);
  input.array().setConstant(2.0f);
  input.array().col(3).setConstant(-100.0f);  // all others fire: the product is dense
  const auto out = neuron(input);
  CHECK(out.spk.array().sum() > 0.9f * 3 * batch * (neurons - 1));
  CHECK(out.mem.array().isFinite().all());
}

}  // namespace zero_inputs_test
