// Arithmetic and comparisons of values on tapes, sequences, steps and numbers.
//
// An operand is a Var, a Sequence, a view of one, an Eigen step or a number. An operator needs a Var, a
// Sequence or a view on one side; for two Eigen steps Eigen's operators apply. If one operand is a Var, the
// result is a Var, and the other operand is copied to the tape as a constant. Otherwise, if one is a Sequence
// or a view, the result is a Sequence; of Eigen steps and numbers it is an Array. Both own their memory.
//
// Each extent of the shapes (steps, batch, features) must agree or be 1; an extent of 1 is repeated: a step
// (1, B, F) is the same in all steps, a row (1, 1, F) for all samples, and a single number (1, 1, 1), such as
// a loss, everywhere. If all steps of the result are the same, it stores one.
//
// All are differentiated by both operands unless they say otherwise. They throw std::invalid_argument for
// shapes that do not fit, values on different tapes and empty handles. On a tape they allocate nothing from
// the second iteration on, unless an operand is an Eigen expression.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/elementwise.hpp>

#include <cmath>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

struct AddFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& a, const T& b) {
    return a + b;
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_a(const T& adjoint, const T&, const T&) {
    return adjoint;
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_b(const T& adjoint, const T&, const T&) {
    return adjoint;
  }
};

struct SubtractFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& a, const T& b) {
    return a - b;
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_a(const T& adjoint, const T&, const T&) {
    return adjoint;
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_b(const T& adjoint, const T&, const T&) {
    return -adjoint;
  }
};

struct MultiplyFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& a, const T& b) {
    return a * b;
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_a(const T& adjoint, const T&, const T& b) {
    return adjoint * b;
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_b(const T& adjoint, const T& a, const T&) {
    return adjoint * a;
  }
};

struct DivideFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& a, const T& b) {
    return a / b;
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_a(const T& adjoint, const T&, const T& b) {
    return adjoint / b;
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_b(const T& adjoint, const T& a, const T& b) {
    return -(adjoint * (a / b) / b);
  }
};

/// a + b gives NaN where one is NaN, for which both comparisons are false.
struct MaxFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& a, const T& b) {
    return select(b <= a, a, select(a < b, b, a + b));
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_a(const T& adjoint, const T& a, const T& b) {
    return where(b <= a, adjoint);
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_b(const T& adjoint, const T& a, const T& b) {
    return where(a < b, adjoint);
  }
};

struct MinFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& a, const T& b) {
    return select(a <= b, a, select(b < a, b, a + b));
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_a(const T& adjoint, const T& a, const T& b) {
    return where(a <= b, adjoint);
  }
  template <typename T>
  static SPIKETAPE_INLINE T by_b(const T& adjoint, const T& a, const T& b) {
    return where(b < a, adjoint);
  }
};

struct LessFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& a, const T& b) {
    return where(a < b, T(1));
  }
};

struct LessEqualFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& a, const T& b) {
    return where(a <= b, T(1));
  }
};

struct EqualFunction {
  template <typename T>
  static SPIKETAPE_INLINE T value(const T& a, const T& b) {
    return where(a == b, T(1));
  }
};

}  // namespace detail

/// a + b, number by number.
template <typename A, typename B>
requires detail::OperatorPair<A, B>
[[nodiscard]] auto operator+(const A& a, const B& b) {
  return detail::combine<detail::AddFunction>("operator+", a, b);
}

/// a - b, number by number.
template <typename A, typename B>
requires detail::OperatorPair<A, B>
[[nodiscard]] auto operator-(const A& a, const B& b) {
  return detail::combine<detail::SubtractFunction>("operator-", a, b);
}

/// a * b, number by number.
template <typename A, typename B>
requires detail::OperatorPair<A, B>
[[nodiscard]] auto operator*(const A& a, const B& b) {
  return detail::combine<detail::MultiplyFunction>("operator*", a, b);
}

/// a / b, number by number; division by zero gives infinity or NaN.
template <typename A, typename B>
requires detail::OperatorPair<A, B>
[[nodiscard]] auto operator/(const A& a, const B& b) {
  return detail::combine<detail::DivideFunction>("operator/", a, b);
}

/// -x
template <detail::OwnInput X>
[[nodiscard]] auto operator-(const X& x) {
  return detail::combine<detail::MultiplyFunction>("operator-", x, -1);
}

/// The larger of a and b, number by number, such as max(x, 0). If they are equal, a gets the gradient. If one
/// is NaN, the result is NaN and neither gets a gradient.
template <typename A, typename B>
requires detail::InputPair<A, B>
[[nodiscard]] auto max(const A& a, const B& b) { return detail::combine<detail::MaxFunction>("max", a, b); }

/// The smaller of a and b; like max.
template <typename A, typename B>
requires detail::InputPair<A, B>
[[nodiscard]] auto min(const A& a, const B& b) { return detail::combine<detail::MinFunction>("min", a, b); }

/// x where it lies in [low, high], else the nearer bound; NaN stays NaN. The gradient is that of x, 0 outside
/// of [low, high]. Throws std::invalid_argument unless low <= high.
template <detail::OpInput X, detail::Number Low, detail::Number High>
[[nodiscard]] auto clamp(const X& x, Low low, High high) {
  using Scalar = detail::ScalarOf<X>;
  const auto from = static_cast<Scalar>(low), to = static_cast<Scalar>(high);
  if (!(from <= to))
    detail::fail_argument("spiketape::clamp: low is ", from, ", high is ", to, ", expected low <= high");
  return min(max(x, from), to);
}

/// 1 where a > b, else 0; 0 where one is NaN. Not differentiated: the result is a constant.
template <typename A, typename B>
requires detail::InputPair<A, B>
[[nodiscard]] auto greater(const A& a, const B& b) {
  return detail::combine<detail::LessFunction>("greater", b, a);
}

/// 1 where a >= b, else 0; like greater.
template <typename A, typename B>
requires detail::InputPair<A, B>
[[nodiscard]] auto greater_equal(const A& a, const B& b) {
  return detail::combine<detail::LessEqualFunction>("greater_equal", b, a);
}

/// 1 where a < b, else 0; like greater.
template <typename A, typename B>
requires detail::InputPair<A, B>
[[nodiscard]] auto less(const A& a, const B& b) {
  return detail::combine<detail::LessFunction>("less", a, b);
}

/// 1 where a <= b, else 0; like greater.
template <typename A, typename B>
requires detail::InputPair<A, B>
[[nodiscard]] auto less_equal(const A& a, const B& b) {
  return detail::combine<detail::LessEqualFunction>("less_equal", a, b);
}

/// 1 where a == b, else 0; like greater.
template <typename A, typename B>
requires detail::InputPair<A, B>
[[nodiscard]] auto equal(const A& a, const B& b) {
  return detail::combine<detail::EqualFunction>("equal", a, b);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
