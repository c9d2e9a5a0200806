// What each of Leaky's parameters does to a neuron that can be followed by hand, and what it does to the
// gradients: two steps of input 1.2 and 0.5, β = 0.5, θ = 1, and σ' = 1 everywhere. Without any other option
//
//   U[0] = 1.2, a spike;   U[1] = 0.5·1.2 + 0.5 − 1 = 0.1, no spike
#include "../any_neuron.hpp"
#include "../catch.hpp"

#include <spiketape/spiketape.hpp>

#include <cmath>
#include <vector>

SPIKETAPE_ANY_NEURON(extern, spiketape::Leaky, double)

namespace leaky_parameters_test {

namespace st = spiketape;

namespace {

template <typename Reset = st::reset::Subtract, typename Surrogate = st::surrogate::StraightThrough,
          typename Quantizer = st::quant::None>
using Neuron = st::Leaky<double, Reset, Surrogate, Quantizer>;
template <typename Reset>
using AnyNeuron = Neuron<Reset, AnySurrogate, AnyQuantizer>;

/// What comes out, and the derivatives of the sum of all spikes and of all membranes.
struct Outcome {
  std::vector<double> spk, mem;
  struct Gradient {
    std::vector<double> input;
    double beta, threshold, graded;
  } of_spk, of_mem;
};

template <typename Lif>
Outcome outcome(const Lif& lif, const std::vector<double>& currents = {1.2, 0.5}) {
  const auto steps = static_cast<st::Index>(currents.size());
  st::Sequence<double> input(steps, 1, 1);
  std::copy(currents.begin(), currents.end(), input.array().data());
  Outcome result;
  for (const bool of_spk : {true, false}) {
    lif.reset_hidden();
    st::Tape<double> tape;
    const auto x = tape.variable(input);
    const auto [spk, mem] = lif(x);
    tape.backward(st::sum(of_spk ? spk : mem));
    const auto numbers = [&](const auto& view) {
      std::vector<double> list;
      for (st::Index t = 0; t < steps; ++t) list.push_back(view.row(t, 0)[0]);
      return list;
    };
    result.spk = numbers(spk.value());
    result.mem = numbers(mem.value());
    const auto by = [&](const auto& parameter) { return tape.gradients().gradient(parameter)(0, 0); };
    (of_spk ? result.of_spk : result.of_mem) = Outcome::Gradient{
        numbers(x.adjoint()), by(lif.beta()), by(lif.threshold()), by(lif.graded_spikes_factor())};
  }
  return result;
}

void check(const std::vector<double>& values, const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == Approx(expected[i]).margin(1e-12));
}

struct Ternary {
  template <typename Scalar>
  std::vector<Scalar> levels() const {
    return {-1, 0, 1};
  }
};
struct Floor {
  double apply(double v) const { return std::floor(v); }
};

}  // namespace

TEST_CASE("beta decays the membrane") {
  const Outcome o = outcome(Neuron<>({.beta = 0.5, .learn_beta = true}));
  check(o.spk, {1, 0});
  check(o.mem, {1.2, 0.1});
  check(o.of_mem.input, {1.5, 1});
  CHECK(o.of_mem.beta == Approx(1.2));  // through U[1] = β·1.2 + …
  CHECK(o.of_spk.beta == Approx(1.2));
}

TEST_CASE("threshold is where the neuron spikes, and what a spike takes away") {
  check(outcome(Neuron<>({.beta = 0.5, .threshold = 1.2})).spk, {0, 0});  // not at the threshold itself
  const Outcome o = outcome(Neuron<>({.beta = 0.5, .threshold = 1, .learn_threshold = true}));
  CHECK(o.of_mem.threshold == Approx(-1));  // U[1] = … − θ
  CHECK(o.of_spk.threshold == Approx(-3));  // x = U − θ in both steps, and U[1] again
}

TEST_CASE("spike_grad is the derivative of the spike") {
  const AnySurrogate box{.kind = AnySurrogate::Boxcar, .Boxcar_ = {.width = 0.3, .height = 2}};
  const Outcome o = outcome(AnyNeuron<st::reset::None>({.beta = 0.5, .spike_grad = box}));
  check(o.mem, {1.2, 1.1});
  check(o.of_spk.input, {0 + 0.5 * 2, 2});  // U[0] − θ = 0.2 lies outside the box, U[1] − θ = 0.1 inside
}

