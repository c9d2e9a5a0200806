// Recurrence through a convolution beside one of the full matrix that the convolution is.
#include "plain_neurons.hpp"

#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/autograd/ops.hpp>
#include <spiketape/io/firmware.hpp>
#include <spiketape/io/state_dict.hpp>
#include <spiketape/neuron/rleaky.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/recurrent_convolution.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/train/shards.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "temporary_folder.hpp"

#include <stdexcept>
#include <vector>

namespace recurrent_convolution_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same, numeric::near;
using RLeaky = st::RLeaky<double>;
using st::Index;

RLeaky convolved(const st::ImageShape& shape, const st::Size2d& kernel, bool surrogate_disable = false) {
  st::Random random(1);
  return RLeaky({.beta = 0.7,
                 .conv2d_channels = shape,
                 .kernel_size = kernel,
                 .threshold = 0.8,
                 .surrogate_disable = surrogate_disable,
                 .learn_beta = true},
                random);
}

/// Calls f(input, output, weight) for each weight that joins two neurons, by the formula of a convolution.
template <typename F>
void for_weights(const RLeaky& lif, const st::ImageShape& shape, const st::Size2d& kernel, F&& f) {
  for (Index c = 0; c < shape.channels; ++c)
    for (Index k = 0; k < kernel.height; ++k)
      for (Index l = 0; l < kernel.width; ++l)
        for (Index o = 0; o < shape.channels; ++o)
          for (Index i = 0; i < shape.height; ++i)
            for (Index j = 0; j < shape.width; ++j) {
              const Index row = i + k - kernel.height / 2, col = j + l - kernel.width / 2;
              if (row < 0 || col < 0 || row >= shape.height || col >= shape.width) continue;
              f((c * shape.height + row) * shape.width + col, (o * shape.height + i) * shape.width + j,
                (c * kernel.height + k) * kernel.width + l, o);
            }
  CHECK(lif.recurrent_weight().rows() == shape.channels * kernel.height * kernel.width);
}

/// The same neuron with the full matrix.
RLeaky full(const RLeaky& lif, const st::ImageShape& shape, const st::Size2d& kernel) {
  st::Random random(1);
  RLeaky all({.beta = 0.7, .linear_features = shape.features(), .threshold = 0.8, .learn_beta = true},
             random);
  all.recurrent_weight().set(0);
  for_weights(lif, shape, kernel, [&](Index in, Index out, Index row, Index o) {
    all.recurrent_weight().array()(in, out) = lif.recurrent_weight().array()(row, o);
  });
  const Index places = shape.height * shape.width;
  for (Index i = 0; i < shape.features(); ++i)
    all.recurrent_bias().array()(0, i) = lif.recurrent_bias().array()(0, i / places);
  return all;
}

TEST_CASE("recurrence through a convolution is that of its matrix") {
  st::Random random(2);
  struct Case {
    st::ImageShape shape;
    st::Size2d kernel;
    double least;  // of the input: how sparse spikes are
  };
  // More channels than a line holds are events, if spikes are few; a step then takes few samples at once.
  for (const auto& [shape, kernel, least] :
       {Case{{2, 3, 4}, {3, 1}, -0.5}, Case{{9, 4, 3}, 3, -1.2}, Case{{9, 4, 3}, {1, 5}, 0.2}}) {
    const RLeaky lif = convolved(shape, kernel), all = full(lif, shape, kernel);
    const auto x = random_sequence<double>(random, {6, 3, shape.features()}, least, 1);
    const auto [spk, mem] = lif(x);
    CHECK(same(spk.array(), all(x).spk.array()));
    CHECK(near(mem.array(), all(x).mem.array(), 1e-13));
    CHECK((spk.array() != 0).count() > 20);

    st::Tape<double> tape, of_all;
    const st::Array<double> before = (st::Array<double>::Random(3, shape.features()) > 0.5).cast<double>();
    const auto a = tape.variable(x), b = of_all.variable(x);
    const auto sent = tape.variable(before), sent_of_all = of_all.variable(before);
    const auto run = [&](const RLeaky& neuron, const st::Var<double>& in, const st::Var<double>& first) {
      const auto out = neuron(in, first, st::Array<double>());
      return st::sum(st::square(out.mem)) + st::sum(out.spk);
    };
    tape.backward(run(lif, a, sent));
    of_all.backward(run(all, b, sent_of_all));
    CHECK(near(a.adjoint().array(), b.adjoint().array(), 1e-12));
    CHECK(near(sent.adjoint().array(), sent_of_all.adjoint().array(), 1e-12));
    const st::Array<double> matrix = of_all.gradients().gradient(all.recurrent_weight()),
                            biases = of_all.gradients().gradient(all.recurrent_bias());
    st::Array<double> weight = st::Array<double>::Zero(lif.recurrent_weight().rows(), shape.channels),
                      bias = st::Array<double>::Zero(1, shape.channels);
    for_weights(lif, shape, kernel,
                [&](Index in, Index out, Index row, Index o) { weight(row, o) += matrix(in, out); });
    for (Index i = 0; i < shape.features(); ++i) bias(0, i / (shape.height * shape.width)) += biases(0, i);
    CHECK(near(tape.gradients().gradient(lif.recurrent_weight()), weight, 1e-11));
    CHECK(near(tape.gradients().gradient(lif.recurrent_bias()), bias, 1e-11));
    CHECK(near(tape.gradients().gradient(lif.beta()), of_all.gradients().gradient(all.beta()), 1e-10));
  }
}

