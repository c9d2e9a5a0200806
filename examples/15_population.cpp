// Population code, as in snnTorch's tutorial about it: a network sees each digit for a single step, in which
// a neuron fires or not. With one output neuron for each class that is all it can say; with 50 for each class
// their spikes are counted. Draws population.svg to the given folder (default: the current one).

#include <spiketape/functional/metrics.hpp>
#include <spiketape/functional/mse_losses.hpp>
#include <spiketape/plot/confusion.hpp>
#include <spiketape/plot/curves.hpp>
#include <spiketape/spiketape.hpp>
#include <spiketape/train/trainer.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace st = spiketape;
namespace plot = st::plot;

st::Images read(const std::string& part) {
  const std::string path = SPIKETAPE_EXAMPLE_DATA "/digits-" + part;
  return st::read_images(path + "-images-idx3-ubyte", path + "-labels-idx1-ubyte", 1.0 / 16);
}

struct Result {
  std::vector<double> accuracies;  // on the test digits, behind each epoch
  st::Evaluation tests;
};

Result train(const st::Images& images, const st::Images& test_images, st::Index outputs) {
  using Neuron = st::Leaky<float, st::reset::Subtract, st::surrogate::FastSigmoid>;
  const Neuron::Options options{.beta = 0.9f, .spike_grad = {.slope = 25}};
  st::Random random(1);
  st::Sequential net{st::Linear<float>(64, 128, random), Neuron(options),
                     st::Linear<float>(128, outputs, random), Neuron(options)};
  st::Adam<float> adam(net.parameters(), {.lr = 2e-3});
  st::Batches<float> batches(images, 128, random), test(test_images, 128, random);
  st::Trainer trainer(net, adam, {.steps = 1, .block = 16, .num_classes = 10});
  std::printf("%d output neurons, %d for each class\n", int(outputs), int(outputs / 10));
  const auto& log = trainer.fit(
      batches, test, {.epochs = 20, .loss = st::mse_count_loss({.num_classes = 10}), .progress = stdout});
  return {log.column(&st::EpochLog::test_accuracy), trainer.evaluate(test)};
}

int main(int argc, char** argv) try {
  const st::Images images = read("train"), test = read("test");
  const Result single = train(images, test, 10), population = train(images, test, 500);

  plot::Svg picture(760, 320);
  plot::curves(picture, {60, 40, 350, 220},
               {{"1 a class", single.accuracies}, {"50 a class", population.accuracies}},
               {.title = "Test digits right", .y_label = "accuracy"});
  plot::confusion(picture, {500, 40, 220, 220},
                  st::confusion_matrix(population.tests.predicted, population.tests.labels, 10),
                  {.title = "With 50 neurons a class"});
  const std::string path = std::string(argc > 1 ? argv[1] : ".") + "/population.svg";
  picture.save(path);
  std::printf("wrote %s\n", path.c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
