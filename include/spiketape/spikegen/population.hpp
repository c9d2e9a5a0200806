// Population coding: a number as the activity of neurons that each prefer another value.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/adjoint.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/spikegen/code.hpp>

#include <cmath>

namespace spiketape::inline SPIKETAPE_ABI::spikegen {

/// Population coding by Gaussian receptive fields: each number x becomes the activities of m neurons,
///
///   y_j = exp(−½ ((x − c_j) / σ)²),  c_j = low + (j − ½)(high − low)/(m − 2),  σ = (high − low)/(β(m − 2)),
///
/// j = 0, …, m − 1, those of feature i at i·m + j. So a neuron stands at a half distance behind each end.
/// (Bohte, Kok and La Poutré, Error-backpropagation in temporally encoded networks of spiking neurons,
/// Neurocomputing 2002.) Activities lie in (0, 1], as currents or as what Rate, Latency or Phase encode
/// further. Differentiated by x. Throws std::invalid_argument unless m is at least 3, low < high, all are
/// finite and β is positive.
struct Population {
  static constexpr const char* name = "Population";
  static constexpr Memory memory = Memory::nothing;

  Index neurons = 8;  ///< m, for each feature.
  double low = 0;     ///< The least of the data,
  double high = 1;    ///< and the largest.
  double beta = 1.5;  ///< β: larger ones make narrower fields.

  Shape result(const Shape& data) const {
    const auto fail = [](const auto&... parts) {
      detail::fail_argument("spiketape::spikegen::Population: ", parts...);
    };
    if (neurons < 3) fail("neurons is ", neurons, ", expected at least 3");
    if (!(low < high && detail::is_finite(low) && detail::is_finite(high)))
      fail("low is ", low, " and high is ", high, ", expected finite numbers, the first below the second");
    if (!(beta > 0 && detail::is_finite(beta))) fail("beta is ", beta, ", expected a positive finite number");
    if (data.features > 0x7fffffffffffffff / neurons)
      fail("data have ", data.features, " features, expected fewer for ", neurons, " neurons each");
    return {data.steps, data.batch, data.features * neurons};
  }
  static constexpr bool gives_spikes() noexcept { return false; }

  template <Real Scalar>
  void numbers(const Signal<Scalar>& signal, const SequenceView<Scalar>& to) const {
    for_each(signal.x, [&](Index row, Index i, Index j, double z) {
      to.data[row * to.stride + i * neurons + j] = static_cast<Scalar>(std::exp(-0.5 * z * z));
    });
  }
  /// x̄_i += Σ_j ȳ_j y_j (c_j − x_i)/σ².
  template <Real Scalar>
  void backward(const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                const Adjoint<Scalar>& x_adjoint) const {
    if (x_adjoint.empty()) return;
    for_each(x, [&](Index row, Index i, Index j, double z) {
      const auto of_y = static_cast<double>(y_adjoint.data[row * y_adjoint.stride + i * neurons + j]);
      x_adjoint.view.data[row * x_adjoint.view.stride + i] -=
          static_cast<Scalar>(of_y * std::exp(-0.5 * z * z) * z / width());
    });
  }

  /// c_j and σ.
  double center(Index j) const noexcept { return low + (static_cast<double>(j) - 0.5) * distance(); }
  double width() const noexcept { return distance() / beta; }

 private:
  double distance() const noexcept { return (high - low) / static_cast<double>(neurons - 2); }

  /// Calls f(row, feature, neuron, (x − c)/σ) for each number that is stored.
  template <Real Scalar, typename F>
  void for_each(const SequenceView<const Scalar>& x, F&& f) const {
    const double scale = 1 / width();
    for (Index row = 0; row < x.rows(); ++row)
      for (Index i = 0; i < x.features; ++i)
        for (Index j = 0; j < neurons; ++j)
          f(row, i, j, (static_cast<double>(x.data[row * x.stride + i]) - center(j)) * scale);
  }
};

/// Encodes data by a population; see Population and encode().
template <typename Data>
[[nodiscard]] auto population(const Data& data, const Population& code = {}) {
  return encode(data, code);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::spikegen

#include <spiketape/core/pop_macros.hpp>
