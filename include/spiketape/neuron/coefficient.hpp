// Coefficients of a neuron: one number that all neurons of a layer share, or one for each.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/core/parameter.hpp>
#include <spiketape/kernels/rows.hpp>

#include <algorithm>
#include <concepts>
#include <initializer_list>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// An Eigen row or column of that scalar, or an expression of one.
template <typename T, typename Scalar>
concept VectorOf = std::derived_from<T, Eigen::DenseBase<T>> && bool(T::IsVectorAtCompileTime) &&
                   std::same_as<typename T::Scalar, Scalar>;

/// False, but dependent on T: for a static_assert in code that must never be instantiated.
template <typename T>
inline constexpr bool never = false;

}  // namespace detail

/// The value of an option such as beta: `.beta = 0.9f`, one number for all neurons, or
/// `.beta = betas`, an Eigen row or column of one number for each. A single value counts as shared.
template <Real Scalar>
class Coefficient {
 public:
  /// One number for all neurons, converted to Scalar. Allocates, as do the others.
  template <typename Number>
  requires std::is_arithmetic_v<Number> Coefficient(Number value) : values_(1) {  // NOLINT
    values_[0] = static_cast<Scalar>(value);
  }

  /// One number for each neuron, copied from an Eigen row or column of Scalar or an expression of one.
  template <typename Vector>
  requires detail::VectorOf<Vector, Scalar> Coefficient(const Vector& values)  // NOLINT
      : values_(values.size()) {
    for (Index i = 0; i < values.size(); ++i) values_[i] = values.coeff(i);
  }

  /// The same from a list, such as {0.8f, 0.9f}.
  Coefficient(std::initializer_list<Scalar> values) : values_(static_cast<Index>(values.size())) {
    std::copy(values.begin(), values.end(), values_.data());
  }

  /// Refuses anything else with an explanation.
  template <typename Other>
  requires(!std::is_arithmetic_v<Other> && !std::same_as<Other, Coefficient> &&
           !detail::VectorOf<Other, Scalar>) Coefficient(const Other&) {  // NOLINT
    static_assert(
        detail::never<Other>,
        "spiketape: a coefficient (beta, threshold, graded_spikes_factor, ...) is one number, or an Eigen "
        "row or column of the neuron's own Scalar with one number for each neuron: write .beta = 0.9f, or "
        ".beta = betas with spiketape::Row<Scalar> betas (cast<Scalar>() converts)");
  }

  /// One value that all neurons share, or one for each; valid as long as the coefficient.
  const Row<Scalar>& values() const noexcept { return values_; }

 private:
  Row<Scalar> values_;
};

namespace detail {

/// The defaults of decay rates. Decay rates are required, so using a default does not compile.
template <typename Scalar>
Coefficient<Scalar> required_beta() {
  static_assert(never<Scalar>,
                "spiketape: a neuron's beta is required: write Leaky<float> lif({.beta = 0.9f})");
}
template <typename Scalar>
Coefficient<Scalar> required_alpha() {
  static_assert(never<Scalar>,
                "spiketape: a neuron's alpha is required: write Synaptic<float> lif({.alpha = 0.9f, .beta = "
                "0.8f})");
}

/// A coefficient as a neuron stores it.
template <Real Scalar>
struct NeuronCoefficient {
  Parameter<Scalar> parameter;
  const char* name;
  bool derived;  // computed from others: not a parameter of the neuron

  NeuronCoefficient(const char* neuron, const char* name_, const Coefficient<Scalar>& option, bool learn,
                    bool derived_ = false, Allowed allowed = Allowed::numbers)
      : parameter(name_, 1, option.values().size()), name(name_), derived(derived_) {
    parameter.ptr()->learn = learn;
    parameter.ptr()->widens = true;
    parameter.ptr()->allowed = allowed;
    const Row<Scalar>& values = option.values();
    if (values.size() == 0)
      fail_argument("spiketape::", neuron, ": ", name, " has no values, expected one or one for each neuron");
    for (Index i = 0; i < values.size(); ++i)
      if (const char* expected = refused(values[i], allowed))
        fail_argument("spiketape::", neuron, ": ", name, " is ",
                      number_text(static_cast<double>(values[i])), ", expected ", expected);
    std::copy_n(values.data(), values.size(), parameter.data());
  }

  [[nodiscard]] bool shared() const { return parameter.cols() == 1; }

  void check_features(const char* neuron, Index features) const {
    if (!shared() && parameter.cols() != features)
      fail_argument("spiketape::", neuron, ": ", parameter.name(), " has ", parameter.cols(),
                    " values, input has ", features, " features (expected 1 value or one for each feature)");
  }
};

/// A coefficient as a record on a tape stores it: a view of the parameter's memory.
template <Real Scalar>
struct CoefficientView {
  const Scalar* data;
  bool shared;

  explicit CoefficientView(const NeuronCoefficient<Scalar>& coefficient)
      : data(coefficient.parameter.data()), shared(coefficient.shared()) {}
  CoefficientView() = default;

  /// For loops over lanes; `place` holds the lane of a shared number and must outlive the stream.
  Stream<Scalar> stream(RepeatedNumber<Scalar>& place) const {
    if (!shared) return {data, 1};
    place = RepeatedNumber<Scalar>(*data);
    return place.stream();
  }
};

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