TEST_CASE("surrogate_disable leaves the gradient of the membrane only") {
  const Outcome o = outcome(Neuron<>(
      {.beta = 0.5, .surrogate_disable = true, .learn_threshold = true, .learn_graded_spikes_factor = true}));
  check(o.spk, {1, 0});
  check(o.of_spk.input, {0, 0});
  check(o.of_mem.input, {1.5, 1});
  CHECK(o.of_spk.threshold == 0);
  CHECK(o.of_mem.threshold == Approx(-1));  // the hard term of the reset stays
  CHECK(o.of_spk.graded == 1);
}

TEST_CASE("init_hidden keeps the membrane from call to call") {
  const Neuron<> lif({.beta = 0.5, .init_hidden = true});
  const auto input = [](double value) -> st::Array<double> {
    return st::Array<double>::Constant(1, 1, value);
  };
  CHECK(lif(input(1.2)).mem(0, 0) == Approx(1.2));
  CHECK(lif(input(0.5)).mem(0, 0) == Approx(0.1));
  CHECK(lif.init_hidden());
  // On a tape the gradient reaches back through the calls.
  lif.reset_mem();
  st::Tape<double> tape;
  const auto first = tape.variable(input(1.2)), second = tape.variable(input(0.5));
  lif(first);
  tape.backward(lif(second).mem);
  CHECK(first.adjoint().data[0] == Approx(0.5));
}

TEST_CASE("inhibition lets only the neuron with the largest U − θ spike, and only it has a gradient") {
  const st::Row<double> thresholds{{1.0, 0.5, 1.0}};
  const Neuron<> lif({.beta = 0.5, .threshold = thresholds, .inhibition = true});
  st::Tape<double> tape;
  const auto x = tape.variable(st::Array<double>{{1.4, 1.3, 1.2}});
  const auto spk = lif(x).spk;
  tape.backward(st::sum(spk));
  CHECK((spk.array() == st::Array<double>{{0, 1, 0}}).all());
  CHECK((x.adjoint().array() == st::Array<double>{{0, 1, 0}}).all());
}

TEST_CASE("learn_beta, learn_threshold and learn_graded_spikes_factor choose what is learned") {
  const Neuron<> none({.beta = 0.5});
  CHECK(none.parameters().empty());
  const Outcome o = outcome(none);
  CHECK(o.of_spk.beta == 0);
  CHECK(o.of_spk.threshold == 0);
  CHECK(o.of_spk.graded == 0);
  const Neuron<> all(
      {.beta = 0.5, .learn_beta = true, .learn_threshold = true, .learn_graded_spikes_factor = true});
  const auto parameters = all.parameters();
  REQUIRE(parameters.size() == 3);
  CHECK(parameters[0] == all.beta().ptr());
  CHECK(parameters[1] == all.threshold().ptr());
  CHECK(parameters[2] == all.graded_spikes_factor().ptr());
}

TEST_CASE("reset_mechanism says what a spike does to the membrane") {
  const AnySurrogate one{.kind = AnySurrogate::StraightThrough};
  const Outcome zero = outcome(AnyNeuron<st::reset::Zero>({.beta = 0.5, .spike_grad = one}));
  check(zero.mem, {1.2, 0});  // the input of the step is lost, too
  check(zero.of_mem.input, {1, 0});
  const Outcome before = outcome(AnyNeuron<st::reset::ZeroBeforeInput>({.beta = 0.5, .spike_grad = one}));
  check(before.mem, {1.2, 0.5});
  check(before.of_mem.input, {1, 1});
  const Outcome none = outcome(AnyNeuron<st::reset::None>({.beta = 0.5, .spike_grad = one}));
  check(none.mem, {1.2, 1.1});
  check(none.of_mem.input, {1.5, 1});
}

TEST_CASE("state_quant rounds the membrane and passes the gradient straight through") {
  // Four levels: −1.5, −0.5, 0.5, 1.5.
  const st::quant::Uniform four{.num_bits = 2, .lower_limit = 0.5, .upper_limit = 0.5};
  const Outcome o = outcome(AnyNeuron<st::reset::Subtract>(
      {.beta = 0.5, .spike_grad = {.kind = AnySurrogate::StraightThrough}, .state_quant = four}));
  check(o.spk, {1, 0});
  check(o.mem, {1.5, 0.5});  // from 1.2 and from 0.5·1.5 + 0.5 − 1 = 0.25
  check(o.of_mem.input, {1.5, 1});
}

