// How a step and a sequence lie in memory.
//
// One sample is a row. A step is (batch, features), a sequence is (steps, batch, features). Both are
// row-major with time first, so a sequence is a matrix of steps * batch rows, row t * batch + b. It has the
// bytes of a C-contiguous NumPy or PyTorch array of that shape. Time is counted in steps.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <concepts>
#include <functional>
#include <string>
#include <type_traits>

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#error "spiketape needs Eigen 3.4 or newer"
#endif

namespace spiketape {

/// The signed type of extents and places.
using Index = Eigen::Index;

/// A step: (batch, features), row-major.
template <typename Scalar>
using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// One value for each neuron.
template <typename Scalar>
using Row = Eigen::Array<Scalar, 1, Eigen::Dynamic, Eigen::RowMajor>;

/// A row-major view of memory. The stride of its rows may be larger than their length.
template <typename Scalar>
using ArrayMap = Eigen::Map<
    std::conditional_t<std::is_const_v<Scalar>, const Array<std::remove_const_t<Scalar>>, Array<Scalar>>,
    Eigen::Unaligned, Eigen::OuterStride<>>;

/// The scalar types of spiketape.
template <typename T>
concept Real = std::same_as<T, float> || std::same_as<T, double>;

/// The extents of a sequence: time steps, samples, and numbers of a sample and step.
struct Shape {
  Index steps = 0;
  Index batch = 0;
  Index features = 0;

  friend bool operator==(const Shape&, const Shape&) = default;
  /// Writes a shape in an error text: (steps, batch, features).
  friend void append(std::string& text, const Shape& shape) {
    text += detail::text_of('(', shape.steps, ", ", shape.batch, ", ", shape.features, ')');
  }
};

/// A view of a sequence that someone else owns: cheap to copy, never owns, never allocates. A constant
/// sequence has `steps` equal steps and stores one of them (`batch` rows).
template <typename Scalar>
struct SequenceView {
  Scalar* data = nullptr;  ///< The first row; null: no memory.
  Index steps = 0;         ///< Steps, also those that a constant sequence does not store.
  Index batch = 0;         ///< Samples: the rows of a step.
  Index features = 0;      ///< Numbers of a row.
  Index stride = 0;        ///< The distance between the beginnings of two rows, in numbers.
  bool constant = false;   ///< Whether all steps are the same, stored once.

  /// An empty view.
  SequenceView() = default;
  /// A view of memory that the caller keeps; nothing is checked.
  SequenceView(Scalar* data_, const Shape& shape, Index stride_, bool constant_ = false) noexcept
      : data(data_),
        steps(shape.steps),
        batch(shape.batch),
        features(shape.features),
        stride(stride_),
        constant(constant_) {}

  /// A view for reading from a view for writing.
  template <typename Other>
    requires std::same_as<const Other, Scalar>
  SequenceView(const SequenceView<Other>& other) noexcept  // NOLINT: a harmless conversion
      : SequenceView(other.data, other.shape(), other.stride, other.constant) {}

  /// A view of one step: any row-major Eigen array, matrix, map or block with its own memory.
  template <typename Derived>
    requires std::same_as<typename Derived::Scalar, std::remove_const_t<Scalar>>
  SequenceView(const Eigen::DenseBase<Derived>& step) noexcept  // NOLINT: Eigen arrays are passed as they are
    requires std::is_const_v<Scalar>
      : SequenceView(step_of(step.derived())) {}

  /// The same for writing.
  template <typename Derived>
    requires std::same_as<typename Derived::Scalar, Scalar>
  SequenceView(Eigen::DenseBase<Derived>& step) noexcept  // NOLINT: Eigen arrays are passed as they are
    requires(!std::is_const_v<Scalar>)
      : SequenceView(step_of(step.derived())) {}

