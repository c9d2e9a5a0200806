// A convolutional network, as in snnTorch's tutorial 6: 12C5-MP2-64C5-MP2-10, and what its windows look for.
//
//   ./12_conv_digits           the 8 x 8 digits that come with the examples, with windows of 3 x 3
//   ./12_conv_digits DIR       MNIST from the folder DIR, for one epoch

#include "02_train_digits/data.hpp"

#include <spiketape/conv.hpp>
#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/io/firmware.hpp>
#include <spiketape/optim/schedules.hpp>
#include <spiketape/plot/image_grid.hpp>
#include <spiketape/spiketape.hpp>
#include <spiketape/train/trainer.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>

namespace st = spiketape;

// Each channel of the first layer: its window, and how often its neurons spike for an image.
template <typename Network>
void draw_channels(const Network& net, const st::Images& images, st::Index steps, const std::string& path) {
  st::Batches<float> one(images, 1, st::Random(0));
  const auto image = st::repeat((*one.in_order().begin()).input, steps);
  const auto& conv = net.template layer<0>();
  const auto& pool = net.template layer<1>();
  const auto spikes = net.template layer<2>()(pool(conv(image))).spk;
  const st::ImageShape map = pool.out_shape();
  const st::Size2d window = conv.kernel_size();
  st::plot::Svg svg(900, 220);
  st::plot::weight_images(svg, {20, 30, 860, 70}, conv.weight(), window.height, window.width,
                          {.title = "Windows", .columns = map.channels});
  st::plot::feature_maps(svg, {20, 135, 860, 70}, spikes, 0, map.height, map.width,
                         {.title = "Spikes a step", .columns = map.channels});
  svg.save(path);
}

int main(int argc, char** argv) try {
  const Digits digits = load_digits(argc > 1 ? argv[1] : SPIKETAPE_EXAMPLE_DATA);
  const st::Index side = digits.train.height, steps = 10;
  const bool small = side < 28;
  const st::Index window = small ? 3 : 5, padding = small ? 1 : 0, batch = small ? 32 : 128,
                  epochs = small ? 20 : 1;

  st::Random random(1);
  const auto lif = [] {
    return st::Leaky<float, st::reset::Subtract, st::surrogate::FastSigmoid>(
        {.beta = 0.5f, .spike_grad = {.slope = 25}});
  };
  st::Conv2d<float> conv1({1, side, side}, 12, window, random, {.padding = padding});
  st::MaxPool2d<float> pool1(conv1.out_shape(), 2);
  st::Conv2d<float> conv2(pool1.out_shape(), 64, window, random, {.padding = padding});
  st::MaxPool2d<float> pool2(conv2.out_shape(), 2);
  st::Linear<float> fc(pool2.out_shape().features(), 10, random);
  st::Sequential net{st::named("conv1", std::move(conv1)),
                     std::move(pool1),
                     lif(),
                     st::named("conv2", std::move(conv2)),
                     std::move(pool2),
                     lif(),
                     st::Flatten<float>(),
                     st::named("fc", std::move(fc)),
                     lif()};
  std::puts(st::summary(net).c_str());

  st::Adam<float> adam(net.parameters());
  st::Batches<float> train(digits.train, batch, random.split()), test(digits.test, batch, random.split());
  st::Trainer trainer(net, adam, {.steps = steps, .block = 2});  // blocks whose tape stays in the cache
  trainer.fit(train, test,
              {.epochs = epochs,
               .loss = st::ce_count_loss(),
               .schedule = st::CosineAnnealingLR{.lr = 4e-3, .t_max = epochs * train.size()},
               .schedule_steps = true,
               .progress = stdout});
  const std::string out = SPIKETAPE_EXAMPLE_OUT;
  draw_channels(net, digits.test, steps, out + "/conv_digits.svg");
  st::write_c(net, out + "/conv_digits.h", {.name = "conv_digits"});
  std::printf("%.2f %% of the test images are right; wrote %s/conv_digits.svg and .h\n",
              100 * trainer.evaluate(test).accuracy, out.c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
