#include <spiketape/kernels/active_columns.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>

#include "catch.hpp"
#include "numeric.hpp"
#include "products.hpp"

#include <algorithm>
#include <limits>

namespace active_columns_test {

namespace st = spiketape;
using st::Index;

namespace {

/// Each sample has its own columns, the share `active` of all, in which the share `filled` of the steps is
/// not zero.
template <typename Scalar>
st::Sequence<Scalar> flickering(st::Random& random, const st::Shape& shape, double active, double filled) {
  st::Sequence<Scalar> sequence(shape);
  for (Index b = 0; b < shape.batch; ++b)
    for (Index i = 0; i < shape.features; ++i) {
      if (random.uniform() >= active) continue;
      for (Index t = 0; t < shape.steps; ++t)
        if (random.uniform() < filled) sequence.step(t)(b, i) = static_cast<Scalar>(random.uniform(0.5, 1.5));
    }
  return sequence;
}

template <typename Scalar>
st::detail::Events<Scalar> all_events(const st::Var<Scalar>& x) {
  return st::detail::decode(x.value(),
                            st::detail::EventRoom<Scalar>(x.value().rows(), x.features(),
                                                          x.value().rows() * x.features(), x.tape().arena()));
}

template <typename Scalar>
bool gathers(const st::Sequence<Scalar>& sequence) {
  st::Tape<Scalar> tape;
  return bool(st::detail::active_columns(all_events(tape.constant(sequence)), sequence.shape(), tape.arena()));
}

}  // namespace

TEMPLATE_TEST_CASE("active columns are those with an event, and hold all that is in them", "", float,
                   double) {
  st::Random random(161);
  for (const st::Shape shape :
       {st::Shape{5, 3, 70}, st::Shape{1, 1, 1}, st::Shape{7, 1, 16}, st::Shape{4, 6, 9}})
    for (const double active : {0.0, 0.2, 1.0})
      for (const bool ones : {false, true}) {
        INFO("shape " << shape.steps << ' ' << shape.batch << ' ' << shape.features << ", active " << active);
        st::Sequence<TestType> sequence = flickering<TestType>(random, shape, active, 1);
        if (ones) sequence.array() = (sequence.array() != 0).template cast<TestType>();
        st::Tape<TestType> tape;
        auto events = all_events(tape.constant(sequence));
        if (ones) events.values = nullptr;  // as spikes are: all have one value
        const auto x = st::detail::active_columns(events, shape, tape.arena());
        REQUIRE(bool(x));
        st::Sequence<TestType> back(shape);
        bool once = true;
        for (Index b = 0; b < shape.batch; ++b)
          for (Index c = x.begins[b]; c < x.begins[b + 1]; ++c) {
            once =
                once && std::count(x.columns + x.begins[b], x.columns + x.begins[b + 1], x.columns[c]) == 1;
            for (Index t = 0; t < shape.steps; ++t)
              back.step(t)(b, x.columns[c]) = x.values[c * shape.steps + t];
          }
        CHECK(once);
        CHECK(numeric::same(back.array(), sequence.array()));
      }
}

TEST_CASE("columns that are mostly empty are not gathered") {
  st::Random random(162);
  const st::Shape shape{25, 4, 200};
  CHECK(gathers(flickering<float>(random, shape, 0.2, 0.9)));
  CHECK_FALSE(gathers(flickering<float>(random, shape, 0.2, 0.5)));
  // One sample alone may decide: that of the many empty columns comes first or last.
  for (const Index few : {0, 3}) {
    st::Sequence<float> sequence = flickering<float>(random, shape, 0.2, 1);
    for (Index i = 0; i < 200; ++i) sequence.step(3)(few, i) = 1;
    CHECK_FALSE(gathers(sequence));
  }
}

TEMPLATE_TEST_CASE("a layer gives the same by active columns as by dense products, forward and backward", "",
                   float, double) {
  st::Random random(163);
  for (const Index in : {1, 17, 90})
    for (const Index out : {65, 80, 130, 200})
      for (const Index steps : {4, 5, 6, 8, 25})
        for (const Index batch : {1, 3}) {
          INFO(in << " to " << out << ", " << steps << " steps, batch " << batch);
          const st::Linear<TestType> layer(in, out, random);
          auto input = flickering<TestType>(random, {steps, batch, in}, 0.25, 0.95);
          input.step(0)(0, 0) = 1;  // something is active
          for (Index t = 1; t < steps; ++t) input.step(t)(0, 0) = 1;
          REQUIRE(gathers(input));
          const auto weights = numeric::random_sequence<TestType>(random, {steps, batch, out});

          st::Tape<TestType> tape;
          const auto x = tape.variable(input);
          const auto y = layer(x);
          tape.backward(st::sum(tape.constant(weights) * y) + st::sum(tape.constant(weights) * layer(x)));

          const auto w = layer.weight().array().matrix();
          const double allowed = tolerance::rounding<TestType>;
          const st::Array<TestType> expected_y =
              (input.array().matrix() * w).rowwise() + layer.bias().array().matrix().row(0);
          CHECK(numeric::near(y.array(), expected_y, allowed));
          const st::Array<TestType> w_gradient =
              2 * input.array().matrix().transpose() * weights.array().matrix();
          CHECK(numeric::near(tape.gradients().gradient(layer.weight()), w_gradient, allowed));
          const st::Array<TestType> x_gradient = 2 * weights.array().matrix() * w.transpose();
          CHECK(numeric::near(x.adjoint().array(), x_gradient, allowed));
        }
}

TEST_CASE("a NaN in an active column is seen in its sample's step and nowhere else") {
  st::Random random(164);
  const st::Linear<float> layer(20, 70, random);
  auto input = flickering<float>(random, {6, 3, 20}, 0.3, 1);
  input.step(2)(1, 4) = std::numeric_limits<float>::quiet_NaN();
  for (Index t = 0; t < 6; ++t)
    if (t != 2) input.step(t)(1, 4) = 1;
  REQUIRE(gathers(input));
  st::Tape<float> tape;
  const auto y = layer(tape.constant(input));
  for (Index row = 0; row < 18; ++row) {
    INFO("row " << row);
    if (row == 2 * 3 + 1)
      CHECK(y.array().row(row).isNaN().all());
    else
      CHECK(y.array().row(row).isFinite().all());
  }
}

}  // namespace active_columns_test