  Shape shape() const noexcept { return {steps, batch, features}; }
  /// The number of rows in memory.
  Index rows() const noexcept { return constant ? batch : steps * batch; }
  /// The number of steps in memory.
  Index stored_steps() const noexcept { return constant ? 1 : steps; }
  /// Whether it has no memory.
  [[nodiscard]] bool empty() const noexcept { return data == nullptr; }

  /// The first number of sample b in step t; the indices are not checked.
  Scalar* row(Index t, Index b) const noexcept { return data + ((constant ? 0 : t * batch) + b) * stride; }

  /// The stored rows as an Eigen array.
  ArrayMap<Scalar> array() const noexcept { return {data, rows(), features, Eigen::OuterStride<>(stride)}; }

  /// A view of step t, as a sequence of one step; t is not checked.
  [[nodiscard]] SequenceView step(Index t) const noexcept {
    return {row(t, 0), {1, batch, features}, stride};
  }

  /// Sets the stored rows to zero.
  void clear() const noexcept requires(!std::is_const_v<Scalar>) {
    for (Index r = 0; r < rows(); ++r) std::fill_n(data + r * stride, features, Scalar(0));
  }
  /// Copies the stored rows of a view of the same shape, which may be this one.
  void assign(const SequenceView<const Scalar>& from) const requires(!std::is_const_v<Scalar>) {
    for (Index r = 0; r < rows(); ++r) std::copy_n(from.data + r * from.stride, features, data + r * stride);
  }

 private:
  template <typename Derived>
  static SequenceView step_of(Derived& step) noexcept {
    static_assert(bool(Derived::Flags & Eigen::DirectAccessBit),
                  "spiketape: an expression lies nowhere in memory: write .eval(), or make it a "
                  "spiketape::Array<Scalar>");
    static_assert(Derived::IsRowMajor || Derived::IsVectorAtCompileTime,
                  "spiketape: a step must be row-major, (batch, features): use spiketape::Array<Scalar>");
    static_assert(Derived::IsRowMajor,
                  "spiketape: one sample is a row: use spiketape::Row<Scalar>, not a column vector");
    static_assert(int(Derived::InnerStrideAtCompileTime) == 1,
                  "spiketape: the features of a sample must lie next to each other in memory");
    if constexpr (bool(Derived::Flags & Eigen::DirectAccessBit))
      return {step.data(), {1, step.rows(), step.cols()}, step.outerStride()};
  }
};

/// A view for reading of any kind of step or sequence, valid as long as that is.
template <typename Scalar>
SequenceView<const std::remove_const_t<Scalar>> view_of(const SequenceView<Scalar>& view) noexcept {
  return view;
}
template <typename Derived>
SequenceView<const typename Derived::Scalar> view_of(const Eigen::DenseBase<Derived>& step) noexcept {
  return step;
}

namespace detail {

template <typename Scalar>
SequenceView<Scalar> repeated(SequenceView<Scalar> step, Index steps, const char* function) {
  if (step.steps != 1)
    fail_argument("spiketape::", function, ": input has ", step.steps, " steps, expected 1 to repeat it");
  if (steps < 0) fail_argument("spiketape::", function, ": steps is ", steps, ", expected at least 0");
  step.steps = steps;
  step.constant = true;
  return step;
}

/// Whether two views share a number. Different columns of one array share none.
template <Real Scalar>
bool overlap(const SequenceView<const Scalar>& a, const SequenceView<const Scalar>& b) {
  if (a.rows() == 0 || b.rows() == 0 || a.features == 0 || b.features == 0) return false;
  const auto before = [](const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y) {
    return std::less_equal<>()(x.data + (x.rows() - 1) * x.stride + x.features, y.data);
  };
  if (before(a, b) || before(b, a)) return false;
  if (a.stride != b.stride || a.stride == 0) return true;
  const Index shift = ((b.data - a.data) % a.stride + a.stride) % a.stride;
  return shift < a.features || shift + b.features > a.stride;
}

}  // namespace detail

/// The same step, `steps` times, as a view. Nothing is copied, so the step must outlive the view; layers
/// multiply it once. Throws std::invalid_argument unless `step` is one step and `steps` is not negative.
template <typename Step>
[[nodiscard]] auto repeat(const Step& step, Index steps) {
  return detail::repeated(view_of(step), steps, "repeat");
}

/// A sequence that owns its memory: (steps, batch, features), C-contiguous, zero when made.
template <typename Scalar>
class Sequence {
 public:
  Sequence() = default;
  /// All zero; with `constant` one step is stored for all. Allocates. Throws std::invalid_argument for a
  /// negative extent.
  Sequence(Index steps, Index batch, Index features) : Sequence(Shape{steps, batch, features}) {}
  explicit Sequence(const Shape& shape, bool constant = false) : shape_(shape), constant_(constant) {
    if (shape.steps < 0 || shape.batch < 0 || shape.features < 0)
      detail::fail_argument("spiketape::Sequence: shape is ", shape, ", expected no negative extent");
    values_ = Array<Scalar>::Zero(constant ? shape.batch : shape.steps * shape.batch, shape.features);
  }

