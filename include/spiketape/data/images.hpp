// Labelled images, stored as bytes: the 60000 of MNIST take 47 MB, as floats they would take 188.
// data/batches.hpp turns them into currents, one batch at a time.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/data/idx.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// Labelled images of one size, one byte for each pixel. The current of a pixel, dimensionless like all
/// currents, is `scale` times its byte.
struct Images {
  Index height = 0;            ///< Rows of an image, in pixels.
  Index width = 0;             ///< Pixels in a row.
  double scale = 1;            ///< Current per unit of brightness: 1.0 / 255 gives [0, 1].
  Array<std::uint8_t> pixels;  ///< (count, height * width), each image row by row.
  std::vector<int> labels;     ///< The class of each image, from 0.

  /// The number of images.
  Index count() const { return pixels.rows(); }
  /// Pixels of an image, height * width.
  Index features() const { return pixels.cols(); }
  /// The largest label + 1; 0 without images.
  int classes() const { return labels.empty() ? 0 : 1 + *std::max_element(labels.begin(), labels.end()); }
};

/// Makes images from an array of (count, height, width) and labels, (count). The names stand for the two in
/// messages. Allocates the result. Throws std::runtime_error if the shapes differ from these, and
/// std::invalid_argument if the scale is not finite and positive.
[[nodiscard]] inline Images make_images(const Idx<std::uint8_t>& images, const Idx<std::uint8_t>& labels,
                                        double scale, std::string_view images_name = "images",
                                        std::string_view labels_name = "labels") {
  const auto fail = [](const auto&... parts) { detail::fail_file("spiketape::make_images: ", parts...); };
  const auto check = [&fail](const Idx<std::uint8_t>& idx, std::string_view name, std::size_t dimensions,
                             std::string_view meaning) {
    if (idx.shape.size() != dimensions)
      fail("'", name, "' has ", idx.shape.size(), " dimensions, expected ", dimensions, ' ', meaning);
    if (!std::cmp_equal(detail::idx_count<std::uint8_t>(idx.shape), idx.values.size()))
      fail("'", name, "' has ", idx.values.size(), " values, its shape says otherwise");
  };
  if (!detail::is_finite(scale) || scale <= 0)
    detail::fail_argument("spiketape::make_images: scale is ", scale, ", expected finite and positive");
  check(images, images_name, 3, "(count, height, width)");
  check(labels, labels_name, 1, "(count)");
  if (images.shape[0] != labels.shape[0])
    fail("'", images_name, "' has ", images.shape[0], " images, '", labels_name, "' has ", labels.shape[0],
         " labels, expected as many");

  Images result;
  result.height = images.shape[1];
  result.width = images.shape[2];
  result.scale = scale;
  result.pixels.resize(images.shape[0], result.height * result.width);
  std::copy(images.values.begin(), images.values.end(), result.pixels.data());
  result.labels.resize(labels.values.size());
  std::copy(labels.values.begin(), labels.values.end(), result.labels.begin());
  return result;
}

/// Reads images and labels from two IDX files of unsigned bytes, for example MNIST with scale 1.0 / 255.
/// Allocates the result. Throws std::runtime_error if a file cannot be read or the two do not match, and
/// std::invalid_argument if the scale is not finite and positive.
[[nodiscard]] inline Images read_images(const std::string& images_path, const std::string& labels_path,
                                        double scale) {
  const Idx<std::uint8_t> images = read_idx<std::uint8_t>(images_path);  // first, as it is given first
  return make_images(images, read_idx<std::uint8_t>(labels_path), scale, images_path, labels_path);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
