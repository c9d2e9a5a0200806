// The learned weights of a layer that sends its spikes to itself.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/parameter.hpp>
#include <spiketape/core/random.hpp>
#include <spiketape/core/size2d.hpp>
#include <spiketape/neuron/recurrence.hpp>

#include <cmath>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// Makes the convolution of a recurrence from the images of a layer. nn/recurrent_convolution.hpp has it for
/// ImageShape, so that only who includes it compiles convolutions.
template <typename Images, Real Scalar>
struct RecurrentConvolutionOf;

}  // namespace detail

/// The option conv2d_channels of a recurrent neuron: the images {channels, height, width} that its layer is,
/// an ImageShape such as conv.out_shape(). Needs spiketape/conv.hpp.
template <Real Scalar>
class RecurrentImages {
 public:
  /// No convolution.
  RecurrentImages() = default;

  template <typename Images>
  requires requires(const Images& images) { images.features(); }
  RecurrentImages(const Images& images)  // NOLINT: conv2d_channels is an ImageShape
      : channels(images.channels), height(images.height), width(images.width) {
    static_assert(
        requires { sizeof(detail::RecurrentConvolutionOf<Images, Scalar>); },
        "spiketape: a recurrence through a convolution needs #include <spiketape/conv.hpp>");
    make = &detail::RecurrentConvolutionOf<Images, Scalar>::make;
  }
  /// Says what snnTorch's number of channels lacks.
  template <typename Number>
  requires std::is_arithmetic_v<Number> RecurrentImages(Number) {  // NOLINT
    static_assert(
        !std::is_arithmetic_v<Number>,
        "spiketape: conv2d_channels are the images of a layer, since a layer is told its shape: write "
        ".conv2d_channels = conv.out_shape() or st::ImageShape{channels, height, width}");
  }

  Index channels = 0;  ///< As in ImageShape.
  Index height = 0;    ///< Likewise.
  Index width = 0;     ///< Likewise.
  /// Makes the convolution; null: none was asked for.
  std::shared_ptr<const detail::RecurrentProduct<Scalar>> (*make)(const std::string& neuron,
                                                                  const RecurrentImages& images,
                                                                  const Size2d& kernel_size) = nullptr;
};

namespace detail {

/// W, (neurons, neurons), with one row for what each neuron sends, and b, (1, neurons), or those of another
/// product. Without rows there is no recurrence. Both are initialized like nn.Linear and nn.Conv2d, uniform
/// in ±1/√rows.
template <Real Scalar>
struct RecurrentWeights {
  Parameter<Scalar> weight{"recurrent.weight", 0, 0};
  Parameter<Scalar> bias{"recurrent.bias", 1, 0};
  std::shared_ptr<const RecurrentProduct<Scalar>> product;  // null: of the full matrix

  RecurrentWeights() = default;

  /// For a neuron that is made without a Random: its options must not ask for weights.
  template <typename Options>
  static RecurrentWeights none(const char* neuron, const Options& options) {
    if (options.all_to_all)
      fail_argument("spiketape::", neuron, ": all_to_all is true, expected a Random that draws the weights, ",
                    neuron, "<float> lif({...}, random), or all_to_all = false");
    if (options.linear_features != 0)
      fail_argument("spiketape::", neuron, ": all_to_all is false and linear_features is ",
                    options.linear_features,
                    ", expected it to be left out: each neuron acts on itself through V");
    if (options.conv2d_channels.make != nullptr || options.kernel_size != Size2d(0))
      fail_argument("spiketape::", neuron,
                    ": all_to_all is false, expected conv2d_channels and kernel_size to be left out: each "
                    "neuron acts on itself through V");
    return {};
  }

  /// For a neuron that is made with a Random: zeros, until they are drawn.
  template <typename Options>
  static RecurrentWeights all_to_all(const char* neuron, const Options& options) {
    if (!options.all_to_all)
      fail_argument("spiketape::", neuron,
                    ": all_to_all is false, expected no Random: there are no weights to draw");
    const Index neurons = options.linear_features;
    const bool convolves = options.conv2d_channels.make != nullptr;
    if (convolves != (options.kernel_size != Size2d(0)))
      fail_argument("spiketape::", neuron, ": kernel_size is ", options.kernel_size,
                    " and conv2d_channels is ", convolves ? "given" : "left out",
                    ", expected both or neither");
    if (convolves && neurons != 0)
      fail_argument("spiketape::", neuron, ": linear_features is ", neurons,
                    " and conv2d_channels is given, expected one of them");
    if (!convolves && neurons < 1)
      fail_argument("spiketape::", neuron, ": linear_features is ", neurons,
                    ", expected the number of neurons, at least 1");
    RecurrentWeights weights;
    if (convolves)
      weights.product = options.conv2d_channels.make(std::string("spiketape::") + neuron,
                                                     options.conv2d_channels, options.kernel_size);
    const auto* product = weights.product.get();
    weights.weight = Parameter<Scalar>("recurrent.weight", convolves ? product->weight_rows() : neurons,
                                       convolves ? product->weight_cols() : neurons);
    weights.bias = Parameter<Scalar>("recurrent.bias", 1, weights.weight.cols());
    weights.weight.set_saved_transposed(true);
    if (convolves) weights.weight.set_saved_shape(product->saved_shape());
    weights.weight.ptr()->learn = weights.bias.ptr()->learn = options.learn_recurrent;
    return weights;
  }

  explicit operator bool() const { return weight.rows() > 0; }

  void check_features(const char* neuron, Index features) const {
    if (product != nullptr && features != product->neurons())
      fail_argument("spiketape::", neuron, ": input has ", features, " features, conv2d_channels has ",
                    product->neurons());
    if (product == nullptr && *this && features != weight.rows())
      fail_argument("spiketape::", neuron, ": input has ", features, " features, linear_features is ",
                    weight.rows());
  }

  Recurrence<Scalar> view() const {
    if (!*this) return {};
    return {weight.data(), weight.stride(), bias.data(), nullptr, product.get()};
  }
};

/// Draws the weights of a complete neuron: one whose construction fails takes no random numbers.
template <typename Neuron>
void draw_recurrent(Neuron& neuron, Random& random) {
  const double bound = 1 / std::sqrt(static_cast<double>(neuron.recurrent_weight().rows()));
  fill_uniform(neuron.recurrent_weight(), random, bound);
  fill_uniform(neuron.recurrent_bias(), random, bound);
}

/// What a neuron without recurrence has in their place.
struct NoRecurrentWeights {};

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
