#include <spiketape/kernels/event_products.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>

#include "catch.hpp"
#include "numeric.hpp"
#include "products.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace events_test {

namespace st = spiketape;
using st::Index;

namespace {

/// Rows of which the share `density` is not zero.
template <typename Scalar>
st::Array<Scalar> sparse_array(st::Random& random, Index rows, Index cols, double density) {
  st::Array<Scalar> array = numeric::random_array<Scalar>(random, rows, cols, 0.5, 1.5);
  for (Index i = 0; i < array.size(); ++i)
    if (random.uniform() >= density) array.data()[i] = 0;
  return array;
}

/// The events of a value, unless they are more than the share `densest`.
template <typename Scalar>
st::detail::Events<Scalar> decoded(const st::Var<Scalar>& x, double densest) {
  const Index rows = x.value().rows();
  return st::detail::decode(
      x.value(), st::detail::EventRoom<Scalar>(
                     rows, x.features(), st::detail::most_events(rows, x.features(), densest), x.tape().arena()));
}

}  // namespace

TEMPLATE_TEST_CASE("events are the numbers that are not zero, in their order", "", float, double) {
  st::Random random(61);
  for (const Index features : {1, 5, 16, 63, 64, 65, 130, 1000})
    for (const double density : {0.0, 0.02, 0.4, 1.0}) {
      INFO(features << " features, density " << density);
      const st::Array<TestType> rows = sparse_array<TestType>(random, 7, features, density);
      st::Tape<TestType> tape;
      const auto x = tape.constant(rows);
      // What stands in the padding is no event.
      for (Index r = 0; r < 7; ++r)
        for (Index i = features; i < x.value().stride; ++i) tape.writable(x).row(0, r)[i] = 9;
      const auto events = decoded(x, 1.0);
      REQUIRE(bool(events));
      Index e = 0;
      bool equal = true;
      for (Index r = 0; r < 7; ++r) {
        equal = equal && events.begins[r] == e;
        for (Index i = 0; i < features; ++i) {
          if (rows(r, i) == 0) continue;
          equal = equal && events.columns[e] == i && events.values[e] == rows(r, i);
          ++e;
        }
      }
      CHECK(equal);
      CHECK(events.begins[7] == e);
    }
}

TEST_CASE("rows that are too dense are not decoded") {
  st::Random random(62);
  st::Tape<float> tape;
  const auto x = tape.constant(sparse_array<float>(random, 20, 100, 0.6));
  CHECK_FALSE(bool(decoded(x, 0.5)));
  CHECK(bool(decoded(x, 0.7)));
  CHECK(bool(decoded(tape.constant(st::Array<float>(0, 5)), 0.5)));
}

TEMPLATE_TEST_CASE("the events of bits are those of the numbers that the bits stand for", "", float, double) {
  using st::detail::EventRoom;
  st::Random random(63);
  constexpr Index count = 5, line = st::detail::line<TestType>;
  for (const Index lines : {1, 2, 3, 40})
    for (const bool shared : {true, false}) {
      CAPTURE(lines, shared);
      const Index features = lines * line;
      std::vector<st::detail::LineBits> bits;
      for (Index i = 0; i < count * lines; ++i)
        bits.push_back(static_cast<st::detail::LineBits>(random.below(1 << line)));
      const auto values = numeric::random_array<TestType>(random, 1, features, 0.5, 1.5);
      const st::detail::BitRows<TestType> rows{bits.data(), lines, values.data(), shared};
      st::Tape<TestType> tape;
      const auto x = tape.constant(st::Array<TestType>(count, features));
      for (Index r = 0; r < count; ++r) rows.write(r, tape.writable(x).row(0, r));
      const auto expected = decoded(x, 1.0);
      const auto events = st::detail::decode(
          rows, count, EventRoom<TestType>(count, features, count * features, tape.arena()));
      REQUIRE(events.begins[count] == rows.count(count));
      CHECK(std::equal(events.begins, events.begins + count + 1, expected.begins));
      CHECK(std::equal(events.columns, events.columns + events.begins[count], expected.columns));
      bool equal = true;
      for (Index e = 0; e < events.begins[count]; ++e)
        equal = equal && (events.values != nullptr ? events.values[e] : events.value) == expected.values[e];
      CHECK(equal);
      // One place too few, and they are too many.
      CHECK_FALSE(bool(st::detail::decode(
          rows, count, EventRoom<TestType>(count, features, events.begins[count] - 1, tape.arena()))));
    }
}

TEMPLATE_TEST_CASE("a layer gives the same by events as by dense products, forward and backward", "", float,
                   double) {
  st::Random random(63);
  for (const Index in : {1, 17, 70})
    for (const Index out : {1, 10, 32, 33, 70, 200})
      for (const double density : {0.0, 0.1, 0.3, 0.9})
        for (const bool constant : {false, true}) {
          INFO(in << " to " << out << ", density " << density << (constant ? ", constant" : ""));
          const st::Linear<TestType> layer(in, out, random);
          const st::Array<TestType> rows = sparse_array<TestType>(random, constant ? 3 : 12, in, density);
          st::Sequence<TestType> input({4, 3, in}, constant);
          input.array() = rows;
          const auto weights = numeric::random_sequence<TestType>(random, {4, 3, out});

          st::Tape<TestType> tape;
          const auto x = tape.variable(input);
          const auto y = layer(x);
          tape.backward(st::sum(tape.constant(weights) * y));

          const auto w = layer.weight().array().matrix();
          st::Array<TestType> summed = weights.array();  // a constant input's adjoint is a sum over the steps
          if (constant) {
            summed = st::Array<TestType>::Zero(3, out);
            for (Index t = 0; t < 4; ++t) summed += weights.step(t);
          }
          const double allowed = tolerance::rounding<TestType>;
          const st::Array<TestType> expected_y =
              (rows.matrix() * w).rowwise() + layer.bias().array().matrix().row(0);
          CHECK(numeric::near(y.array(), expected_y, allowed));
          const st::Array<TestType> w_gradient = rows.matrix().transpose() * summed.matrix();
          CHECK(numeric::near(tape.gradients().gradient(layer.weight()), w_gradient, allowed));
          const st::Array<TestType> x_gradient = summed.matrix() * w.transpose();
          CHECK(numeric::near(x.adjoint().array(), x_gradient, allowed));
        }
}

