// Grids of images and counts of spikes: each number at its place, in the colour of its size.
#include <spiketape/plot/image_grid.hpp>
#include <spiketape/plot/spike_counts.hpp>

#include <spiketape/nn/conv.hpp>
#include <spiketape/nn/linear.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "svg.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace plot_images_test {

namespace st = spiketape;
namespace plot = st::plot;
using namespace svg_text;

namespace {

const plot::Box box{10, 40, 205, 100};
const std::string orange = st::detail::level_color(st::detail::grid_levels),
                  blue = st::detail::level_color(-st::detail::grid_levels), grey = st::detail::level_color(0);

/// What was drawn without the legend, checked to be well-formed.
template <typename Draw>
std::string drawn(Draw&& draw) {
  plot::Svg svg(300, 200);
  draw(svg);
  CHECK(xml_mistake(svg.str()) == "");
  return svg.str();
}
template <typename Draw>
std::string mistake(Draw&& draw) {
  plot::Svg svg(300, 200);
  const std::string before = svg.str(), text = error_text<std::invalid_argument>([&] { draw(svg); });
  CHECK(svg.str() == before);  // checked before anything is drawn
  return text;
}
/// The path of all pixels of a colour; empty if there are none.
std::string pixels(const std::string& svg, const std::string& color) {
  const auto found = elements_with(svg, "crispEdges\" fill=\"" + color + '"');
  REQUIRE(found.size() <= 1);
  return found.empty() ? "" : found[0].substr(found[0].find(" d="));
}

}  // namespace

TEST_CASE("The images of a grid lie side by side in one scale") {
  st::Array<float> images(3, 4);  // 2 x 2 pixels
  images << 2, -2, 0, 1,          //
      0, 0, 0, 0,                 //
      std::nanf(""), 0, 0, -1;
  const std::string svg =
      drawn([&](plot::Svg& to) { plot::image_grid(to, box, images, 2, 2, {.columns = 2, .scale = false}); });
  // Two columns and two rows: 47.5 pixels high, with a gap of 5, and as wide.
  CHECK(pixels(svg, orange) == " d=\"M10 40H33.75V63.75H10Z\"/>");
  CHECK(pixels(svg, blue) == " d=\"M33.75 40H57.5V63.75H33.75Z\"/>");
  CHECK(contains(pixels(svg, grey), "M62.5 40H110V63.75H62.5Z"));  // a run of equal pixels is one
  CHECK(pixels(svg, st::detail::level_color(12)) == " d=\"M33.75 63.75H57.5V87.5H33.75Z\"/>");
  CHECK(pixels(svg, st::detail::level_color(-12)) == " d=\"M33.75 116.25H57.5V140H33.75Z\"/>");
  CHECK(!contains(svg, "M10 92.5"));  // the NaN

  const std::string beyond = drawn([&](plot::Svg& to) {
    plot::image_grid(to, box, images, 2, 2, {.columns = 2, .limit = 1, .scale = false});
  });
  CHECK(count(pixels(beyond, orange), "M") == 2);
  // Three images of 2 x 2 are largest side by side.
  CHECK(contains(drawn([&](plot::Svg& to) { plot::image_grid(to, box, images, 2, 2); }), "M80 40"));
  const st::Array<float> zeros = st::Array<float>::Zero(1, 4);
  CHECK(pixels(drawn([&](plot::Svg& to) { plot::image_grid(to, box, zeros, 2, 2, {.scale = false}); }),
               grey) != "");
}

TEST_CASE("The scale of a grid names the limits that occur") {
  st::Array<double> images(1, 2);
  images << .25, -1;
  const auto texts = [&](const plot::GridOptions& options) {
    return elements_with(drawn([&](plot::Svg& to) { plot::image_grid(to, box, images, 1, 2, options); }),
                         "<text");
  };
  CHECK(texts({}).size() == 3);
  CHECK(contains(texts({})[0], ">1<"));
  CHECK(contains(texts({.limit = .12345})[2], ">-0.123<"));
  CHECK(texts({.title = "a", .scale = false}).size() == 1);
  images << .25, 0;
  CHECK(texts({}).size() == 2);
}

TEST_CASE("The weights of a layer are images of each output and channel") {
  st::Random random(1);
  st::Conv2d<float> conv({2, 4, 4}, 3, 2, random);  // (2 * 2 * 2, 3)
  conv.weight().array().setZero();
  conv.weight().array()(4 + 1, 2) = 1;  // the last output's second channel, upper right
  const auto draw = [](const auto& weight, st::Index height, st::Index width) {
    return drawn(
        [&](plot::Svg& to) { plot::weight_images(to, box, weight, height, width, {.scale = false}); });
  };
  // Two columns of three rows of 2 x 2 pixels of 15: the second image of the last row begins at (45, 110).
  CHECK(pixels(draw(conv.weight(), 2, 2), orange) == " d=\"M60 110H75V125H60Z\"/>");
  st::Linear<float> linear(6, 2, random);
  linear.weight().array().setZero();
  linear.weight().array()(4, 1) = -1;  // output 1, row 1, column 1 of 2 x 3
  CHECK(pixels(draw(linear.weight(), 2, 3), blue) == " d=\"M148.33 73.33H181.67V106.67H148.33Z\"/>");
  CHECK(mistake([&](plot::Svg& to) { plot::weight_images(to, box, linear.weight(), 2, 2); }) ==
        "spiketape::plot::weight_images: weight has 6 inputs, expected a multiple of 2 * 2");
}

