// Many small images with one scale: the weights of a layer, and its feature maps.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/parameter.hpp>
#include <spiketape/plot/axes.hpp>
#include <spiketape/plot/svg.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// The options of a grid of images. Empty texts are not drawn.
struct GridOptions {
  std::string title = "";  ///< Above the grid.
  Index columns = 0;       ///< Images side by side; 0: as many as make them largest.
  double limit = 0;        ///< The size of a number that has the full colour; 0: the largest of all.
  bool scale = true;       ///< Whether the limits and their colours stand above the right corner.
};

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Levels of a number between 0 and the limit, on either side.
inline constexpr int grid_levels = 24;

/// The colour of a level, from -grid_levels (blue) by 0 (a light grey) to grid_levels (orange): colour-blind
/// people can distinguish these.
inline std::string level_color(int level) {
  constexpr std::array<int, 3> zero = {0xf4, 0xf4, 0xf2}, low = {0x17, 0x4f, 0xb8}, high = {0xc8, 0x45, 0x0e};
  const std::array<int, 3>& end = level < 0 ? low : high;
  const int part = level < 0 ? -level : level;
  char text[8];
  std::array<unsigned, 3> mixed{};
  for (std::size_t k = 0; k < 3; ++k)
    mixed[k] = static_cast<unsigned>((zero[k] * (grid_levels - part) + end[k] * part + grid_levels / 2) /
                                     grid_levels);
  std::snprintf(text, sizeof text, "#%02x%02x%02x", mixed[0] & 255, mixed[1] & 255, mixed[2] & 255);
  return text;
}

/// Where the images of a grid are: the largest squares for pixels that fit.
struct GridPlaces {
  static constexpr double gap = 5;
  double pixel = 0;
  Index columns = 1;

