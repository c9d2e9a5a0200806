// Row-major Eigen arrays, and maps of memory that are checked on assignment.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>

#include <Eigen/Core>

#include <type_traits>

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#error "spiketape needs Eigen 3.4 or newer"
#endif

namespace spiketape::inline SPIKETAPE_ABI {

/// The signed type of extents and places.
using Index = Eigen::Index;

/// A step: (batch, features), row-major.
template <typename Scalar>
using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// One value for each neuron.
template <typename Scalar>
using Row = Eigen::Array<Scalar, 1, Eigen::Dynamic, Eigen::RowMajor>;

namespace detail {

template <typename Scalar>
using PlainMap = Eigen::Map<
    std::conditional_t<std::is_const_v<Scalar>, const Array<std::remove_const_t<Scalar>>, Array<Scalar>>,
    Eigen::Unaligned, Eigen::OuterStride<>>;

/// A map for writing. Eigen checks the shape of what is assigned in debug builds only, and otherwise writes
/// past the end; this throws std::invalid_argument in every build.
template <typename Scalar>
class WritableMap : public PlainMap<Scalar> {
  using Map = PlainMap<Scalar>;

 public:
  using Map::Map;
  WritableMap(const WritableMap&) = default;

  // Not by using-declarations: compilers disagree on which templates of Map those below hide.
  WritableMap& operator=(const Scalar& value) {
    Map::operator=(value);
    return *this;
  }
  WritableMap& operator+=(const Scalar& value) {
    Map::operator+=(value);
    return *this;
  }
  WritableMap& operator-=(const Scalar& value) {
    Map::operator-=(value);
    return *this;
  }
  WritableMap& operator*=(const Scalar& value) {
    Map::operator*=(value);
    return *this;
  }
  WritableMap& operator/=(const Scalar& value) {
    Map::operator/=(value);
    return *this;
  }
  WritableMap& operator=(const WritableMap& other) {
    check(other.rows(), other.cols());
    Map::operator=(other);
    return *this;
  }
  template <typename Other>
  WritableMap& operator=(const Eigen::DenseBase<Other>& other) {
    check(other.rows(), other.cols());
    Map::operator=(other.derived());
    return *this;
  }
  template <typename Other>
  WritableMap& operator+=(const Eigen::ArrayBase<Other>& other) {
    check(other.rows(), other.cols());
    Map::operator+=(other.derived());
    return *this;
  }
  template <typename Other>
  WritableMap& operator-=(const Eigen::ArrayBase<Other>& other) {
    check(other.rows(), other.cols());
    Map::operator-=(other.derived());
    return *this;
  }
  template <typename Other>
  WritableMap& operator*=(const Eigen::ArrayBase<Other>& other) {
    check(other.rows(), other.cols());
    Map::operator*=(other.derived());
    return *this;
  }
  template <typename Other>
  WritableMap& operator/=(const Eigen::ArrayBase<Other>& other) {
    check(other.rows(), other.cols());
    Map::operator/=(other.derived());
    return *this;
  }

 private:
  void check(Index rows, Index cols) const {
    if (rows != this->rows() || cols != this->cols())
      fail_argument("spiketape: the assigned array is ", rows, " x ", cols, ", expected ", this->rows(),
                    " x ", this->cols());
  }
};

}  // namespace detail

/// A row-major view of memory. The stride of its rows may be larger than their length. Assignment to it
/// throws std::invalid_argument for an array of another shape.
template <typename Scalar>
using ArrayMap =
    std::conditional_t<std::is_const_v<Scalar>, detail::PlainMap<Scalar>, detail::WritableMap<Scalar>>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
