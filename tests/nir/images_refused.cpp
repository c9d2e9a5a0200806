// Windows that do not fit, and layers on images that NIR does not have.
#include <spiketape/nn/batch_norm.hpp>
#include <spiketape/nn/conv.hpp>
#include <spiketape/nn/pool.hpp>

#include "image_parts.hpp"
#include "layers_check.hpp"

#include <string>

namespace nir_images_refused_test {

namespace st = spiketape;
using namespace nir_parts;
using nir_layers::fault;

TEST_CASE("windows that do not fit are refused by name") {
  st::Random random(6);
  const auto refused = [&](const std::string& expected, const st::NirGraph& graph) {
    CHECK(fault("NirNetwork", [&] { static_cast<void>(st::NirNetwork<double>(graph)); }) == expected);
  };
  const auto conv = convolution("Conv2d", {2, 1, 3, 3}, 0, {1}, {0}, {1}, 1);
  refused(
      "node 'conv', a Conv2d, takes images, what comes to it has the shape (16), expected channels and "
      "height and "
      "width",
      images({16}, conv, 8));
  refused("node 'conv', a Conv2d, takes 1 channels of (4, 4), what comes to it has the shape (2, 4, 4)",
          images({2, 4, 4}, conv, 8));
  refused(
      "node 'conv', a Conv2d: kernel_size is 3 x 3 with dilation 1 x 1, the input is 1 x 2 x 2 with padding "
      "0 x 0, "
      "expected a window that is not larger",
      images({1, 2, 2}, conv, 8));
  refused("node 'conv' sends 8 features to 'out', which takes 9", images({1, 4, 4}, conv, 9));
  refused("node 'conv', a Conv2d, has a stride of 0, expected a whole number of at least 1",
          images({1, 4, 4}, convolution("Conv2d", {2, 1, 3, 3}, 0, {0}, {0}, {1}, 1), 8));
  refused("node 'conv', a Conv2d, has 3 groups and 2 channels that it sends",
          images({3, 4, 4}, convolution("Conv2d", {2, 1, 3, 3}, 0, {1}, {0}, {1}, 3), 8));
  refused(
      "node 'conv', a Conv1d, has a weight of shape (2, 1, 3, 3), expected (out, in/groups, length), each at "
      "least 1",
      images({1, 4}, convolution("Conv1d", {2, 1, 3, 3}, 0, {1}, {0}, {1}, 1), 8));
  st::NirNode text = conv;
  text.texts["stride"] = "same";
  std::erase_if(text.parameters, [](const st::Tensor& tensor) { return tensor.name == "stride"; });
  refused("node 'conv', a Conv2d, has a text as stride, expected numbers", images({1, 4, 4}, text, 8));

  const auto load = [&](const std::string& expected, auto layer) {
    CHECK(fault("load_nir", [&] { st::load_nir(layer, images({1, 4, 4}, conv, 8)); }) == expected);
  };
  load("layer '', a spiketape::Conv2d, has a stride of 2 x 2, node 'conv' of 1 x 1",
       st::Conv2d<double>({1, 4, 4}, 2, 3, random, {.stride = 2}));
  load(
      "layer '', a spiketape::Linear, stands where the graph has node 'conv', a Conv2d, expected a "
      "spiketape::Conv2d",
      st::Linear<double>(16, 8, random));

  const auto save = [&](const std::string& expected, const auto& net) {
    CHECK(fault("to_nir", [&] { static_cast<void>(st::to_nir(net, {})); }).starts_with(expected));
  };
  save("layer '', a spiketape::MaxPool2d, is none that NIR has: expected a Linear, Conv1d",
       st::MaxPool2d<double>({1, 4, 4}, 2));
  save("layer '', a spiketape::AvgPool2d, has count_include_pad = false, which NIR does not have",
       st::AvgPool2d<double>({1, 4, 4}, 2, {.padding = 1, .count_include_pad = false}));
  save(
      "layer '1', a spiketape::BatchNorm2d, is none that NIR has: expected it right behind a Linear or a "
      "convolution",
      st::Sequential{st::SumPool2d<double>({2, 4, 4}, 2), st::BatchNorm2d<double>(2)});
  save(
      "layer '1', a spiketape::SumPool2d, takes images of shape (1, 2, 4), what comes to it has (8): NIR has "
      "no node",
      st::Sequential{st::Linear<double>(3, 8, random), st::SumPool2d<double>({1, 2, 4}, 2)});
}

}  // namespace nir_images_refused_test
