// Reads the recorded figures: JSON files of cases, each with config, inputs, expected and info.
#pragma once

#include "../catch.hpp"
#include "../tolerance.hpp"

#include <spiketape/core/array.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>


namespace golden {

using nlohmann::json;
using spiketape::Index;

json read_group(const std::string& group);

/// The cases of a group by name.
json find_case(const json& group, const std::string& name);

/// How many cases a test ran.
struct Counts {
  int exact = 0;  // compared with the record, snntorch_exact = true
  int plain = 0;  // compared with the record or with our own figures, default rules
};

/// A recorded tensor, flat in C order; null stands for NaN.
struct Tensor {
  std::vector<Index> shape;
  std::vector<double> data;

  Tensor() = default;
  explicit Tensor(const json& tensor);

  Index size() const { return static_cast<Index>(data.size()); }

  /// As (steps, batch, features): (T, N) has a batch of 1, (T, B, ...) folds what is behind the batch.
  spiketape::Shape sequence() const {
    const Index steps = shape.at(0);
    const Index batch = shape.size() == 2 ? 1 : shape.at(1);
    return {steps, batch, size() / (steps * batch)};
  }

  template <typename Scalar>
  spiketape::Array<Scalar> array(Index rows) const {
    const Eigen::Map<const spiketape::Array<double>> map(data.data(), rows, size() / rows);
    return map.template cast<Scalar>();
  }
};

/// |error| <= tol * max(1, largest |expected|), reported once for a tensor.
template <typename Values>
void check_near(const std::string& what, const Values& values, const Tensor& expected, double tol) {
  INFO(what);
  REQUIRE(static_cast<Index>(values.size()) == expected.size());
  double largest = 1;
  for (const double e : expected.data) largest = std::max(largest, std::abs(e));
  double worst = 0;
  for (Index i = 0; i < expected.size(); ++i) {
    const double value = static_cast<double>(values.data()[i]);
    const double error = std::abs(value - expected.data[static_cast<std::size_t>(i)]);
    if (!(error <= worst)) worst = error;  // a NaN stays
  }
  INFO("largest error " << worst << ", allowed " << tol * largest);
  CHECK(worst <= tol * largest);
}

/// Equal to the record rounded to the values' own precision (it is printed in decimals).
template <typename Values>
void check_equal(const std::string& what, const Values& values, const Tensor& expected) {
  using Scalar = typename Values::Scalar;
  INFO(what);
  REQUIRE(values.size() == expected.size());
  CHECK((values.reshaped() == expected.array<Scalar>(values.rows()).reshaped()).all());
}

}  // namespace golden
