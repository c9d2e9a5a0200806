// Coefficients that follow from others, as Alpha's τ does from α and β.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/coefficient.hpp>
#include <spiketape/neuron/dynamics.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A Dynamics whose derive(c) works only in calls for which LIF sets `follows`; see dynamics.hpp.
template <typename Dynamics>
concept Follows = requires(Dynamics dynamics) {
  dynamics.follows = true;
};

/// What such a neuron has beside its policies: the same policies with `follows` set, and its own coefficients
/// as they were when it was made. Both are shared, since copies have them in common.
template <typename Policies, std::size_t count, Real Scalar>
class Following {
 public:
  Following() = default;
  template <typename Options, typename Dynamics, typename Coefficients>
  Following(const Options& options, Dynamics dynamics, const Coefficients& coefficients) {
    dynamics.follows = true;
    policies_ = std::make_shared<const Policies>(options, dynamics);
    made_with(coefficients);
  }
  /// Says that what follows has been computed from these coefficients.
  template <typename Coefficients>
  void made_with(const Coefficients& coefficients) {
    Made made;
    for (std::size_t k = 0; k < count; ++k) made[k] = coefficients[k].parameter.array().row(0);
    made_ = std::make_shared<const Made>(std::move(made));
  }

  /// The policies of a call. Stored values are more exact and take no time, so they serve until a coefficient
  /// is learned or has been changed.
  template <typename Coefficients>
  const std::shared_ptr<const Policies>& choose(const std::shared_ptr<const Policies>& stored,
                                                const Coefficients& coefficients) const {
    for (std::size_t k = 0; k < count; ++k) {
      const Parameter<Scalar>& now = coefficients[k].parameter;
      const Row<Scalar>& before = (*made_)[k];
      if (now.ptr()->learn || !std::equal(before.begin(), before.end(), now.data(), now.data() + now.cols()))
        return policies_;
    }
    return stored;
  }

 private:
  using Made = std::array<Row<Scalar>, count>;

  std::shared_ptr<const Policies> policies_;
  std::shared_ptr<const Made> made_;
};

/// For all other neurons: nothing.
struct NoFollowing {
  template <typename Policies, typename Coefficients>
  const Policies& choose(const Policies& stored, const Coefficients&) const {
    return stored;
  }
};

template <typename Dynamics, typename Policies, Real Scalar>
struct ChosenFollowing {
  using type = NoFollowing;
};
template <Follows Dynamics, typename Policies, Real Scalar>
struct ChosenFollowing<Dynamics, Policies, Scalar> {
  using type = Following<Policies, Dynamics::coefficient_count, Scalar>;
};
template <typename Dynamics, typename Policies, Real Scalar>
using FollowingOf = typename ChosenFollowing<Dynamics, Policies, Scalar>::type;

/// The values of all coefficients of a neuron as a step uses them: one or one for each neuron. Those that
/// follow from others are computed.
template <Real Scalar, typename Dynamics, std::size_t all>
std::array<Row<Scalar>, all> coefficients_in_use(
    const Dynamics& dynamics, const std::array<NeuronCoefficient<Scalar>, all>& coefficients) {
  constexpr std::size_t own = Dynamics::coefficient_count;
  std::array<Row<Scalar>, all> rows;
  Index neurons = 1;
  for (std::size_t k = 0; k < all; ++k) {
    rows[k] = coefficients[k].values();
    neurons = std::max(neurons, rows[k].size());
  }
  if constexpr (Derives<Dynamics, Lane<Scalar>>) {
    for (std::size_t k = 0; k < own; ++k)
      if (rows[k].size() < neurons) rows[k] = Row<Scalar>::Constant(neurons, rows[k][0]);
    for (Index i = 0; i < neurons; ++i) {
      std::array<Lane<Scalar>, own> lanes;
      for (std::size_t k = 0; k < own; ++k) lanes[k] = rows[k][i];
      dynamics.derive(lanes);
      for (std::size_t k = 0; k < own; ++k)
        if (coefficients[k].derived) lanes[k].store(rows[k].data() + i, 1);
    }
  }
  return rows;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