TEST_CASE("Feature maps are the mean over the steps, or one step") {
  st::Sequence<float> spikes(4, 2, 2 * 3);  // two channels of 1 x 3
  spikes(0, 1, 4) = 1;
  spikes(3, 1, 4) = 1;
  spikes(2, 1, 0) = 1;
  spikes(1, 0, 0) = 1;  // of the other sample
  const auto draw = [&](st::Index step) {
    return drawn([&](plot::Svg& to) {
      plot::feature_maps(to, box, spikes, 1, 1, 3, {.columns = 2, .limit = 1, .scale = false}, step);
    });
  };
  const std::string mean = draw(-1), first = draw(0);
  CHECK(contains(pixels(mean, st::detail::level_color(12)), "M148.33 40"));
  CHECK(contains(pixels(mean, st::detail::level_color(6)), "M10 40"));
  CHECK(contains(pixels(first, orange), "M148.33 40"));
  CHECK(pixels(first, st::detail::level_color(6)) == "");
  const auto wrong = [&](st::Index sample, st::Index height, st::Index step) {
    return mistake([&](plot::Svg& to) { plot::feature_maps(to, box, spikes, sample, height, 3, {}, step); });
  };
  CHECK(wrong(2, 1, -1) == "spiketape::plot::feature_maps: sample is 2, input has a batch of 2");
  CHECK(wrong(0, 4, -1) ==
        "spiketape::plot::feature_maps: input has 6 features, expected a multiple of 4 * 3");
  CHECK(contains(wrong(0, 1, 4), "step is 4, input has 4 steps"));
  CHECK(contains(wrong(0, 1, -2), "step is -2"));
}

TEST_CASE("Grids that make no sense are refused") {
  const st::Array<float> images = st::Array<float>::Ones(4, 6);
  const auto wrong = [&](const plot::Box& to_box, st::Index height, st::Index width,
                         const plot::GridOptions& options) {
    return mistake([&](plot::Svg& to) { plot::image_grid(to, to_box, images, height, width, options); });
  };
  CHECK(wrong(box, 2, 2, {}) ==
        "spiketape::plot::image_grid: images is 4 x 6, expected at least one row of 2 * 2 pixels");
  CHECK(contains(wrong(box, 0, 2, {}), "size is 0 x 2"));
  CHECK(contains(wrong(box, 2, 3, {.columns = -1}), "columns is -1"));
  CHECK(contains(wrong(box, 2, 3, {.limit = -1}), "limit is -1"));
  CHECK(contains(wrong(box, 2, 3, {.limit = std::numeric_limits<double>::infinity()}), "limit is inf"));
  CHECK(contains(wrong({0, 0, 10, 10}, 2, 3, {.columns = 4}), "box is 10 x 10, expected room for 4 images"));
  CHECK(contains(wrong({0, 0, 0, 10}, 2, 3, {}), "box is 0 x 10"));
}

TEST_CASE("Spikes are counted for each neuron, group or layer, of a sample or as a mean") {
  using Values = std::vector<double>;
  st::Sequence<float> spikes(3, 2, 4);
  spikes(0, 0, 0) = .5f;  // whatever the size of a spike is
  spikes(0, 0, 1) = 1;
  spikes(1, 0, 3) = 1;
  spikes(2, 0, 1) = 1;
  spikes(2, 1, 1) = 1;
  spikes(1, 1, 2) = std::nanf("");
  const auto each = plot::spike_counts(spikes, 0);
  REQUIRE(each.size() == 4);
  CHECK(each[1].values == Values{1, 0, 1});
  CHECK(each[3].values == Values{0, 1, 0});
  CHECK(each[3].name == "3");
  const auto pairs = plot::spike_counts(spikes, 0, {.groups = 2, .cumulative = true, .names = {"a", "b"}});
  CHECK(pairs[0].values == Values{2, 2, 3});
  CHECK(pairs[1].values == Values{0, 1, 1});
  CHECK(pairs[1].name == "b");
  const auto layer = plot::spike_counts(spikes, -1, {.groups = 1});
  REQUIRE(layer.size() == 1);
  CHECK(layer[0].values == Values{1, .5, 1});
  CHECK(layer[0].name == "");
  const auto wrong = [&](st::Index sample, const plot::CountOptions& options) {
    return error_text<std::invalid_argument>(
        [&] { static_cast<void>(plot::spike_counts(spikes, sample, options)); });
  };
  CHECK(wrong(2, {}) ==
        "spiketape::plot::spike_counts: sample is 2, input has a batch of 2, expected one of them, or -1 "
        "for their mean");
  CHECK(contains(wrong(0, {.groups = 3}), "groups is 3, expected a divisor of 4 features, or 0"));
  CHECK(contains(wrong(0, {.groups = -1}), "groups is -1"));
  CHECK(contains(wrong(0, {.names = {"a"}}), "1 names for 4 curves"));
  CHECK(contains(error_text<std::invalid_argument>(
                     [] { static_cast<void>(plot::spike_counts(st::Sequence<float>(), 0)); }),
                 "input has shape (0, 0, 0)"));
}

}  // namespace plot_images_test
