// Delays between layers, also of fractions of a step, which can be learned.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/kernels/delay.hpp>
#include <spiketape/neuron/coefficient.hpp>
#include <spiketape/nn/hidden_layer.hpp>

#include <algorithm>
#include <cmath>

namespace spiketape::inline SPIKETAPE_ABI {

/// How a delay between two steps is shared among steps; see Delay.
enum class DelayKernel { linear, gaussian };

/// The options of Delay: the arguments of snnTorch's SynapticDelay in their order, but for step_mode, since a
/// call takes a step or a sequence.
template <Real Scalar>
struct DelayOptions {
  /// The longest delay, in steps. Required, at least 1: the state holds as many steps.
  Index max_delay = 0;
  /// The delay in steps, 0 to max_delay, or one for each channel.
  Coefficient<Scalar> delay = 0;
  /// The number of channels with a delay of their own; 0: as many as `delay` has values, one for all
  /// features.
  Index channels = 0;
  /// Whether the delays are learned.
  bool learn_delay = false;
  /// How a delay that is no whole number of steps reads the past.
  DelayKernel kernel = DelayKernel::linear;
  /// σ of the Gaussian kernel, in steps. Above 0.
  double sigma = 1;
  /// Keeps the past inputs inside from call to call, as neurons keep their membranes. false: a call starts
  /// from zero, unless it gets a State.
  bool init_hidden = false;
};

/// Delays the numbers of each channel by d steps, which need not be whole: with d̂ = clamp(d, 0, max_delay),
///
///     y[t] = Σ w(τ) x[t − τ],   τ = 0, …, max_delay
///     linear:    w(⌊d̂⌋) = 1 − f, w(⌊d̂⌋ + 1) = f, f = d̂ − ⌊d̂⌋
///     Gaussian:  w(τ) = exp(−(τ − d̂)²/2σ²) / Σ exp(−(τ' − d̂)²/2σ²)
///
/// and x zero before the first step. Its place is in front of neurons or behind them:
///
///     st::Sequential net{st::Linear<float>(700, 128, random),
///                        st::Delay<float>({.max_delay = 25, .delay = 12, .channels = 128, .learn_delay =
///                        true}), st::Leaky<float>({.beta = 0.9f}), ...};
///
/// Features are channels of equally many numbers, as behind a convolution. A delay of whole steps copies, so
/// spikes stay spikes; others are shared between steps. A linear kernel sees as far as the next step; a wide
/// Gaussian learns from further off, and set_sigma makes it narrower as training goes on (Hammouamri,
/// Khalfaoui-Hassani and Masquelier, Learning delays in spiking neural networks using dilated convolutions
/// with learnable spacings, ICLR 2024). As σ goes to 0, the delay goes to the nearest whole number.
///
/// On a tape it is differentiated by its input, its state and d (Khalfaoui-Hassani, Pellegrini and
/// Masquelier, Dilated convolution with learnable spacings, ICLR 2023):
///
///     linear:    ∂y/∂d = x[t − ⌊d̂⌋ − 1] − x[t − ⌊d̂⌋]
///     Gaussian:  ∂w/∂d = w(τ) (τ − Σ τ' w(τ'))/σ²
///
/// and 0 where d lies outside of [0, max_delay]. At d = max_delay the linear derivative is that from the
/// left. The state is the last max_delay inputs, oldest first; a loop over steps gives the bits of the
/// sequence.
template <Real Scalar_>
class Delay : public detail::HiddenLayer<Delay<Scalar_>, Scalar_> {
  using Base = detail::HiddenLayer<Delay, Scalar_>;
  using Taps = detail::DelayTaps<Scalar_>;

 public:
  using Scalar = Scalar_;
  static constexpr const char* name = "Delay";
  static constexpr std::size_t carried = 1;
  static constexpr bool takes_bits = true;

