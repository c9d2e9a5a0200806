// Small grey images, such as the digits shown to a network.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/plot/axes.hpp>
#include <spiketape/plot/svg.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// How an image is drawn. An empty text is left out.
struct ImageOptions {
  std::string title = "";  ///< Above the image.
  bool ink = false;        ///< Inverted, like ink on paper: 0 is white, 1 is black.
};

/// A grey image, from one row of height * width brightnesses, row by row from the top: 0 and below is black,
/// 1 and above is white, a NaN is not drawn. Pixels are square; the image fills the middle of the box, in a
/// thin frame. Throws std::invalid_argument unless `brightness` is one row with a number for each of at least
/// one pixel, or for an empty box.
template <typename Derived>
void image(Svg& svg, const Box& box, const Eigen::DenseBase<Derived>& brightness, Index height, Index width,
           const ImageOptions& options = {}) {
  detail::check_box("image", box);
  if (height < 1 || width < 1)
    detail::fail_argument("spiketape::plot::image: size is ", height, " x ", width,
                          " pixels, expected at least 1 x 1");
  // Divides because a product could overflow.
  if (brightness.rows() != 1 || brightness.cols() % width != 0 || brightness.cols() / width != height)
    detail::fail_argument("spiketape::plot::image: brightness is ", brightness.rows(), " x ",
                          brightness.cols(), ", expected one row of ", height, " * ", width, " pixels");

  const double pixel =
      std::min(box.width / static_cast<double>(width), box.height / static_cast<double>(height));
  const double left = box.x + (box.width - pixel * static_cast<double>(width)) / 2;
  const double top = box.y + (box.height - pixel * static_cast<double>(height)) / 2;
  constexpr int none = -1;
  const auto level = [&](Index y, Index x) {
    const auto value = static_cast<double>(brightness.derived().coeff(0, y * width + x));
    if (detail::is_nan(value)) return none;
    const int grey = static_cast<int>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
    return options.ink ? 255 - grey : grey;
  };

  // One element for each grey level that occurs, a rectangle for each run of equal pixels.
  std::array<std::vector<Box>, 256> boxes;
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0, next = 0; x < width; x = next) {
      const int grey = level(y, x);
      for (next = x + 1; next < width && level(y, next) == grey;) ++next;
      if (grey == none) continue;
      boxes[static_cast<std::size_t>(grey)].push_back({left + pixel * static_cast<double>(x),
                                                       top + pixel * static_cast<double>(y),
                                                       pixel * static_cast<double>(next - x), pixel});
    }
  }
  // A thin frame, so that a white image has an edge.
  const double right = left + pixel * static_cast<double>(width);
  const double bottom = top + pixel * static_cast<double>(height);
  svg.rectangle({left - 1, top - 1, right - left + 2, bottom - top + 2}, {.color = colors::grid});
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t grey = 0; grey < boxes.size(); ++grey) {
    const std::string two = {digits[grey / 16], digits[grey % 16]};
    svg.rectangles(boxes[grey], {.color = '#' + two + two + two});
  }
  svg.text({box.x, box.y - 8}, options.title, {.size = 12.5, .weight = 600});
}

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

#include <spiketape/core/pop_macros.hpp>
