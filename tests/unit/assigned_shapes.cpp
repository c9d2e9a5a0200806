// Arrays of another shape are not assigned, in any build: Eigen checks in debug builds only.
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/linear.hpp>

#include "catch.hpp"
#include "errors.hpp"

#include <stdexcept>

namespace assigned_shapes_test {

namespace st = spiketape;

namespace {

template <typename F>
std::string error(F&& call) {
  return error_text<std::invalid_argument>(call);
}

}  // namespace

TEST_CASE("arrays of another shape are not assigned") {
  st::Random random(1);
  st::Linear<float> layer(3, 2, random);
  st::Leaky<float> neuron({.beta = 0.5f});
  const st::Array<float> transposed = st::Array<float>::Ones(2, 3);
  const st::Array<float> before = layer.weight().array();
  CHECK(error([&] { layer.weight().array() = transposed; }) ==
        "spiketape: the assigned array is 2 x 3, expected 3 x 2");
  CHECK(error([&] { layer.weight().array() += transposed; }) ==
        "spiketape: the assigned array is 2 x 3, expected 3 x 2");
  CHECK(error([&] { layer.weight().array() = transposed.matrix(); }) ==
        "spiketape: the assigned array is 2 x 3, expected 3 x 2");
  CHECK(error([&] { layer.weight().array() = layer.bias().array(); }) ==
        "spiketape: the assigned array is 1 x 2, expected 3 x 2");
  CHECK((layer.weight().array() == before).all());
  CHECK(error([&] { neuron.beta().array() = st::Row<float>::Ones(3); }) ==
        "spiketape: the assigned array is 1 x 3, expected 1 x 1");

  st::Sequence<float> sequence(2, 3, 4);
  CHECK(error([&] { sequence.step(1) = transposed; }) ==
        "spiketape: the assigned array is 2 x 3, expected 3 x 4");
  CHECK(error([&] { sequence.array() *= transposed; }) ==
        "spiketape: the assigned array is 2 x 3, expected 6 x 4");

  layer.weight().array() = transposed.transpose() * 2 - 1;
  layer.weight().array() /= transposed.transpose();
  layer.weight().array() = 3.0f;
  layer.weight().array() -= 1;
  CHECK((layer.weight().array() == 2).all());
}

}  // namespace assigned_shapes_test