  /// Throws std::invalid_argument for max_delay below 1, a delay that is not from 0 to max_delay, another
  /// number of delays than channels, and sigma that is not above 0.
  explicit Delay(const DelayOptions<Scalar>& options)
      : Base(options.init_hidden),
        max_delay_(checked_longest(options.max_delay)),
        kernel_(options.kernel),
        delay_("delay", 1, channels_of(options)) {
    const Row<Scalar>& values = options.delay.values();
    for (Index i = 0; i < values.size(); ++i)
      if (!(values[i] >= 0 && values[i] <= static_cast<Scalar>(max_delay_)))
        this->fail("delay is ", detail::number_text(static_cast<double>(values[i])),
                   ", expected 0 to max_delay, ", max_delay_);
    for (Index c = 0; c < delay_.cols(); ++c) delay_.data()[c] = values[values.size() == 1 ? 0 : c];
    delay_.ptr()->learn = options.learn_delay;
    delay_.ptr()->allowed = detail::Allowed::finite;
    delay_.ptr()->widens = options.channels == 0 && values.size() == 1;
    set_sigma(options.sigma);
  }

  /// The longest delay, in steps.
  Index max_delay() const noexcept { return max_delay_; }
  /// The channels with a delay of their own; 1: all features have the same.
  Index channels() const noexcept { return delay_.cols(); }
  /// The kernel, and σ of the Gaussian one.
  DelayKernel kernel() const noexcept { return kernel_; }
  double sigma() const noexcept { return sigma_; }
  /// Sets σ of the Gaussian kernel. Throws std::invalid_argument unless it is above 0 and finite.
  void set_sigma(double sigma) {
    if (!(sigma > 0 && detail::is_finite(sigma)))
      this->fail("sigma is ", detail::number_text(sigma), ", expected more than 0 and finite");
    sigma_ = sigma;
  }
  /// d, (1, channels), in steps.
  Parameter<Scalar>& delay() { return delay_; }
  const Parameter<Scalar>& delay() const { return delay_; }

  /// reset_hidden, under snnTorch's name.
  void reset_delay() const { this->reset_hidden(); }

  /// The shape of the input. Throws std::invalid_argument for features that are no multiple of channels.
  Shape result(const Shape& input) const {
    detail::check_not_moved_from(*this);
    if (input.features % channels() != 0 || input.features == 0)
      this->fail("input has ", input.features, " features, expected a multiple of channels, ", channels(),
                 detail::why_empty(input.batch, input.features));
    return input;
  }
  /// The name of the state in checkpoints.
  static const char* name_of(std::size_t) { return "past"; }
  /// The inputs of the last max_delay steps.
  Shape state_shape(std::size_t, const Shape& input) const {
    return {max_delay_, input.batch, input.features};
  }

  void forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y,
               Context<Scalar>& context) const {
    const Taps taps = taps_of(x.features, delay_.learned() && context.tape() != nullptr, context.memory());
    if (context.tape() != nullptr) *context.template save<Taps>(1) = taps;
    const detail::DelayLine<Scalar> line(max_delay_, x.shape(), context.memory());
    for (Index b = 0; b < x.batch; ++b) {
      line.read(context.entering(), x, context.bits(), b);
      for (Index t = 0; t < x.steps; ++t) line.forward(taps, t, y.row(t, b));
      for (Index k = 0; k < max_delay_; ++k)
        std::copy_n(line.row(x.steps - max_delay_ + k), x.features, context.leaving().row(k, b));
    }
  }
  void backward(const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                const Adjoint<Scalar>& x_adjoint, Context<Scalar>& context) const {
    const Taps& taps = *context.template saved<Taps>();
    const detail::DelayLine<Scalar> line(max_delay_, x.shape(), context.memory());
    if (const auto sums = context.gradient(delay_); !sums.empty()) {
      double* total = context.template scratch<double>(channels());
      std::fill_n(total, channels(), 0.0);
      for (Index b = 0; b < x.batch; ++b) {
        line.read(context.entering(), x, context.bits(), b);
        for (Index t = 0; t < x.steps; ++t) line.add_slopes(taps, t, y_adjoint.row(t, b), total);
      }
      for (Index c = 0; c < channels(); ++c) sums.data[c] += static_cast<Scalar>(total[c]);
    }
    const Adjoint<Scalar> entering = context.entering_adjoint();
    if (x_adjoint.empty() && entering.empty()) return;
    for (Index b = 0; b < x.batch; ++b) {
      std::fill_n(line.rows, (max_delay_ + x.steps) * line.stride, Scalar(0));
      if (const auto leaving = context.leaving_adjoint(); !leaving.empty())
        for (Index k = 0; k < max_delay_; ++k)
          std::copy_n(leaving.row(k, b), x.features, line.row(x.steps - max_delay_ + k));
      for (Index t = 0; t < x.steps; ++t) line.add_adjoint(taps, t, y_adjoint.row(t, b));
      for (Index k = 0; k < max_delay_ && !entering.empty(); ++k)
        add(line.row(k - max_delay_), entering.view.row(k, b), x.features);
      for (Index t = 0; t < x.steps && !x_adjoint.empty(); ++t)
        add(line.row(t), x_adjoint.view.row(t, b), x.features);
    }
  }

