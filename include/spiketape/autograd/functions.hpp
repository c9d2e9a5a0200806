// Elementwise functions of a value on a tape, a sequence, a view, an Eigen step or a plain number.
//
// The result has the shape of x. It is a Var, a Sequence or an Array, as in arithmetic.hpp, and owns its
// memory. All are differentiated. They throw std::invalid_argument for an empty handle. A NaN stays NaN. The
// last bits may differ from those of <cmath>.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/elementwise.hpp>

#include <cmath>
#include <limits>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// e^x that becomes 0 below the smallest normal number, where Eigen's does not.
template <Real Scalar>
SPIKETAPE_INLINE Lane<Scalar> exp_or_zero(const Lane<Scalar>& x) {
  constexpr Scalar lowest = sizeof(Scalar) == 4 ? Scalar(-87.33) : Scalar(-708.39);
  return except(x < Lane<Scalar>(lowest), exp(x));
}

struct ExpFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& x) {
    return exp_or_zero(x);
  }
  template <typename T>
  static SPIKETAPE_INLINE T back(const T& adjoint, const T&, const T& y) {
    return adjoint * y;
  }
};

struct LogFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& x) {
    return log(x);
  }
  template <typename T>
  static SPIKETAPE_INLINE T back(const T& adjoint, const T& x, const T&) {
    return adjoint / x;
  }
};

struct AbsFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& x) {
    return abs(x);
  }
  template <typename T>
  static SPIKETAPE_INLINE T back(const T& adjoint, const T& x, const T&) {
    return select(x < T(0), -adjoint, where(T(0) < x, adjoint));
  }
};

struct SquareFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& x) {
    return x * x;
  }
  template <typename T>
  static SPIKETAPE_INLINE T back(const T& adjoint, const T& x, const T&) {
    return adjoint * (x + x);
  }
};

struct SqrtFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& x) {
    // Eigen may compute x times 1/√x, which is NaN at infinity.
    return select(x == T(std::numeric_limits<typename T::Scalar>::infinity()), x, sqrt(x));
  }
  template <typename T>
  static SPIKETAPE_INLINE T back(const T& adjoint, const T&, const T& y) {
    return adjoint * T(0.5) / y;
  }
};

struct TanhFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& x) {
    // With m = e^(-2|x|) - 1, tanh x = ∓m / (2 + m). Near 0 the difference u - 1 (u = e^y, rounded) loses
    // digits; (u - 1) y / log(u) restores them.
    const T y = max(T(-2) * abs(x), T(-40));
    const T u = exp(y);
    const T m = select(u == T(1), y, (u - T(1)) * y / log(u));
    const T size = -(m / (T(2) + m));
    return select(x < T(0), -size, size);
  }
  template <typename T>
  static SPIKETAPE_INLINE T back(const T& adjoint, const T&, const T& y) {
    return adjoint * (T(1) - y * y);
  }
};

struct SigmoidFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& x) {
    return T(1) / (T(1) + exp(-x));
  }
  template <typename T>
  static SPIKETAPE_INLINE T back(const T& adjoint, const T&, const T& y) {
    return adjoint * y * (T(1) - y);
  }
};

}  // namespace detail

/// e^x. Results below the smallest normal number become 0.
template <detail::OpInput X>
[[nodiscard]] auto exp(const X& x) {
  return detail::map<detail::ExpFunction>("exp", x);
}

/// The natural logarithm; -infinity at 0, NaN below 0.
template <detail::OpInput X>
[[nodiscard]] auto log(const X& x) {
  return detail::map<detail::LogFunction>("log", x);
}

/// |x|. At 0 the derivative is 0.
template <detail::OpInput X>
[[nodiscard]] auto abs(const X& x) {
  return detail::map<detail::AbsFunction>("abs", x);
}

/// x²
template <detail::OpInput X>
[[nodiscard]] auto square(const X& x) {
  return detail::map<detail::SquareFunction>("square", x);
}
template <Real Scalar>
[[nodiscard]] Scalar square(Scalar x) {
  return x * x;
}

/// The square root; NaN below 0. At 0 the derivative is infinite.
template <detail::OpInput X>
[[nodiscard]] auto sqrt(const X& x) {
  return detail::map<detail::SqrtFunction>("sqrt", x);
}

/// The hyperbolic tangent.
template <detail::OpInput X>
[[nodiscard]] auto tanh(const X& x) {
  return detail::map<detail::TanhFunction>("tanh", x);
}
template <Real Scalar>
[[nodiscard]] Scalar tanh(Scalar x) {
  return std::tanh(x);
}

/// 1 / (1 + e^-x)
template <detail::OpInput X>
[[nodiscard]] auto sigmoid(const X& x) {
  return detail::map<detail::SigmoidFunction>("sigmoid", x);
}
template <Real Scalar>
[[nodiscard]] Scalar sigmoid(Scalar x) {
  return 1 / (1 + std::exp(-x));
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
