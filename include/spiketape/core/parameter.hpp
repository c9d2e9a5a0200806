// Arrays that are learned, with an identity.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/core/aligned.hpp>
#include <spiketape/core/array.hpp>
#include <spiketape/core/line.hpp>
#include <spiketape/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// The numbers that a parameter takes: weights take any, also what a training run has made of them.
enum class Allowed { any, numbers, finite };
/// What is expected instead of a number that is not allowed, else nullptr.
template <Real Scalar>
const char* refused(const Scalar& value, Allowed allowed) {
  if (allowed != Allowed::any && is_nan(value)) return "a number";
  return allowed == Allowed::finite && !is_finite(value) ? "a finite number" : nullptr;
}

inline std::string number_text(const double& value) { return is_nan(value) ? "NaN" : text_of(value); }

/// The memory of a Parameter: rows padded to whole lines; the padding is zero. Its address is the parameter's
/// identity, by which gradients and optimizers find it.
template <Real Scalar>
struct ParameterData {
  std::string name;  // in a network: the path, such as fc1.weight
  Index rows;
  Index cols;
  Index stride;
  AlignedVector<Scalar> values;
  bool learn = true;               // set by the layer's options
  bool frozen = false;             // set by freeze and unfreeze
  bool replaced = false;           // its Parameter has taken another shape since, and so is a new one
  bool widens = false;             // one number that `set` may replace by a row, a number for each neuron
  Index places = 1;                // neurons next to each other that share a number: those of a channel
  bool transposed = false;         // PyTorch, and so files, have its transpose
  std::vector<Index> saved_shape;  // of files, if it has other extents than rows and columns
  bool whole = false;              // a single whole number, which files hold as one
  Allowed allowed = Allowed::any;  // what `set` takes

  ArrayMap<Scalar> array() noexcept { return {values.data(), rows, cols, Eigen::OuterStride<>(stride)}; }
  /// Takes what is neither identity, name, shape nor values.
  void take_settings(const ParameterData& other) {
    learn = other.learn;
    frozen = other.frozen;
    widens = other.widens;
    places = other.places;
    transposed = other.transposed;
    saved_shape = other.saved_shape;
    whole = other.whole;
    allowed = other.allowed;
  }
};

/// While an object of this class exists, copies of parameters on its thread share memory with the original. A
/// tape uses it to copy a layer that reads the same weights.
class SharingCopies {
 public:
  SharingCopies() : before_(std::exchange(active(), true)) {}
  SharingCopies(const SharingCopies&) = delete;
  ~SharingCopies() { active() = before_; }

  static bool& active() {
    static thread_local bool sharing = false;
    return sharing;
  }

 private:
  bool before_;
};

}  // namespace detail

/// Shared ownership of a parameter's memory. Optimizers and gradient sums keep it.
template <Real Scalar>
using ParameterPtr = std::shared_ptr<detail::ParameterData<Scalar>>;

/// Parameters of a layer or network, in the order of its layers.
template <Real Scalar>
using ParameterList = std::vector<ParameterPtr<Scalar>>;

namespace detail {

/// Throws std::invalid_argument if a parameter of the list is null or comes twice: it would be updated twice.
template <Real Scalar>
SPIKETAPE_NOINLINE void check_parameter_list(const char* who, const ParameterList<Scalar>& parameters) {
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    if (parameters[k] == nullptr)
      fail_argument("spiketape::", who, ": parameter ", k, " is null, expected one of a network");
    for (std::size_t i = 0; i < k; ++i)
      if (parameters[i] == parameters[k])
        fail_argument("spiketape::", who, ": parameter ", k, ", '", parameters[k]->name, "', is parameter ",
                      i, " once more, expected each once");
  }
}

/// What is given to an optimizer in place of its parameters: those of another type, or a network.
template <typename Given, typename Scalar>
inline constexpr bool no_parameters = requires(const Given& given) {
  given.parameters();
};
template <Real Other, typename Scalar>
inline constexpr bool no_parameters<ParameterList<Other>, Scalar> = !std::same_as<Other, Scalar>;

