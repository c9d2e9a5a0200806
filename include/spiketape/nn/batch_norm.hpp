// Normalisation over the batch: BatchNorm1d and BatchNorm2d.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/kernels/batch_norm.hpp>
#include <spiketape/nn/layer.hpp>

#include <cmath>
#include <optional>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of BatchNorm1d and BatchNorm2d, named as in PyTorch.
struct BatchNormOptions {
  double eps = 1e-5;  ///< Added to the variance. At least 0.
  /// How much a training call counts in the running figures; none: all calls count the same.
  std::optional<double> momentum = 0.1;
  bool affine = true;  ///< false: γ = 1 and β = 0, not learned
};

namespace detail {

/// What both have in common.
template <typename Derived, Real Scalar>
class BatchNormLayer : public Layer<Derived, Scalar> {
 public:
  static constexpr const char* couples_samples = "a batch norm takes mean and variance over the batch";

  /// Throws std::invalid_argument for num_features below 1, an eps that is negative or not finite, and a
  /// momentum that is not from 0 to 1.
  explicit BatchNormLayer(Index num_features, const BatchNormOptions& options = {})
      : options_(options),
        weight_("weight", 1, num_features),
        bias_("bias", 1, num_features),
        running_mean_("running_mean", 1, num_features),
        running_var_("running_var", 1, num_features),
        num_batches_tracked_("num_batches_tracked", 1, 1) {
    if (num_features < 1) this->fail("num_features is ", num_features, ", expected at least 1");
    if (!(options.eps >= 0 && is_finite(options.eps)))
      this->fail("eps is ", options.eps, ", expected at least 0 and finite");
    if (options.momentum && !(*options.momentum >= 0 && *options.momentum <= 1))
      this->fail("momentum is ", *options.momentum, ", expected 0 to 1");
    weight_.set(1);
    running_var_.set(1);
    weight_.set_learned(options.affine);
    bias_.set_learned(options.affine);
    for (Parameter<Scalar>* figure : {&running_mean_, &running_var_, &num_batches_tracked_})
      figure->set_learned(false);
    num_batches_tracked_.set_saved_whole(true);
  }

  Index num_features() const noexcept { return weight_.cols(); }
  const BatchNormOptions& options() const noexcept { return options_; }

  /// γ and β, (1, num_features).
  Parameter<Scalar>& weight() { return weight_; }
  const Parameter<Scalar>& weight() const { return weight_; }
  Parameter<Scalar>& bias() { return bias_; }
  const Parameter<Scalar>& bias() const { return bias_; }
  /// What evaluation normalises with, (1, num_features), and how many calls have trained. Not learned.
  const Parameter<Scalar>& running_mean() const { return running_mean_; }
  const Parameter<Scalar>& running_var() const { return running_var_; }
  const Parameter<Scalar>& num_batches_tracked() const { return num_batches_tracked_; }

  /// What evaluation computes for each channel, y = scale·x + shift, in double: what a product before it can
  /// take into its weights. Allocate.
  [[nodiscard]] Row<double> scale() const {
    check_not_moved_from(static_cast<const Derived&>(*this));
    const Row<double> variance = running_var_.array().row(0).template cast<double>();
    return weight_.array().row(0).template cast<double>() / (variance + options_.eps).sqrt();
  }
  [[nodiscard]] Row<double> shift() const {
    return bias_.array().row(0).template cast<double>() -
           running_mean_.array().row(0).template cast<double>() * scale();
  }

  /// The shape of the input. Throws std::invalid_argument for features that are no multiple of num_features.
  Shape result(const Shape& input) const {
    check_not_moved_from(static_cast<const Derived&>(*this));
    if (input.features % num_features() != 0 || input.features == 0)
      this->fail("input has ", input.features, " features, expected a multiple of num_features, ",
                 num_features(), why_empty(input.batch, input.features));
    return input;
  }

  /// In training also writes the running figures. Throws std::invalid_argument in training for a single
  /// number in a channel, which has no variance.
  void forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y,
               Context<Scalar>& context) const {
    const Index channels = num_features(), plane = x.features / channels;
    Scalar* mean = context.template save<Scalar>(channels);
    Scalar* deviation = context.template save<Scalar>(channels);  // its inverse
    if (context.training()) {
      const Index count = x.steps * x.batch * plane;  // of constant steps, too
      if (count == 1)
        this->fail("a channel has 1 number to train with, in an input of ", x.shape(),
                   ", expected at least 2");
      if (count == 0) return;
      channel_figures(x, plane, context.template scratch<double>(channels), mean, deviation);
      track(mean, deviation, count);
    } else {
      std::copy_n(running_mean_.data(), channels, mean);
      std::copy_n(running_var_.data(), channels, deviation);
    }
    Scalar* scale = context.template scratch<Scalar>(channels);
    for (Index c = 0; c < channels; ++c) {
      deviation[c] = inverse_deviation(deviation[c], options_.eps);
      scale[c] = weight_.data()[c] * deviation[c];
    }
    scale_channels(x, plane, mean, scale, bias_.data(), y);
  }

