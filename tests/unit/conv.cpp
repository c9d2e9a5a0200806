// Layers on images: pools, convolutions and Flatten. What they compute is compared with their definitions,
// written as loops, and with PyTorch in golden/conv.
#include <spiketape/nn/conv.hpp>
#include <spiketape/nn/flatten.hpp>
#include <spiketape/nn/pool.hpp>

#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/nn/summary.hpp>
#include <spiketape/train/shards.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace conv_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same, numeric::near;
using st::Index;

/// A layer's adjoint, and its calls on a step, a sequence, a tape and a constant.
template <typename L>
void check_layer(const L& layer, double rounding = 0) {
  INFO(L::name);
  st::Random random(3);
  const auto x = random_sequence<double>(random, {2, 3, layer.in_shape().features()});
  const auto check = st::check_gradients(layer, x, layer.parameters());
  INFO(check.text());
  CHECK(check);
  const auto y = layer(x);
  CHECK(y.features() == layer.out_shape().features());
  st::Tape<double> tape;
  CHECK(same(layer(tape.constant(x)).array(), y.array()));
  CHECK(near(layer(tape.constant(x.step(1), 3)).value().step(2).array(), y.step(1), rounding));
  CHECK(near(layer(st::Array<double>(x.step(1))), y.step(1), rounding));
}

/// Pools of every kind, with windows that overlap, leave inputs out and reach over the border.
template <typename Visit>
void for_pools(Visit&& visit) {
  visit(st::MaxPool2d<double>({2, 5, 4}, 2));
  visit(st::MaxPool2d<double>({1, 5, 6}, {3, 2}, {.stride = {2, 1}, .padding = 1}));
  visit(st::AvgPool2d<double>({2, 5, 4}, 2));
  visit(st::AvgPool2d<double>({1, 5, 6}, {3, 2},
                              {.stride = {2, 3}, .padding = {1, 0}, .count_include_pad = false}));
  visit(st::SumPool2d<double>({2, 4, 4}, 3, {.stride = 1, .padding = 1}));
}

TEST_CASE("pools: adjoints are derivatives, and all calls agree") {
  for_pools([](const auto& pool) { check_layer(pool); });
}

