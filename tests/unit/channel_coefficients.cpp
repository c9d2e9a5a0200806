// Coefficients of neurons behind a convolution: a number for each channel, which its places share.
#include <spiketape/nn/image_shape.hpp>

#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/autograd/ops.hpp>
#include <spiketape/io/checkpoint.hpp>
#include <spiketape/io/firmware.hpp>
#include <spiketape/neuron/alpha.hpp>
#include <spiketape/neuron/lapicque.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/clip.hpp>
#include <spiketape/optim/sgd.hpp>
#include <spiketape/train/shards.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"
#include "temporary_folder.hpp"

#include <stdexcept>
#include <vector>

namespace channel_coefficients_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same, numeric::near;
using Leaky = st::Leaky<double>;
using st::Index;

constexpr st::ImageShape shape{3, 2, 5};
const st::Row<double> betas{{0.5, 0.9, 0.7}}, thresholds{{0.4, 0.6, 0.3}}, factors{{1, 0.5, -2}};

/// The values of the channels for all neurons.
st::Row<double> written_out(const st::Row<double>& values) {
  st::Row<double> all(shape.features());
  for (Index i = 0; i < all.size(); ++i) all[i] = values[i / 10];
  return all;
}
Leaky::Options options(bool by_channel, bool surrogate_disable = false) {
  const auto given = [&](const st::Row<double>& values) {
    return by_channel ? st::per_channel(values, shape) : st::Coefficient<double>(written_out(values));
  };
  return {.beta = given(betas),
          .threshold = given(thresholds),
          .surrogate_disable = surrogate_disable,
          .learn_beta = true,
          .learn_threshold = true,
          .graded_spikes_factor = given(factors),
          .learn_graded_spikes_factor = true};
}

TEST_CASE("neurons with coefficients of channels are those that have them one by one") {
  st::Random random(1);
  const Leaky lif(options(true)), each(options(false));
  const auto x = random_sequence<double>(random, {6, 2, 30}, -0.5, 1.5);
  const auto [spk, mem] = lif(x);
  CHECK((spk.array() != 0).count() > 50);
  CHECK(same(spk.array(), each(x).spk.array()));
  CHECK(same(mem.array(), each(x).mem.array()));
  auto state = lif.state(2);
  for (Index t = 0; t < 6; ++t) CHECK(same(lif(x.step(t), state).spk.array(), spk.step(t)));
  st::Sequence<double> spk_out(x.shape()), mem_out(x.shape());
  lif.forward_into(x, {}, spk_out, mem_out);
  CHECK(same(spk_out.array(), spk.array()));
  const st::Sequential net{Leaky(lif), st::Linear<double>(30, 4, random)};
  CHECK(near(net(x).array(), net.layer<1>()(spk).array(), tolerance::rounding<double>));  // as bits

  st::Tape<double> tape, one_by_one;
  const auto in = tape.variable(x), in_each = one_by_one.variable(x);
  const auto loss = [](const auto& out) { return st::sum(st::square(out.mem)) + st::sum(out.spk); };
  tape.backward(loss(lif(in)));
  one_by_one.backward(loss(each(in_each)));
  CHECK(same(in.adjoint().array(), in_each.adjoint().array()));
  const auto ours = lif.parameters(), theirs = each.parameters();
  REQUIRE(ours.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) {
    const st::Array<double> gradient = tape.gradients().gradient(ours[k]),
                            of_each = one_by_one.gradients().gradient(theirs[k]);
    st::Array<double> sums = st::Array<double>::Zero(1, 3);
    for (Index i = 0; i < 30; ++i) sums(0, i / 10) += of_each(0, i);
    CHECK(same(gradient, sums));
  }
}

TEST_CASE("coefficients of channels: the adjoint is the derivative") {
  st::Random random(2);
  const Leaky lif(options(true, true));
  const auto x = random_sequence<double>(random, {5, 2, 30}, -1, 0.3);
  const auto check = st::check_gradients(lif, x, lif.parameters());
  INFO(check.text());
  CHECK(check);
}

