// Coefficients of a neuron: one number that all neurons of a layer share, or one for each.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
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

  /// One value that all neurons share, or one for each, or for each channel; valid as long as the
  /// coefficient.
  const Row<Scalar>& values() const noexcept { return values_; }

  /// The neurons next to each other that share a value: 1, or the places of a channel; see per_channel.
  Index places() const noexcept { return places_; }
  /// The same values, each for so many neurons.
  [[nodiscard]] Coefficient for_places(Index places) const {
    Coefficient coefficient(*this);
    coefficient.places_ = places;
    return coefficient;
  }

 private:
  Row<Scalar> values_;
  Index places_ = 1;
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

/// One value, or one for each neuron, from values that `places` neurons share each.
template <Real Scalar>
Row<Scalar> for_neurons(const Row<Scalar>& values, Index places) {
  if (values.size() == 1 || places == 1) return values;
  Row<Scalar> all(values.size() * places);
  for (Index k = 0; k < values.size(); ++k) all.segment(k * places, places) = values[k];
  return all;
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
    if (option.places() > 1) {
      parameter.ptr()->places = option.places();
      parameter.ptr()->saved_shape = {option.values().size(), 1, 1};  // as snnTorch has it
    }
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
  /// Whether the neurons of a channel share a value.
  [[nodiscard]] bool by_channel() const { return !shared() && parameter.ptr()->places > 1; }
  /// The neurons that it is for; 1: any number.
  [[nodiscard]] Index neurons() const { return shared() ? 1 : parameter.cols() * parameter.ptr()->places; }

  void check_features(const char* neuron, Index features) const {
    if (shared() || neurons() == features) return;
    if (by_channel())
      fail_argument("spiketape::", neuron, ": ", parameter.name(), " has ", parameter.cols(),
                    " x 1 x 1 values for ", parameter.ptr()->places, " places each, input has ", features,
                    " features, expected ", neurons());
    fail_argument("spiketape::", neuron, ": ", parameter.name(), " has ", parameter.cols(),
                  " values, input has ", features, " features (expected 1 value or one for each feature)");
  }

  /// One value, or one for each neuron.
  [[nodiscard]] Row<Scalar> values() const {
    return for_neurons<Scalar>(parameter.array().row(0), parameter.ptr()->places);
  }
};

/// A coefficient as a record on a tape stores it: a view of the parameter's memory.
template <Real Scalar>
struct CoefficientView {
  const Scalar* data;
  bool shared;

  /// The values of channels are written to memory, one for each neuron.
  SPIKETAPE_NOINLINE CoefficientView(const NeuronCoefficient<Scalar>& coefficient, Arena& memory)
      : data(coefficient.parameter.data()), shared(coefficient.shared()) {
    if (!coefficient.by_channel()) return;
    const Parameter<Scalar>& of_channels = coefficient.parameter;
    const Index neurons = coefficient.neurons(), places = of_channels.ptr()->places;
    auto* values = memory.allocate<Scalar>(whole_lines<Scalar>(neurons));
    for (Index k = 0; k < of_channels.cols(); ++k)
      std::fill_n(values + k * places, places, of_channels.data()[k]);
    std::fill(values + neurons, values + whole_lines<Scalar>(neurons), Scalar(0));
    data = values;
  }
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
