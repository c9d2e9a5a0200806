// What Shards, Windows, optimizers and a Trainer are given.
//
// CASE_SHARDS_SCALAR: write st::Shards<float> or st::Windows<float> for a network of float
// CASE_WINDOWS_SCALAR: write st::Shards<float> or st::Windows<float> for a network of float
// CASE_SHARDS_INPUT: the numbers given have another type than those expected
// CASE_WINDOWS_INPUT: the numbers given have another type than those expected
// CASE_LABELS_AS_LOSS: a driver's loss is one with targets, such as st::ce_rate_loss(labels)
// CASE_NUMBER_FROM_LOSS: a driver's loss is one with targets, such as st::ce_rate_loss(labels)
// CASE_OPTIMIZER_SCALAR: write Adam<float> for a network of float
// CASE_OPTIMIZER_OF_NETWORK: write net.parameters()
// CASE_OPTIMIZER_DEDUCED_OF_NETWORK: write net.parameters()
// CASE_TRAINER_OPTIMIZER_SCALAR: write st::Adam<float> for a network of float
// CASE_TRAINER_DRIVER_SCALAR: write st::Shards<float> for a network of float
// CASE_TRAINER_NO_DRIVER: a driver has run, evaluate, gradients(), set_seed and checkpoint
// CASE_TRAINER_DRIVER_WITHOUT_RUN: a driver has run, evaluate, gradients(), set_seed and checkpoint
// CASE_TRAINER_DRIVER_SHARES_ONLY: a driver has share(classes) and check_same(numbers), or none of them
// CASE_TRAINER_TEMPORARY_DRIVER: deleted
// CASE_TRAINER_DATA_SCALAR: write st::Batches<float> or st::Samples<float> for a network of float
// CASE_TRAINER_IMAGES: write st::Batches<float> train(images, 128, random)
// CASE_TRAINER_CONST_BATCHES: write st::Batches<float> train(images, 128, random)
// CASE_BATCHES_WITHOUT_SCALAR: Scalar cannot be deduced from images: write Batches<float>
// CASE_TRAINER_BOUND_LOSS: write st::ce_rate_loss() without labels
// CASE_TRAINER_LOSS: a loss is a kind such as st::ce_rate_loss(), or a function (out, targets)
// CASE_LOSS_OF_ANOTHER_KIND: write struct MyLoss : st::LossKind<MyLoss>
// CASE_LOSS_DERIVED_FROM_KIND: write struct MyLoss : st::LossKind<MyLoss>
// CASE_TRAINER_SCHEDULE_NUMBER: a schedule is a function of the number of an epoch or step
// CASE_TRAINER_SCHEDULE_PLATEAU: write adam.set_lr(plateau(epoch.test_loss)) in on_epoch
// CASE_WARM_UP_PLATEAU: write adam.set_lr(plateau(epoch.test_loss)) in on_epoch
// CASE_TRAINER_STEP_LOG_IN_ON_EPOCH: a callback takes a const st::StepLog& in on_step, a const st::EpochLog&
// in on_epoch
#include <spiketape/data/batches.hpp>
#include <spiketape/data/samples.hpp>
#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/schedules.hpp>
#include <spiketape/train/trainer.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace st = spiketape;

struct OwnDriver {
  st::Shards<float> shards{1};
#if !defined(CASE_TRAINER_DRIVER_WITHOUT_RUN)
  template <typename Network, typename Loss>
  float run(const Network& net, const st::SequenceView<const float>& input, const Loss& loss) {
    return shards.run(net, input, loss);
  }
#endif
  template <typename Network, typename Loss>
  float evaluate(const Network& net, const st::SequenceView<const float>& input, const Loss& loss) {
    return shards.evaluate(net, input, loss);
  }
  st::GradientSums<float>& gradients() { return shards.gradients(); }
  void set_seed(std::uint64_t seed) { shards.set_seed(seed); }
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    shards.checkpoint(visitor);
  }
#if defined(CASE_TRAINER_DRIVER_SHARES_ONLY)
  void share(std::span<int>) {}
#endif
};

struct OwnLoss : st::LossKind<OwnLoss> {
  template <st::Real Scalar>
  st::Var<Scalar> of(const st::LossInput<Scalar>& out, const st::LossTargets<Scalar>&) const {
    return out.spk;
  }
};
struct CopiedLoss : st::LossKind<OwnLoss> {
  template <st::Real Scalar>
  st::Var<Scalar> of(const st::LossInput<Scalar>& out, const st::LossTargets<Scalar>&) const {
    return out.mem;
  }
};
struct DerivedLoss : OwnLoss {};