TEST_CASE("steps, streams, tapes and threads of a recurrence through a convolution have the same bits") {
  st::Random random(3);
  const RLeaky lif = convolved({9, 4, 3}, 3);
  CHECK(lif.recurrent_convolution());
  const auto x = random_sequence<double>(random, {6, 3, 108}, -1, 1);
  const auto [spk, mem] = lif(x);
  auto state = lif.state(3);
  st::Array<double> spk_before(3, 108), mem_before(3, 108), spk_now(3, 108);
  spk_before.setZero();
  mem_before.setZero();
  for (Index t = 0; t < 6; ++t) {
    CHECK(same(lif(x.step(t), state).mem.array(), mem.step(t)));
    lif.forward_into(x.step(t), {spk_before, mem_before}, {spk_now, mem_before});
    CHECK(same(mem_before, mem.step(t)));
    spk_before = spk_now;
  }
  st::Tape<double> tape;
  CHECK(same(lif(tape.constant(x)).mem.array(), mem.array()));

  const st::Sequential net{st::Linear<double>(4, 108, random), RLeaky(lif),
                           st::Linear<double>(108, 2, random)};
  const auto input = random_sequence<double>(random, {5, 8, 4}, -2, 3);
  const auto loss = [](const auto& y, Index, Index) { return st::sum(st::square(y)); };
  st::Shards<double> one(4, 1, 1), two(4, 2, 1);
  CHECK(one.run(net, input, loss) == two.run(net, input, loss));
  for (const auto& parameter : net.parameters())
    CHECK(same(one.gradients().gradient(parameter), two.gradients().gradient(parameter)));
}

TEST_CASE("recurrence through a convolution: the adjoint is the derivative") {
  st::Random random(4);
  const RLeaky lif = convolved({2, 3, 3}, 3, true);
  const auto check =
      st::check_gradients(lif, random_sequence<double>(random, {5, 2, 18}, -1, 1.5), lif.parameters());
  INFO(check.text());
  CHECK(check);
}

TEST_CASE("files hold the kernel of a recurrence as a Conv2d's, and C refuses it") {
  const TemporaryFolder folder;
  st::Random random(5);
  const auto make = [&](const st::Size2d& kernel) {
    return st::Sequential{
        st::Linear<double>(3, 18, random),
        st::named("lif",
                  RLeaky({.beta = 0.5, .conv2d_channels = st::ImageShape{2, 3, 3}, .kernel_size = kernel},
                         random))};
  };
  const auto net = make({3, 1});
  auto other = make({3, 1}), wide = make({1, 3});
  st::save(net, folder / "net");
  CHECK(st::read_safetensors(folder / "net").find("lif.recurrent.weight")->shape ==
        std::vector<Index>{2, 2, 3, 1});
  CHECK(st::load(other, folder / "net").complete());
  const auto x = random_sequence<double>(random, {4, 2, 3}, -2, 2);
  CHECK(same(other(x).spk.array(), net(x).spk.array()));
  CHECK(error_text<std::runtime_error>([&] {
          st::load(wide, folder / "net");
        }).find("lif.recurrent.weight has shape (2, 2, 3, 1), expected (2, 2, 1, 3)") != std::string::npos);
  CHECK(error_text<std::invalid_argument>([&] { static_cast<void>(st::c_source(net)); }) ==
        "spiketape::write_c: lif has a recurrence through a convolution, expected one of a matrix or of each "
        "neuron to itself");
}

TEST_CASE("recurrence through a convolution says what is wrong") {
  const auto fault = [](const RLeaky::Options& options) {
    return error_text<std::invalid_argument>([&] {
      st::Random random(6);
      const RLeaky lif(options, random);
    });
  };
  const st::ImageShape shape{2, 3, 3};
  CHECK(
      fault({.beta = 0.5, .conv2d_channels = shape, .kernel_size = {3, 2}}) ==
      "spiketape::RLeaky: kernel_size is 3 x 2, expected odd numbers, so that the result has the size of the "
      "input");
  CHECK(fault({.beta = 0.5, .conv2d_channels = shape}) ==
        "spiketape::RLeaky: kernel_size is 0 x 0 and conv2d_channels is given, expected both or neither");
  CHECK(fault({.beta = 0.5, .linear_features = 3, .kernel_size = 3}) ==
        "spiketape::RLeaky: kernel_size is 3 x 3 and conv2d_channels is left out, expected both or neither");
  CHECK(fault({.beta = 0.5, .linear_features = 18, .conv2d_channels = shape, .kernel_size = 3}) ==
        "spiketape::RLeaky: linear_features is 18 and conv2d_channels is given, expected one of them");
  CHECK(fault({.beta = 0.5, .conv2d_channels = st::ImageShape{2, 0, 3}, .kernel_size = 3}) ==
        "spiketape::RLeaky: the input is 2 x 0 x 3, expected at least 1 x 1 x 1");
  CHECK(
      error_text<std::invalid_argument>([&] {
        const RLeaky lif({.beta = 0.5, .all_to_all = false, .conv2d_channels = shape, .kernel_size = 3});
      }) ==
      "spiketape::RLeaky: all_to_all is false, expected conv2d_channels and kernel_size to be left out: each "
      "neuron acts on itself through V");
  CHECK(error_text<std::invalid_argument>([&] { convolved(shape, 3)(st::Array<double>(2, 17)); }) ==
        "spiketape::RLeaky: input has 17 features, conv2d_channels has 18");
}

}  // namespace recurrent_convolution_test
