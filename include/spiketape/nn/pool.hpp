// Pooling layers: MaxPool2d, AvgPool2d, SumPool2d.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/pool.hpp>
#include <spiketape/nn/image_shape.hpp>
#include <spiketape/nn/layer.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of MaxPool2d and SumPool2d.
struct PoolOptions {
  Size2d stride = 0;   ///< From window to window; 0: kernel_size, so that they do not overlap.
  Size2d padding = 0;  ///< Around the input: never the largest, and 0 in a sum. At most half of kernel_size.
};
/// The options of AvgPool2d.
struct AvgPoolOptions {
  Size2d stride = 0;              ///< As in PoolOptions.
  Size2d padding = 0;             ///< Zeros around the input, at most half of kernel_size.
  bool count_include_pad = true;  ///< Whether padding counts in the number that a sum is divided by.
};

namespace detail {

/// What pooling layers have in common.
template <typename Derived, Real Scalar>
class PoolLayer : public Layer<Derived, Scalar> {
 public:
  /// The images that it takes and those that it returns.
  ImageShape in_shape() const noexcept { return {window_.planes, window_.rows.in, window_.cols.in}; }
  ImageShape out_shape() const noexcept { return {window_.planes, window_.rows.out(), window_.cols.out()}; }

  Size2d kernel_size() const noexcept { return {window_.rows.window, window_.cols.window}; }
  Size2d stride() const noexcept { return {window_.rows.stride, window_.cols.stride}; }
  Size2d padding() const noexcept { return {window_.rows.padding, window_.cols.padding}; }

  /// How its windows lie: for files of networks.
  const SlidingWindow& window() const noexcept { return window_; }
  /// The shape of the result. Throws std::invalid_argument for another number of features than in_shape has.
  Shape result(const Shape& input) const { return image_result(static_cast<const Derived&>(*this), input); }

 protected:
  PoolLayer(const ImageShape& input, const Size2d& kernel_size, const Size2d& stride, const Size2d& padding)
      : window_(sliding_window(type_name<Derived>(), input, kernel_size,
                               stride == Size2d(0) ? kernel_size : stride, padding, 1)) {
    if (2 * padding.height > kernel_size.height || 2 * padding.width > kernel_size.width)
      this->fail("padding is ", padding, ", expected at most half of kernel_size, which is ", kernel_size);
  }

  SlidingWindow window_;
};

/// Pooling by sums: y = Σ x over each window, divided.
template <typename Derived, Real Scalar>
class SumPoolLayer : public PoolLayer<Derived, Scalar> {
 public:
  /// Allocates nothing.
  void forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y, Context<Scalar>&) const {
    for (Index row = 0; row < x.rows(); ++row)
      sum_pool(this->window_, divisor_, x.data + row * x.stride, y.data + row * y.stride);
  }
  void backward(const SequenceView<const Scalar>&, const SequenceView<const Scalar>& y_adjoint,
                const Adjoint<Scalar>& x_adjoint, Context<Scalar>& context) const {
    if (x_adjoint.empty()) return;
    const SequenceView<Scalar>& x = x_adjoint.view;
    Scalar* shares = context.template scratch<Scalar>(y_adjoint.features);
    for (Index row = 0; row < x.rows(); ++row)
      sum_pool_adjoint(this->window_, divisor_, y_adjoint.data + row * y_adjoint.stride, shares,
                       x.data + row * x.stride);
  }

 protected:
  SumPoolLayer(const ImageShape& input, const Size2d& kernel_size, const Size2d& stride,
               const Size2d& padding, Divisor divisor)
      : PoolLayer<Derived, Scalar>(input, kernel_size, stride, padding), divisor_(divisor) {}

  Divisor divisor_;
};

}  // namespace detail

/// The largest number of each window of each channel, as PyTorch's nn.MaxPool2d. Of spikes it gives spikes,
/// as bits where they come as bits. On a tape it is differentiated by its input: the gradient goes to the
/// first of the largest numbers.
///
///     st::MaxPool2d<float> pool({12, 24, 24}, 2);  // from 12 channels of 24 x 24 to 12 of 12 x 12
template <Real Scalar_>
class MaxPool2d : public detail::PoolLayer<MaxPool2d<Scalar_>, Scalar_> {
 public:
  using Scalar = Scalar_;
  static constexpr const char* name = "MaxPool2d";
  static constexpr bool takes_bits = true, gives_bits = true;

