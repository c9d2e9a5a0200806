// A user's own neuron whose Dynamics lack something.
//
// CASE_COPYABLE: the Dynamics of a neuron must be trivially copyable
// CASE_STATE_COUNT: the Dynamics of a neuron must have state_count
// CASE_COEFFICIENT_COUNT: the Dynamics of a neuron must have coefficient_count
// CASE_STATE_NAMES: must have state_names, a text for each of its state_count states
// CASE_RESULT: must have Result<T>, an aggregate of 1 + state_count members
// CASE_INTEGRATE: must have a const integrate(states, input, c)
// CASE_RECURRENT_INTEGRATE: with recurrent = true must have a const integrate(states, input, spk, c)
// CASE_ADJOINT: must have a const integrate_adjoint(entered, input, c, adjoint, input_adjoint, c_adjoint)
// CASE_RECURRENT_ADJOINT: with recurrent = true must have a const integrate_adjoint(entered, input, spk, c, adjoint,
// CASE_THRESHOLD: whose threshold moves must have a const threshold(states, threshold, c)
// CASE_THRESHOLD_ADJOINT: whose threshold moves must have a const threshold_adjoint(states, c, level_adjoint,
// CASE_RESET: with a reset of its own must have a const reset(signal, entered, policy, threshold, c, states)
// CASE_RESET_ADJOINT: with a reset of its own must have a const reset_adjoint(signal, policy, threshold, c, adjoint,
#include <spiketape/neuron/lif.hpp>

#include "../dynamics_parts.hpp"

#include <string>

namespace st = spiketape;
using namespace parts;

struct Named {
  std::string text;
};
using Numbers = Dynamics<StateCount, CoefficientCount, StateNames, Result_>;

#if defined(CASE_COPYABLE)
using Mine = Dynamics<Numbers, Integrate, IntegrateAdjoint, Named>;
#elif defined(CASE_STATE_COUNT)
using Mine = Dynamics<CoefficientCount, StateNames, Result_, Integrate, IntegrateAdjoint>;
#elif defined(CASE_COEFFICIENT_COUNT)
using Mine = Dynamics<StateCount, StateNames, Result_, Integrate, IntegrateAdjoint>;
#elif defined(CASE_STATE_NAMES)
using Mine = Dynamics<StateCount, CoefficientCount, Result_, Integrate, IntegrateAdjoint>;
#elif defined(CASE_RESULT)
using Mine = Dynamics<StateCount, CoefficientCount, StateNames, Integrate, IntegrateAdjoint>;
#elif defined(CASE_INTEGRATE)
using Mine = Dynamics<Numbers, IntegrateAdjoint>;
#elif defined(CASE_RECURRENT_INTEGRATE)
using Mine = Dynamics<Numbers, Recurrent, Integrate, RecurrentIntegrateAdjoint>;
#elif defined(CASE_ADJOINT)
using Mine = Dynamics<Numbers, Integrate>;
#elif defined(CASE_RECURRENT_ADJOINT)
using Mine = Dynamics<Numbers, Recurrent, RecurrentIntegrate, IntegrateAdjoint>;
#elif defined(CASE_THRESHOLD)
using Mine = Dynamics<Numbers, Integrate, IntegrateAdjoint, ThresholdAdjoint>;
#elif defined(CASE_THRESHOLD_ADJOINT)
using Mine = Dynamics<Numbers, Integrate, IntegrateAdjoint, Threshold>;
#elif defined(CASE_RESET)
using Mine = Dynamics<Numbers, Integrate, IntegrateAdjoint, ResetAdjoint>;
#elif defined(CASE_RESET_ADJOINT)
using Mine = Dynamics<Numbers, Integrate, IntegrateAdjoint, Reset>;
#else
using Mine = Dynamics<Numbers, Integrate, IntegrateAdjoint, Threshold, ThresholdAdjoint, Reset, ResetAdjoint>;
#endif

class Neuron : public st::LIF<Neuron, Mine, float, st::reset::Subtract, st::surrogate::ATan, st::quant::None> {
 public:
  static constexpr const char* name = "Neuron";
  struct Options {
    st::Coefficient<float> beta = 0.9f;
  };
  explicit Neuron(const Options& options)
      : Neuron::LIF(options, {{{name, "beta", options.beta, false},
                               {name, "threshold", 1, false},
                               {name, "graded_spikes_factor", 1, false}}}) {}
};

int main() {
  const Neuron neuron({.beta = 0.8f});
  neuron(st::Array<float>(2, 3));
}