TEST_CASE("what follows from coefficients of channels: Alpha has it, Lapicque refuses them") {
  st::Random random(7);
  const st::Row<double> alphas{{0.9, 0.8, 0.95}}, slow{{0.5, 0.3, 0.6}};
  const st::Alpha<double> lif(
      {.alpha = st::per_channel(alphas, shape), .beta = st::per_channel(slow, shape)}),
      mixed({.alpha = st::per_channel(alphas, shape), .beta = written_out(slow)}),
      each({.alpha = written_out(alphas), .beta = written_out(slow)});
  const auto x = random_sequence<double>(random, {6, 2, 30}, -0.5, 1.5);
  CHECK(same(lif(x).mem.array(), each(x).mem.array()));
  CHECK(same(mixed(x).mem.array(), each(x).mem.array()));
  CHECK(error_text<std::invalid_argument>(
            [&] { st::Lapicque<double>({.beta = st::per_channel(slow, shape)}); }) ==
        "spiketape::Lapicque: beta has a value for each channel, expected one or one for each neuron, since "
        "others follow from it");
}

TEST_CASE("optimizers, clipping and threads treat the number of a channel as one") {
  st::Random random(3);
  const st::Sequential net{st::Linear<double>(4, 30, random), Leaky(options(true))};
  const auto x = random_sequence<double>(random, {5, 8, 4}, -2, 3);
  const auto loss = [](const auto& out, Index, Index) { return st::sum(st::square(out.mem)); };
  st::Shards<double> shards(4, 1, 1), threads(4, 2, 1);
  shards.run(net, x, loss);
  threads.run(net, x, loss);
  const st::Parameter<double>& beta = net.layer<1>().beta();
  const st::Array<double> gradient = shards.gradients().gradient(beta);
  CHECK(same(threads.gradients().gradient(beta), gradient));
  CHECK(gradient.abs().minCoeff() > 0);

  double squares = 0;
  for (const auto& parameter : net.parameters())
    squares += shards.gradients().gradient(parameter).square().sum();
  const double norm = st::clip_grad_norm(shards.gradients(), 1e6);
  CHECK(std::abs(norm - std::sqrt(squares)) < 1e-9 * norm);
  const double most = gradient.abs().minCoeff();
  st::clip_grad_value(threads.gradients(), most);
  CHECK(same(threads.gradients().gradient(beta), st::Array<double>(gradient.min(most).max(-most))));

  st::SGD<double> sgd(net.layer<1>().parameters(), {.lr = 1e-4});
  sgd.step(shards.gradients());
  CHECK(same(beta.array(), st::Array<double>(betas - 1e-4 * gradient.row(0))));
}

