// The nodes of a NIR graph that slide a window over images: convolutions and pools.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/nir/values.hpp>
#include <spiketape/io/tensor.hpp>
#include <spiketape/kernels/sliding_window.hpp>
#include <spiketape/nn/image_shape.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Where the windows of a node lie. A Conv1d has images of one row.
struct NirWindow {
  SlidingWindow window;
  Index out = 0, groups = 1;  // out: the channels that are sent
  int rank = 2;               // 1: Conv1d

  /// (channels, height, width), or (channels, length).
  std::vector<Index> shape(Index channels, Index height, Index width) const {
    return rank == 1 ? std::vector<Index>{channels, width} : std::vector<Index>{channels, height, width};
  }
  std::vector<Index> in_shape() const { return shape(window.planes, window.rows.in, window.cols.in); }
  std::vector<Index> out_shape() const { return shape(out, window.rows.out(), window.cols.out()); }
  Index in_features() const { return window.planes * window.in_plane(); }
  Index out_features() const { return out * window.out_plane(); }
};

inline bool is_nir_convolution(std::string_view type) { return type == "Conv1d" || type == "Conv2d"; }
inline bool is_nir_pool(std::string_view type) { return type == "SumPool2d" || type == "AvgPool2d"; }

/// Reads the parameters of a convolution or pool.
class NirWindowReader {
 public:
  NirWindowReader(const NirValues& values, const std::vector<Index>& from)
      : values_(values), from_(from), rank_(values.type().name == "Conv1d" ? 1 : 2) {}

  NirWindow read() {
    const bool convolves = is_nir_convolution(values_.type().name);
    NirWindow result;
    result.rank = static_cast<int>(rank_);
    if (convolves) {
      const std::vector<Index>& weight = values_.find("weight")->shape;
      if (weight.size() != rank_ + 2 || element_count(weight, 1) < 1)
        values_.fail("has a weight of shape ", shape_text(weight), ", expected (out, in/groups, ",
                     rank_ == 1 ? "length" : "height, width", "), each at least 1");
      result.out = weight[0];
      result.groups = size("groups", 1, 1).width;
      if (weight[0] % result.groups != 0)
        values_.fail("has ", result.groups, " groups and ", weight[0], " channels that it sends");
      kernel_ = rank_ == 1 ? Size2d(1, weight[2]) : Size2d(weight[2], weight[3]);
      dilation_ = size("dilation", rank_, 1);
      const ImageShape image = input_image(weight[1] * result.groups);
      result.window = windows(image);
    } else {
      kernel_ = size("kernel_size", rank_, 1);
      result.window = windows(input_image(0));
      result.out = result.window.planes;
    }
    constexpr double most = static_cast<double>(NirValues::most_features);
    const SlidingWindow& window = result.window;
    if (double(window.rows.window) * double(window.cols.window) > most)
      values_.fail("has a window of more than ", NirValues::most_features, " numbers");
    if (double(result.out) * double(window.rows.out()) * double(window.cols.out()) > most)
      values_.fail("sends more than ", NirValues::most_features, " features");
    return result;
  }

 private:
  /// One or two whole numbers; in one direction the height is 1, or 0 of a padding.
  Size2d size(const char* name, std::size_t rank, Index least) const {
    const std::vector<double> numbers = values_.numbers(name, NirAllowed::finite);
    if (numbers.size() != 1 && numbers.size() != rank)
      values_.fail("has ", numbers.size(), " numbers of ", name, ", expected ",
                   rank == 1 ? "one" : "one or two");
    for (const double number : numbers)
      if (!(number >= static_cast<double>(least) && number <= NirValues::most_features &&
            number == std::floor(number)))
        values_.fail("has a ", name, " of ", number, ", expected a whole number of at least ", least);
    const auto last = static_cast<Index>(numbers.back());
    return {rank == 1 ? least : static_cast<Index>(numbers.front()), last};
  }

  Size2d padding() const {
    const std::string* text = values_.text("padding");
    if (text == nullptr) return size("padding", rank_, 0);
    if (*text == "valid") return 0;
    if (*text != "same")
      values_.fail("has the padding '", shown(*text), "', expected numbers, same or valid");
    const Index rows = dilation_.height * (kernel_.height - 1), cols = dilation_.width * (kernel_.width - 1);
    if (size("stride", rank_, 1) != Size2d(1) || rows % 2 != 0 || cols % 2 != 0)
      values_.fail(
          "has the padding 'same' with a stride or a window of even size, expected as much on both sides");
    return {rows / 2, cols / 2};
  }

  SlidingWindow windows(const ImageShape& image) const {
    return sliding_window(values_.text_of_node(), image, kernel_, size("stride", rank_, 1), padding(),
                          dilation_);
  }

  /// What comes: as what sends it says, or as input_shape does where that is only a number of features. Of
  /// more extents the first are channels. `channels` are those that are expected, or 0.
  ImageShape input_image(Index channels) const {
    Index all = 1;
    for (const Index extent : from_) all *= extent;
    std::vector<Index> given;
    if (values_.find("input_shape") != nullptr) {
      const Size2d extents = size("input_shape", rank_, 1);
      given =
          rank_ == 1 ? std::vector<Index>{extents.width} : std::vector<Index>{extents.height, extents.width};
    }
    std::vector<Index> extents = given;
    if (from_.size() > rank_) extents.assign(from_.end() - static_cast<std::ptrdiff_t>(rank_), from_.end());
    if (extents.empty())
      values_.fail("takes images, what comes to it has the shape ", shape_text(from_),
                   ", expected channels and ", rank_ == 1 ? "a length" : "height and width");
    if (!given.empty() && given != extents)
      values_.fail("has an input_shape of ", shape_text(given), ", what comes to it has ", shape_text(from_));
    ImageShape image{1, rank_ == 1 ? 1 : extents.front(), extents.back()};
    image.channels = std::max<Index>(all / image.features(), 1);
    if (image.features() != all || (channels != 0 && image.channels != channels))
      values_.fail("takes ", channels == 0 ? image.channels : channels, " channels of ", shape_text(extents),
                   ", what comes to it has the shape ", shape_text(from_));
    return image;
  }

  const NirValues& values_;
  const std::vector<Index>& from_;
  std::size_t rank_;
  Size2d kernel_ = 1, dilation_ = 1;
};

/// The windows of a convolution or pool to which something of this shape comes.
inline NirWindow nir_window(const NirValues& values, const std::vector<Index>& from) {
  return NirWindowReader(values, from).read();
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
