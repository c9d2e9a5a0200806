// Quantizers of the membrane, V = Q(U), for networks that will run with few bits of state. The gradient
// passes straight through: V̄ is Ū, also outside the levels.
//
// A quantizer is a trivially copyable value with either of
//
//   levels<Scalar>()   its levels in ascending order, at least two, as a std::vector: the nearest wins, the
//                      lower one on a tie. Called once, when the neuron is made. With a member
//                      `static constexpr bool evenly_spaced = true` the nearest is found by arithmetic, else
//                      by a branch-free search.
//   apply(v)           Q itself, for Lane<Scalar> (a template, as in surrogates) or for Scalar.
//
// It may have check(), as surrogates do. For example:
//
//     struct Ternary {
//       template <typename Scalar> std::vector<Scalar> levels() const { return {-1, 0, 1}; }
//     };
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/kernels/lanes.hpp>

#include <cmath>
#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

template <typename Q, typename T>
concept HasApply = requires(const Q quantizer, T v) {
  { quantizer.apply(v) } -> std::convertible_to<T>;
};
template <typename Q, typename Scalar>
concept HasLevels = requires(const Q quantizer) {
  { quantizer.template levels<Scalar>() } -> std::same_as<std::vector<Scalar>>;
};

/// Finds the nearest of some levels.
template <Real Scalar, bool evenly_spaced>
class NearestLevel {
 public:
  explicit NearestLevel(std::vector<Scalar> levels) : levels_(std::move(levels)) {
    if (levels_.size() < 2)
      fail_argument("spiketape: a quantizer has ", levels_.size(), " levels, expected at least 2");
    for (const Scalar level : levels_)
      if (!detail::is_finite(level))
        fail_argument("spiketape: a quantizer has the level ", level, ", expected finite ones");
    for (std::size_t k = 0; k + 1 < levels_.size(); ++k)
      if (!(levels_[k] <= levels_[k + 1]))
        fail_argument("spiketape: a quantizer has the level ", levels_[k], " before ", levels_[k + 1],
                      ", expected an ascending order");
    if (!(levels_.front() < levels_.back()))
      fail_argument("spiketape: a quantizer has only the level ", levels_.front(),
                    ", expected at least 2 different ones");
    last_pair_ = static_cast<Index>(levels_.size()) - 2;
    low_ = levels_.front();
    per_unit_ = static_cast<Scalar>(levels_.size() - 1) / (levels_.back() - levels_.front());
  }

  /// NaN stays NaN.
  template <typename T>
  SPIKETAPE_INLINE T apply(const T& v) const {
    T below, above;  // neighbouring levels: v lies between them or beyond one end
    if constexpr (evenly_spaced) {
      const T place = select(v == v, (v - T(low_)) * T(per_unit_), T(0));
      by_pair(min(max(place, T(0)), T(last_pair_)), below, above,
              [](Scalar number) { return static_cast<Index>(number); });
    } else {
      by_pair(v, below, above, [this](Scalar number) { return place_of(number); });
    }
    return select(v == v, select(v - below <= above - v, below, above), v);
  }

 private:
  /// The index of the last level that is not above v, at most that of the second-last level.
  SPIKETAPE_INLINE Index place_of(Scalar v) const {
    Index place = 0;
    for (Index rest = last_pair_ + 1; rest > 1;) {
      const Index half = rest / 2;
      place = levels_[static_cast<std::size_t>(place + half)] <= v ? place + half : place;
      rest -= half;
    }
    return place;
  }

  /// The level at place(number) and the next one, for each number of a lane.
  template <typename T, typename Place>
  SPIKETAPE_INLINE void by_pair(const T& numbers, T& below, T& above, Place&& place) const {
    Scalar next[Lane<Scalar>::size];
    below = by_number(numbers, [&](Scalar number, Index i) SPIKETAPE_INLINE_LAMBDA {
      const Scalar* level = levels_.data() + place(number);
      next[i] = level[1];
      return level[0];
    });
    above = by_number(numbers, [&](Scalar, Index i) SPIKETAPE_INLINE_LAMBDA { return next[i]; });
  }

  std::vector<Scalar> levels_;
  Index last_pair_;
  Scalar low_, per_unit_;
};

/// A quantizer as a neuron stores it, made once: levels become a table, other quantizers stay as they are.
template <Real Scalar, typename Q>
auto prepared(const Q& quantizer) {
  if constexpr (HasLevels<Q, Scalar>) {
    constexpr bool evenly_spaced = requires { requires Q::evenly_spaced; };
    return NearestLevel<Scalar, evenly_spaced>(quantizer.template levels<Scalar>());
  } else {
    return quantizer;
  }
}
template <Real Scalar, typename Q>
using Prepared = decltype(prepared<Scalar>(std::declval<const Q&>()));

template <typename T, typename Q>
SPIKETAPE_INLINE T quantize(const Q& quantizer, const T& v) {
  using Scalar = typename LaneTraits<T>::Scalar;
  if constexpr (HasApply<Q, T>) {
    return static_cast<T>(quantizer.apply(v));
  } else {
    return by_number(v, [&](Scalar number, Index) { return quantizer.apply(number); });
  }
}

}  // namespace detail

/// The contract of a quantizer.
template <typename Q, typename Scalar>
concept QuantizerPolicy = std::is_trivially_copyable_v<Q> &&
    (detail::HasLevels<Q, Scalar> || detail::HasApply<Q, Scalar> || detail::HasApply<Q, Lane<Scalar>>);

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