TEST_CASE("files hold coefficients of channels as snnTorch does") {
  const TemporaryFolder folder;
  st::Random random(4);
  st::Sequential net{st::named("lif", Leaky(options(true)))};
  const auto x = random_sequence<double>(random, {4, 2, 30}, -1, 2);
  st::save(net, folder / "net");
  CHECK(st::read_safetensors(folder / "net").find("lif.beta")->shape == std::vector<Index>{3, 1, 1});
  st::Sequential other{st::named("lif", Leaky({.beta = st::per_channel(thresholds, shape),
                                               .threshold = st::per_channel(betas, shape),
                                               .graded_spikes_factor = st::per_channel(betas, shape)}))};
  CHECK(st::load(other, folder / "net").complete());
  CHECK(same(other(x).spk.array(), net(x).spk.array()));
  st::Sequential shared{st::named("lif", Leaky({.beta = 0.5, .graded_spikes_factor = 2}))};
  CHECK(error_text<std::runtime_error>([&] {
          st::load(shared, folder / "net");
        }).find("lif.beta has shape (3, 1, 1), expected () or one number for each neuron") !=
        std::string::npos);
  st::save(shared, folder / "shared");
  CHECK(st::load(net, folder / "shared").complete());  // one number is for all
  CHECK(same(net.parameter("lif.beta").array(), st::Array<double>::Constant(1, 3, 0.5)));
  // A number for each neuron is one for each channel, or refused.
  st::Row<double> each = written_out(betas);
  shared.parameter("lif.beta").set(each);
  st::save(shared, folder / "each");
  CHECK(st::load(net, folder / "each").complete());
  CHECK(same(net.parameter("lif.beta").array(), betas));
  each[19] = 0.25;
  shared.parameter("lif.beta").set(each);
  st::save(shared, folder / "each");
  CHECK(error_text<std::runtime_error>([&] {
          st::load(net, folder / "each");
        }).find("lif.beta has different numbers in channel 1, expected one for each channel") !=
        std::string::npos);

  // Adam goes on where a checkpoint left it.
  const auto train = [&](st::Sequential<Leaky>& network, st::Adam<double>& adam) {
    st::Tape<double> tape;
    tape.backward(st::sum(st::square(network(tape.constant(x)).mem)));
    adam.step(tape.gradients());
  };
  st::Adam<double> adam(net.parameters(), {.lr = 1e-2});
  train(net, adam);
  st::Checkpoint{{"net", net}, {"adam", adam}}.save(folder / "checkpoint");
  train(net, adam);
  st::Sequential later{st::named("lif", Leaky(options(true)))};
  st::Adam<double> adam_later(later.parameters(), {.lr = 1e-2});
  st::Checkpoint{{"net", later}, {"adam", adam_later}}.load(folder / "checkpoint");
  train(later, adam_later);
  CHECK(same(later.parameter("lif.beta").array(), net.parameter("lif.beta").array()));

  const auto text = [](bool by_channel) {
    st::Random weights(6);
    return st::c_source(st::Sequential{st::Linear<double>(4, 30, weights), Leaky(options(by_channel))});
  };
  CHECK(text(true) == text(false));
}

TEST_CASE("coefficients of channels: what is set, and what is wrong") {
  Leaky lif(options(true));
  CHECK(error_text<std::invalid_argument>([&] { lif(st::Array<double>(2, 20)); }) ==
        "spiketape::Leaky: beta has 3 x 1 x 1 values for 10 places each, input has 20 features, expected 30");
  lif.beta().set(st::Row<double>{{0.5, 0.5}});
  CHECK(error_text<std::invalid_argument>([&] { lif(st::Array<double>(2, 30)); }) ==
        "spiketape::Leaky: beta has 2 values, input has 30 features (expected 1 value or one for each "
        "feature)");
  lif.beta().set(written_out(betas));
  st::Random random(5);
  const auto x = random_sequence<double>(random, {4, 2, 30}, -1, 2);
  CHECK(same(lif(x).spk.array(), Leaky(options(true))(x).spk.array()));
  const Leaky copy = Leaky(options(true));
  lif = copy;
  CHECK(lif.beta().cols() == 3);
  CHECK(same(lif(x).spk.array(), copy(x).spk.array()));

  CHECK(error_text<std::invalid_argument>([&] {
          Leaky({.beta = st::per_channel(betas, shape), .threshold = st::Row<double>::Constant(7, 1)});
        }) ==
        "spiketape::Leaky: threshold has 7 values, beta has 30 (expected 1 value or one for each neuron)");
  CHECK(
      error_text<std::invalid_argument>([&] {
        static_cast<void>(st::per_channel(betas, {2, 3, 3}));
      }) ==
      "spiketape::per_channel: values has 3 numbers, the shape is 2 x 3 x 3, expected one for each channel");
  CHECK(Leaky({.beta = st::per_channel(st::Row<double>{{0.5}}, {1, 3, 3})}).beta().cols() == 1);
}

}  // namespace channel_coefficients_test
