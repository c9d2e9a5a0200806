// A leaky integrator: a membrane that never fires, for the readout of a network.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/neuron/leaky.hpp>

#include <limits>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of Integrator.
template <typename Scalar, typename Quantizer>
struct IntegratorOptions {
  /// As in Leaky.
  Coefficient<Scalar> beta = detail::required_beta<Scalar>();
  bool init_hidden = false;
  bool learn_beta = false;
  Quantizer state_quant{};
  bool output = false;
};

/// A layer of leaky integrators: Leaky with an infinite threshold and no reset.
///
///     U[t] = β U[t−1] + I[t],   S[t] = 0
///
/// As the last layer of a network it gives its membrane in out.mem. (A neuron that integrates and fires
/// without a leak is Leaky with beta = 1.)
///
///     st::Integrator<float> readout({.beta = 0.95f});
template <typename Scalar, typename Quantizer = quant::None>
class Integrator : public LIF<Integrator<Scalar, Quantizer>, detail::LeakyDynamics, Scalar, reset::None,
                              surrogate::ATan, Quantizer> {
  using Base = LIF<Integrator, detail::LeakyDynamics, Scalar, reset::None, surrogate::ATan, Quantizer>;

 public:
  using Options = IntegratorOptions<Scalar, Quantizer>;
  static constexpr const char* name = "Integrator";

  /// Throws std::invalid_argument as Leaky does.
  explicit Integrator(const Options& options)
      : Base(Disabled{options},
             {{{name, "beta", options.beta, options.learn_beta},
               {name, "threshold", std::numeric_limits<Scalar>::infinity(), false},
               {name, "graded_spikes_factor", Scalar(1), false}}}) {}

  /// β: see Leaky.
  Parameter<Scalar>& beta() { return this->coefficient(0); }
  const Parameter<Scalar>& beta() const { return this->coefficient(0); }

 private:
  struct Disabled : Options {
    bool surrogate_disable = true;
  };
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
