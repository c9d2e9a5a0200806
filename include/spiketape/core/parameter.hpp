// An array that is learned.
#pragma once

#include <spiketape/core/aligned.hpp>
#include <spiketape/core/array.hpp>
#include <spiketape/core/line.hpp>
#include <spiketape/core/random.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace spiketape {

namespace detail {

/// The memory of a Parameter: rows padded to whole lines, the padding zero. Its address is the
/// parameter's identity, so gradients and optimizers still find it when the layer that owns it moves.
template <Real Scalar>
struct ParameterData {
  std::string name;
  Index rows;
  Index cols;
  Index stride;
  AlignedVector<Scalar> values;

  ArrayMap<Scalar> array() { return {values.data(), rows, cols, Eigen::OuterStride<>(stride)}; }
};

}  // namespace detail

/// A shared hold on a parameter's memory: what layers hand to optimizers and gradient sums.
template <Real Scalar>
using ParameterPtr = std::shared_ptr<detail::ParameterData<Scalar>>;

/// The parameters of a layer or network, in the order of its layers.
template <Real Scalar>
using ParameterList = std::vector<ParameterPtr<Scalar>>;

/// A learned array of (rows, cols). A value: a copy is a second array. What is moved takes its identity for
/// optimizers along. Allocates when it is made or copied, never else.
template <Real Scalar>
class Parameter {
 public:
  Parameter(std::string name, Index rows, Index cols)
      : data_(std::make_shared<detail::ParameterData<Scalar>>()) {
    data_->name = std::move(name);
    data_->rows = rows;
    data_->cols = cols;
    data_->stride = detail::padded<Scalar>(cols);
    data_->values.resize(static_cast<std::size_t>(rows * data_->stride));
  }
  Parameter(const Parameter& other) : data_(std::make_shared<detail::ParameterData<Scalar>>(*other.data_)) {}
  /// Takes the values and keeps the identity, so `net = best` is seen by the optimizer of net. Only for
  /// another shape it becomes a new parameter.
  Parameter& operator=(const Parameter& other) {
    if (this == &other) return *this;
    if (data_ != nullptr && other.data_ != nullptr && rows() == other.rows() && cols() == other.cols())
      *data_ = *other.data_;
    else
      data_ = Parameter(other).data_;
    return *this;
  }
  Parameter(Parameter&&) noexcept = default;
  Parameter& operator=(Parameter&&) noexcept = default;
  ~Parameter() = default;

  const std::string& name() const { return data_->name; }
  Index rows() const { return data_->rows; }
  Index cols() const { return data_->cols; }
  /// Numbers from the beginning of one row to that of the next.
  Index stride() const { return data_->stride; }

  /// The values, to read and to set.
  ArrayMap<Scalar> array() { return data_->array(); }
  ArrayMap<const Scalar> array() const {
    return {data_->values.data(), rows(), cols(), Eigen::OuterStride<>(stride())};
  }

  Scalar* data() { return data_->values.data(); }
  const Scalar* data() const { return data_->values.data(); }

  /// A shared hold, for optimizers and gradient sums.
  const ParameterPtr<Scalar>& ptr() const { return data_; }

 private:
  ParameterPtr<Scalar> data_;
};

namespace detail {

/// Draws all values uniform in ±bound, row by row.
template <Real Scalar>
void fill_uniform(Parameter<Scalar>& parameter, Random& random, double bound) {
  auto values = parameter.array();
  for (Index row = 0; row < values.rows(); ++row)
    for (Index col = 0; col < values.cols(); ++col)
      values(row, col) = static_cast<Scalar>(random.uniform(-bound, bound));
}

}  // namespace detail
}  // namespace spiketape