  /// The same step, `steps` times; a copy, stored once. Layers multiply it once. Throws like
  /// spiketape::repeat.
  [[nodiscard]] static Sequence repeat(SequenceView<const Scalar> step, Index steps) {
    const SequenceView<const Scalar> view = detail::repeated(step, steps, "Sequence::repeat");
    Sequence sequence(view.shape(), true);
    sequence.values_ = step.array();
    return sequence;
  }

  Index steps() const noexcept { return shape_.steps; }
  Index batch() const noexcept { return shape_.batch; }
  Index features() const noexcept { return shape_.features; }
  const Shape& shape() const noexcept { return shape_; }
  /// Whether all steps are the same and one is stored.
  bool constant() const noexcept { return constant_; }

  /// A number of sample b in step t; the indices are not checked. In a constant sequence, writing changes all
  /// steps.
  Scalar& operator()(Index t, Index b, Index feature) { return view().row(t, b)[feature]; }
  Scalar operator()(Index t, Index b, Index feature) const { return view().row(t, b)[feature]; }

  /// The stored rows as an Eigen array of fixed shape: (steps * batch, features), or (batch, features) if
  /// constant.
  ArrayMap<Scalar> array() { return view().array(); }
  ArrayMap<const Scalar> array() const { return view().array(); }

  /// One step as an Eigen array, (batch, features). Throws std::invalid_argument if there is no such step.
  ArrayMap<Scalar> step(Index t) { return view().step(checked(t)).array(); }
  ArrayMap<const Scalar> step(Index t) const { return view().step(checked(t)).array(); }

  /// A view, valid until the sequence moves, ends or is assigned to. In a constant sequence, writing changes
  /// all steps.
  [[nodiscard]] SequenceView<Scalar> view() noexcept {
    return {values_.data(), shape_, shape_.features, constant_};
  }
  [[nodiscard]] SequenceView<const Scalar> view() const noexcept {
    return {values_.data(), shape_, shape_.features, constant_};
  }
  operator SequenceView<Scalar>() noexcept { return view(); }              // NOLINT: passed like an array
  operator SequenceView<const Scalar>() const noexcept { return view(); }  // NOLINT: passed like an array

 private:
  Index checked(Index t) const {
    if (t < 0 || t >= shape_.steps)
      detail::fail_argument("spiketape::Sequence::step: t is ", t, ", the sequence has ", shape_.steps,
                            " steps");
    return t;
  }

  Shape shape_;
  bool constant_ = false;
  Array<Scalar> values_;
};

template <typename Scalar>
SequenceView<const Scalar> view_of(const Sequence<Scalar>& sequence) noexcept {
  return sequence;
}
}  // namespace spiketape

#include <spiketape/core/pop_macros.hpp>
