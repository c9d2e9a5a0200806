// A quantizer chosen at run time, see any_surrogate.hpp.
#pragma once

#include <spiketape/neuron/quantizers_snntorch.hpp>

class AnyQuantizer {
 public:
  enum Kind { None, Uniform, NonUniform };

  AnyQuantizer() = default;
  AnyQuantizer(const spiketape::quant::Uniform& quantizer);        // NOLINT(google-explicit-constructor)
  AnyQuantizer(const spiketape::quant::NonUniform& quantizer);     // NOLINT(google-explicit-constructor)
  AnyQuantizer(const spiketape::quant::None&) {}                   // NOLINT(google-explicit-constructor)

  Kind kind() const { return kind_; }

  // Compiled once, in any_policies.cpp, for Lane<float> and Lane<double>.
  template <typename T>
  T apply(const T& v) const;

 private:
  template <typename Quantizer>
  AnyQuantizer(Kind kind, const Quantizer& quantizer);

  Kind kind_ = None;
  // Both prepared as a neuron prepares them, in memory that lives to the end of the program: a policy is
  // trivially copyable and owns nothing.
  const void* in_float_ = nullptr;
  const void* in_double_ = nullptr;
};
