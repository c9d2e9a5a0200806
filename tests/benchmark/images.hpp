// Generated inputs, so that no data set is needed, as sparse and as bright as MNIST's digits.
#pragma once

#include <spiketape/core/array.hpp>
#include <spiketape/core/random.hpp>

namespace images {

namespace st = spiketape;

constexpr st::Index side = 28, pixels = side * side;

/// Images of a stroke: 5 to 10 pixels are lit in each of 20 lines, 19 % of all; the mean of all is 0.13.
inline st::Array<float> sparse(st::Index count, st::Random& random) {
  st::Array<float> rows = st::Array<float>::Zero(count, pixels);
  for (st::Index i = 0; i < count; ++i)
    for (st::Index y = 4; y < 24; ++y) {
      const auto first = static_cast<st::Index>(4 + random.below(11));
      const auto length = static_cast<st::Index>(5 + random.below(6));
      for (st::Index x = first; x < first + length; ++x)
        rows(i, y * side + x) = static_cast<float>(random.uniform(0.37, 1));
    }
  return rows;
}

/// Rows without zeros.
inline st::Array<float> dense(st::Index count, st::Random& random) {
  st::Array<float> rows(count, pixels);
  for (st::Index i = 0; i < rows.size(); ++i) rows.data()[i] = static_cast<float>(random.uniform(0.01, 0.3));
  return rows;
}

/// Spikes: each number of a row is the probability of a spike, drawn again in each step.
inline st::Sequence<float> rate_coded(const st::Array<float>& rows, st::Index steps, st::Random& random) {
  st::Sequence<float> spikes(steps, rows.rows(), rows.cols());
  for (st::Index t = 0; t < steps; ++t) {
    auto step = spikes.step(t);
    for (st::Index b = 0; b < rows.rows(); ++b)
      for (st::Index i = 0; i < rows.cols(); ++i)
        step(b, i) = random.uniform() < static_cast<double>(rows(b, i)) ? 1.0f : 0.0f;
  }
  return spikes;
}

}  // namespace images
