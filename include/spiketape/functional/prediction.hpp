// Class probabilities, and predictions from a stream of steps.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/functional/accuracy.hpp>
#include <spiketape/functional/loss.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of RunningPrediction.
struct RunningPredictionOptions {
  /// What earlier steps count for after each further step, in [0, 1]. 1: all steps count alike. For a stream
  /// without an end 1 − 1/τ: about the last τ steps count.
  double decay = 1;
};

/// The class of each sample and its probability while steps arrive one by one, by rate code:
///
///     C[t] = decay·C[t−1] + x[t],   class = argmax C,   p = softmax(C)
///
/// where x are the outputs of a network, (batch, classes), spikes or membranes. Without decay the classes are
/// those of predict() for all steps so far, to the last bit. Not differentiated.
///
///     st::RunningPrediction seen;
///     auto state = net.state(1);
///     for (...) {
///       seen.add(net(step, state).spk);
///       if (seen.probabilities().row(0).maxCoeff() > 0.99) break;   // sure enough: seen.classes()[0]
///     }
///
/// Sums are kept in double. Allocates with the first step, and when batch or classes change after a reset.
class RunningPrediction {
 public:
  /// Throws std::invalid_argument unless decay is in [0, 1].
  explicit RunningPrediction(const RunningPredictionOptions& options = {}) : decay_(options.decay) {
    if (!(decay_ >= 0 && decay_ <= 1) || detail::is_nan(decay_))
      detail::fail_argument("spiketape::RunningPrediction: decay is ", decay_, ", expected 0 to 1");
  }

  /// Adds the outputs of a step or of several, on arrays or on a tape: (steps, batch, classes). Throws
  /// std::invalid_argument without a class, and for another batch or other classes than before.
  template <typename Outputs>
  void add(const Outputs& outputs) {
    const auto view = view_of(outputs);
    check(view.shape());
    const FlushDenormals flush;
    for (Index t = 0; t < view.steps; ++t, ++steps_) {
      weight_ = decay_ * weight_ + 1;
      for (Index b = 0; b < view.batch; ++b)
        for (Index i = 0; i < view.features; ++i)
          sums_(b, i) = decay_ * sums_(b, i) + static_cast<double>(view.row(t, b)[i]);
    }
    for (Index b = 0; b < view.batch; ++b)
      classes_[static_cast<std::size_t>(b)] =
          static_cast<int>(detail::index_of_largest(view.features, [&](Index i) { return sums_(b, i); }));
  }

  /// Forgets all steps.
  void reset() noexcept {
    steps_ = 0;
    weight_ = 0;
  }

  /// The number of steps since the reset.
  Index steps() const noexcept { return steps_; }
  /// The class of each sample: the largest sum, the first of equal ones; a NaN never wins against a number.
  /// Valid until the next `add`. Throws std::invalid_argument before the first step.
  std::span<const int> classes() const {
    check_started("classes");
    return classes_;
  }
  /// C, (batch, classes); without decay the sums over all steps, such as counts of spikes. Throws
  /// std::invalid_argument before the first step.
  const Array<double>& sums() const {
    check_started("sums");
    return sums_;
  }
  /// The probability of each class, (batch, classes); each row adds up to 1. OverSteps::sum is softmax(C),
  /// for networks trained on counts of spikes. OverSteps::mean divides C by the sum of the weights of the
  /// steps, for networks trained with the cross entropy of every step, which the sum would make too sure. The
  /// largest is that of the class in both. A row with a NaN, or with +infinity, becomes NaN. Valid until the
  /// next call. Throws std::invalid_argument before the first step.
  const Array<double>& probabilities(OverSteps over_steps = OverSteps::sum) {
    check_started("probabilities");
    const FlushDenormals flush;
    const double scale = over_steps == OverSteps::mean ? 1 / weight_ : 1;
    for (Index b = 0; b < sums_.rows(); ++b) {
      const double largest = sums_(b, classes_[static_cast<std::size_t>(b)]);
      double total = 0;
      for (Index i = 0; i < sums_.cols(); ++i)
        total += probabilities_(b, i) = std::exp((sums_(b, i) - largest) * scale);
      for (Index i = 0; i < sums_.cols(); ++i) probabilities_(b, i) /= total;
    }
    return probabilities_;
  }

 private:
  SPIKETAPE_NOINLINE void check(const Shape& shape) {
    if (shape.features == 0)
      detail::fail_argument("spiketape::RunningPrediction: input has shape ", shape,
                            ", expected at least one class", detail::why_empty(shape.batch, shape.features));
    const bool same = shape.batch == sums_.rows() && shape.features == sums_.cols();
    if (steps_ > 0 && !same)
      detail::fail_argument("spiketape::RunningPrediction: input has a batch of ", shape.batch, " and ",
                            shape.features, " classes, the steps before have ", sums_.rows(), " and ",
                            sums_.cols(), ": call reset() before another stream");
    if (!same) {
      classes_.resize(static_cast<std::size_t>(shape.batch));
      probabilities_ = Array<double>(shape.batch, shape.features);
      sums_ = Array<double>(shape.batch, shape.features);  // last: its size says that all have theirs
    }
    if (steps_ == 0) sums_.setZero();
  }
  void check_started(const char* function) const {
    if (steps_ == 0)
      detail::fail_argument("spiketape::RunningPrediction::", function, ": no step was added, expected one");
  }

  double decay_;
  double weight_ = 0;  // Σ decay^k over the steps
  Index steps_ = 0;
  Array<double> sums_, probabilities_;
  std::vector<int> classes_;
};

/// The probability of each class from all steps, (batch, classes): softmax of the sum of the outputs over the
/// steps, or of their mean; see RunningPrediction::probabilities. `outputs` is what predict() takes, and the
/// largest probability is that of the class that it returns. Not differentiated (see softmax). Allocates.
/// Throws std::invalid_argument without a class or without a step.
template <typename Outputs>
[[nodiscard]] Array<double> class_probabilities(const Outputs& outputs,
                                                OverSteps over_steps = OverSteps::sum) {
  RunningPrediction seen;
  seen.add(outputs);
  return seen.probabilities(over_steps);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