  /// Takes images of that shape. Throws std::invalid_argument for extents and sizes below 1, a negative
  /// padding or one of more than half of kernel_size, a window that is larger than the padded input, one
  /// whose rows have 2²⁴ numbers of the input or more (2⁵³ in double), and an input of 2³¹ numbers or more.
  MaxPool2d(const ImageShape& input, const Size2d& kernel_size, const PoolOptions& options = {})
      : detail::PoolLayer<MaxPool2d, Scalar>(input, kernel_size, options.stride, options.padding) {
    if (input.features() > std::numeric_limits<std::int32_t>::max())
      this->fail("the input is ", input, ", expected fewer than 2^31 numbers");
    if (!detail::counts_offsets<Scalar>(this->window_))
      this->fail("kernel_size is ", kernel_size, ", expected rows that are fewer numbers of the input, ",
                 input, ", than a Scalar counts");
  }

  /// On a tape, keeps the place of each largest number.
  void forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y,
               Context<Scalar>& context) const {
    const Index rows = y.rows(), outputs = y.features;
    auto* winners = context.template save<std::int32_t>(rows * outputs);
    const detail::BitRows<Scalar>* bits = context.bits();
    detail::LineBits* result = context.result_bits();
    const Index lines = detail::whole_lines<Scalar>(outputs) / detail::line<Scalar>;
    Scalar* numbers =
        bits == nullptr ? nullptr : context.template scratch<Scalar>(detail::whole_lines<Scalar>(x.features));
    Scalar* room = context.template scratch<Scalar>(3 * lines * detail::line<Scalar>);
    Scalar* largest = result == nullptr ? nullptr : context.template scratch<Scalar>(outputs);
    for (Index row = 0; row < rows; ++row) {
      if (bits != nullptr) bits->write(row, numbers);
      const Scalar* from = bits != nullptr ? numbers : x.data + row * x.stride;
      Scalar* to = result != nullptr ? largest : y.data + row * y.stride;
      detail::max_pool(this->window_, from, to, winners + row * outputs, room);
      if (result != nullptr) detail::write_bits(to, outputs, result + row * lines);
    }
  }
  void backward(const SequenceView<const Scalar>&, const SequenceView<const Scalar>& y_adjoint,
                const Adjoint<Scalar>& x_adjoint, Context<Scalar>& context) const {
    if (x_adjoint.empty()) return;
    const auto* winners = context.template saved<std::int32_t>();
    const Index outputs = y_adjoint.features;
    for (Index row = 0; row < y_adjoint.rows(); ++row)
      detail::max_pool_adjoint(outputs, winners + row * outputs, y_adjoint.data + row * y_adjoint.stride,
                               x_adjoint.view.data + row * x_adjoint.view.stride);
  }
};

/// The mean of each window of each channel, as PyTorch's nn.AvgPool2d. On a tape it is differentiated by its
/// input.
///
///     st::AvgPool2d<float> pool({12, 24, 24}, 2);
template <Real Scalar_>
class AvgPool2d : public detail::SumPoolLayer<AvgPool2d<Scalar_>, Scalar_> {
 public:
  using Scalar = Scalar_;
  static constexpr const char* name = "AvgPool2d";

  /// Throws what MaxPool2d throws.
  AvgPool2d(const ImageShape& input, const Size2d& kernel_size, const AvgPoolOptions& options = {})
      : detail::SumPoolLayer<AvgPool2d, Scalar>(
            input, kernel_size, options.stride, options.padding,
            options.count_include_pad ? detail::Divisor::window : detail::Divisor::inside) {}

  /// As given.
  bool count_include_pad() const noexcept { return this->divisor_ == detail::Divisor::window; }
};

/// The sum of each window of each channel: the number of its spikes. A mean of spikes is no spike; hardware
/// sums them instead, and NIR has a node for it. On a tape it is differentiated by its input.
///
///     st::SumPool2d<float> pool({12, 24, 24}, 2);
template <Real Scalar_>
class SumPool2d : public detail::SumPoolLayer<SumPool2d<Scalar_>, Scalar_> {
 public:
  using Scalar = Scalar_;
  static constexpr const char* name = "SumPool2d";

  /// Throws what MaxPool2d throws.
  SumPool2d(const ImageShape& input, const Size2d& kernel_size, const PoolOptions& options = {})
      : detail::SumPoolLayer<SumPool2d, Scalar>(input, kernel_size, options.stride, options.padding,
                                                detail::Divisor::one) {}
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