TEST_CASE("a user's own quantizer is a list of levels or a function") {
  using st::surrogate::StraightThrough;
  check(outcome(Neuron<st::reset::None, StraightThrough, Ternary>({.beta = 0.5})).mem, {1, 1});
  check(outcome(Neuron<st::reset::None, StraightThrough, Floor>({.beta = 0.5}), {2.7, 0.1}).mem, {2, 1});
}

TEST_CASE("output hands the membrane of a stateful neuron on to the caller of a network") {
  for (const bool output : {false, true}) {
    st::Sequential net{Neuron<>({.beta = 0.5, .init_hidden = true, .output = output})};
    st::Tape<double> tape;
    const auto [spk, mem] = net(tape.variable(st::Array<double>{{1.2}}));
    CHECK(spk.item() == 1);
    CHECK(mem.empty() == !output);
    if (output) CHECK(mem.item() == Approx(1.2));
  }
}

TEST_CASE("graded_spikes_factor is the value of a spike") {
  const Outcome o =
      outcome(Neuron<>({.beta = 0.5, .graded_spikes_factor = 3, .learn_graded_spikes_factor = true}));
  check(o.spk, {3, 0});
  check(o.mem, {1.2, 0.1});  // the reset takes θ away, not 3θ
  check(o.of_spk.input, {4.5, 3});
  CHECK(o.of_spk.graded == 1);  // one spike
  CHECK(o.of_mem.graded == 0);
}

TEST_CASE("reset_delay = false resets in the step of the spike") {
  const Outcome o = outcome(Neuron<>({.beta = 0.5, .learn_threshold = true, .reset_delay = false}));
  check(o.spk, {1, 0});
  check(o.mem, {0.2, 0.6});
  // The reset h = H(U − θ) carries its surrogate gradient: 1 − θσ' = 0, so nothing passes either membrane.
  check(o.of_mem.input, {0, 0});
  CHECK(o.of_mem.threshold ==
        Approx(1));  // θσ' − h of both steps: (1 − 1) + (1 − 0), β of the first arrives as 0
}

TEST_CASE("snntorch_exact un-resets a membrane that is still above the threshold, as snnTorch 0.9.4 does") {
  const std::vector<double> currents = {3, 0};
  check(outcome(Neuron<>({.beta = 1, .reset_delay = false}), currents).mem, {2, 1});
  // R of the step before enters U°, and the reset takes H − R = 0 in place of H.
  check(outcome(Neuron<>({.beta = 1, .reset_delay = false, .snntorch_exact = true}), currents).mem, {2, 2});
}

TEST_CASE("snntorch_exact under inhibition divides a same-step reset by the factor, and learns it there") {
  const Outcome o = outcome(Neuron<>({.beta = 0.5,
                                      .inhibition = true,
                                      .learn_threshold = true,
                                      .graded_spikes_factor = 2,
                                      .learn_graded_spikes_factor = true,
                                      .reset_delay = false,
                                      .snntorch_exact = true}));
  check(o.spk, {1, 0});       // S = h, not g·h
  check(o.mem, {0.7, 0.85});  // U[0] = 1.2 − θh/g
  // A step passes on 1 − θσ'/g = 1/2 of what reaches its membrane.
  check(o.of_mem.input, {0.5 + 0.5 * 0.5 * 0.5, 0.5});
  check(o.of_spk.input, {1 + 0.5 * 0.5, 1});
  // ∂U[0]/∂g = θh/g² = 1/4, and U[1] and its spike feel that of U[0].
  CHECK(o.of_mem.graded == Approx(0.25 + 0.5 * 0.5 * 0.25));
  CHECK(o.of_spk.graded == Approx(0.5 * 0.25));
  // ∂U[0]/∂θ = θσ'/g − h/g = 0, ∂U[1]/∂θ = θσ'/g.
  CHECK(o.of_mem.threshold == Approx(0.5));
  CHECK(o.of_spk.threshold == Approx(-2));
}

TEST_CASE("the deprecated init_leaky is reset_mem") {
  const Neuron<> lif({.beta = 0.5, .init_hidden = true});
  lif(st::Array<double>{{1.2}});
  CHECK(lif.mem().size() == 1);
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif
  CHECK(lif.init_leaky().size() == 0);
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
  CHECK(lif.mem().size() == 0);
}

}  // namespace leaky_parameters_test
