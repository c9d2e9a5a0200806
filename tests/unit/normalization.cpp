// Layers that differ in training and evaluation, Dropout and batch norm, and residual connections.
#include <spiketape/nn/batch_norm.hpp>
#include <spiketape/nn/dropout.hpp>
#include <spiketape/nn/residual.hpp>

#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/autograd/ops.hpp>
#include <spiketape/io/state_dict.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/nn/summary.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <cmath>
#include <optional>
#include <stdexcept>
#include <tuple>

namespace normalization_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same, numeric::near;
using st::Index;

st::Sequence<double> some(const st::Shape& shape, double low = -1, double high = 1) {
  st::Random random(3);
  return random_sequence<double>(random, shape, low, high);
}

TEST_CASE("Dropout keeps a share, the same features in all steps, and evaluates to its input") {
  const st::Dropout<double> dropout(0.25);
  const auto x = some({3, 4, 200}, 1, 2);
  st::Tape<double> tape;
  const st::Array<double> kept = dropout(tape.constant(x)).array() / x.array();
  CHECK(((kept == 0) || ((kept - 4 / 3.0).abs() < 1e-15)).all());
  const double share = static_cast<double>((kept != 0).count()) / static_cast<double>(kept.size());
  CHECK(std::abs(share - 0.75) < 0.05);
  CHECK(((kept.topRows(4) != 0) == (kept.bottomRows(4) != 0)).all());
  CHECK_FALSE(((kept.row(0) != 0) == (kept.row(1) != 0)).all());
  tape.reset();
  tape.set_round(tape.round() - 1);
  const auto again = tape.constant(x);
  for (Index t = 0; t < 3; ++t)  // a loop of steps leaves out what a sequence does
    CHECK(same(dropout(st::step(again, t)).array() / x.step(t), kept.middleRows(4 * t, 4)));
  CHECK(st::check_gradients(dropout, some({2, 2, 5})));
  CHECK(same(dropout(x).array(), x.array()));
  tape.reset();
  CHECK_FALSE(same(dropout(tape.constant(x)).array() / x.array(), kept));  // another round
  tape.set_training(false);
  const auto in = tape.variable(x);
  const auto y = dropout(in);
  CHECK(same(y.array(), x.array()));
  tape.backward(st::sum(y));
  CHECK((in.adjoint().array() == 1).all());
  tape.reset();
  tape.set_training(true);
  CHECK((st::Dropout<double>(1)(tape.constant(x)).array() == 0).all());
  CHECK(same(st::Dropout<double>(0)(tape.constant(x)).array(), x.array()));
  for (const double p : {-0.1, 1.1, std::nan("")})
    CHECK_THROWS_AS(st::Dropout<double>(p), std::invalid_argument);
}

TEST_CASE("Dropout draws the same numbers whole, in blocks and on threads") {
  st::Random random(5);
  const st::Sequential net{st::Linear<double>(6, 12, random), st::Dropout<double>(0.5),
                           st::Leaky<double>({.beta = 0.8})};
  const auto input = some({4, 9, 6}, 0, 2);
  const auto loss = [](const auto& out, Index, Index) { return st::sum(out.mem); };
  st::Shards<double> whole(1);
  const double value = whole.run(net, input, loss);
  for (const auto& [shards, threads, block] : {std::tuple(3, 1, 0), {3, 2, 2}, {2, 2, 1}}) {
    st::Shards<double> parts(shards, threads, block), one(shards, 1, block);
    CHECK(parts.run(net, input, loss) == Approx(value).epsilon(1e-12));
    one.run(net, input, loss);
    const auto& weight = net.layer<0>().weight();
    CHECK(near(parts.gradients().gradient(weight), whole.gradients().gradient(weight), 1e-12));
    CHECK(same(parts.gradients().gradient(weight), one.gradients().gradient(weight)));
  }
}