/// Does not compile for these, and the compiler says why.
template <Real Scalar, typename Given>
ParameterList<Scalar> refuse_parameters(const Given&) {
  constexpr bool network = requires(const Given& given) { given.parameters(); };
  static_assert(
      !network,
      "spiketape: a network was given to an optimizer, expected its parameters: write net.parameters()");
  static_assert(
      network || !no_parameters<Given, Scalar>,
      "spiketape: the parameters given have another Scalar than the optimizer: write Adam<float> for a "
      "network of float");
  return {};
}

}  // namespace detail

/// A learned array of (rows, cols). It is a value with an identity, by which optimizers know it:
///
///   - A copy is a new array with an identity of its own.
///   - Construction by move takes the identity along. The source is then empty, 0 x 0 and without a name:
///     assign to it or destroy it. What would change it throws std::invalid_argument.
///   - Assignment (copy or move) and swap(a, b) transfer the values and whether they are learned. Each
///     parameter keeps its identity and name, so after `net = best` the optimizer of `net` continues with the
///     values of `best`. Only if the shapes differ does the target become a new parameter; the next step of an
///     optimizer that has the old one throws.
///   - Assignment by move to a parameter that was moved from is like construction by move. So std::swap,
///     spelled out, swaps whole parameters, identities and all: an optimizer then trains the one that has
///     taken its place. If it is not given that one's gradients, its step throws. Write swap(a, b) to have
///     each optimizer keep its network.
///
/// Allocates when it is made, copied, swapped or given another shape.
template <Real Scalar>
class Parameter {
 public:
  /// All zero and learned. Allocates. Throws std::invalid_argument for a negative extent and for more numbers
  /// than memory has addresses.
  SPIKETAPE_NOINLINE Parameter(std::string name, Index rows, Index cols) {  // NOLINT: it is moved
    if (const char* expected = detail::shape_fault({1, rows, cols}))
      detail::fail_argument("spiketape::Parameter: ", name, " is ", rows, " x ", cols, ", expected ",
                            expected);
    data_ = std::make_shared<detail::ParameterData<Scalar>>();
    data_->name = std::move(name);
    data_->rows = rows;
    data_->cols = cols;
    data_->stride = detail::padded<Scalar>(cols);
    data_->values.resize(static_cast<std::size_t>(rows * data_->stride));
  }
  /// Without a name; for_each_parameter of its layer gives it one.
  Parameter(Index rows, Index cols) : Parameter(std::string(), rows, cols) {}

  Parameter(const Parameter& other) : data_(detail::SharingCopies::active() ? other.data_ : copy_of(other)) {}
  Parameter(Parameter&&) noexcept = default;
  Parameter& operator=(const Parameter& other) {
    if (this != &other) assign(other);
    return *this;
  }
  /// A copy, since records on tapes point at the memory of both; but see above.
  Parameter& operator=(Parameter&& other) {
    if (data_ != nullptr) return *this = std::as_const(other);
    data_ = std::move(other.data_);
    return *this;
  }
  /// Not inlined, since releasing a shared_ptr is much code in every caller.
  SPIKETAPE_NOINLINE ~Parameter() {}

  /// Exchanges values as assignments do: identity and name stay.
  friend void swap(Parameter& a, Parameter& b) {
    const Parameter kept(a);
    a = b;
    b = kept;
  }

  /// Its name in error texts; in a network the path, such as fc1.weight.
  const std::string& name() const noexcept {
    static const std::string none;
    return data_ == nullptr ? none : data_->name;
  }
  /// The extents of the values.
  Index rows() const noexcept { return data_ == nullptr ? 0 : data_->rows; }
  Index cols() const noexcept { return data_ == nullptr ? 0 : data_->cols; }
  /// The distance between the beginnings of two rows, in numbers.
  Index stride() const noexcept { return data_ == nullptr ? 0 : data_->stride; }

