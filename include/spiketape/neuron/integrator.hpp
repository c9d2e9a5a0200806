// A leaky integrator: a membrane that never fires, for the readout of a network.
#pragma once

#include <spiketape/neuron/leaky.hpp>

#include <limits>

namespace spiketape {

/// The options of Integrator, as in Leaky.
template <typename Scalar, typename Quantizer>
struct IntegratorOptions {
  Coefficient<Scalar> beta = detail::required_beta<Scalar>();
  bool init_hidden = false;
  bool learn_beta = false;
  Quantizer state_quant{};
  bool output = false;
};

/// A layer of leaky integrators: Leaky with an infinite threshold.
///
///     U[t] = β U[t−1] + I[t],   S[t] = 0
///
/// As the last layer of a network it gives its membrane in out.mem. (A neuron that integrates and fires
/// without a leak is Leaky with beta = 1.)
///
///     st::Integrator<float> readout({.beta = 0.95f});
template <typename Scalar, typename Quantizer = quant::None>
class Integrator : public Leaky<Scalar, reset::None, surrogate::ATan, Quantizer> {
  using Base = Leaky<Scalar, reset::None, surrogate::ATan, Quantizer>;

 public:
  using Options = IntegratorOptions<Scalar, Quantizer>;

  /// Throws std::invalid_argument as Leaky does.
  explicit Integrator(const Options& options)
      : Base({.beta = options.beta,
              .threshold = std::numeric_limits<Scalar>::infinity(),
              .surrogate_disable = true,
              .init_hidden = options.init_hidden,
              .learn_beta = options.learn_beta,
              .state_quant = options.state_quant,
              .output = options.output}) {}
};

}  // namespace spiketape
