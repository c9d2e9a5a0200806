// Coefficients that follow from others do so also where those are not learned, but set.
#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/autograd/ops.hpp>

#include "catch.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"
#include "tolerance.hpp"

namespace following_test {

namespace st = spiketape;

namespace {

st::Sequence<double> random_input() {
  st::Random random(4);
  return numeric::random_sequence<double>(random, {20, 2, 3}, -0.5, 2);
}
/// The membranes of a neuron, on arrays; on a tape they must be the same to the bit.
template <typename Neuron>
st::Array<double> membranes(const Neuron& lif) {
  const auto input = random_input();
  const st::Array<double> mem = lif(input).mem.array();
  st::Tape<double> tape;
  CHECK(numeric::same(st::Array<double>(lif(tape.variable(input)).mem.array()), mem));
  return mem;
}
/// That two neurons do the same, within the rounding of logarithms.
template <typename Neuron>
void check_alike(const Neuron& ours, const Neuron& expected) {
  const st::Array<double> a = membranes(ours), b = membranes(expected);
  CHECK((a - b).abs().maxCoeff() <= 100 * tolerance::rounding<double> * b.abs().maxCoeff());
}

const st::Row<double> alphas{{0.9, 0.8, 0.95}}, betas{{0.5, 0.6, 0.7}};

}  // namespace

TEST_CASE("Alpha's tau follows alpha and beta") {
  for (const bool exact : {false, true}) {
    INFO("exact " << exact);
    using Alpha = st::Alpha<double>;
    const auto make = [&](const auto& alpha, const auto& beta) {
      return Alpha({.alpha = alpha, .beta = beta, .snntorch_exact = exact});
    };
    Alpha lif = make(0.9, 0.5);
    const st::Array<double> before = membranes(lif);
    lif.alpha().set(0.8);
    check_alike(lif, make(0.8, 0.5));
    lif.beta().array()(0, 0) = 0.7;
    check_alike(lif, make(0.8, 0.7));
    lif.alpha().set(alphas);  // a number for each neuron
    check_alike(lif, make(alphas, 0.7));
    lif.beta().set(betas);
    check_alike(lif, make(alphas, betas));

    // Back to what it was made of, to the bit; a copy follows as well.
    Alpha back = make(0.9, 0.5);
    back.alpha().set(0.8);
    Alpha copy = back;
    back.alpha().set(0.9);
    CHECK(numeric::same(membranes(back), before));
    check_alike(copy, make(0.8, 0.5));
    copy = back;
    CHECK(numeric::same(membranes(copy), before));
  }
}

TEST_CASE("Lapicque's gain and decay follow beta and R") {
  for (const bool exact : {false, true}) {
    INFO("exact " << exact);
    using Lapicque = st::Lapicque<double>;
    Lapicque lif({.beta = 0.5, .snntorch_exact = exact});
    lif.beta().set(0.8);
    check_alike(lif, Lapicque({.beta = 0.8, .snntorch_exact = exact}));
    lif.beta().set(alphas);
    check_alike(lif, Lapicque({.beta = alphas, .snntorch_exact = exact}));
    lif.parameter("R").set(3);
    check_alike(lif, Lapicque({.beta = alphas, .R = 3, .snntorch_exact = exact}));

    Lapicque with_c({.beta = 0.5, .C = 2, .snntorch_exact = exact});
    with_c.beta().set(0.8);
    check_alike(with_c, Lapicque({.beta = 0.8, .C = 2, .snntorch_exact = exact}));
  }
}

TEST_CASE("a resistance that follows from a given capacitance is no parameter") {
  CHECK(st::Lapicque<double>({.R = 5, .C = 2}).named_parameters().size() == 3);  // beta, threshold, graded
  CHECK_THROWS_AS(st::Lapicque<double>({.beta = 0.5, .C = 2}).parameter("R"), std::invalid_argument);
}

TEST_CASE("coefficients that begin to learn later have their whole gradient") {
  const auto input = random_input();
  st::Alpha<double> alpha({.alpha = 0.9, .beta = 0.5, .threshold = 1e3});
  st::Lapicque<double> lapicque({.beta = 0.5, .threshold = 1e3});
  alpha.alpha().set_learned(true);
  alpha.beta().set_learned(true);
  lapicque.beta().set_learned(true);
  const auto mem_of = [](const auto& lif) {
    return [&](const st::Var<double>& x) { return st::mean(st::square(lif(x).mem)); };
  };
  CHECK(st::check_gradients(mem_of(alpha), input, alpha.parameters()));
  CHECK(st::check_gradients(mem_of(lapicque), input, lapicque.parameters()));
}

}  // namespace following_test
