// The policies of a neuron, read from its options.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/quantizer.hpp>
#include <spiketape/neuron/surrogate.hpp>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// What a neuron is made of besides its coefficients.
template <Real Scalar, typename Dynamics, typename Reset, typename Surrogate, typename Quantizer>
struct NeuronPolicies {
  SPIKETAPE_NO_UNIQUE_ADDRESS Dynamics dynamics;
  SPIKETAPE_NO_UNIQUE_ADDRESS Reset reset;
  SPIKETAPE_NO_UNIQUE_ADDRESS Surrogate surrogate;
  SPIKETAPE_NO_UNIQUE_ADDRESS Prepared<Scalar, Quantizer> quantizer;
  SPIKETAPE_NO_UNIQUE_ADDRESS Quantizer state_quant;  // as it was given

  /// Made in place: on aarch64 g++ has a note on each such struct that a function returns.
  template <typename Options>
  NeuronPolicies(const Options& options, const Dynamics& dynamics_)
      : dynamics(dynamics_),
        reset(reset_of(options)),
        surrogate(surrogate_of(options)),
        quantizer(prepared<Scalar>(checked(quantizer_of(options)))),
        state_quant(quantizer_of(options)) {
    checked(reset);
    checked(surrogate);
  }

 private:
  template <typename Policy>
  static const Policy& checked(const Policy& policy) {
    check_policy(policy);
    return policy;
  }
  template <typename Options>
  static Reset reset_of(const Options& options) {
    if constexpr (requires { options.reset_mechanism; })
      return options.reset_mechanism;
    else
      return Reset();
  }
  template <typename Options>
  static Surrogate surrogate_of(const Options& options) {
    if constexpr (requires { options.spike_grad; })
      return options.spike_grad;
    else
      return Surrogate();
  }
  template <typename Options>
  static Quantizer quantizer_of(const Options& options) {
    if constexpr (requires { options.state_quant; })
      return options.state_quant;
    else
      return Quantizer();
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