TEST_CASE("batch norm: adjoints are derivatives, in training and in evaluation, of constants, too") {
  const auto perturbed = [](auto norm) {
    for (auto& [path, parameter] : norm.named_parameters())
      if (parameter.learned()) parameter.array() += some({1, 1, parameter.cols()}).array();
    return norm;
  };
  const auto norm = perturbed(st::BatchNorm2d<double>(3)),
             plain = perturbed(st::BatchNorm2d<double>(3, {.affine = false}));
  const auto vector = perturbed(st::BatchNorm1d<double>(5, {.eps = 0.1}));
  CHECK(plain.parameters().empty());
  const auto check = [](const auto& layer, const st::Sequence<double>& x, bool training) {
    const auto evaluated = [&](const st::Var<double>& in) {
      in.tape().set_training(training);
      return layer(in);
    };
    const auto found = st::check_gradients(evaluated, x, layer.parameters());
    INFO(found.text());
    CHECK(found);
  };
  for (const bool training : {true, false}) {
    check(norm, some({2, 3, 3 * 7}), training);
    check(norm, st::Sequence<double>::repeat(some({1, 3, 3 * 7}), 4), training);
    check(plain, some({2, 2, 3 * 2}), training);
    check(vector, some({3, 2, 5}), training);
  }
}

TEST_CASE("batch norm normalises over steps, samples and places, and tracks what it evaluates with") {
  const st::BatchNorm2d<double> norm(2, {.momentum = 0.5}), mean_of_all(2, {.momentum = std::nullopt});
  const auto x = some({4, 5, 2 * 9}, 3, 5);
  st::Tape<double> tape;
  for (const auto* layer : {&norm, &mean_of_all}) {
    const st::Array<double> y = (*layer)(tape.constant(x)).array();
    for (const Index c : {0, 9}) {
      const st::Array<double> channel = x.array().middleCols(c, 9), result = y.middleCols(c, 9);
      const double mean = channel.mean(), variance = (channel - mean).square().sum() / 180;
      CHECK(std::abs(result.mean()) < 1e-13);
      CHECK(near(result, (channel - mean) / std::sqrt(variance + 1e-5), 1e-12));
      const double share = layer == &norm ? 0.5 : 1;
      CHECK(layer->running_mean().array()(0, c / 9) == Approx(share * mean).epsilon(1e-12));
      CHECK(layer->running_var().array()(0, c / 9) ==
            Approx(1 - share + share * variance * 180 / 179).epsilon(1e-12));
    }
    CHECK(layer->num_batches_tracked().array()(0, 0) == 1);
  }
  const double before = norm.running_mean().array()(0, 0);
  const st::Array<double> evaluated = norm(x).array();
  CHECK(norm.running_mean().array()(0, 0) == before);
  CHECK(evaluated(0, 0) ==
        Approx((x(0, 0, 0) - before) / std::sqrt(norm.running_var().array()(0, 0) + 1e-5)));
  // A constant counts all its steps.
  const auto still = x.step(0);
  const st::BatchNorm2d<double> of_constant(2), of_steps(2);
  st::Sequence<double> steps(3, 5, 18);
  for (Index t = 0; t < 3; ++t) steps.step(t) = still;
  CHECK(near(of_constant(tape.constant(still, 3)).value().step(2).array(),
             of_steps(tape.constant(steps)).value().step(2).array(), 1e-13));
  CHECK(near(of_constant.running_var().array(), of_steps.running_var().array(), 1e-13));
}

TEST_CASE("batch norm says what it cannot do") {
  st::BatchNorm1d<double> gone(3);
  const auto taken = std::move(gone);
  const auto says_so = [](auto&& use) {
    return error_text<std::invalid_argument>(use).starts_with(
        "spiketape::BatchNorm1d: it has been moved from");
  };
  CHECK(says_so([&] { static_cast<void>(gone.result({1, 2, 3})); }));
  CHECK(says_so([&] { static_cast<void>(gone.scale()); }));
  using Norm = st::BatchNorm1d<double>;
  CHECK_THROWS_AS(Norm(0), std::invalid_argument);
  CHECK_THROWS_AS(Norm(2, {.eps = -1}), std::invalid_argument);
  CHECK_THROWS_AS(Norm(2, {.momentum = 1.5}), std::invalid_argument);
  const Norm norm(3);
  st::Tape<double> tape;
  CHECK(error_text<std::invalid_argument>([&] { norm(tape.constant(st::Array<double>(2, 4))); }) ==
        "spiketape::BatchNorm1d: input has 4 features, expected a multiple of num_features, 3");
  CHECK(error_text<std::invalid_argument>([&] {
          norm(tape.constant(st::Array<double>(1, 3)));
        }).find("a channel has 1 number to train with") != std::string::npos);
  // By this Shards refuses to split a batch, and Windows a sequence.
  const st::Sequential nested{st::Sequential{Norm(6)}, st::Dropout<double>()};
  CHECK(nested.couples_samples() == Norm::couples_samples);
  CHECK(error_text<std::invalid_argument>([&] {
          st::Windows<double>(2).run(nested, st::Sequence<double>(3, 4, 6),
                                     [](const auto& out) { return st::sum(out); });
        }).find("a layer of the network couples samples (a batch norm") != std::string::npos);
  CHECK(norm(st::Array<double>(0, 3)).rows() == 0);
  CHECK_NOTHROW(norm(tape.constant(st::Array<double>(0, 3))));
}