  /// Copies the values of an Eigen array, matrix or vector of the same scalar, in the layout of this library:
  /// weights are (in_features, out_features). For PyTorch's layout see set_transposed: the shape of a square
  /// matrix does not tell the two apart. The values must have the same rows and columns; a parameter of one
  /// row also takes a column. A coefficient that all neurons of a layer share, or those of a channel, also
  /// takes a row with a number for each neuron. It then becomes a new parameter: the next step of an
  /// optimizer that has the old one throws. Allocates. Throws std::invalid_argument for values of any other
  /// shape, and for a coefficient of a neuron if a value is one that its option refuses, such as NaN.
  template <typename Derived>
  void set(const Eigen::DenseBase<Derived>& values) {
    const bool column = rows() == 1 && values.cols() == 1 && values.rows() != 1;
    set_rows("set", values, column);
  }
  /// The same from the transpose, PyTorch's order of weights: (out_features, in_features).
  template <typename Derived>
  void set_transposed(const Eigen::DenseBase<Derived>& values) {
    set_rows("set_transposed", values, true);
  }
  /// Sets all elements to one value. Throws as above.
  void set(Scalar value) {
    check_values("set", &value, 1);
    array().setConstant(value);
  }

  /// Whether it is learned, that is, whether backward gives it a gradient. False if its layer's options say
  /// so (such as learn_beta = false), or while it is frozen.
  bool learned() const noexcept { return data_ != nullptr && data_->learn && !data_->frozen; }
  /// `freeze` stops learning, `unfreeze` resumes it. A parameter that is not learned at all stays so.
  void freeze() { held("freeze").frozen = true; }
  void unfreeze() { held("unfreeze").frozen = false; }
  /// Sets whether it is learned at all. Authors of layers pass false for arrays such as running means.
  void set_learned(bool learned) { held("set_learned").learn = learned; }
  /// Sets whether files hold its transpose, which is PyTorch's order of weights. Authors of layers pass true
  /// for weights of (in_features, out_features).
  void set_saved_transposed(bool transposed) { held("set_saved_transposed").transposed = transposed; }
  /// Sets whether files hold its one number as a whole number without extents.
  void set_saved_whole(bool whole) { held("set_saved_whole").whole = whole; }
  /// Sets the extents that files give its numbers, if they are other than rows and columns: (out, in, height,
  /// width) for a kernel. Throws std::invalid_argument unless they are as many numbers.
  void set_saved_shape(std::vector<Index> shape) {
    detail::ParameterData<Scalar>& data = held("set_saved_shape");
    if (detail::element_count(shape, sizeof(Scalar)) != rows() * cols())
      detail::fail_argument("spiketape::Parameter::set_saved_shape: ", name(), " has ", rows() * cols(),
                            " numbers, expected extents of as many");
    data.saved_shape = std::move(shape);
  }

  /// The values, to read and write in place. Prefer `set`, which also checks what the values may be and turns
  /// a shared coefficient into one for each neuron. An assignment of another shape throws
  /// std::invalid_argument; places are checked in debug builds only (Eigen's assertion).
  ArrayMap<Scalar> array() noexcept { return {data(), rows(), cols(), Eigen::OuterStride<>(stride())}; }
  ArrayMap<const Scalar> array() const noexcept {
    return {data(), rows(), cols(), Eigen::OuterStride<>(stride())};
  }

  /// The first row; row r begins at data() + r * stride(). Valid until the parameter is assigned to, takes
  /// another shape or ends.
  Scalar* data() noexcept { return data_ == nullptr ? nullptr : data_->values.data(); }
  const Scalar* data() const noexcept { return data_ == nullptr ? nullptr : data_->values.data(); }

