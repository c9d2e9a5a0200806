// What was moved from says that it is empty, or throws std::invalid_argument, until it is assigned to.
#include <spiketape/autograd/ops.hpp>
#include <spiketape/data/batches.hpp>
#include <spiketape/data/samples.hpp>
#include <spiketape/functional/loss_kind.hpp>
#include <spiketape/io/checkpoint.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/nn/summary.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/best.hpp>
#include <spiketape/optim/sgd.hpp>
#include <spiketape/train/shards.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"
#include "temporary_folder.hpp"

#include <concepts>
#include <string>
#include <utility>

namespace moved_from_test {

namespace st = spiketape;
using st::Index;

namespace {

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}

const std::string moved = ": it has been moved from, expected an assignment before its next use";

/// Every access to a layer, neuron or network that was moved from.
template <typename L>
void check_moved_from(L& layer, const std::string& name, const std::string& thrower) {
  INFO(name);
  const st::Array<double> step = st::Array<double>::Ones(2, 3);
  const st::Sequence<double> sequence(2, 2, 3);
  st::Tape<double> tape;
  auto state = layer.state(2);
  CHECK(error([&] { layer(step); }) == thrower + moved);
  CHECK(error([&] { layer(sequence); }) == thrower + moved);
  CHECK(error([&] { layer(tape.constant(step)); }) == thrower + moved);
  CHECK(error([&] { layer(step, state); }) == thrower + moved);
  CHECK(error([&] { layer(tape.constant(step), state); }) == thrower + moved);
  CHECK(error([&] { static_cast<void>(layer.parameters()); }) == name + moved);
  CHECK(error([&] { static_cast<void>(layer.named_parameters()); }) == name + moved);
  CHECK(error([&] { static_cast<void>(layer.parameter("weight")); }) == name + moved);
  CHECK(error([&] { layer.freeze(); }) == name + moved);
}

}  // namespace

TEST_CASE("a parameter that was moved from is empty, and cannot be changed") {
  st::Parameter<double> from("weight", 2, 3);
  const st::Parameter<double> to = std::move(from);
  CHECK(to.rows() == 2);
  CHECK(from.name().empty());
  CHECK(from.rows() == 0);
  CHECK(from.cols() == 0);
  CHECK(from.stride() == 0);
  CHECK(from.data() == nullptr);
  CHECK(from.array().size() == 0);
  CHECK(std::as_const(from).array().size() == 0);
  CHECK_FALSE(from.learned());
  const std::string gone = ": the parameter has been moved from, expected an assignment first";
  CHECK(error([&] { from.set(1); }) == "spiketape::Parameter::set" + gone);
  CHECK(error([&] { from.set(st::Array<double>(2, 3)); }) == "spiketape::Parameter::set" + gone);
  CHECK(error([&] { from.freeze(); }) == "spiketape::Parameter::freeze" + gone);
  CHECK(error([&] { from.unfreeze(); }) == "spiketape::Parameter::unfreeze" + gone);
  CHECK(error([&] { from.set_learned(false); }) == "spiketape::Parameter::set_learned" + gone);
  const st::GradientSums<double> sums;
  CHECK_FALSE(sums.has(from));
  CHECK(error([&] { static_cast<void>(sums.gradient(from)); }) ==
        "spiketape::GradientSums::gradient: the parameter has been moved from");
  from = to;
  CHECK(from.cols() == 3);
}

TEST_CASE("a layer, a neuron and a network that were moved from throw, and can be assigned to") {
  st::Random random(5);
  st::Linear<double> linear(3, 4, random);
  const auto taken = std::move(linear);
  CHECK(linear.in_features() == 0);
  check_moved_from(linear, "spiketape::Linear", "spiketape::Linear");
  linear = taken;
  CHECK(numeric::same(linear(st::Array<double>::Ones(1, 3).eval()),
                      taken(st::Array<double>::Ones(1, 3).eval())));

  st::Leaky<double> leaky({.beta = 0.5, .init_hidden = true});
  const auto taken_leaky = std::move(leaky);
  check_moved_from(leaky, "spiketape::Leaky", "spiketape::Leaky");
  CHECK(leaky.beta().rows() == 0);
  leaky.reset_hidden();
  st::Array<double> memory = st::Array<double>::Ones(2, 3), other = memory, third = memory;
  CHECK(error([&] { leaky.forward_into(memory, {}, other, third); }) == "spiketape::Leaky" + moved);
  CHECK(error([&] { static_cast<void>(leaky.spikes(st::Sequence<double>(1, 2, 3))); }) ==
        "spiketape::Leaky" + moved);
  CHECK_THROWS_AS(leaky.mem(), std::invalid_argument);
  leaky = taken_leaky;
  CHECK(leaky(st::Array<double>::Ones(2, 3).eval()).mem(1, 2) == 1);

  st::RLeaky<double> recurrent({.beta = 0.5, .linear_features = 3}, random);
  const auto taken_recurrent = std::move(recurrent);
  CHECK(recurrent.recurrent_weight().rows() == 0);
  check_moved_from(recurrent, "spiketape::RLeaky", "spiketape::RLeaky");

  st::Sequential net{st::Linear(taken), st::Leaky(taken_leaky)};
  const auto taken_net = std::move(net);
  check_moved_from(net, "spiketape::Sequential", "spiketape::Linear");
  CHECK(error([&] { static_cast<void>(st::summary(net)); }) == "spiketape::Sequential" + moved);
}

