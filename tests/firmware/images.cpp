// Convolutions, pools and batch norms.
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/batch_norm.hpp>
#include <spiketape/nn/conv.hpp>
#include <spiketape/nn/dropout.hpp>
#include <spiketape/nn/flatten.hpp>
#include <spiketape/nn/pool.hpp>

#include "cases.hpp"

#include <utility>

namespace {

template <typename Scalar>
st::BatchNorm2d<Scalar> norm(st::Index channels) {
  st::BatchNorm2d<Scalar> layer(channels);
  for (const auto& [name, parameter] : layer.named_parameters())
    if (name != "num_batches_tracked")
      parameter.set(st::Array<Scalar>(row<Scalar>(channels, name == "bias" ? -0.2 : 0.5, 1.3)));
  return layer;
}

/// Currents and spikes through windows of all kinds.
auto network() {
  using Scalar = float;
  using Leaky = st::Leaky<Scalar>;
  st::Random random(8);
  st::Sequential net{
      st::named("conv1",
                st::Conv2d<Scalar>({2, 9, 8}, 5, {3, 2}, random, {.stride = {1, 2}, .padding = {2, 1}})),
      st::named("norm", norm<Scalar>(5)),
      st::named("pool1", st::MaxPool2d<Scalar>({5, 11, 5}, {3, 2}, {.stride = {2, 1}, .padding = {1, 0}})),
      st::named("lif1", Leaky({.beta = 0.5, .threshold = 0.3})),
      st::named("pool2", st::MaxPool2d<Scalar>({5, 6, 4}, 2)),
      st::named("conv2", st::Conv2d<Scalar>({5, 3, 2}, 18, {2, 2}, random,
                                            {.padding = {1, 0}, .dilation = {2, 1}, .bias = false})),
      st::named("lif2",
                Leaky({.beta = row<Scalar>(54, 0.3, 0.9), .threshold = 0.2, .graded_spikes_factor = 1.5})),
      st::named("conv3", st::Conv1d<Scalar>({.channels = 54, .width = 1}, 20, 1, random)),
      st::named("lif3", Leaky({.beta = 0.9, .threshold = 0.2})),
      st::named("sum", st::SumPool2d<Scalar>({1, 4, 5}, {2, 3}, {.stride = {2, 1}, .padding = {0, 1}})),
      st::named("mean",
                st::AvgPool2d<Scalar>({1, 2, 5}, {1, 3}, {.padding = {0, 1}, .count_include_pad = false})),
      st::named("flat", st::Flatten<Scalar>()),
      st::named("drop", st::Dropout<Scalar>(0.5)),
      st::named("fc", st::Linear<Scalar>(4, 3, random)),
      st::named("out", Leaky({.beta = 0.9, .threshold = 0.2}))};
  for (const char* name : {"conv2.weight", "conv3.weight", "fc.weight"}) {
    const st::Array<Scalar> larger = 3 * net.parameter(name).array();
    net.parameter(name).set(larger);
  }
  return net;
}

}  // namespace

void add_images(Cases& cases) {
  cases.add("images", network(), 144);
  st::Random random(9);
  cases.add(
      "images_double",
      st::Sequential{st::Conv2d<double>({2, 9, 8}, 5, 3, random), norm<double>(5),
                     st::MaxPool2d<double>({5, 7, 6}, 2), st::Leaky<double>({.beta = 0.5, .threshold = 0.2})},
      144);
  // Neither a dense product nor neurons: numbers go from row to row.
  cases.add(
      "windows",
      st::Sequential{st::AvgPool2d<float>({1, 6, 6}, 2, {.stride = 1, .padding = 1}),
                     st::SumPool2d<float>({1, 7, 7}, {1, 2}), st::Conv2d<float>({1, 7, 3}, 2, 3, random),
                     st::MaxPool2d<float>({2, 5, 1}, {2, 1})},
      36);
  cases.add("conv_alone", st::Conv2d<float>({1, 5, 5}, 3, 2, random, {.stride = 2}), 25);
}
