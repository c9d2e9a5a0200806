// A training by many processes that can die, and processes that do not train the same. Started by mpirun:
//
//   job FILE [PROCESS STEP]     trains with a checkpoint in FILE, or goes on from it; this process is killed
//   behind
//                               this step
//   job FILE throws             a process throws in the middle of a training
//   job differ                  processes that differ are refused, with what differs
#include <spiketape/data/batches.hpp>
#include <spiketape/functional/accuracy.hpp>
#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/mpi/checkpoint.hpp>
#include <spiketape/mpi/shards.hpp>
#include <spiketape/nn/dropout.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/train/trainer.hpp>

#include "../plain_neurons.hpp"

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace st = spiketape;

#include "expect.hpp"

namespace {

st::Images images(const std::string& part) {
  const std::string path = SPIKETAPE_EXAMPLE_DATA "/digits-" + part;
  return st::read_images(path + "-images-idx3-ubyte", path + "-labels-idx1-ubyte", 1.0 / 16);
}

/// A training on the digits: 48 batches an epoch, the last of 27.
struct Training {
  st::Images train_images = images("train"), test_images = images("test");
  st::Random random{1};
  st::Sequential<st::Linear<float>, st::Leaky<float>, st::Dropout<float>, st::Linear<float>, st::Leaky<float>>
      net{st::Linear<float>(64, 30, random), st::Leaky<float>({.beta = 0.5f, .learn_beta = true}),
          st::Dropout<float>(0.1), st::Linear<float>(30, 10, random), st::Leaky<float>({.beta = 0.5f})};
  st::Adam<float> adam;
  st::Batches<float> train, test;
  st::mpi::Shards<float> shards;
  st::Trainer<float> trainer;
  st::Checkpoint checkpoint{{"net", net}, {"adam", adam}, {"train", train}, {"trainer", trainer}};

  explicit Training(const st::mpi::Processes& processes, float lr = 2e-3f, int shard_count = 4,
                    int batch = 30)
      : adam(net.parameters(), {.lr = lr}),
        train(train_images, batch, random),
        test(test_images, 50, random),
        shards(processes, net.parameters(), {.shards = shard_count, .block = 4}),
        trainer(net, adam, shards, {.steps = 5, .seed = 9}) {}
  const st::TrainingLog& fit(double clip = 1) {
    return trainer.fit(train, test, {.epochs = 3, .loss = st::ce_rate_loss(), .clip_grad_norm = clip});
  }
};

void train(const st::mpi::Processes& processes, const std::string& file, std::string_view dies,
           st::Index dies_at) {
  Training training(processes);
  st::mpi::check_same(processes, training.checkpoint,
                      {{"train data", training.train}, {"test data", training.test}});
  if (st::mpi::load(processes, training.checkpoint, file) && processes.first())
    std::printf("goes on behind step %d\n", int(training.trainer.step()));
  training.trainer.on_step([&](const st::StepLog& step) {
    if (step.step % 10 == 0) st::mpi::save(processes, training.checkpoint, file);
    if (step.step != dies_at || dies != std::to_string(processes.number())) return;
    std::raise(SIGKILL);
  });
  training.trainer.on_step([&](const st::StepLog& step) {
    if (dies == "throws" && step.step == 20 && processes.number() == processes.count() - 1)
      throw std::runtime_error("no more digits");
  });
  training.fit();
  st::mpi::save(processes, training.checkpoint, file);
  // All processes have seen the same, also of the samples that others ran.
  const st::Evaluation tests = training.trainer.evaluate(training.test, st::ce_rate_loss());
  processes.meet("the results", {{"accuracy", tests.accuracy}, {"loss", tests.loss}});
  const auto by_classes = st::predict(
      training.net(st::repeat(st::Array<float>(training.test_images.pixels.cast<float>() / 16), 5)).spk);
  expect(tests.predicted == by_classes, processes, "predictions");
  expect(tests.predicted.size() == 360 && tests.accuracy > 0.5, processes, "accuracy");
  if (processes.first()) std::printf("done, %.2f %% right\n", 100 * tests.accuracy);
}

void differ(const st::mpi::Processes& processes) {
  const bool last = processes.number() == processes.count() - 1;
  const auto text = [&](Training& training) {
    return error_of(processes, [&] {
      st::mpi::check_same(processes, training.checkpoint,
                          {{"train data", training.train}, {"test data", training.test}});
    });
  };
  const auto contains = [&](const std::string& all, const std::string& part) {
    expect(all.find(part) != std::string::npos, processes, all + "\nexpected: " + part);
  };
  const std::string name = "\nprocess " + std::to_string(processes.count() - 1) + " of ";
  {
    Training training(processes, last ? 1e-3f : 2e-3f);
    const std::string all = text(training);
    contains(all, "the processes would not train the same:" + name);
    contains(all, ": adam.lr is ");
    contains(all, ", process 0 has 0.002");
  }
  {
    Training training(processes, 2e-3f, 4, last ? 31 : 30);
    contains(text(training), ": train.batch_size is 31, process 0 has 30");
  }
  {
    Training training(processes);
    if (last) training.test_images.pixels(359, 63) = 7;
    const std::string all = text(training);
    contains(all, ": test data is data of digest ");
    expect(all.find("train data") == std::string::npos, processes, all);
  }
  {
    Training training(processes);
    if (last) training.net.layer<3>().weight().array()(2, 3) += 1e-6f;
    contains(text(training), ": net.3.weight is F32 of shape (10, 30) and digest ");
  }
  {
    Training training(processes, 2e-3f, last ? 3 : 4);
    contains(text(training), ": trainer.shards is 3 over processes, process 0 has 4 over processes");
  }
  {
    Training training(processes);
    contains(error_of(processes, [&] { training.fit(last ? 2 : 1); }),
             "has clip_grad_norm 2, process 0 has 1");
  }
  if (processes.first()) std::puts("done");
}

}  // namespace

int main(int argc, char** argv) {
  return st::mpi::run(argc, argv, [&](const st::mpi::Processes& processes) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "differ") return differ(processes);
    train(processes, argv[1], argc > 2 ? argv[2] : "", argc > 3 ? std::atoi(argv[3]) : 0);
  });
}