TEST_CASE("a sequence and a state that were moved from are empty") {
  st::Sequence<float> from(3, 2, 4);
  from.array().setConstant(7);
  st::Sequence<float> to = std::move(from);
  CHECK(to(2, 1, 3) == 7);
  CHECK(from.shape() == st::Shape{});
  CHECK(from.array().size() == 0);
  CHECK_THROWS_AS(from.step(0), std::invalid_argument);
  from = std::move(to);
  CHECK(from(2, 1, 3) == 7);
  CHECK(to.shape() == st::Shape{});
  auto repeated = st::Sequence<float>::repeat(from.step(0), 5);
  const auto taken = std::move(repeated);
  CHECK(taken.constant());
  CHECK_FALSE(repeated.constant());

  st::State<float> state(2, 3);
  const st::State<float> taken_state = std::move(state);
  CHECK(taken_state.batch() == 3);
  CHECK(state.size() == 0);
  CHECK(state.batch() == 0);
}

TEST_CASE("a state, and what has one, may be assigned to itself") {
  st::Leaky<double> leaky({.beta = 0.5, .init_hidden = true});
  const st::Array<double> step = st::Array<double>::Constant(2, 3, 0.25);
  leaky(step);
  auto& itself = leaky;
  leaky = std::move(itself);
  CHECK(numeric::same(leaky.mem(), step));
  leaky = itself;
  CHECK(numeric::same(leaky(step).mem, 1.5 * step));

  st::State<double> state({step, step});
  auto& same = state;
  state = std::move(same);
  CHECK(state.size() == 2);
  CHECK(state.batch() == 2);
  CHECK(numeric::same(state[1], step));
}

TEST_CASE("states without values are equal, whatever their shapes: a call that throws puts zero back") {
  st::State<double> none(1, 0), empty(1, 0), zero(1, 2), full(1, 2);
  empty.set(0, st::Array<double>(0, 3));
  CHECK(none == empty);
  full.set(0, st::Array<double>::Zero(2, 3));
  CHECK_FALSE(zero == full);
  CHECK_FALSE(zero == none);
}

TEMPLATE_TEST_CASE("an optimizer that was moved from throws, and can be assigned to", "", st::Adam<double>,
                   st::SGD<double>) {
  st::Random random(5);
  const st::Linear<double> linear(3, 4, random);
  TestType from(linear.parameters());
  TestType to = std::move(from);
  CHECK(to.parameters().size() == 2);
  CHECK(from.parameters().empty());
  st::Tape<double> tape;
  const std::string name = std::same_as<TestType, st::SGD<double>> ? "spiketape::SGD" : "spiketape::Adam";
  CHECK(error([&] { from.step(tape.gradients()); }) == name + moved);
  CHECK(error([&] { from.set_lr(1); }) == name + moved);
  CHECK(error([&] { static_cast<void>(from.lr()); }) == name + moved);
  tape.backward(st::sum(linear(tape.constant(st::Array<double>::Ones(1, 3).eval()))));
  to.step(tape.gradients());
  from = to;
  from.set_lr(1);
  from = std::move(to);
  from.set_lr(2);
  CHECK(error([&] { to.set_lr(1); }) == name + moved);
  from = TestType({});  // without parameters, which is no mistake
  from.step(tape.gradients());
}

