// A neuron of your own: a resonator, whose membrane U drives a current w that pulls it back. It fires when
// its input changes, is silent while the input is constant, and rebounds when a negative input ends, as no
// leaky neuron does. Prints how both respond to a current, and checks the hand-written derivatives of the
// neuron.

#include <spiketape/spiketape.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <exception>
#include <string>

namespace st = spiketape;

// The result of a call: the spikes, then the states in their order, the membrane last.
template <typename T>
struct SpkPullMem {
  T spk, pull, mem;
};

// States w and U; coefficients β, ρ and a. T is a SIMD lane or a plain number; the functions of st serve
// both.
struct ResonatorDynamics {
  static constexpr std::size_t state_count = 2, coefficient_count = 3;
  static constexpr std::array state_names = {"pull", "mem"};
  template <typename T>
  using Result = SpkPullMem<T>;

  // w becomes ρw + aU, U becomes βU + I − w. LIF does threshold, spikes and resets.
  template <typename T>
  SPIKETAPE_INLINE void integrate(std::array<T, 2>& states, const T& input, const std::array<T, 3>& c) const {
    const auto [w, u] = states;
    states = {st::clamped(c[1]) * w + c[2] * u, st::clamped(c[0]) * u + input - w};
  }

  // The chain rule, backward: from the adjoints of the new w and U to those of the inputs.
  template <typename T>
  SPIKETAPE_INLINE void integrate_adjoint(const std::array<T, 2>& entered, const T&,
                                          const std::array<T, 3>& c, std::array<T, 2>& adjoint,
                                          T& input_adjoint, std::array<T, 3>& c_adjoint) const {
    const auto [w, u] = entered;
    const auto [dw, du] = adjoint;
    input_adjoint = du;
    c_adjoint = {st::where(st::unclamped(c[0]), du * u), st::where(st::unclamped(c[1]), dw * w), dw * u};
    adjoint = {st::clamped(c[1]) * dw - du, c[2] * dw + st::clamped(c[0]) * du};
  }
};

template <typename Scalar, typename Reset = st::reset::Subtract, typename Surrogate = st::surrogate::ATan,
          typename Quantizer = st::quant::None>
class Resonator : public st::LIF<Resonator<Scalar, Reset, Surrogate, Quantizer>, ResonatorDynamics, Scalar,
                                 Reset, Surrogate, Quantizer> {
 public:
  static constexpr const char* name = "Resonator";

  // LIF finds options by name; they do what they do in Leaky. Options that are left out are off.
  struct Options {
    st::Coefficient<Scalar> beta = 0.9, rho = 0.95, coupling = 0.05, threshold = 1;
    bool learn_beta = false, learn_rho = false, learn_coupling = false, surrogate_disable = false;
  };

  // The neuron's own coefficients in their order, then the two that all neurons have.
  explicit Resonator(const Options& o)
      : Resonator::LIF(o, {{{name, "beta", o.beta, o.learn_beta},
                            {name, "rho", o.rho, o.learn_rho},
                            {name, "coupling", o.coupling, o.learn_coupling},
                            {name, "threshold", o.threshold, false},
                            {name, "graded_spikes_factor", 1, false}}}) {}
};

// The spikes of one neuron, one letter for each step.
std::string raster(const st::Sequence<float>& spk) {
  std::string line;
  for (st::Index t = 0; t < spk.steps(); ++t) line += spk(t, 0, 0) > 0 ? '|' : '.';
  return line;
}

// Prints both derivatives and returns whether they agree.
bool same(const char* by, double tape, double differences) {
  std::printf("%-12s %15.8f %15.8f\n", by, tape, differences);
  return std::abs(tape - differences) < 1e-6 * std::max(1.0, std::abs(tape));
}

// Compares hand-written derivatives with central differences, for all coefficients and every input. Without
// the surrogate, everything else, resets included, has ordinary derivatives, as long as a small change moves
// no spike.
bool check_adjoint() {
  const Resonator<double> neuron(
      {.learn_beta = true, .learn_rho = true, .learn_coupling = true, .surrogate_disable = true});
  st::Sequence<double> input(30, 2, 3), weights(30, 2, 3);  // steps, samples, neurons
  st::Random random(1);
  for (double& number : input.array().reshaped()) number = random.uniform(-0.5, 1);
  for (double& number : weights.array().reshaped()) number = random.uniform(-1, 1);

  st::Tape<double> tape;
  const auto x = tape.variable(input);
  const auto out = neuron(x);
  tape.backward(st::sum(tape.constant(weights) * (out.pull + out.mem)));

  const auto loss = [&] {
    const auto again = neuron(input);
    return (weights.array() * (again.pull.array() + again.mem.array())).sum();
  };
  const auto differences = [&](double& number) {
    const double h = 1e-6, kept = number;
    number = kept + h;
    const double high = loss();
    number = kept - h;
    const double low = loss();
    number = kept;
    return (high - low) / (2 * h);
  };

  std::printf("\nderivative by           tape     differences   (%.0f spikes)\n", out.spk.array().sum());
  bool right = true;
  for (const auto& parameter : neuron.parameters())
    right &= same(parameter->name.c_str(), tape.gradients().gradient(parameter)(0, 0),
                  differences(parameter->array()(0, 0)));
  double worst[3] = {-1, 0, 0};
  for (st::Index row = 0; row < input.array().rows(); ++row)
    for (st::Index i = 0; i < input.features(); ++i) {
      const double by_tape = x.adjoint().array()(row, i), by_differences = differences(input.array()(row, i));
      const double error = std::abs(by_tape - by_differences);
      if (!(error <= worst[0])) worst[0] = error, worst[1] = by_tape, worst[2] = by_differences;
    }
  return same("worst input", worst[1], worst[2]) && right;
}

int main() try {
  // A negative current for 20 steps, then none, then a positive one.
  st::Sequence<float> current(100, 1, 1);
  std::string drawn;
  for (st::Index t = 0; t < current.steps(); ++t) {
    current(t, 0, 0) = t >= 10 && t < 30 ? -0.5f : t >= 60 && t < 90 ? 0.3f : 0.0f;
    drawn += current(t, 0, 0) < 0 ? '-' : current(t, 0, 0) > 0 ? '+' : '0';
  }
  const st::Leaky<float> leaky({.beta = 0.9f});
  const Resonator<float> resonator({.beta = 0.9f});
  std::printf("current    %s\nLeaky      %s\nResonator  %s\n", drawn.c_str(),
              raster(leaky(current).spk).c_str(), raster(resonator(current).spk).c_str());
  return check_adjoint() ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