TEST_CASE(
    "a residual connection adds its input, on every road, and its layers keep states, names and gradients") {
  st::Random random(7);
  const auto make = [&](bool disabled) {
    return st::Sequential{
        st::Linear<double>(3, 4, random),
        st::named("block", st::Residual{st::named("fc", st::Linear<double>(4, 4, random)),
                                        st::Leaky<double>({.beta = 0.7,
                                                           .threshold = disabled ? 100 : 0.2,
                                                           .surrogate_disable = disabled})}),
        st::Residual{st::Linear<double>(4, 4, random)}};
  };
  const auto net = make(false);
  const auto x = some({5, 2, 3}, 0, 2);
  const auto& block = net.layer<1>();
  const auto h = net.layer<0>()(x);
  const st::Array<double> spikes = block.layer<1>()(block.layer<0>()(h)).spk.array();
  const st::Array<double> expected = h.array() + spikes;
  CHECK((spikes != 0).any());
  CHECK(same(block(h).array(), expected));
  st::Tape<double> tape;
  CHECK(same(block(tape.constant(h)).array(), expected));
  CHECK(same(block(st::Array<double>(h.step(0))), expected.topRows(2)));
  CHECK(same(block(tape.constant(h.step(0), 3)).value().step(0).array(), expected.topRows(2)));
  auto state = net.state(2), of_block = block.state(2), on_tape = net.state(2);
  for (Index t = 0; t < 5; ++t) {
    CHECK(same(block(h.step(t), of_block).array(), expected.middleRows(2 * t, 2)));
    const st::Array<double> all = net(x).array().middleRows(2 * t, 2);
    CHECK(near(net(x.step(t), state).array(), all, 1e-14));
    CHECK(near(net(tape.constant(x.step(t)), on_tape).array(), all, 1e-14));
  }
  CHECK(net.named_parameters()[2].path == "block.fc.weight");
  CHECK(st::state_dict(net).find("block.1.beta") != nullptr);
  CHECK(st::summary(net, x).find("block.fc") != std::string::npos);
  const auto smooth = make(true);
  const auto check = st::check_gradients(smooth, x, smooth.parameters());
  INFO(check.text());
  CHECK(check);
  const st::Residual narrow{st::Linear<double>(4, 2, random)};
  CHECK(error_text<std::invalid_argument>([&] { narrow(h); }) ==
        "spiketape::Residual: the result of the layers has shape (5, 2, 2), expected that of the input, (5, "
        "2, 4)");
}

TEST_CASE("arrays of batch norms and dropouts in files, as PyTorch names them") {
  st::Sequential net{st::named("bn", st::BatchNorm2d<float>(1)), st::Dropout<float>(0.5)};
  st::Tape<float> tape;
  net(tape.constant(st::Array<float>(st::Array<float>::Random(3, 4))));
  const st::Safetensors saved = st::state_dict(net);
  CHECK(saved.tensors.size() == 5);
  REQUIRE(saved.find("bn.num_batches_tracked") != nullptr);
  CHECK(saved.find("bn.num_batches_tracked")->type == st::DType::I64);
  CHECK(saved.find("bn.num_batches_tracked")->shape.empty());
  CHECK(saved.find("bn.running_var")->shape == std::vector<Index>{1});
  st::Sequential other{st::named("bn", st::BatchNorm2d<float>(1)), st::Dropout<float>(0.5)};
  CHECK(st::load_state_dict(other, saved).complete());
  CHECK((st::state_dict(other).tensors == saved.tensors));
}

}  // namespace normalization_test