TEST_CASE("a window's maximum, mean and sum") {
  const st::Array<double> x{{1, 2, 5, 3, 4, 0}};
  CHECK(same(st::MaxPool2d<double>({1, 2, 3}, {2, 1})(x), st::Array<double>{{3, 4, 5}}));
  CHECK(same(st::SumPool2d<double>({1, 2, 3}, 2, {.stride = 1})(x), st::Array<double>{{10, 11}}));
  CHECK(same(st::AvgPool2d<double>({2, 1, 3}, {1, 2}, {.padding = {0, 1}})(x),
             st::Array<double>{{0.5, 3.5, 1.5, 2}}));
  CHECK(same(st::AvgPool2d<double>({2, 1, 3}, {1, 2}, {.padding = {0, 1}, .count_include_pad = false})(x),
             st::Array<double>{{1, 3.5, 3, 2}}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(st::MaxPool2d<double>({1, 1, 3}, {1, 3})(st::Array<double>{{1, nan, 2}})(0, 0)));
  CHECK(std::isnan(st::MaxPool2d<double>({1, 1, 3}, {1, 3})(st::Array<double>{{nan, 1, 2}})(0, 0)));
  // Padding never wins.
  CHECK(same(st::MaxPool2d<double>({1, 1, 2}, {1, 2}, {.padding = {0, 1}})(st::Array<double>{{-3, -2}}),
             st::Array<double>{{-3, -2}}));
}

TEST_CASE("the first of equal numbers gets the gradient of a maximum") {
  const auto gradient = [](const st::MaxPool2d<double>& pool, const st::Array<double>& numbers) {
    st::Tape<double> tape;
    const auto x = tape.variable(numbers);
    tape.open_adjoint(pool(x)).fill(3);
    tape.backward();
    return st::Array<double>(x.adjoint().array());
  };
  CHECK(same(gradient({{1, 2, 2}, 2}, {{0, 1, 1, 1}}), st::Array<double>{{0, 3, 0, 0}}));
  // Where all are -inf, too, padding is none of them.
  const double low = -std::numeric_limits<double>::infinity();
  CHECK(same(gradient({{1, 2, 3}, {2, 3}, {.padding = {1, 1}}}, {{low, low, low, low, low, 2}}),
             st::Array<double>{{3, 0, 0, 3, 0, 0}}));
}

TEST_CASE("the largest of spikes are spikes, as bits, of whatever value") {
  st::Random random(4);
  const auto x = random_sequence<double>(random, {3, 2, 2 * 5 * 9}, 0, 2);
  const st::MaxPool2d<double> pool({2, 5, 9}, {2, 3});
  for (const double value : {1.0, -0.5}) {
    st::Row<double> values = st::Row<double>::Constant(90, value);
    for (const auto& factor : {st::Coefficient<double>(value), st::Coefficient<double>(values)}) {
      const st::Leaky<double> lif({.beta = 0.5, .graded_spikes_factor = factor});
      st::Tape<double> tape;
      const auto spk = lif(tape.constant(x)).spk, largest = pool(spk);
      REQUIRE(tape.bits(spk) != nullptr);
      CHECK((tape.bits(largest) != nullptr) == (factor.values().size() == 1));
      const st::Sequence<double> numbers = pool(lif(x).spk);
      CHECK(same(largest.array(), numbers.array()));
      CHECK((numbers.array() == value).any());
      CHECK((numbers.array() == 0).any());
      CHECK(same(st::Sequential{st::Leaky<double>(lif), st::MaxPool2d<double>(pool)}(x).array(),
                 numbers.array()));
    }
  }
}

TEST_CASE("convolutions: adjoints are derivatives, and all calls agree") {
  st::Random random(5);
  using st::Conv2d, st::Conv1d;
  check_layer(Conv2d<double>({2, 4, 5}, 3, {3, 2}, random, {.stride = {1, 2}, .padding = {2, 1}}), 1e-15);
  check_layer(Conv2d<double>({4, 5, 5}, 6, 2, random, {.dilation = {2, 3}, .groups = 2, .bias = false}),
              1e-15);
  check_layer(Conv2d<double>({3, 3, 3}, 3, 3, random, {.stride = 2, .padding = 4, .groups = 3}), 1e-15);
  check_layer(Conv1d<double>({.channels = 4, .width = 9}, 2, 3, random,
                             {.stride = 2, .padding = 2, .dilation = 2, .groups = 2}),
              1e-15);
}

TEST_CASE(
    "behind a maximum of windows, where most of its result has no gradient, a convolution's adjoints are "
    "derivatives") {
  st::Random random(15);
  const auto check = [&](st::Conv2d<double> conv) {
    st::Sequential net{std::move(conv), st::MaxPool2d<double>({4, 6, 6}, {3, 2})};
    const auto x = random_sequence<double>(random, {2, 3, net.layer<0>().in_shape().features()});
    const auto found = st::check_gradients(net, x, net.parameters());
    INFO(found.text());
    CHECK(found);
  };
  check(st::Conv2d<double>({3, 7, 6}, 4, {2, 3}, random, {.padding = {0, 1}}));
  check(st::Conv2d<double>({2, 12, 7}, 4, {3, 2}, random,
                           {.stride = {2, 1}, .padding = 1, .dilation = {1, 3}}));
  check(st::Conv2d<double>({4, 6, 6}, 4, 3, random, {.padding = 1, .groups = 2}));
}

TEST_CASE("an infinite adjoint reaches the inputs of its window alone") {
  st::Random random(16);
  const st::Conv2d<double> conv({2, 4, 9}, 3, {2, 3}, random);
  st::Tape<double> tape;
  const auto x = tape.variable(random_sequence<double>(random, {1, 1, 72}));
  const auto y_adjoint = tape.open_adjoint(conv(x));
  y_adjoint.fill(0);
  y_adjoint.row(0, 0)[7 + 3] = std::numeric_limits<double>::infinity();  // row 1, column 3
  tape.backward();
  for (Index c = 0; c < 2; ++c)
    for (Index row = 0; row < 4; ++row)
      for (Index col = 0; col < 9; ++col)
        CHECK(std::isfinite(x.adjoint().row(0, 0)[(c * 4 + row) * 9 + col]) ==
              !(row >= 1 && row <= 2 && col >= 3 && col <= 5));
}

TEST_CASE("a convolution is its formula, over more rows than one product takes") {
  st::Random random(6);
  const st::Index groups = 2, out = 4, c_in = 3, height = 20, width = 18;
  const st::Conv2d<double> conv({groups * c_in, height, width}, out, {5, 4}, random,
                                {.stride = {1, 2}, .padding = {3, 1}, .dilation = {2, 1}, .groups = groups});
  const auto [channels, rows, cols] = conv.out_shape();
  REQUIRE((channels == out && rows == 18 && cols == 9));
  const auto x = random_sequence<double>(random, {3, 9, groups * c_in * height * width});
  st::Sequence<double> expected(3, 9, conv.out_shape().features());
  const auto number = [&](Index t, Index b, Index c, Index i, Index j) {
    return i < 0 || j < 0 || i >= height || j >= width ? 0 : x(t, b, (c * height + i) * width + j);
  };
  for (Index t = 0; t < 3; ++t)
    for (Index b = 0; b < 9; ++b)
      for (Index o = 0; o < out; ++o)
        for (Index i = 0; i < rows; ++i)
          for (Index j = 0; j < cols; ++j) {
            double sum = conv.bias().array()(0, o);
            for (Index c = 0; c < c_in; ++c)
              for (Index k = 0; k < 5; ++k)
                for (Index l = 0; l < 4; ++l)
                  sum += conv.weight().array()((c * 5 + k) * 4 + l, o) *
                         number(t, b, o / (out / groups) * c_in + c, i - 3 + 2 * k, 2 * j - 1 + l);
            expected(t, b, (o * rows + i) * cols + j) = sum;
          }
  CHECK(near(conv(x).array(), expected.array(), tolerance::rounding<double>));
}

TEST_CASE("a summary has the sizes of layers on images") {
  st::Random random(2);
  const std::string text =
      st::summary(st::Sequential{st::Conv2d<float>({1, 6, 6}, 3, 3, random),
                                 st::MaxPool2d<float>({3, 4, 4}, 2), st::Leaky<float>({.beta = 0.5f})});
  for (const char* row : {"Conv2d           48 ", "MaxPool2d        12 ", "Leaky            12 "})
    CHECK(text.find(row) != std::string::npos);
}

TEST_CASE("a convolution starts as in PyTorch, and says its sizes") {
  st::Random random(7);
  const st::Conv2d<float> conv({4, 9, 9}, 6, {3, 2}, random, {.groups = 2});
  const double bound = 1 / std::sqrt(12.0);
  CHECK(conv.weight().array().abs().maxCoeff() <= bound);
  CHECK(conv.weight().array().abs().maxCoeff() > 0.9 * bound);
  CHECK(conv.bias().array().abs().maxCoeff() <= bound);
  CHECK((conv.weight().rows() == 12 && conv.weight().cols() == 6));
  CHECK(conv.out_shape() == st::ImageShape{6, 7, 8});
  CHECK(conv.fan_out() == 3 * (3 * 7 / 9.0) * (2 * 8 / 9.0));
  CHECK(st::Conv2d<float>({2, 3, 3}, 1, 1, random, {.bias = false}).named_parameters().size() == 1);
}

TEST_CASE("a convolution of spikes as bits gives the bits of one of numbers") {
  st::Random random(8);
  st::Sequential net{st::Leaky<double>({.beta = 0.5, .graded_spikes_factor = 0.7}),
                     st::Conv2d<double>({3, 6, 7}, 5, 3, random, {.padding = 1}), st::Flatten<double>(),
                     st::Linear<double>(5 * 6 * 7, 2, random)};
  const auto x = random_sequence<double>(random, {4, 3, 3 * 6 * 7}, 0, 1.5);
  st::Tape<double> tape, twin;
  const auto in = tape.variable(x), in_twin = twin.variable(x);
  const auto y = net(in);
  const auto spk = net.layer<0>()(in_twin).spk;
  const auto numbers = twin.variable(spk.value());
  const auto expected = net.layer<3>()(net.layer<1>()(numbers));
  CHECK(same(y.array(), expected.array()));
  CHECK(same(net(x).array(), expected.array()));
  tape.backward(st::sum(y));
  twin.backward(st::sum(expected));
  for (const auto& parameter : net.parameters())
    CHECK(same(tape.gradients().gradient(parameter), twin.gradients().gradient(parameter)));
}

TEST_CASE("a convolution of few spikes, which it takes as events, is that of dense rows") {
  st::Random random(10);
  // Events are for more outputs than a line holds, and for more than one block of rows.
  const st::Conv2d<double> conv({2, 30, 17}, 9, {3, 2}, random,
                                {.stride = {1, 2}, .padding = {1, 2}, .dilation = {2, 1}});
  const Index features = conv.in_shape().features();
  const auto sparse = [&](double value) {
    st::Sequence<double> x(4, 3, features);
    for (double& number : x.array().reshaped())
      if (random.uniform(0, 1) < 0.1) number = value == 0 ? random.uniform(-1, 1) : value;
    return x;
  };
  /// The same rows beside others that are not sparse; then all are dense.
  const auto beside = [&](const st::Sequence<double>& x) {
    st::Sequence<double> both(4, 6, features);
    for (Index t = 0; t < 4; ++t) both.step(t) << x.step(t), st::Array<double>::Constant(3, features, 0.1);
    return both;
  };
  for (const double value : {0.0, 1.0}) {
    const st::Sequence<double> x = sparse(value), y = conv(x), dense = conv(beside(x));
    st::Tape<double> tape, twin;
    const auto result = conv(tape.constant(x)), of_twin = conv(twin.constant(beside(x)));
    for (Index t = 0; t < 4; ++t) {
      CHECK(near(y.step(t), dense.step(t).topRows(3), 1e-14));
      CHECK(same(result.value().step(t).array(), y.step(t)));
    }
    // The other rows get no adjoint.
    const auto adjoint = random_sequence<double>(random, result.shape());
    tape.open_adjoint(result).assign(adjoint);
    for (Index t = 0; t < 4; ++t) twin.open_adjoint(of_twin).step(t).array().topRows(3) = adjoint.step(t);
    tape.backward();
    twin.backward();
    for (const auto& parameter : conv.parameters())
      CHECK(near(tape.gradients().gradient(parameter), twin.gradients().gradient(parameter), 1e-13));
    CHECK(tape.gradients().gradient(conv.weight()).abs().minCoeff() > 0);
  }
  // As bits, of one value and of one for each feature.
  const st::Sequence<double> current = sparse(3);
  for (const auto& factor :
       {st::Coefficient<double>(0.5), st::Coefficient<double>(st::Row<double>::LinSpaced(features, 1, 2))}) {
    const st::Leaky<double> lif({.beta = 0.1, .graded_spikes_factor = factor});
    st::Tape<double> tape;
    const auto spk = lif(tape.constant(current)).spk;
    REQUIRE(tape.bits(spk) != nullptr);
    CHECK(same(conv(spk).array(), conv(lif(current).spk).array()));
  }
  // Weights that are not finite make NaN of zeros, whichever way.
  st::Conv2d<double> infinite(conv);
  infinite.weight().array()(0, 0) = std::numeric_limits<double>::infinity();
  CHECK(infinite(sparse(1)).array().isNaN().any());
  CHECK(st::check_gradients(st::Conv2d<double>({1, 5, 5}, 9, 3, random), st::Sequence<double>(2, 2, 25)));
}

TEST_CASE("a convolutional network in blocks gives the same bits on any number of threads") {
  st::Random random(9);
  const st::Sequential net{st::Conv2d<double>({1, 8, 8}, 3, 3, random), st::Leaky<double>({.beta = 0.5}),
                           st::MaxPool2d<double>({3, 6, 6}, 2),         st::Flatten<double>(),
                           st::Linear<double>(27, 4, random),           st::Leaky<double>({.beta = 0.5})};
  const auto input = random_sequence<double>(random, {5, 7, 64}, 0, 2);
  const auto loss = [](const auto& out, Index, Index) { return st::sum(st::square(out.mem)); };
  for (const st::SequenceView<const double>& x : {input.view(), st::repeat(input.view().step(0), 5)}) {
    st::Shards<double> one(3, 1, 2), two(3, 2, 2), whole(1);
    const double value = one.run(net, x, loss);
    CHECK(two.run(net, x, loss) == value);
    CHECK(whole.run(net, x, loss) == Approx(value).epsilon(1e-12));
    for (const auto& parameter : net.parameters()) {
      CHECK(same(two.gradients().gradient(parameter), one.gradients().gradient(parameter)));
      CHECK(near(whole.gradients().gradient(parameter), one.gradients().gradient(parameter),
                 100 * tolerance::rounding<double>));
    }
  }
}

TEST_CASE("Flatten is its input, and free on a tape") {
  const st::Flatten<double> flatten;
  const st::Array<double> x = st::Array<double>::Random(2, 6);
  CHECK(same(flatten(x), x));
  st::Tape<double> tape;
  const auto var = tape.variable(x);
  const auto before = tape.capacity();
  CHECK(flatten(var).value().data == var.value().data);
  CHECK(tape.capacity() == before);
  auto state = flatten.state(2);
  CHECK(same(flatten(x, state).array(), x));
  CHECK(st::check_gradients(
      [&](const st::Var<double>& in) {
        st::State<double> s = flatten.state(1);
        return flatten(in, s);
      },
      st::Sequence<double>(2, 1, 3)));
}

TEST_CASE("a coefficient for each channel") {
  const st::Row<double> values{{0.5, 0.25}};
  CHECK(same(st::per_channel(values, {2, 1, 3}).values(), values));
  CHECK(st::per_channel(values, {2, 1, 3}).places() == 3);
  CHECK_THROWS_AS(st::per_channel(values, {3, 1, 2}), std::invalid_argument);
}

TEST_CASE("sizes that make no sense are refused, with the layer's name") {
  const auto text = [](auto&& make) { return error_text<std::invalid_argument>(make); };
  CHECK(text([] {
          st::MaxPool2d<double>({0, 4, 4}, 2);
        }) == "spiketape::MaxPool2d: the input is 0 x 4 x 4, expected at least 1 x 1 x 1");
  CHECK(text([] {
          st::MaxPool2d<double>({1, Index(1) << 40, Index(1) << 40}, 2);
        }).find("memory has addresses") != std::string::npos);
  CHECK(text([] {
          st::MaxPool2d<double>({1 << 20, 1 << 10, 4}, 2);
        }).find("fewer than 2^31") != std::string::npos);
  CHECK(text([] {
          st::AvgPool2d<double>({1, 4, 4}, 0);
        }).find("AvgPool2d: kernel_size is 0 x 0, expected 1 to") != std::string::npos);
  CHECK(text([] {
          st::SumPool2d<double>({1, 4, 4}, 2, {.stride = {1, -1}});
        }).find("stride is 1 x -1") != std::string::npos);
  CHECK(text([] {
          st::SumPool2d<double>({1, 4, 4}, 2, {.padding = -1});
        }).find("padding is -1 x -1, expected 0") != std::string::npos);
  CHECK(text([] {
          st::AvgPool2d<double>({1, 4, 4}, 3, {.padding = 2});
        }).find("at most half of kernel_size") != std::string::npos);
  CHECK(text([] {
          st::AvgPool2d<double>({1, 4, 4}, 5);
        }).find("expected a window that is not larger") != std::string::npos);
  st::Random random(1);
  CHECK(text([&] {
          st::Conv2d<double>({2, 4, 4}, 0, 3, random);
        }) == "spiketape::Conv2d: out_channels is 0, expected at least 1");
  CHECK(text([&] {
          st::Conv2d<double>({4, 4, 4}, 6, 3, random, {.groups = 4});
        }) == "spiketape::Conv2d: groups is 4, expected a divisor of in_channels, 4, and of out_channels, 6");
  CHECK(text([&] {
          st::Conv2d<double>({4, 4, 4}, Index(1) << 59, 3, random);
        }).find("memory has addresses") != std::string::npos);
  CHECK(text([&] {
          st::Conv2d<double>({4, 4, 4}, 6, 3, random, {.dilation = 2});
        }).find("not larger") != std::string::npos);
  CHECK(text([&] {
          st::Conv1d<double>({4, 4, 4}, 6, 3, random);
        }) == "spiketape::Conv1d: the input is 4 x 4 x 4, expected a height of 1");
  const st::MaxPool2d<double> pool({1, 4, 6}, 2);
  CHECK(text([&] { pool(st::Array<double>(1, 23)); }) ==
        "spiketape::MaxPool2d: input has 23 features, expected 24, 1 x 4 x 6");
}

}  // namespace conv_test
