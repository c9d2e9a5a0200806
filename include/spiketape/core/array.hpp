// How a step and a sequence lie in memory.
//
// One sample is a row. A step is (batch, features), a sequence is (steps, batch, features). Both are
// row-major with time first, so a sequence is a matrix of steps * batch rows, row t * batch + b. It has the
// bytes of a C-contiguous NumPy or PyTorch array of that shape. Time is counted in steps.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array_map.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/scalar.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI {

/// The extents of a sequence: time steps, samples, and numbers of a sample and step.
struct Shape {
  Index steps = 0;     ///< T, time steps.
  Index batch = 0;     ///< B, samples.
  Index features = 0;  ///< The numbers of a sample and step.

  friend bool operator==(const Shape&, const Shape&) = default;
  /// Writes a shape in an error text: (steps, batch, features).
  friend void append(std::string& text, const Shape& shape) {
    text += detail::text_of('(', shape.steps, ", ", shape.batch, ", ", shape.features, ')');
  }
};

namespace detail {

/// What is expected of a shape that nothing can have, else nullptr: no extent is negative, and the bytes of
/// its numbers, with padded rows, can be counted. Whoever takes extents from a caller asks first, so that no
/// later product of them overflows.
SPIKETAPE_NOINLINE inline const char* shape_fault(const Shape& shape) noexcept {
  if (shape.steps < 0 || shape.batch < 0 || shape.features < 0) return "no negative extent";
  // A row is padded by less than two cache lines, see line.hpp. An extent of 0 counts as 1, so that partial
  // products do not overflow either. In double, the product is at most rounded.
  const auto extent = [](Index count) { return static_cast<double>(std::max<Index>(count, 1)); };
  const double bytes = extent(shape.steps) * extent(shape.batch) * (8 * extent(shape.features) + 128);
  const bool countable = bytes <= 0.5 * static_cast<double>(std::numeric_limits<Index>::max());
  return countable ? nullptr : "fewer numbers than memory has addresses";
}

/// The number of elements of a shape of any number of extents; -1 if an extent is negative or the elements, of
/// `size` bytes each, take more than memory has addresses. The check counts extents of 0 as 1, so that partial
/// products do not overflow either.
SPIKETAPE_NOINLINE inline Index element_count(std::span<const Index> shape, std::size_t size) noexcept {
  Index product = 1;
  bool empty = false;
  for (const Index extent : shape) {
    if (extent < 0 || extent > std::numeric_limits<Index>::max() / static_cast<Index>(size) / product) return -1;
    product *= std::max<Index>(extent, 1);
    empty = empty || extent == 0;
  }
  return empty ? 0 : product;
}

/// What an error text says behind a shape, if nothing at all is there.
constexpr const char* why_empty(Index batch, Index features) noexcept {
  return batch == 0 && features == 0 ? "; of a network whose last neuron has init_hidden = true, states are empty "
                                       "unless that neuron has output = true"
                                     : "";
}

/// The number of parts of up to `size` that `count` is split into; both are at least 0 and 1.
constexpr Index parts_of(Index count, Index size) noexcept {
  return count / size + (count % size > 0 ? 1 : 0);
}
/// Where part i of `parts` equal ones begins: ⌊count·i / parts⌋.
constexpr Index part_begin(Index count, Index i, Index parts) noexcept {
  return count / parts * i + count % parts * i / parts;
}

}  // namespace detail

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

  /// A view of one step: any row-major Eigen array, matrix, map or block with its own memory. It must not
  /// outlive that memory; a temporary lives until the end of the call that it is passed to.
  template <typename Derived>
    requires std::same_as<typename Derived::Scalar, std::remove_const_t<Scalar>>
  SequenceView(const Eigen::PlainObjectBase<Derived>& step SPIKETAPE_LIFETIMEBOUND) noexcept  // NOLINT: as below
    requires std::is_const_v<Scalar>
      : SequenceView(step_of(step.derived())) {}
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

  /// The extents together.
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

  /// Sets the stored rows to zero, or to another number.
  void clear() const noexcept requires(!std::is_const_v<Scalar>) { fill(0); }
  void fill(Scalar value) const noexcept requires(!std::is_const_v<Scalar>) {
    for (Index r = 0; r < rows(); ++r) std::fill_n(data + r * stride, features, value);
  }
  /// Copies the stored rows of a view of the same shape, which may be this one.
  void assign(const SequenceView<const Scalar>& from) const requires(!std::is_const_v<Scalar>) {
    for (Index r = 0; r < rows(); ++r) std::copy_n(from.data + r * from.stride, features, data + r * stride);
  }

 private:
  template <typename Derived>
  static SequenceView step_of(Derived& step) noexcept {
    static_assert(bool(Derived::Flags & Eigen::DirectAccessBit),
                  "spiketape: an expression lies nowhere in memory: give its values a name first, as a "
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
/// Does not compile, and the compiler says why: the whole result of a neuron or network.
template <typename Result>
requires requires(const Result& result) {
  result.spk;
  result.mem;
}
auto view_of(const Result& result) {
  static_assert(
      sizeof(Result) == 0,
      "spiketape: a result with spikes and membranes was given, expected one of them: write out.spk or "
      "out.mem");
  return view_of(result.spk);
}

namespace detail {

template <typename Scalar>
SequenceView<Scalar> repeated(SequenceView<Scalar> step, Index steps, const char* function) {
  if (step.steps != 1)
    fail_argument("spiketape::", function, ": input has ", step.steps, " steps, expected 1 to repeat it");
  if (steps < 0) fail_argument("spiketape::", function, ": steps is ", steps, ", expected at least 0");
  step.steps = steps;
  step.constant = true;
  if (const char* expected = shape_fault(step.shape()))
    fail_argument("spiketape::", function, ": the result has shape ", step.shape(), ", expected ", expected);
  return step;
}

/// Whether rows of a view share numbers.
template <typename Scalar>
bool rows_overlap(const SequenceView<Scalar>& view) noexcept {
  return !view.empty() && view.rows() > 1 && view.stride < view.features;
}

/// Whether two views share a number. Different columns of one array share none.
template <Real Scalar>
bool overlap(const SequenceView<const Scalar>& a, const SequenceView<const Scalar>& b) {
  const auto nothing = [](const SequenceView<const Scalar>& x) {
    return x.empty() || x.rows() == 0 || x.features == 0;
  };
  if (nothing(a) || nothing(b)) return false;
  const auto before = [](const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y) {
    return std::less_equal<>()(x.data + (x.rows() - 1) * x.stride + x.features, y.data);
  };
  if (before(a, b) || before(b, a)) return false;
  // One row has no stride of its own.
  const Index stride = a.rows() == 1 ? b.stride : a.stride;
  if ((a.rows() > 1 && b.rows() > 1 && a.stride != b.stride) || stride <= 0) return true;
  const Index shift = ((b.data - a.data) % stride + stride) % stride;
  return shift < a.features || shift + b.features > stride;
}

}  // namespace detail

/// A sequence that owns its memory: (steps, batch, features), C-contiguous, zero when made.
template <typename Scalar>
class Sequence {
 public:
  Sequence() = default;
  /// All zero; with `constant` one step is stored for all. Allocates. Throws std::invalid_argument for a
  /// negative extent and for more numbers than memory has addresses.
  Sequence(Index steps, Index batch, Index features) : Sequence(Shape{steps, batch, features}) {}
  explicit Sequence(const Shape& shape, bool constant = false) : shape_(shape), constant_(constant) {
    if (const char* expected = detail::shape_fault(shape))
      detail::fail_argument("spiketape::Sequence: shape is ", shape, ", expected ", expected);
    values_ = Array<Scalar>::Zero(constant ? shape.batch : shape.steps * shape.batch, shape.features);
  }
  Sequence(const Sequence&) = default;
  Sequence& operator=(const Sequence&) = default;
  /// A sequence that was moved from is empty: (0, 0, 0).
  Sequence(Sequence&& other) noexcept
      : shape_(std::exchange(other.shape_, {})),
        constant_(std::exchange(other.constant_, false)),
        values_(std::move(other.values_)) {}
  Sequence& operator=(Sequence&& other) noexcept {
    shape_ = std::exchange(other.shape_, {});
    constant_ = std::exchange(other.constant_, false);
    values_ = std::move(other.values_);
    return *this;
  }
  ~Sequence() = default;

  /// The same step, `steps` times; a copy, stored once. Layers multiply it once. Throws like
  /// spiketape::repeat.
  [[nodiscard]] static Sequence repeat(SequenceView<const Scalar> step, Index steps) {
    const SequenceView<const Scalar> view = detail::repeated(step, steps, "Sequence::repeat");
    Sequence sequence(view.shape(), true);
    sequence.values_ = step.array();
    return sequence;
  }

  /// The extents, each and together.
  Index steps() const noexcept { return shape_.steps; }
  Index batch() const noexcept { return shape_.batch; }
  Index features() const noexcept { return shape_.features; }
  const Shape& shape() const noexcept { return shape_; }
  /// Whether all steps are the same and one is stored.
  bool constant() const noexcept { return constant_; }

  /// A number of sample b in step t; the indices are not checked. A constant sequence stores one step, so
  /// writing changes all of them: write to a Sequence of as many steps to change one.
  Scalar& operator()(Index t, Index b, Index feature) { return view().row(t, b)[feature]; }
  Scalar operator()(Index t, Index b, Index feature) const { return view().row(t, b)[feature]; }

  /// The stored rows as an Eigen array of fixed shape: (steps * batch, features), or (batch, features) if
  /// constant.
  ArrayMap<Scalar> array() SPIKETAPE_LIFETIMEBOUND { return view().array(); }
  ArrayMap<const Scalar> array() const SPIKETAPE_LIFETIMEBOUND { return view().array(); }

  /// One step as an Eigen array, (batch, features). Throws std::invalid_argument if there is no such step.
  ArrayMap<Scalar> step(Index t) SPIKETAPE_LIFETIMEBOUND { return view().step(checked(t)).array(); }
  ArrayMap<const Scalar> step(Index t) const SPIKETAPE_LIFETIMEBOUND {
    return view().step(checked(t)).array();
  }

  /// A view, valid until the sequence moves, ends or is assigned to. In a constant sequence, writing changes
  /// all steps.
  [[nodiscard]] SequenceView<Scalar> view() noexcept SPIKETAPE_LIFETIMEBOUND {
    return {values_.data(), shape_, shape_.features, constant_};
  }
  [[nodiscard]] SequenceView<const Scalar> view() const noexcept SPIKETAPE_LIFETIMEBOUND {
    return {values_.data(), shape_, shape_.features, constant_};
  }
  operator SequenceView<Scalar>() noexcept SPIKETAPE_LIFETIMEBOUND {  // NOLINT: passed like an array
    return view();
  }
  operator SequenceView<const Scalar>() const noexcept SPIKETAPE_LIFETIMEBOUND {  // NOLINT: passed like an array
    return view();
  }

 private:
  Index checked(Index t) const {
    if (t < 0 || t >= shape_.steps)
      detail::fail_argument("spiketape::Sequence::step: t is ", t, ", the sequence has ", shape_.steps,
                            " steps", detail::why_empty(shape_.batch, shape_.features));
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

namespace detail {

template <typename T>
concept HasPlainObject = requires {
  typename T::PlainObject;
};

/// Whether a view of a step would outlive its memory: of a temporary array or sequence, or of an expression.
template <typename Step>
constexpr bool needs_copy() {
  using Type = std::remove_cvref_t<Step>;
  if constexpr (!HasPlainObject<Type>)
    return !std::is_lvalue_reference_v<Step> && !requires(Type view) { Type(view.data, view.shape(), 0); };
  else if constexpr (!bool(Type::Flags & Eigen::DirectAccessBit))
    return true;
  else
    return !std::is_lvalue_reference_v<Step> && std::is_same_v<Type, typename Type::PlainObject>;
}

}  // namespace detail

/// The same step, `steps` times; layers multiply it once. Of an array or sequence with a name, or of a view:
/// a view, which must not outlive it. Of a temporary or an Eigen expression: a Sequence, a copy, which
/// allocates. Throws std::invalid_argument unless `step` is one step and `steps` is not negative.
template <typename Step>
[[nodiscard]] auto repeat(Step&& step, Index steps) {
  if constexpr (!detail::needs_copy<Step>()) {
    return detail::repeated(view_of(step), steps, "repeat");
  } else if constexpr (detail::HasPlainObject<std::remove_cvref_t<Step>>) {
    const typename std::remove_cvref_t<Step>::PlainObject values = step;
    return Sequence<typename std::remove_cvref_t<Step>::Scalar>::repeat(values, steps);
  } else {
    return std::remove_cvref_t<Step>::repeat(step, steps);
  }
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