  /// Calls f("delay", d).
  template <typename F>
  void for_each_parameter(F&& f) {
    f("delay", delay_);
  }

 private:
  static Index checked_longest(Index max_delay) {
    if (max_delay < 1 || max_delay > Index(1) << 30)
      Base::fail("max_delay is ", max_delay, ", expected 1 to ", Index(1) << 30);
    return max_delay;
  }
  static Index channels_of(const DelayOptions<Scalar>& options) {
    const Index values = options.delay.values().size();
    if (options.channels < 0 || values == 0)
      Base::fail("channels is ", options.channels, " and delay has ", values, " values, expected some");
    if (options.channels > 0 && values != 1 && values != options.channels)
      Base::fail("delay has ", values, " values, channels is ", options.channels,
                 ", expected 1 value or one for each channel");
    return options.channels > 0 ? options.channels : values;
  }

  static void add(const Scalar* from, Scalar* to, Index count) {
    Eigen::Map<Eigen::ArrayX<Scalar>>(to, count) += Eigen::Map<const Eigen::ArrayX<Scalar>>(from, count);
  }

  Taps taps_of(Index features, bool learned, Arena& memory) const {
    const bool linear = kernel_ == DelayKernel::linear;
    Taps taps(channels(), features / channels(), linear ? 2 : max_delay_ + 1, !linear, learned, memory);
    for (Index c = 0; c < channels(); ++c) {
      const Scalar d = delay_.data()[c], longest = static_cast<Scalar>(max_delay_);
      const bool inside = d >= 0 && d <= longest;
      const Scalar clamped = d < 0 ? Scalar(0) : d > longest ? longest : d;
      linear ? add_linear(taps, c, clamped, inside) : add_gaussian(taps, c, clamped, inside);
    }
    return taps;
  }
  void add_linear(const Taps& taps, Index c, const Scalar& d, bool inside) const {
    // The longest delay is the second of two steps. (A delay that training made NaN shows in the weights.)
    const Index lag = detail::is_nan(d) ? 0 : std::min(static_cast<Index>(d), max_delay_ - 1);
    const Scalar fraction = d - static_cast<Scalar>(lag);
    taps.lags[c] = lag;
    taps.weights[c] = 1 - fraction;
    taps.weights[taps.channels + c] = fraction;
    if (taps.slopes == nullptr) return;
    taps.slopes[c] = inside ? Scalar(-1) : Scalar(0);
    taps.slopes[taps.channels + c] = inside ? Scalar(1) : Scalar(0);
  }
  void add_gaussian(const Taps& taps, Index c, const Scalar& d, bool inside) const {
    // The limit keeps products with 0 finite.
    const auto place = static_cast<double>(d), factor = std::min(1 / (sigma_ * sigma_), 1e30);
    // Taken out of all exponents, that of the nearest step keeps the sum above 0 however small σ is.
    const double nearest = std::round(place) - place;
    const auto power = [&](Index lag) {
      const double distance = static_cast<double>(lag) - place;
      return std::exp(-0.5 * factor * (distance * distance - nearest * nearest));
    };
    double sum = 0, mean = 0;
    for (Index lag = 0; lag < taps.count; ++lag) {
      sum += power(lag);
      mean += power(lag) * static_cast<double>(lag);
    }
    mean /= sum;
    for (Index lag = 0; lag < taps.count; ++lag) {
      const double weight = power(lag) / sum;
      taps.weights[lag * taps.channels + c] = static_cast<Scalar>(weight);
      if (taps.slopes != nullptr)
        taps.slopes[lag * taps.channels + c] =
            static_cast<Scalar>(inside ? weight * (static_cast<double>(lag) - mean) * factor : 0);
    }
  }

  Index max_delay_;
  DelayKernel kernel_;
  double sigma_ = 1;
  Parameter<Scalar> delay_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
