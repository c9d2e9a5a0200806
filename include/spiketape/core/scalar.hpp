// The scalar types, and of which one the numbers are that something holds.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/abi.hpp>

#include <concepts>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI {

/// The scalar types of spiketape.
template <typename T>
concept Real = std::same_as<T, float> || std::same_as<T, double>;

namespace detail {

/// The type of the numbers of an array, a sequence or a value on a tape.
template <typename T>
struct NumbersOf {};
template <typename T>
requires requires { typename T::Scalar; }
struct NumbersOf<T> {
  using type = typename T::Scalar;
};
template <template <typename> typename Holder, typename Scalar>
requires(!requires { typename Holder<Scalar>::Scalar; }) struct NumbersOf<Holder<Scalar>> {
  using type = std::remove_const_t<Scalar>;
};

/// What holds numbers of another type.
template <typename T, typename Scalar>
concept OfAnotherScalar =
    Real<typename NumbersOf<T>::type> && !std::same_as<typename NumbersOf<T>::type, Scalar>;

/// What calls that do not compile return, so that what is done with it is no other mistake.
struct Refused {
  int spk = 0, mem = 0;
};
/// Stops the compiler with a message. The overloads that take numbers of another type call it.
template <typename T, typename Scalar>
consteval auto refuse_scalar() {
  static_assert(!OfAnotherScalar<T, Scalar>,
                "spiketape: the numbers given have another type than those expected, such as double for "
                "float: write x.cast<float>() (or double), or use layers of the other type, such as "
                "Leaky<double>");
  return Refused();
}

}  // namespace detail

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