TEMPLATE_TEST_CASE("events of some rows are sorted by column, by any number of threads", "", float, double) {
  st::Random random(68);
  constexpr Index columns = 700, first = 3, rows = 60;
  const st::Array<TestType> array = sparse_array<TestType>(random, first + rows + 2, columns, 0.4);
  st::Tape<TestType> tape;
  const auto events = decoded(tape.constant(array), 1.0);
  for (const int threads : {1, 2, 3, 16}) {
    INFO(threads << " threads");
    const auto sorted = st::detail::transposed(events, first, rows, columns, tape.arena(), threads);
    Index e = 0;
    bool equal = true;
    for (Index c = 0; c < columns; ++c) {
      equal = equal && sorted.begins[c] == e;
      for (Index r = 0; r < rows; ++r) {
        if (array(first + r, c) == 0) continue;
        equal = equal && sorted.columns[e] == r && sorted.values[e] == array(first + r, c);
        ++e;
      }
    }
    CHECK(equal);
    CHECK(sorted.begins[columns] == e);
  }
}

TEMPLATE_TEST_CASE("the gradient of weights is the same for more rows than are sorted at once, and for none",
                   "", float, double) {
  st::Random random(67);
  const st::Linear<TestType> layer(20, 50, random);
  st::Tape<TestType> tape;
  for (const Index rows : {5, 0, 1, 1023, 1024, 1025, 2100}) {
    INFO(rows << " rows");
    const st::Array<TestType> input = sparse_array<TestType>(random, rows, 20, 0.1);
    const st::Array<TestType> weights = numeric::random_array<TestType>(random, rows, 50);
    const st::Array<TestType> expected = input.matrix().transpose() * weights.matrix();
    tape.gradients().clear();
    for (const int times : {1, 2}) {  // stored, and added to
      tape.reset();
      tape.backward(st::sum(tape.constant(weights) * layer(tape.constant(input))));
      const st::Array<TestType> sum = static_cast<TestType>(times) * expected;
      CHECK(numeric::near(tape.gradients().gradient(layer.weight()), sum, tolerance::rounding<TestType>));
    }
  }
}

TEST_CASE("an adjoint that is there already is added to, by few outputs and by many") {
  st::Random random(64);
  for (const Index out : {3, 40}) {
    const st::Linear<double> layer(6, out, random);
    st::Tape<double> tape;
    const auto x = tape.variable(numeric::random_array<double>(random, 2, 6));
    tape.backward(st::sum(layer(x)) + st::sum(layer(x)));
    const st::Array<double> once = layer.weight().array().rowwise().sum().transpose().replicate(2, 1);
    CHECK(numeric::near(x.adjoint().array(), 2 * once, tolerance::rounding<double>));
  }
}

TEST_CASE("a NaN or an infinity among the inputs is seen in its sample's outputs and nowhere else") {
  st::Random random(65);
  const st::Linear<float> layer(8, 4, random);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    st::Array<float> rows = st::Array<float>::Zero(3, 8);
    rows(1, 2) = bad;
    st::Tape<float> tape;
    const auto y = layer(tape.constant(rows));
    CHECK(y.array().row(0).isFinite().all());
    CHECK(!y.array().row(1).isFinite().any());
    CHECK(y.array().row(2).isFinite().all());
  }
}

TEMPLATE_TEST_CASE(
    "a product of many rows has the bits of one row at a time, also where it takes W in slices", "", float,
    double) {
  st::Random random(66);
  constexpr Index out = 300;
  for (const Index in : {100, 129, 500})
    for (const Index rows : {5, 128, 300})
      for (const double density : {0.02, 0.1, 0.3}) {
        INFO(rows << " rows, " << in << " inputs, density " << density);
        const st::Linear<TestType> layer(in, out, random);
        const st::Array<TestType> input = sparse_array<TestType>(random, rows, in, density);
        st::Tape<TestType> tape;
        const st::Array<TestType> all = layer(tape.constant(input)).array();
        bool equal = true;
        for (Index row = 0; row < rows; ++row)
          equal = equal && numeric::same(all.row(row), layer(tape.constant(input.row(row))).array());
        CHECK(equal);
      }
  // The sizes above stand on both sides of the decision.
  st::Tape<TestType> tape;
  const auto sliced = [&](Index rows, Index in, double density) {
    const auto events = decoded(tape.constant(sparse_array<TestType>(random, rows, in, density)), 1);
    return st::detail::worth_slices(events, rows, in, (in + 127) / 128);
  };
  CHECK(sliced(300, 500, 0.1));
  CHECK(sliced(128, 129, 0.3));
  CHECK_FALSE(sliced(128, 500, 0.02));
  CHECK_FALSE(sliced(5, 500, 0.3));
  CHECK_FALSE(sliced(300, 100, 0.3));
}

}  // namespace events_test
