// A neuron from outside of the library whose membrane feeds its other state, so that what a reset does to one
// entering state must not be taken for all that this state does.
#include <spiketape/spiketape.hpp>

#include "catch.hpp"
#include "numeric.hpp"
#include "products.hpp"

#include <array>

namespace coupled_states_test {

namespace st = spiketape;

namespace {

template <typename T>
struct SpkPullMem {
  T spk, pull, mem;
};

/// w becomes 0.9 w + a U, U becomes 0.8 U + I − w.
struct CoupledDynamics {
  static constexpr std::size_t state_count = 2, coefficient_count = 1;
  static constexpr std::array state_names = {"pull", "mem"};
  template <typename T>
  using Result = SpkPullMem<T>;

  template <typename T>
  void integrate(std::array<T, 2>& states, const T& input, const std::array<T, 1>& c) const {
    const auto [w, u] = states;
    states = {T(0.9) * w + c[0] * u, T(0.8) * u + input - w};
  }
  template <typename T>
  void integrate_adjoint(const std::array<T, 2>& entered, const T&, const std::array<T, 1>& c,
                         std::array<T, 2>& adjoint, T& input_adjoint, std::array<T, 1>& c_adjoint) const {
    const auto [dw, du] = adjoint;
    input_adjoint = du;
    c_adjoint = {dw * entered[1]};
    adjoint = {T(0.9) * dw - du, c[0] * dw + T(0.8) * du};
  }
};

template <typename Reset>
class Coupled
    : public st::LIF<Coupled<Reset>, CoupledDynamics, double, Reset, st::surrogate::ATan, st::quant::None> {
 public:
  static constexpr const char* name = "Coupled";
  struct Options {
    st::Coefficient<double> coupling = 0.3;
    bool reset_delay = true, surrogate_disable = true;
  };
  explicit Coupled(const Options& o)
      : Coupled::LIF(o, {{{name, "coupling", o.coupling, true},
                          {name, "threshold", 1, false},
                          {name, "graded_spikes_factor", 1, false}}}) {}
  st::Parameter<double>& coupling() { return this->coefficient(0); }
};

}  // namespace

TEMPLATE_TEST_CASE("the gradient of a neuron with coupled states is that of differences, with every reset",
                   "", st::reset::Subtract, st::reset::Zero, st::reset::ZeroBeforeInput, st::reset::None) {
  for (const bool delayed : {true, false}) {
    INFO((delayed ? "delayed" : "same step"));
    Coupled<TestType> lif({.reset_delay = delayed});
    st::Random random(3);
    const auto input = numeric::random_sequence<double>(random, {20, 2, 3}, -0.5, 1.5);
    const auto weights = numeric::random_sequence<double>(random, {20, 2, 3});
    st::Tape<double> tape;
    const auto x = tape.variable(input);
    const auto out = lif(x);
    CHECK(out.spk.array().sum() > 5);
    tape.backward(st::sum(tape.constant(weights) * (out.pull + out.mem)));
    const auto loss = [&](const st::Sequence<double>& at) {
      const auto again = lif(at);
      return (weights.array() * (again.pull.array() + again.mem.array())).sum();
    };
    numeric::check_gradient("input", input.array(), x.adjoint().array(),
                            [&](const st::Array<double>& values) {
                              st::Sequence<double> at = input;
                              at.array() = values;
                              return loss(at);
                            });
    const st::Array<double> gradient = tape.gradients().gradient(lif.coupling());
    numeric::check_gradient("coupling", lif.coupling().array(), gradient,
                            [&](const st::Array<double>& value) {
                              const st::Array<double> kept = lif.coupling().array();
                              lif.coupling().array() = value;
                              const double result = loss(input);
                              lif.coupling().array() = kept;
                              return result;
                            });
  }
}

}  // namespace coupled_states_test
