// Convolutions: Conv2d and Conv1d.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/random.hpp>
#include <spiketape/kernels/convolution.hpp>
#include <spiketape/kernels/window_events.hpp>
#include <spiketape/nn/image_shape.hpp>
#include <spiketape/nn/layer.hpp>

#include <cmath>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of Conv2d, named as in PyTorch.
struct Conv2dOptions {
  Size2d stride = 1;    ///< From window to window.
  Size2d padding = 0;   ///< Zeros around the input.
  Size2d dilation = 1;  ///< The distance between the numbers that a window reads.
  Index groups = 1;     ///< Groups of channels that see nothing of each other.
  bool bias = true;     ///< false: b stays zero.
};
/// The options of Conv1d.
struct Conv1dOptions {
  /// As in Conv2d.
  Index stride = 1;
  Index padding = 0;
  Index dilation = 1;
  Index groups = 1;
  bool bias = true;
};

namespace detail {

/// What convolutions have in common.
template <typename Derived, Real Scalar>
class ConvLayer : public Layer<Derived, Scalar> {
 public:
  static constexpr bool takes_bits = true;

  /// As given.
  Index in_channels() const noexcept { return window_.planes; }
  Index out_channels() const noexcept { return weight_.cols(); }
  Index groups() const noexcept { return groups_; }
  bool has_bias() const noexcept { return has_bias_; }

  /// W, (in_channels/groups · height · width of the kernel, out_channels): the transpose of PyTorch's rows,
  /// as in Linear. Files hold it as PyTorch does.
  Parameter<Scalar>& weight() { return weight_; }
  const Parameter<Scalar>& weight() const { return weight_; }
  /// b, (1, out_channels); zero and not learned without a bias.
  Parameter<Scalar>& bias() { return bias_; }
  const Parameter<Scalar>& bias() const { return bias_; }

  /// The images that it takes and those that it returns.
  ImageShape in_shape() const noexcept { return {window_.planes, window_.rows.in, window_.cols.in}; }
  ImageShape out_shape() const noexcept { return {out_channels(), window_.rows.out(), window_.cols.out()}; }
  /// How its windows lie: for files of networks.
  const SlidingWindow& window() const noexcept { return window_; }
  /// The shape of the result. Throws std::invalid_argument for another number of features than in_shape has.
  Shape result(const Shape& input) const { return image_result(static_cast<const Derived&>(*this), input); }

  /// Multiplies dense windows or, where few inputs are not zero, events. A call on arrays allocates; on a
  /// tape nothing once that has warmed up.
  void forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y,
               Context<Scalar>& context) const {
    Arena& memory = context.memory();
    auto* events = context.template save<Events<Scalar>>(1);
    *events = events_of(x, context);
    if (*events)
      return EventConvolution<Scalar>(window_, out_channels(), *events, memory)
          .forward(weight_.data(), weight_.stride(), bias_.data(), y);
    convolution().forward({x, context.bits(), memory}, y, memory,
                          context.tape() == nullptr ? nullptr : &context.tape()->workspace());
  }
  /// On a tape only.
  void backward(const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                const Adjoint<Scalar>& x_adjoint, Context<Scalar>& context) const {
    Arena& memory = context.memory();
    Workspace<Scalar>* workspace = &context.tape()->workspace();
    const Convolution<Scalar> products = convolution();
    const bool finite = all_finite(y_adjoint);
    if (Scalar* sum = context.gradient(bias_).data) products.add_bias_adjoint(y_adjoint, sum);
    if (Scalar* sum = context.gradient(weight_).data) {
      if (const auto& events = *context.template saved<Events<Scalar>>(); events && finite)
        EventConvolution<Scalar>(window_, out_channels(), events, memory)
            .add_weight_adjoint(y_adjoint, sum, weight_.stride());
      else
        products.add_weight_adjoint({x, context.bits(), memory}, y_adjoint, sum, memory, workspace);
    }
    if (!x_adjoint.empty())
      products.add_input_adjoint(y_adjoint, x_adjoint.view, finite && all_finite(weights()), memory, workspace);
  }

  /// Calls f(name, parameter) for W and, if there is one, b.
  template <typename F>
  void for_each_parameter(F&& f) {
    f("weight", weight_);
    if (has_bias_) f("bias", bias_);
  }

  /// The synapses of one input, a mean over the inputs: those at the border have fewer.
  double fan_out() const {
    double pairs = static_cast<double>(out_channels()) / static_cast<double>(groups_);
    for (const SlidingAxis& axis : {window_.rows, window_.cols}) {
      double read = 0;
      for (Index k = 0; k < axis.window; ++k)
        read += static_cast<double>(axis.outputs(k).end - axis.outputs(k).begin);
      pairs *= read / static_cast<double>(axis.in);
    }
    return pairs;
  }

 protected:
  /// `kernel` are the extents of the kernel in files.
  ConvLayer(const SlidingWindow& window, Index out_channels, Index groups, bool has_bias, Random& random,
            const std::vector<Index>& kernel)
      : window_(window),
        groups_(checked(window, out_channels, groups)),
        weight_("weight", window.planes / groups * window.size(), out_channels),
        bias_("bias", 1, out_channels),
        has_bias_(has_bias) {
    const double bound = 1 / std::sqrt(static_cast<double>(weight_.rows()));
    fill_uniform(weight_, random, bound);
    if (has_bias_) fill_uniform(bias_, random, bound);
    bias_.set_learned(has_bias_);
    weight_.set_saved_transposed(true);
    std::vector<Index> saved = {out_channels, window.planes / groups};
    saved.insert(saved.end(), kernel.begin(), kernel.end());
    weight_.set_saved_shape(std::move(saved));
  }