  GridPlaces(const plot::Box& box, Index count, Index height, Index width, Index given) {
    for (Index c = given > 0 ? given : 1, last = given > 0 ? given : count; c <= last; ++c) {
      const Index rows = parts_of(count, c);
      const auto fits = [](double all, Index images, Index pixels) {
        return (all + gap) / static_cast<double>(images) - gap > 0
                   ? ((all + gap) / static_cast<double>(images) - gap) / static_cast<double>(pixels)
                   : 0;
      };
      const double size = std::min(fits(box.width, c, width), fits(box.height, rows, height));
      if (size <= pixel) continue;
      pixel = size;
      columns = c;
    }
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// Draws an image for each row of `images`, height · width numbers row by row from the top: 0 is a light
/// grey, larger numbers are orange, smaller ones blue, the stronger the larger; what is beyond the limit is
/// as the limit, a NaN is not drawn. Pixels are square; the grid begins in the upper left corner of the box,
/// row by row. Colours are the same where the viewer is dark. Throws std::invalid_argument unless each row
/// has height · width numbers, at least one, for no image, for a limit that is negative or not finite, and
/// for a box without room.
template <typename Derived>
void image_grid(Svg& svg, const Box& box, const Eigen::DenseBase<Derived>& images, Index height, Index width,
                const GridOptions& options = {}) {
  const auto fail = [](const auto&... parts) {
    detail::fail_argument("spiketape::plot::image_grid: ", parts...);
  };
  detail::check_box("image_grid", box);
  if (height < 1 || width < 1) fail("size is ", height, " x ", width, " pixels, expected at least 1 x 1");
  // Divides because a product could overflow.
  if (images.rows() < 1 || images.cols() % width != 0 || images.cols() / width != height)
    fail("images is ", images.rows(), " x ", images.cols(), ", expected at least one row of ", height, " * ",
         width, " pixels");
  if (!detail::is_finite(options.limit) || options.limit < 0)
    fail("limit is ", options.limit, ", expected finite and not negative");
  if (options.columns < 0 || options.columns > 1000000)
    fail("columns is ", options.columns, ", expected 0 to 1000000");
  const detail::GridPlaces places(box, images.rows(), height, width, options.columns);
  if (!(places.pixel > 0))
    fail("box is ", box.width, " x ", box.height, ", expected room for ", images.rows(),
         " images with gaps of ", detail::GridPlaces::gap);

  const auto at = [&](Index image, Index pixel) {
    return static_cast<double>(images.derived().coeff(image, pixel));
  };
  double least = 0, limit = options.limit;
  for (Index i = 0; i < images.rows(); ++i)
    for (Index k = 0; k < images.cols(); ++k) {
      if (!detail::has_place(at(i, k))) continue;
      least = std::min(least, at(i, k));
      if (options.limit == 0) limit = std::max(limit, std::abs(at(i, k)));
    }
  // One element for each level that occurs, a rectangle for each run of equal pixels.
  constexpr int levels = detail::grid_levels, none = levels + 1;
  const auto level = [&](Index image, Index pixel) {
    const double value = at(image, pixel);
    if (detail::is_nan(value)) return none;
    if (limit == 0) return 0;
    return static_cast<int>(std::lround(levels * std::clamp(value / limit, -1.0, 1.0)));
  };
  std::array<std::vector<Box>, 2 * levels + 1> boxes;
  const auto boxes_of = [&](int color) -> std::vector<Box>& {
    const int place = color + levels;
    return boxes[static_cast<std::size_t>(place)];
  };
  for (Index i = 0; i < images.rows(); ++i) {
    const double pixel = places.pixel, gap = detail::GridPlaces::gap;
    const Index row = i / places.columns, column = i % places.columns;
    const double left = box.x + static_cast<double>(column) * (pixel * static_cast<double>(width) + gap);
    const double top = box.y + static_cast<double>(row) * (pixel * static_cast<double>(height) + gap);
    svg.rectangle(
        {left - 1, top - 1, pixel * static_cast<double>(width) + 2, pixel * static_cast<double>(height) + 2},
        {.color = colors::axis});  // a thin frame
    for (Index y = 0; y < height; ++y)
      for (Index x = 0, next = 0; x < width; x = next) {
        const int color = level(i, y * width + x);
        for (next = x + 1; next < width && level(i, y * width + next) == color;) ++next;
        if (color == none) continue;
        boxes_of(color).push_back(
            {left + pixel * static_cast<double>(x), top + pixel * static_cast<double>(y),
             pixel * static_cast<double>(next - x), pixel});
      }
  }
  for (int k = -levels; k <= levels; ++k)
    svg.rectangles(boxes_of(k), {.color = detail::level_color(k)});

  svg.text({box.x, box.y - 8}, options.title, {.size = 12.5, .weight = 600});
  if (!options.scale) return;
  double right = box.right();
  for (const int end : {levels, 0, -levels}) {  // from the right
    if (end < 0 && least == 0) break;
    const double value = limit * end / levels;
    char text_of_value[32];
    std::snprintf(text_of_value, sizeof text_of_value, "%.3g", value);
    const std::string text = text_of_value;
    svg.text({right, box.y - 8}, text, {.color = colors::label, .anchor = Anchor::End});
    right -= 6.4 * static_cast<double>(text.size()) + 4;
    svg.rectangle({right - 11, box.y - 18, 12, 12}, {.color = colors::axis});
    const Box swatch{right - 10, box.y - 17, 10, 10};
    svg.rectangles({&swatch, 1}, {.color = detail::level_color(end)});
    right -= 20;
  }
}

/// The weights of a layer as images: those of each output, for each of its channels. Of a Linear behind
/// images of height · width, and of a Conv2d with a kernel of height · width; with several channels an output
/// is a row of images, unless `columns` says otherwise.
///
///     plot::weight_images(svg, box, net.layer<0>().weight(), 5, 5);       // a Conv2d's
///     plot::weight_images(svg, box, net.layer<0>().weight(), 28, 28);     // a Linear's, which reads 28 x 28
///
/// Throws std::invalid_argument unless the inputs of an output are a multiple of height · width, and what
/// image_grid throws. Allocates a copy of the weights.
template <Real Scalar>
void weight_images(Svg& svg, const Box& box, const Parameter<Scalar>& weight, Index height, Index width,
                   const GridOptions& options = {}) {
  // Divides because a product could overflow.
  if (height < 1 || width < 1 || weight.rows() < 1 || weight.rows() % width != 0 ||
      weight.rows() / width % height != 0)
    detail::fail_argument("spiketape::plot::weight_images: ", weight.name(), " has ", weight.rows(),
                          " inputs, expected a multiple of ", height, " * ", width);
  const Index pixels = height * width, channels = weight.rows() / pixels;
  Array<Scalar> images(weight.cols() * channels, pixels);
  for (Index i = 0; i < images.rows(); ++i)
    images.row(i) = weight.array().col(i / channels).segment(i % channels * pixels, pixels).transpose();
  GridOptions of_grid = options;
  if (options.columns == 0 && channels > 1) of_grid.columns = channels;
  image_grid(svg, box, images, height, width, of_grid);
}

/// The feature maps of a layer's result for one sample: an image of height · width for each channel, of one
/// step, or of the mean over all steps (step = -1), which for spikes is their rate. `values` is a step or a
/// sequence, on arrays or on a tape. Throws std::invalid_argument for a sample or step that is not there,
/// unless the features are a multiple of height · width, and what image_grid throws.
template <typename Values>
void feature_maps(Svg& svg, const Box& box, const Values& values, Index sample, Index height, Index width,
                  const GridOptions& options = {}, Index step = -1) {
  const auto view = view_of(values);
  detail::check_panel("feature_maps", box, view, sample, -1, 1);
  if (step < -1 || step >= view.steps)
    detail::fail_argument("spiketape::plot::feature_maps: step is ", step, ", input has ", view.steps,
                          " steps, expected one of them, or -1 for their mean");
  if (height < 1 || width < 1 || view.features % width != 0 || view.features / width % height != 0)
    detail::fail_argument("spiketape::plot::feature_maps: input has ", view.features,
                          " features, expected a multiple of ", height, " * ", width);
  Array<double> maps = Array<double>::Zero(view.features / (height * width), height * width);
  const Index first = step < 0 ? 0 : step, end = step < 0 ? view.steps : step + 1;
  for (Index t = first; t < end; ++t)
    for (Index i = 0; i < view.features; ++i)
      maps.data()[i] += static_cast<double>(view.row(t, sample)[i]) / static_cast<double>(end - first);
  image_grid(svg, box, maps, height, width, options);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

#include <spiketape/core/pop_macros.hpp>
