// Random numbers to compute with, and ways to compare what comes out.
#pragma once

#include "catch.hpp"
#include "tolerance.hpp"

#include <spiketape/core/array.hpp>
#include <spiketape/core/random.hpp>

#include <cmath>

namespace numeric {

template <typename Scalar>
spiketape::Array<Scalar> random_array(spiketape::Random& random, spiketape::Index rows, spiketape::Index cols,
                                      double low = -1, double high = 1) {
  spiketape::Array<Scalar> array(rows, cols);
  for (spiketape::Index i = 0; i < array.size(); ++i)
    array.data()[i] = static_cast<Scalar>(random.uniform(low, high));
  return array;
}

template <typename Scalar>
spiketape::Sequence<Scalar> random_sequence(spiketape::Random& random, const spiketape::Shape& shape,
                                            double low = -1, double high = 1) {
  spiketape::Sequence<Scalar> sequence(shape);
  sequence.array() = random_array<Scalar>(random, shape.steps * shape.batch, shape.features, low, high);
  return sequence;
}

/// Equal number by number; no NaN.
template <typename A, typename B>
bool same(const A& a, const B& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && (a == b).all();
}

/// Equal within a tolerance that counts against max(1, the largest expected magnitude); no NaN.
template <typename A, typename B>
bool near(const A& value, const B& expected, double allowed) {
  if (value.rows() != expected.rows() || value.cols() != expected.cols()) return false;
  double worst = 0, largest = 1;
  for (spiketape::Index row = 0; row < value.rows(); ++row)
    for (spiketape::Index col = 0; col < value.cols(); ++col) {
      const auto number = static_cast<double>(expected(row, col));
      const double error = std::abs(static_cast<double>(value(row, col)) - number);
      largest = std::max(largest, std::abs(number));
      if (!(error <= worst)) worst = error;  // NaN stays
    }
  UNSCOPED_INFO("largest error " << worst << " of a largest magnitude of " << largest);
  return worst <= allowed * largest;
}

/// Checks a gradient against central differences of f, element by element.
template <typename F>
void check_gradient(const char* what, const spiketape::Array<double>& at,
                    const spiketape::Array<double>& gradient, F&& f) {
  INFO("gradient by " << what);
  spiketape::Array<double> differences(at.rows(), at.cols());
  constexpr double step = 1e-6;
  for (spiketape::Index i = 0; i < at.size(); ++i) {
    spiketape::Array<double> high = at, low = at;
    high.data()[i] += step;
    low.data()[i] -= step;
    differences.data()[i] = (f(high) - f(low)) / (2 * step);
  }
  CHECK(near(gradient, differences, tolerance::differences));
}

}  // namespace numeric