  /// For readers of files: makes a coefficient of a neuron one for each of `neurons`, all zero, which is a new
  /// parameter; see set.
  friend void widen_coefficient(Parameter& coefficient, Index neurons) { coefficient.widen(neurons); }

  /// The memory, with shared ownership, for optimizers and gradient sums; null if it was moved from.
  const ParameterPtr<Scalar>& ptr() const noexcept { return data_; }

 private:
  detail::ParameterData<Scalar>& held(const char* function) const {
    if (data_ == nullptr)
      detail::fail_argument("spiketape::Parameter::", function,
                            ": the parameter has been moved from, expected an assignment first");
    return *data_;
  }
  /// Refuses what the option of a coefficient refuses.
  SPIKETAPE_NOINLINE void check_values(const char* function, const Scalar* values, Index count) const {
    const detail::Allowed allowed = held(function).allowed;
    for (Index i = 0; i < count && allowed != detail::Allowed::any; ++i)
      if (const char* expected = detail::refused(values[i], allowed))
        detail::fail_argument("spiketape::Parameter::", function, ": ", name(), " is ",
                              detail::number_text(static_cast<double>(values[i])), ", expected ", expected);
  }

  /// Takes everything from `other` except identity and name.
  void assign(const Parameter& other) {
    if (data_ == nullptr || other.data_ == nullptr) {
      data_ = other.data_ == nullptr ? nullptr : copy_of(other);
    } else if (rows() != other.rows() || cols() != other.cols()) {
      ParameterPtr<Scalar> other_shape = copy_of(other);
      other_shape->name = name();
      become(std::move(other_shape));
    } else {
      std::copy(other.data_->values.begin(), other.data_->values.end(), data_->values.begin());
      data_->take_settings(*other.data_);
    }
  }
  static ParameterPtr<Scalar> copy_of(const Parameter& other) {
    if (other.data_ == nullptr) return nullptr;
    return std::make_shared<detail::ParameterData<Scalar>>(*other.data_);
  }
  /// Takes a new identity.
  void become(ParameterPtr<Scalar> other) {
    data_->replaced = true;
    data_ = std::move(other);
  }

  SPIKETAPE_NOINLINE void widen(Index neurons) {
    Parameter wider(name(), 1, neurons);
    wider.data_->take_settings(*data_);
    wider.data_->places = 1;
    wider.data_->saved_shape.clear();
    become(std::move(wider.data_));
  }

  template <typename Derived>
  void set_rows(const char* function, const Eigen::DenseBase<Derived>& values, bool transpose) {
    static_assert(std::is_same_v<typename Derived::Scalar, Scalar>,
                  "spiketape::Parameter::set: the values are of another scalar than the parameter: write "
                  "values.cast<float>() (or double)");
    const Array<Scalar> given = values.derived().array();  // the expression may refer to this parameter
    check_values(function, given.data(), given.size());
    const Index given_rows = transpose ? given.cols() : given.rows();
    const Index given_cols = transpose ? given.rows() : given.cols();
    if (given_rows != rows() || given_cols != cols()) {
      if (!data_->widens || given_rows != 1 || given_cols < 1)
        detail::fail_argument("spiketape::Parameter::", function, ": values are ", given.rows(), " x ",
                              given.cols(), ", ", name(), " expects ", transpose ? cols() : rows(), " x ",
                              transpose ? rows() : cols());
      widen(given_cols);
    }
    if (transpose)
      array() = given.transpose();
    else
      array() = given;
  }

  ParameterPtr<Scalar> data_;
};

namespace detail {

/// Draws all values uniformly from ±bound, row by row.
template <Real Scalar>
void fill_uniform(Parameter<Scalar>& parameter, Random& random, double bound) {
  auto values = parameter.array();
  for (Index row = 0; row < values.rows(); ++row)
    for (Index col = 0; col < values.cols(); ++col)
      values(row, col) = static_cast<Scalar>(random.uniform(-bound, bound));
}

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
