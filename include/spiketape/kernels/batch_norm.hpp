// Normalisation of channels over all rows: figures, forward and backward. A channel is `plane` adjacent
// features.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/kernels/sums.hpp>

#include <algorithm>
#include <cmath>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Calls add(sum, numbers) of each row for each channel; `sums` are in double, since there are many rows.
template <Real Scalar, typename Term>
void sum_channels(const SequenceView<const Scalar>& x, Index plane, double* sums, Term&& term) {
  const Index channels = x.features / plane;
  std::fill_n(sums, channels, 0.0);
  for (Index row = 0; row < x.rows(); ++row)
    for (Index c = 0; c < channels; ++c)
      sums[c] += static_cast<double>(term(row, c, x.data + row * x.stride + c * plane));
}

/// The mean and the variance, divided by the count, of each channel. `sums` is room for a number for each.
template <Real Scalar>
void channel_figures(const SequenceView<const Scalar>& x, Index plane, double* sums, Scalar* mean,
                     Scalar* variance) {
  const Index channels = x.features / plane;
  const auto count = static_cast<double>(x.rows() * plane);
  sum_channels(x, plane, sums, [&](Index, Index, const Scalar* numbers) { return sum_of(numbers, plane); });
  for (Index c = 0; c < channels; ++c) mean[c] = static_cast<Scalar>(sums[c] / count);
  sum_channels(x, plane, sums, [&](Index, Index c, const Scalar* numbers) {
    return sum_of_products(numbers, mean[c], numbers, mean[c], plane);
  });
  for (Index c = 0; c < channels; ++c) variance[c] = static_cast<Scalar>(sums[c] / count);
}

/// 1/√(variance + eps).
template <Real Scalar>
Scalar inverse_deviation(const Scalar& variance, double eps) {
  return 1 / std::sqrt(variance + static_cast<Scalar>(eps));
}

/// y = (x − centre)·scale + shift.
template <Real Scalar>
void scale_channels(const SequenceView<const Scalar>& x, Index plane, const Scalar* centre,
                    const Scalar* scale, const Scalar* shift, const SequenceView<Scalar>& y) {
  for (Index row = 0; row < x.rows(); ++row)
    for (Index c = 0; c < x.features / plane; ++c) {
      const Scalar* from = x.data + row * x.stride + c * plane;
      Scalar* to = y.data + row * y.stride + c * plane;
      for (Index i = 0; i < plane; ++i) to[i] = (from[i] - centre[c]) * scale[c] + shift[c];
    }
}

/// x̄ += scale·(ȳ − mean of ȳ − (x − centre)·slope).
template <Real Scalar>
void add_channels_adjoint(const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                          Index plane, const Scalar* centre, const Scalar* scale, const Scalar* mean,
                          const Scalar* slope, const SequenceView<Scalar>& x_adjoint) {
  for (Index row = 0; row < x.rows(); ++row)
    for (Index c = 0; c < x.features / plane; ++c) {
      const Scalar* from = x.data + row * x.stride + c * plane;
      const Scalar* adjoint = y_adjoint.data + row * y_adjoint.stride + c * plane;
      Scalar* to = x_adjoint.data + row * x_adjoint.stride + c * plane;
      for (Index i = 0; i < plane; ++i)
        to[i] += scale[c] * (adjoint[i] - mean[c] - (from[i] - centre[c]) * slope[c]);
    }
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
