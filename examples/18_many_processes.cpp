// Trains on the digits with many processes, on one machine or on several; needs MPI. Whatever the number of
// processes, the weights are the same to the bit. A job that dies goes on from its last checkpoint when it is
// started again.
//
//   mpirun -n 4 ./18_many_processes [FILE [SECONDS]]
//
// FILE is the checkpoint, many_processes.safetensors unless given; SECONDS are a pause behind each step, to have
// time to kill it.

#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/mpi/checkpoint.hpp>
#include <spiketape/mpi/shards.hpp>
#include <spiketape/spiketape.hpp>
#include <spiketape/train/trainer.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace st = spiketape;

st::Images read(const std::string& part) {
  const std::string path = SPIKETAPE_EXAMPLE_DATA "/digits-" + part;
  return st::read_images(path + "-images-idx3-ubyte", path + "-labels-idx1-ubyte", 1.0 / 16);
}

void train(const st::mpi::Processes& processes, const std::string& file, double pause) {
  // The same in every process: seeds give the same network and the same batches.
  const st::Images train_images = read("train"), test_images = read("test");
  st::Random random(1);
  st::Sequential net{st::named("fc1", st::Linear<float>(64, 100, random)),
                     st::named("lif1", st::Leaky<float>({.beta = 0.5f})),
                     st::named("fc2", st::Linear<float>(100, 10, random)),
                     st::named("lif2", st::Leaky<float>({.beta = 0.5f}))};
  st::AdamW<float> adam(net.parameters(), {.lr = 4e-3});
  st::Batches<float> train(train_images, 32, random), test(test_images, 32, random);

  // Eight shards of each batch: up to eight processes have something to do.
  st::mpi::Shards<float> shards(processes, net.parameters(), {.shards = 8});
  st::Trainer trainer(net, adam, shards, {.steps = 20});
  const st::Checkpoint checkpoint{{"net", net}, {"adam", adam}, {"train", train}, {"trainer", trainer}};

  st::mpi::check_same(processes, checkpoint, {{"train data", train}, {"test data", test}});
  if (st::mpi::load(processes, checkpoint, file) && processes.first())
    std::printf("goes on behind step %d\n", int(trainer.step()));
  trainer.on_step([&](const st::StepLog& step) {
    if (step.step % 20 == 0) st::mpi::save(processes, checkpoint, file);
    std::this_thread::sleep_for(std::chrono::duration<double>(pause));
  });
  trainer.fit(train, test,
              {.epochs = 8, .loss = st::ce_rate_loss(), .progress = processes.first() ? stdout : nullptr});
  st::mpi::save(processes, checkpoint, file);

  if (!processes.first()) return;
  const st::Array<float> weights = net.parameter("fc1.weight").array();
  st::mpi::Digest digest;
  digest.add(weights.data(), static_cast<std::size_t>(weights.size()) * sizeof(float));
  std::printf("%d processes; the digest of fc1.weight is %s\n", processes.count(), digest.text().c_str());
}

int main(int argc, char** argv) {
  return st::mpi::run(argc, argv, [&](const st::mpi::Processes& processes) {
    train(processes, argc > 1 ? argv[1] : "many_processes.safetensors", argc > 2 ? std::atof(argv[2]) : 0);
  });
}
