// Delays of fractions of steps: each number of the result is a weighted sum of a few numbers of the past,
//
//     y[t] = Σ w_j x[t − lag − j],   x̄[t − lag − j] += w_j ȳ[t],   d̄ += ȳ[t] Σ (∂w_j/∂d) x[t − lag − j]
//
// with weights that all places of a channel share.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/core/line.hpp>
#include <spiketape/kernels/bit_rows.hpp>

#include <algorithm>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// What the delays of all channels are made of.
template <Real Scalar>
struct DelayTaps {
  Index channels, places;  // their product is the number of features
  Index count;             // weights of a channel
  Index* lags;             // the least lag of each channel; null: 0
  Scalar* weights;         // (count, channels)
  Scalar* slopes;          // ∂w/∂d, laid out like the weights; null: not needed

  DelayTaps(Index channels_, Index places_, Index count_, bool all_from_zero, bool with_slopes, Arena& memory)
      : channels(channels_),
        places(places_),
        count(count_),
        lags(all_from_zero ? nullptr : memory.allocate<Index>(channels_)),
        weights(memory.allocate<Scalar>(count_ * channels_)),
        slopes(with_slopes ? memory.allocate<Scalar>(count_ * channels_) : nullptr) {}

  /// Whether a weight of all channels multiplies a row, number by number.
  bool by_rows() const noexcept { return lags == nullptr && places == 1; }
  Index lag(Index channel) const noexcept { return lags == nullptr ? 0 : lags[channel]; }
  Eigen::Map<const Eigen::ArrayX<Scalar>> row(const Scalar* of, Index j) const noexcept {
    return {of + j * channels, channels};
  }
};

/// The inputs of one sample: those of the longest delay before the call, oldest first, then those of the
/// call.
template <Real Scalar>
struct DelayLine {
  Index past;
  Index steps;
  Index features;
  Index stride;
  Scalar* rows;

  DelayLine(Index past_, const Shape& input, Arena& memory)
      : past(past_),
        steps(input.steps),
        features(input.features),
        stride(whole_lines<Scalar>(input.features)),
        rows(memory.allocate<Scalar>((past_ + input.steps + 1) * stride)) {}  // and room for one

  /// Step t, from −past.
  Scalar* row(Index t) const noexcept { return rows + (past + t) * stride; }
  Eigen::Map<Eigen::ArrayX<Scalar>> numbers(Index t, Index begin, Index count) const noexcept {
    return {row(t) + begin, count};
  }

  /// Reads sample b; a state without data is zero, and bits stand for an input without data.
  void read(const SequenceView<const Scalar>& state, const SequenceView<const Scalar>& x,
            const BitRows<Scalar>* bits, Index b) const {
    for (Index k = 0; k < past; ++k)
      if (state.empty())
        std::fill_n(row(k - past), features, Scalar(0));
      else
        std::copy_n(state.row(k, b), features, row(k - past));
    for (Index t = 0; t < steps; ++t)
      if (bits == nullptr)
        std::copy_n(x.row(t, b), features, row(t));
      else
        bits->write(t * x.batch + b, row(t));
  }

  /// y of step t.
  void forward(const DelayTaps<Scalar>& taps, Index t, Scalar* y) const {
    Eigen::Map<Eigen::ArrayX<Scalar>> all(y, features);
    all.setZero();
    if (taps.by_rows()) {
      for (Index j = 0; j < taps.count; ++j) all += taps.row(taps.weights, j) * numbers(t - j, 0, features);
      return;
    }
    // A delay of whole steps copies, whatever the next number is.
    if (taps.places == 1)
      for_features(taps, taps.weights, t,
                   [&](Scalar weight, const Scalar* from, Index c)
                       SPIKETAPE_INLINE_LAMBDA { y[c] += weight == 0 ? Scalar(0) : weight * *from; });
    else
      for_channels(taps, taps.weights, t, [&](Scalar weight, Index from, Index begin) {
        if (weight != 0) all.segment(begin, taps.places) += weight * numbers(from, begin, taps.places);
      });
  }

  /// In a line of adjoints: adds what ȳ of step t sends back.
  void add_adjoint(const DelayTaps<Scalar>& taps, Index t, const Scalar* y_adjoint) const {
    const Eigen::Map<const Eigen::ArrayX<Scalar>> all(y_adjoint, features);
    if (taps.by_rows()) {
      for (Index j = 0; j < taps.count; ++j) numbers(t - j, 0, features) += taps.row(taps.weights, j) * all;
      return;
    }
    if (taps.places == 1)
      for_features(taps, taps.weights, t, [&](Scalar weight, Scalar* to, Index c) SPIKETAPE_INLINE_LAMBDA {
        *to += weight == 0 ? Scalar(0) : weight * y_adjoint[c];
      });
    else
      for_channels(taps, taps.weights, t, [&](Scalar weight, Index from, Index begin) {
        if (weight != 0) numbers(from, begin, taps.places) += weight * all.segment(begin, taps.places);
      });
  }

  /// Adds the derivatives by the delay of each channel to `sums`.
  void add_slopes(const DelayTaps<Scalar>& taps, Index t, const Scalar* y_adjoint, double* sums) const {
    const Eigen::Map<const Eigen::ArrayX<Scalar>> all(y_adjoint, features);
    if (taps.by_rows()) {
      auto slope = numbers(steps, 0, features);
      slope.setZero();
      for (Index j = 0; j < taps.count; ++j) slope += taps.row(taps.slopes, j) * numbers(t - j, 0, features);
      Eigen::Map<Eigen::ArrayXd>(sums, taps.channels) += (slope * all).template cast<double>();
      return;
    }
    if (taps.places == 1)
      for_features(taps, taps.slopes, t,
                   [&](Scalar slope, const Scalar* from, Index c) SPIKETAPE_INLINE_LAMBDA {
                     sums[c] += slope == 0 ? 0.0 : static_cast<double>(slope * *from * y_adjoint[c]);
                   });
    else
      for_channels(taps, taps.slopes, t, [&](Scalar slope, Index from, Index begin) {
        if (slope == 0) return;
        const Scalar product = (all.segment(begin, taps.places) * numbers(from, begin, taps.places)).sum();
        sums[begin / taps.places] += static_cast<double>(slope * product);
      });
  }

 private:
  /// Calls visit(factor, the number that it multiplies, the channel) for channels of one feature.
  template <typename Visit>
  SPIKETAPE_INLINE void for_features(const DelayTaps<Scalar>& taps, const Scalar* factors, Index t,
                                     Visit&& visit) const {
    for (Index j = 0; j < taps.count; ++j, factors += taps.channels) {
      Scalar* step = row(t - j);
      for (Index c = 0; c < taps.channels; ++c) visit(factors[c], step + c - taps.lags[c] * stride, c);
    }
  }
  /// Calls visit(factor, the step that it multiplies, the channel's first feature) for all channels and taps.
  template <typename Visit>
  static void for_channels(const DelayTaps<Scalar>& taps, const Scalar* factors, Index t, Visit&& visit) {
    for (Index j = 0; j < taps.count; ++j)
      for (Index c = 0; c < taps.channels; ++c)
        visit(factors[j * taps.channels + c], t - taps.lag(c) - j, c * taps.places);
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
