// Recurrence through a convolution: the spikes of a layer of images act on their neighbourhoods.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/kernels/convolution.hpp>
#include <spiketape/kernels/window_events.hpp>
#include <spiketape/neuron/recurrent_weights.hpp>
#include <spiketape/nn/image_shape.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The convolution of a Conv2d whose padding keeps the shape of the images. Memory of a step is freed with
/// it.
template <Real Scalar>
class RecurrentConvolution final : public RecurrentProduct<Scalar> {
 public:
  using typename RecurrentProduct<Scalar>::In;

  explicit RecurrentConvolution(const SlidingWindow& window) : window_(window) {}

  Index neurons() const override { return channels() * places(); }
  Index weight_rows() const override { return channels() * window_.size(); }
  Index weight_cols() const override { return channels(); }
  std::vector<Index> saved_shape() const override {
    return {channels(), channels(), window_.rows.window, window_.cols.window};
  }

  void forward(const Recurrence<Scalar>& of, const In& spk,
               const SequenceView<Scalar>& current) const override {
    const Arena::Scope scope(*of.memory);
    if (spk.empty()) {
      // Also takes the memory of the next steps, so that a stream does not take it later.
      EventRoom<Scalar>(current.batch, neurons(), neurons(), *of.memory);
      typename Convolution<Scalar>::Block(convolution(of), current.batch, *of.memory);
      for (Index b = 0; b < current.batch; ++b)
        for (Index c = 0; c < channels(); ++c)
          std::fill_n(current.row(0, b) + c * places(), places(), of.bias[c]);
      return;
    }
    if (const Events<Scalar> events = sparse_rows<Scalar>(spk, nullptr, weights(of), *of.memory))
      EventConvolution<Scalar>(window_, channels(), events, *of.memory)
          .forward(of.weight, of.stride, of.bias, current);
    else
      convolution(of).forward({spk, nullptr, *of.memory}, current, *of.memory, of.workspace);
  }

  void backward(const Recurrence<Scalar>& of, const In& current_adjoint,
                const SequenceView<Scalar>& spk_adjoint) const override {
    const Arena::Scope scope(*of.memory);
    convolution(of).add_input_adjoint(current_adjoint, spk_adjoint,
                                      all_finite(current_adjoint) && all_finite(weights(of)), *of.memory,
                                      of.workspace);
  }

  void add_weight_adjoint(const Recurrence<Scalar>& of, const In& spk, const In& current_adjoint,
                          Scalar* sum) const override {
    const Arena::Scope scope(*of.memory);
    const Events<Scalar> events = sparse_rows<Scalar>(spk, nullptr, weights(of), *of.memory);
    if (events && all_finite(current_adjoint))
      EventConvolution<Scalar>(window_, channels(), events, *of.memory)
          .add_weight_adjoint(current_adjoint, sum, of.stride);
    else
      convolution(of).add_weight_adjoint({spk, nullptr, *of.memory}, current_adjoint, sum, *of.memory,
                                         of.workspace);
  }
  void add_bias_adjoint(const Recurrence<Scalar>& of, const In& current_adjoint, Scalar* sum) const override {
    convolution(of).add_bias_adjoint(current_adjoint, sum);
  }

 private:
  Index channels() const { return window_.planes; }
  Index places() const { return window_.in_plane(); }
  In weights(const Recurrence<Scalar>& of) const {
    return {of.weight, {1, weight_rows(), weight_cols()}, of.stride};
  }
  Convolution<Scalar> convolution(const Recurrence<Scalar>& of) const {
    return {window_, channels(), 1, of.weight, of.stride, of.bias};
  }

  SlidingWindow window_;
};

template <Real Scalar>
struct RecurrentConvolutionOf<ImageShape, Scalar> {
  static std::shared_ptr<const RecurrentProduct<Scalar>> make(const std::string& neuron,
                                                              const RecurrentImages<Scalar>& images,
                                                              const Size2d& kernel_size) {
    if (kernel_size.height % 2 != 1 || kernel_size.width % 2 != 1)
      fail_argument(neuron, ": kernel_size is ", kernel_size,
                    ", expected odd numbers, so that the result has the size of the input");
    return std::make_shared<const RecurrentConvolution<Scalar>>(
        sliding_window(neuron, {images.channels, images.height, images.width}, kernel_size, 1,
                       {kernel_size.height / 2, kernel_size.width / 2}, 1));
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
