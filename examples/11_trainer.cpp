// Trains on the digits with a Trainer: progress, a log, a learning rate that falls, the best epoch. It is
// killed in the middle, goes on from its last checkpoint, and ends with the same bits as a training that was
// not interrupted. Then it draws what it has reached.
//
//   ./11_trainer                      does all of this, in processes of their own
//   ./11_trainer train NAME [N]       trains with the files NAME.safetensors and NAME.csv, or goes on from
//                                     them; dies after N batches

#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/functional/metrics.hpp>
#include <spiketape/io/checkpoint.hpp>
#include <spiketape/optim/best.hpp>
#include <spiketape/optim/schedules.hpp>
#include <spiketape/plot/confusion.hpp>
#include <spiketape/plot/curves.hpp>
#include <spiketape/plot/raster.hpp>
#include <spiketape/spiketape.hpp>
#include <spiketape/train/csv.hpp>
#include <spiketape/train/trainer.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>

namespace st = spiketape;
namespace plot = st::plot;

st::Images read(const std::string& part) {
  const std::string path = SPIKETAPE_EXAMPLE_DATA "/digits-" + part;
  return st::read_images(path + "-images-idx3-ubyte", path + "-labels-idx1-ubyte", 1.0 / 16);
}

template <typename Network>
void draw(const std::string& path, const Network& net, const st::TrainingLog& log,
          const st::Evaluation& tests, st::SequenceView<const float> digit) {
  plot::Svg svg(820, 600);
  plot::curves(
      svg, {60, 40, 320, 200},
      {{"training", log.column(&st::EpochLog::loss)}, {"test", log.column(&st::EpochLog::test_loss)}},
      {.title = "Loss"});
  plot::curves(
      svg, {470, 40, 320, 200},
      {{"training", log.column(&st::EpochLog::accuracy)}, {"test", log.column(&st::EpochLog::test_accuracy)}},
      {.title = "Accuracy", .y_label = "accuracy"});
  plot::confusion(svg, {60, 320, 230, 230}, st::confusion_matrix(tests.predicted, tests.labels, 10),
                  {.title = "Test digits"});
  const auto hidden =
      net.template layer<1>()(net.template layer<0>()(st::Sequence<float>::repeat(digit, 20)));
  plot::animated_raster(svg, {470, 320, 320, 230}, hidden.spk, 0,
                        {.title = "Hidden spikes for a test digit"});
  svg.save(path);
}

void train(const std::string& name, int dies_after) {
  const st::Images train_images = read("train"), test_images = read("test");
  st::Random random(1);
  st::Sequential net{st::named("fc1", st::Linear<float>(64, 100, random)),
                     st::named("lif1", st::Leaky<float>({.beta = 0.5f})),
                     st::named("fc2", st::Linear<float>(100, 10, random)),
                     st::named("lif2", st::Leaky<float>({.beta = 0.5f}))};
  st::AdamW<float> adam(net.parameters());
  st::Batches<float> train(train_images, 32, random), test(test_images, 32, random);
  st::Trainer trainer(net, adam, {.steps = 20, .shards = 2, .threads = 2, .block = 4});
  st::Best best(net, {.better = st::Better::higher});

  const st::Checkpoint checkpoint{
      {"net", net}, {"adam", adam}, {"train", train}, {"trainer", trainer}, {"best", best}};
  const std::string file = name + ".safetensors";
  if (std::filesystem::exists(file)) {
    checkpoint.load(file);
    std::printf("goes on behind step %d\n", int(trainer.step()));
  }
  trainer.on_epoch([&](const st::EpochLog& epoch) {
    best(epoch.test_accuracy);
    st::save_csv(trainer.log(), name + ".csv");
  });
  trainer.on_step([&](const st::StepLog& step) {
    if (step.step % 20 == 0) checkpoint.save(file);
    if (--dies_after == 0) {
      std::puts("dies");
      std::fflush(stdout);
      std::_Exit(1);  // at once, as when it is killed
    }
  });
  trainer.fit(train, test,
              {.epochs = 8,
               .loss = st::ce_rate_loss(),
               .schedule = st::WarmUp(2, st::CosineAnnealingLR{.lr = 4e-3, .t_max = 6}),
               .clip_grad_norm = 1,
               .progress = stdout});
  checkpoint.save(file);
  best.restore();
  const st::Evaluation tests = trainer.evaluate(test);
  std::printf("the best epoch was %d, with %.1f %% of the test digits right\n", int(best.epoch()) + 1,
              100 * tests.accuracy);
  draw(name + ".svg", net, trainer.log(), tests, (*test.in_order().begin()).input.topRows(1));
}

int main(int argc, char** argv) try {
  if (argc > 2) {
    train(argv[2], argc > 3 ? std::atoi(argv[3]) : 0);
    return 0;
  }
  const std::string whole = SPIKETAPE_EXAMPLE_OUT "/trainer_whole",
                    resumed = SPIKETAPE_EXAMPLE_OUT "/trainer";
  std::filesystem::remove(whole + ".safetensors");
  std::filesystem::remove(resumed + ".safetensors");
  const auto run = [&](const std::string& arguments) {
    const std::string command = '"' + std::string(argv[0]) + "\" train " + arguments;
    return std::system(command.c_str());
  };
  if (run('"' + whole + '"') != 0) return 1;
  run('"' + resumed + "\" 215");
  if (run('"' + resumed + '"') != 0) return 1;
  const bool same = st::read_file(whole + ".safetensors") == st::read_file(resumed + ".safetensors");
  std::puts(same ? "both checkpoints are the same to the byte" : "the checkpoints differ");
  std::printf("wrote %s.csv and .svg\n", resumed.c_str());
  return same ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
