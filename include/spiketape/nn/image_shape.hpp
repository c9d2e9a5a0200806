// How images lie in the features of a sample, and how windows slide over them.
//
// The features of a sample are channels of rows of columns, as in PyTorch's (channels, height, width). A
// layer is told all three of its input, where PyTorch finds them at each call: 36 features of one channel are
// 6 x 6 or 4 x 9, and a layer that guesses is wrong in silence. So each call checks them, and a layer's sizes
// are known before the first.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/size2d.hpp>
#include <spiketape/core/type_name.hpp>
#include <spiketape/kernels/sliding_window.hpp>
#include <spiketape/neuron/coefficient.hpp>

#include <string>

namespace spiketape::inline SPIKETAPE_ABI {

/// The extents of an image: {1, 28, 28}.
struct ImageShape {
  Index channels = 1;  ///< The slowest extent.
  Index height = 1;    ///< Rows.
  Index width = 1;     ///< The numbers of a row.

  /// The features of a sample.
  Index features() const noexcept { return channels * height * width; }

  friend bool operator==(const ImageShape&, const ImageShape&) = default;
  /// Writes it in an error text: channels x height x width.
  friend void append(std::string& text, const ImageShape& shape) {
    text += detail::text_of(shape.channels, " x ", shape.height, " x ", shape.width);
  }
};

/// A coefficient of the neurons behind a convolution: a number for each channel, which its places share. With
/// learn_beta the numbers of the channels are learned. Files hold them as (channels, 1, 1), as snnTorch does.
///
///     st::Leaky<float> lif({.beta = st::per_channel(betas, conv.out_shape()), .learn_beta = true});
///
/// A call writes them out for all neurons. Allocates. Throws std::invalid_argument unless `values` has as
/// many numbers as the shape has channels. Lapicque refuses it for beta, R and C, which follow from each
/// other.
template <Real Scalar>
[[nodiscard]] Coefficient<Scalar> per_channel(const Row<Scalar>& values, const ImageShape& shape) {
  if (values.size() != shape.channels)
    detail::fail_argument("spiketape::per_channel: values has ", values.size(), " numbers, the shape is ",
                          shape, ", expected one for each channel");
  return Coefficient<Scalar>(values).for_places(shape.height * shape.width);
}

namespace detail {

/// Throws std::invalid_argument, in the name of a layer, for extents below 1 and for more numbers than can be
/// counted.
SPIKETAPE_NOINLINE inline void check_image(const std::string& layer, const ImageShape& input) {
  if (input.channels < 1 || input.height < 1 || input.width < 1)
    fail_argument(layer, ": the input is ", input, ", expected at least 1 x 1 x 1");
  const Index extents[] = {input.channels, input.height, input.width};
  if (element_count(extents, 1 << 16) < 0)
    fail_argument(layer, ": the input is ", input, ", expected fewer numbers than memory has addresses");
}

/// A window over images of that shape. Throws std::invalid_argument, in the name of a layer, for sizes that
/// make no sense, and for a window that is larger than the padded input.
SPIKETAPE_NOINLINE inline SlidingWindow sliding_window(const std::string& layer, const ImageShape& input,
                                                       const Size2d& kernel_size, const Size2d& stride,
                                                       const Size2d& padding, const Size2d& dilation) {
  check_image(layer, input);
  constexpr Index most = Index(1) << 30;
  const auto check = [&](const char* name, const Size2d& size, Index least) {
    if (size.height < least || size.width < least || size.height > most || size.width > most)
      fail_argument(layer, ": ", name, " is ", size, ", expected ", least, " to ", most);
  };
  check("kernel_size", kernel_size, 1);
  check("stride", stride, 1);
  check("padding", padding, 0);
  check("dilation", dilation, 1);
  const SlidingWindow window{
      input.channels,
      {input.height, kernel_size.height, stride.height, padding.height, dilation.height},
      {input.width, kernel_size.width, stride.width, padding.width, dilation.width}};
  for (const SlidingAxis& axis : {window.rows, window.cols})
    if (axis.span() > axis.in + 2 * axis.padding)
      fail_argument(layer, ": kernel_size is ", kernel_size, " with dilation ", dilation, ", the input is ",
                    input, " with padding ", padding, ", expected a window that is not larger");
  return window;
}

/// The shape of a layer's result for an input that must be images of that shape.
template <typename L>
SPIKETAPE_NOINLINE Shape image_result(const L& layer, const Shape& input) {
  const ImageShape in = layer.in_shape();
  if (input.features != in.features())
    fail_argument(type_name<L>(), ": input has ", input.features, " features, expected ", in.features(), ", ",
                  in, why_empty(input.batch, input.features));
  return {input.steps, input.batch, layer.out_shape().features()};
}

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