TEST_CASE("a loss and a Best that were moved from throw") {
  st::Random random(5);
  const st::Linear<double> linear(3, 4, random);
  st::Tape<double> tape;
  const st::Var<double> out = linear(tape.constant(st::Array<double>::Ones(1, 3).eval()));
  st::Loss<double> loss = [](const auto& x, const auto&) { return st::sum(x.mem); };
  const st::Loss<double> taken = std::move(loss);
  CHECK(loss.empty());
  CHECK(error([&] { static_cast<void>(loss(out)); }) ==
        "spiketape::Loss: it is empty, expected a loss such as ce_rate_loss()");
  CHECK(taken(out).item() == st::sum(out).item());

  st::Best best(linear);
  best(1);
  const st::Best taken_best = std::move(best);
  CHECK(taken_best.epoch() == 0);
  CHECK(error([&] { best(2); }) == "spiketape::Best::operator()" + moved);
  CHECK(error([&] { best.restore(); }) == "spiketape::Best::restore" + moved);
  best = taken_best;
  best.restore();
}

TEST_CASE("spikes as bits that were moved from are empty, and a layer says so") {
  st::Random random(5);
  const st::Linear<double> linear(3, 4, random);
  const st::Leaky<double> lif({.beta = 0.5});
  auto bits = lif.spikes(st::Sequence<double>(2, 2, 3));
  auto taken = std::move(bits);
  CHECK(bits.shape() == st::Shape{});
  CHECK(
      error([&] { linear(bits); }).starts_with("spiketape::Linear: input has 0 features, weight expects 3"));
  bits = std::move(taken);
  CHECK(taken.shape() == st::Shape{});
  CHECK(linear(bits).shape() == st::Shape{2, 2, 4});
}

TEST_CASE("a checkpoint that was moved from throws, and overwrites nothing") {
  const TemporaryFolder folder;
  int epoch = 3;
  st::Checkpoint checkpoint{{"epoch", epoch}};
  checkpoint.save(folder / "run");
  const st::Checkpoint taken = std::move(checkpoint);
  CHECK(error([&] { checkpoint.save(folder / "run"); }) == "spiketape::Checkpoint" + moved);
  CHECK(error([&] { checkpoint.load(folder / "run"); }) == "spiketape::Checkpoint" + moved);
  CHECK(error([&] { static_cast<void>(checkpoint.contents()); }) == "spiketape::Checkpoint" + moved);
  epoch = 0;
  taken.load(folder / "run");
  CHECK(epoch == 3);
}

TEST_CASE("a batch that was moved from is empty") {
  st::Samples<double> samples{.inputs = {st::Sequence<double>(2, 3, 4)}, .labels = {0, 1, 2}};
  st::Batches of_samples(samples, 3, st::Random(1));
  st::Images images;
  images.pixels.setConstant(3, 4, 7);
  images.labels = {0, 1, 2};
  st::Batches<double> of_images(images, 3, st::Random(1));
  const auto check = [](auto&& pass) {
    for (const auto& batch : pass) {
      auto kept = batch;
      auto taken = std::move(kept);
      CHECK((kept.size() == 0 && kept.labels.empty()));
      CHECK((taken.size() == 3 && taken.labels.size() == 3));
      kept = taken;
      CHECK((kept.size() == 3 && kept.labels[2] == batch.labels[2]));
      kept = std::move(taken);
      CHECK((kept.size() == 3 && taken.size() == 0 && taken.labels.empty()));
    }
  };
  check(of_samples.in_order());
  check(of_images.in_order());
}

TEST_CASE("batches and shards that were moved from throw") {
  st::Images images;
  images.height = images.width = 1;
  images.pixels.setConstant(2, 1, 7);
  images.labels = {0, 1};
  st::Batches<float> batches(images, 1, st::Random(1));
  auto taken = std::move(batches);
  CHECK(taken.size() == 2);
  const std::string gone = ": it has been moved from, expected an assignment first";
  CHECK(error([&] { static_cast<void>(batches.shuffled()); }) == "spiketape::Batches" + gone);
  CHECK(error([&] { static_cast<void>(batches.in_order()); }) == "spiketape::Batches" + gone);

  st::Shards<float> shards(2);
  const auto taken_shards = std::move(shards);
  CHECK(taken_shards.count() == 2);
  CHECK(shards.count() == 0);
  CHECK(shards.capacity() == 0);
  CHECK(error([&] { static_cast<void>(shards.gradients()); }) == "spiketape::Shards" + gone);
  CHECK(error([&] { shards.set_seed(1); }) == "spiketape::Shards" + gone);
  CHECK(error([&] { shards.run(2, [](st::Tape<float>&, Index, Index) { return st::Var<float>(); }); }) ==
        "spiketape::Shards" + gone);
}

}  // namespace moved_from_test
