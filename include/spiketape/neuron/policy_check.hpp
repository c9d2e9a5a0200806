// What is wrong with a neuron's template arguments, in words.
#pragma once

#include <spiketape/neuron/quantizer.hpp>
#include <spiketape/neuron/reset.hpp>
#include <spiketape/neuron/surrogate.hpp>

#include <type_traits>

namespace spiketape::detail {

/// Said before anything else is compiled: a base class of every neuron.
template <typename Scalar, typename Reset, typename Surrogate, typename Quantizer>
struct PolicyCheck {
  static_assert(Real<Scalar>,
                "spiketape::Leaky (or another neuron): Scalar must be float or double: write Leaky<float>");
  static_assert(
      ResetPolicy<Reset>,
      "spiketape::Leaky (or another neuron): Reset, the second template argument, must be a reset policy: "
      "write reset::Subtract, reset::Zero, reset::ZeroBeforeInput or reset::None, or a struct with "
      "before_input, d_mem, d_threshold and a template after(mem, threshold), see neuron/reset.hpp");
  static_assert(
      std::is_trivially_copyable_v<Surrogate>,
      "spiketape::Leaky (or another neuron): Surrogate, the third template argument, must be trivially "
      "copyable: write its parameters as plain numbers, without vectors, strings or references");
  static_assert(
      SurrogatePolicy<Surrogate, Scalar>,
      "spiketape::Leaky (or another neuron): Surrogate, the third template argument, must have a const "
      "derivative(x) or be callable with x: write surrogate::ATan, or a struct with template <typename T> T "
      "derivative(const T& x) const, see neuron/surrogate.hpp");
  static_assert(
      std::is_trivially_copyable_v<Quantizer>,
      "spiketape::Leaky (or another neuron): Quantizer, the fourth template argument, must be trivially "
      "copyable: write its parameters as plain numbers, without vectors, strings or references");
  static_assert(
      QuantizerPolicy<Quantizer, Scalar>,
      "spiketape::Leaky (or another neuron): Quantizer, the fourth template argument, must have a const "
      "apply(v) or levels<Scalar>(): write quant::Uniform, quant::NonUniform or quant::None, or a struct of "
      "your own, see neuron/quantizer.hpp");
};

}  // namespace spiketape::detail