  SlidingWindow window_;
  Index groups_;

 private:
  static Index checked(const SlidingWindow& window, Index out_channels, Index groups) {
    if (out_channels < 1) ConvLayer::fail("out_channels is ", out_channels, ", expected at least 1");
    if (groups < 1 || window.planes % groups != 0 || out_channels % groups != 0)
      ConvLayer::fail("groups is ", groups, ", expected a divisor of in_channels, ", window.planes,
                      ", and of out_channels, ", out_channels);
    const Index extents[] = {window.planes / groups, window.rows.window, window.cols.window, out_channels};
    if (element_count(extents, 16) < 0)
      ConvLayer::fail("there are ", window.size(), " weights for each of ", window.planes / groups, " x ",
                      out_channels, " channels, expected fewer than memory has addresses");
    return groups;
  }

  /// The input as events if it is sparse enough, else empty.
  Events<Scalar> events_of(const SequenceView<const Scalar>& x, Context<Scalar>& context) const {
    if (groups_ > 1) return {};
    return sparse_rows(x, context.bits(), weights(), context.memory());
  }

  SequenceView<const Scalar> weights() const {
    return {weight_.data(), {1, weight_.rows(), weight_.cols()}, weight_.stride()};
  }

  Convolution<Scalar> convolution() const {
    return {window_, out_channels(), groups_, weight_.data(), weight_.stride(), bias_.data()};
  }

  Parameter<Scalar> weight_;
  Parameter<Scalar> bias_;
  bool has_bias_;
};

}  // namespace detail

/// A convolution of images, as PyTorch's nn.Conv2d: with c over the input channels of the group of o,
///
///     y[o, i, j] = b[o] + Σ W[o, c, k, l] x[c, i·stride − padding + k·dilation, j·stride − …]
///
/// and x zero outside. Steps and samples are one batch. A sequence whose steps are all the same is computed
/// once. On a tape it is differentiated by its input, W and b. Zeros are multiplied: a weight that is
/// infinite or NaN makes NaN of them, as in PyTorch.
///
///     st::Conv2d<float> conv({1, 28, 28}, 12, 5, random);  // 12 channels of 24 x 24
///
/// As in PyTorch, W and b start uniform in ±1/√(in_channels/groups · numbers of the kernel).
template <Real Scalar_>
class Conv2d : public detail::ConvLayer<Conv2d<Scalar_>, Scalar_> {
 public:
  using Scalar = Scalar_;
  static constexpr const char* name = "Conv2d";

  /// Takes images of that shape. Throws std::invalid_argument for extents, sizes, out_channels and groups
  /// below 1, a negative padding, groups that do not divide both numbers of channels, a window that is larger
  /// than the padded input, and more numbers than memory has addresses.
  Conv2d(const ImageShape& input, Index out_channels, const Size2d& kernel_size, Random& random,
         const Conv2dOptions& options = {})
      : detail::ConvLayer<Conv2d, Scalar>(
            detail::sliding_window(detail::type_name<Conv2d>(), input, kernel_size, options.stride,
                                   options.padding, options.dilation),
            out_channels, options.groups, options.bias, random, {kernel_size.height, kernel_size.width}) {}

  /// As given.
  Size2d kernel_size() const noexcept { return {this->window_.rows.window, this->window_.cols.window}; }
  Size2d stride() const noexcept { return {this->window_.rows.stride, this->window_.cols.stride}; }
  Size2d padding() const noexcept { return {this->window_.rows.padding, this->window_.cols.padding}; }
  Size2d dilation() const noexcept { return {this->window_.rows.dilation, this->window_.cols.dilation}; }
};

/// A convolution of signals, as PyTorch's nn.Conv1d: Conv2d with a height of 1. The features of a sample are
/// channels of `length` numbers.
///
///     st::Conv1d<float> conv({.channels = 2, .width = 100}, 16, 5, random);  // 16 channels of 96
template <Real Scalar_>
class Conv1d : public detail::ConvLayer<Conv1d<Scalar_>, Scalar_> {
 public:
  using Scalar = Scalar_;
  static constexpr const char* name = "Conv1d";

  /// Takes signals of that shape, whose height is 1. Throws what Conv2d throws, and for another height.
  Conv1d(const ImageShape& input, Index out_channels, Index kernel_size, Random& random,
         const Conv1dOptions& options = {})
      : detail::ConvLayer<Conv1d, Scalar>(window_over(input, kernel_size, options), out_channels,
                                          options.groups, options.bias, random, {kernel_size}) {}

  /// As given.
  Index kernel_size() const noexcept { return this->window_.cols.window; }
  Index stride() const noexcept { return this->window_.cols.stride; }
  Index padding() const noexcept { return this->window_.cols.padding; }
  Index dilation() const noexcept { return this->window_.cols.dilation; }

 private:
  static detail::SlidingWindow window_over(const ImageShape& input, Index kernel_size,
                                           const Conv1dOptions& options) {
    if (input.height != 1) Conv1d::fail("the input is ", input, ", expected a height of 1");
    return detail::sliding_window(detail::type_name<Conv1d>(), input, {1, kernel_size}, {1, options.stride},
                                  {0, options.padding}, {1, options.dilation});
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