  /// With n numbers in a channel and x̂ = (x − mean)·deviation⁻¹:
  /// β̄ = Σ ȳ, γ̄ = Σ ȳ x̂, x̄ = γ·deviation⁻¹·(ȳ − β̄/n − x̂ γ̄/n), in evaluation x̄ = γ·deviation⁻¹·ȳ.
  void backward(const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                const Adjoint<Scalar>& x_adjoint, Context<Scalar>& context) const {
    if (x.rows() == 0) return;
    const Index channels = num_features(), plane = x.features / channels;
    const Scalar *mean = context.template saved<Scalar>(0), *deviation = context.template saved<Scalar>(1);
    double *sums = context.template scratch<double>(channels),
           *products = context.template scratch<double>(channels);
    sum_channels(y_adjoint, plane, sums,
                 [&](Index, Index, const Scalar* adjoint) { return sum_of(adjoint, plane); });
    sum_channels(y_adjoint, plane, products, [&](Index row, Index c, const Scalar* adjoint) {
      return sum_of_products(adjoint, Scalar(0), x.data + row * x.stride + c * plane, mean[c], plane);
    });
    const auto weight_adjoint = context.gradient(weight_), bias_adjoint = context.gradient(bias_);
    for (Index c = 0; c < channels; ++c) {
      if (!weight_adjoint.empty()) weight_adjoint.data[c] += static_cast<Scalar>(products[c]) * deviation[c];
      if (!bias_adjoint.empty()) bias_adjoint.data[c] += static_cast<Scalar>(sums[c]);
    }
    if (x_adjoint.empty()) return;
    Scalar *scale = context.template scratch<Scalar>(channels),
           *share = context.template scratch<Scalar>(channels),
           *slope = context.template scratch<Scalar>(channels);
    // The rows of a constant input collect the adjoints of all steps, so they share among themselves.
    const double count = context.training() ? static_cast<double>(x.rows() * plane) : 0;
    for (Index c = 0; c < channels; ++c) {
      scale[c] = weight_.data()[c] * deviation[c];
      share[c] = count == 0 ? Scalar(0) : static_cast<Scalar>(sums[c] / count);
      slope[c] =
          count == 0 ? Scalar(0) : static_cast<Scalar>(products[c] / count) * deviation[c] * deviation[c];
    }
    add_channels_adjoint(x, y_adjoint, plane, mean, scale, share, slope, x_adjoint.view);
  }

  /// Calls f(name, parameter) for γ and β, if they are learned, and for the running figures.
  template <typename F>
  void for_each_parameter(F&& f) {
    if (options_.affine) {
      f("weight", weight_);
      f("bias", bias_);
    }
    f("running_mean", running_mean_);
    f("running_var", running_var_);
    f("num_batches_tracked", num_batches_tracked_);
  }

 private:
  /// running = (1 − momentum)·running + momentum·figure, with the variance divided by count − 1.
  void track(const Scalar* mean, const Scalar* variance, Index count) const {
    num_batches_tracked_.array() += Scalar(1);
    const Scalar tracked = num_batches_tracked_.array()(0, 0);
    const Scalar share = options_.momentum ? static_cast<Scalar>(*options_.momentum) : 1 / tracked;
    const Scalar unbiased = static_cast<Scalar>(count) / static_cast<Scalar>(count - 1);
    for (Index c = 0; c < num_features(); ++c) {
      Scalar &m = running_mean_.data()[c], &v = running_var_.data()[c];
      m += share * (mean[c] - m);
      v += share * (variance[c] * unbiased - v);
    }
  }

  BatchNormOptions options_;
  Parameter<Scalar> weight_, bias_;
  mutable Parameter<Scalar> running_mean_, running_var_, num_batches_tracked_;  // written by calls that train
};

}  // namespace detail

/// Batch normalisation (Ioffe and Szegedy, Batch normalization, ICML 2015) as PyTorch's nn.BatchNorm2d, of
/// images of num_features channels. For each channel, over all steps, samples and places of a call,
///
///     y = γ (x − mean) / √(variance + eps) + β
///
/// in training, and in evaluation with the running figures. A tape trains unless tape.set_training(false),
/// arrays evaluate. PyTorch takes one step of snnTorch's loop at a time; here a sequence is one call, with
/// one mean and one variance.
///
///     st::BatchNorm2d<float> norm(12);  // behind a convolution of 12 channels
///
/// On a tape it is differentiated by its input, γ and β, through mean and variance. A layer that trains
/// writes its running figures, so only one thread at a time may train it; a call that throws in a later layer
/// has written them. It couples samples: Shards(1) runs it, shards and blocks refuse it.
template <Real Scalar_>
class BatchNorm2d : public detail::BatchNormLayer<BatchNorm2d<Scalar_>, Scalar_> {
 public:
  using Scalar = Scalar_;
  static constexpr const char* name = "BatchNorm2d";
  using detail::BatchNormLayer<BatchNorm2d, Scalar>::BatchNormLayer;
};

/// The same for num_features features, as PyTorch's nn.BatchNorm1d, or as many channels of signals.
template <Real Scalar_>
class BatchNorm1d : public detail::BatchNormLayer<BatchNorm1d<Scalar_>, Scalar_> {
 public:
  using Scalar = Scalar_;
  static constexpr const char* name = "BatchNorm1d";
  using detail::BatchNormLayer<BatchNorm1d, Scalar>::BatchNormLayer;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