int main() {
  st::Random random(1);
  st::Sequential net{st::Linear<float>(3, 2, random), st::Leaky<float>({.beta = 0.9f})};
  st::Adam<float> adam(net.parameters());
  const st::Array<float> input = st::Array<float>::Zero(2, 3);
  const std::vector<int> labels{0, 1};
  st::Shards<float> shards(1);
  const st::Images images;
  st::Batches<float> train(images, 2, random);
  st::Trainer trainer(net, adam);
  st::ReduceLROnPlateau plateau;
#if defined(CASE_SHARDS_SCALAR)
  st::Shards<double>(1).run(net, input, st::ce_rate_loss(labels));
#elif defined(CASE_WINDOWS_SCALAR)
  st::Windows<double>(1).run(net, st::Sequence<double>(2, 2, 3), st::ce_rate_loss(labels));
#elif defined(CASE_SHARDS_INPUT)
  shards.run(net, input.cast<double>().eval(), st::ce_rate_loss(labels));
#elif defined(CASE_WINDOWS_INPUT)
  st::Windows<float>(1).evaluate(net, st::Sequence<double>(2, 2, 3), st::ce_rate_loss(labels));
#elif defined(CASE_LABELS_AS_LOSS)
  shards.run(net, input, labels);
#elif defined(CASE_NUMBER_FROM_LOSS)
  shards.run(net, input, [&](const auto& out) { return st::ce_rate_loss(labels)(out).item(); });
#elif defined(CASE_OPTIMIZER_SCALAR)
  st::Adam<double> doubles(net.parameters(), {.lr = 1e-3});
#elif defined(CASE_OPTIMIZER_OF_NETWORK)
  st::AdamW<float> of_network(net);
#elif defined(CASE_OPTIMIZER_DEDUCED_OF_NETWORK)
  st::Adam of_network(net, {.lr = 1e-3});
#elif defined(CASE_TRAINER_OPTIMIZER_SCALAR)
  st::Sequential other{st::Linear<double>(3, 2, random)};
  st::Adam<double> doubles(other.parameters());
  st::Trainer wrong(net, doubles);
#elif defined(CASE_TRAINER_DRIVER_SCALAR)
  st::Shards<double> doubles(2);
  st::Trainer wrong(net, adam, doubles);
#elif defined(CASE_TRAINER_NO_DRIVER)
  st::Trainer wrong(net, adam, train, {.steps = 20});
#elif defined(CASE_TRAINER_DRIVER_WITHOUT_RUN) || defined(CASE_TRAINER_DRIVER_SHARES_ONLY)
  OwnDriver own_driver;
  st::Trainer wrong(net, adam, own_driver);
#elif defined(CASE_TRAINER_TEMPORARY_DRIVER)
  st::Trainer wrong(net, adam, st::Shards<float>(2), {.steps = 20});
#elif defined(CASE_TRAINER_DATA_SCALAR)
  const st::Samples<double> samples;
  st::Batches doubles(samples, 2, random);
  trainer.fit(doubles, {.loss = st::ce_rate_loss()});
#elif defined(CASE_TRAINER_IMAGES)
  trainer.fit(images, {.loss = st::ce_rate_loss()});
#elif defined(CASE_TRAINER_CONST_BATCHES)
  const st::Batches<float> constant(images, 2, random);
  trainer.fit(train, constant, {.loss = st::ce_rate_loss()});
#elif defined(CASE_BATCHES_WITHOUT_SCALAR)
  st::Batches batches(images, 2, random);
#elif defined(CASE_TRAINER_BOUND_LOSS)
  trainer.fit(train, {.loss = st::ce_rate_loss(labels)});
#elif defined(CASE_TRAINER_LOSS)
  trainer.fit(train, {.loss = [](int, int) { return 1; }});
#elif defined(CASE_LOSS_OF_ANOTHER_KIND)
  trainer.fit(train, {.loss = CopiedLoss()});
#elif defined(CASE_LOSS_DERIVED_FROM_KIND)
  const st::Loss<float> loss = DerivedLoss();
#elif defined(CASE_TRAINER_SCHEDULE_NUMBER)
  trainer.fit(train, {.loss = st::ce_rate_loss(), .schedule = 1e-3});
#elif defined(CASE_TRAINER_SCHEDULE_PLATEAU)
  trainer.fit(train, {.loss = st::ce_rate_loss(), .schedule = plateau});
#elif defined(CASE_WARM_UP_PLATEAU)
  const st::WarmUp schedule(2, plateau);
#elif defined(CASE_TRAINER_STEP_LOG_IN_ON_EPOCH)
  trainer.on_epoch([](const st::StepLog& step) { static_cast<void>(step.lr); });
#else
  shards.run(net, input, st::ce_rate_loss(labels));
  st::Windows<float>(1).run(net, st::Sequence<float>(1, 2, 3), st::ce_rate_loss(labels));
  st::TrainerOptions options{.steps = 20};
  st::Trainer own(net, adam, shards, options);
  st::Trainer again(net, adam, options);
  const st::TrainerOptions& same = options;
  st::Trainer third(net, adam, same);
  trainer.fit(train, train, {.loss = st::ce_rate_loss(), .schedule = st::StepLR{.lr = 1e-3}});
  trainer.fit(train, {.loss = [](const auto& out, const auto&) { return out.spk; }, .schedule = [](int) { return 1e-3; }});
  trainer.on_epoch([&](const st::EpochLog& epoch) { adam.set_lr(plateau(epoch.loss)); });
  const st::WarmUp schedule(2, st::CosineAnnealingLR{.t_max = 5});
  const st::Loss<float> loss = OwnLoss();
  OwnDriver own_driver;
  st::Trainer by_own(net, adam, own_driver);
#endif
}
