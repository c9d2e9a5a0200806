// Quantizers of the membrane: V = Q(U), with a straight-through gradient (Q passes adjoints unchanged).
// A quantizer is a trivially copyable value with `apply(v)`, a template over float, double and lanes.
#pragma once

#include <spiketape/core/lanes.hpp>

#include <concepts>
#include <type_traits>

namespace spiketape {

/// The contract of a quantizer.
template <typename Q, typename Scalar>
concept QuantizerPolicy = std::is_trivially_copyable_v<Q> && requires(const Q quantizer, Lane<Scalar> v) {
  { quantizer.apply(v) } -> std::same_as<Lane<Scalar>>;
};

}  // namespace spiketape

namespace spiketape::quant {

/// Q(v) = v.
struct None {
  template <typename T>
  SPIKETAPE_INLINE T apply(const T& v) const {
    return v;
  }
};

}  // namespace spiketape::quant
