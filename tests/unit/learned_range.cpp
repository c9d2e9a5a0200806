// A coefficient that an optimizer moves out of the range of its formula stays finite and learnable.
#include <spiketape/autograd/ops.hpp>
#include <spiketape/optim/sgd.hpp>

#include "catch.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace learned_range_test {

namespace st = spiketape;
using st::Index;

namespace {

/// Checks that the membrane and the gradients of its mean square are finite, and if `learnable` not 0.
template <typename Neuron>
void check_finite(const Neuron& lif, bool learnable = true) {
  st::Random random(4);
  const auto input = numeric::random_sequence<double>(random, {20, 2, 3}, -0.5, 2);
  st::Tape<double> tape;
  const auto mem = lif(tape.constant(input)).mem;
  CHECK(mem.array().isFinite().all());
  tape.backward(st::mean(mem * mem));
  for (const auto& parameter : lif.parameters()) {
    const double gradient = tape.gradients().gradient(parameter)(0, 0);
    INFO(parameter->name << " = " << parameter->array()(0, 0));
    CHECK(std::isfinite(gradient));
    CHECK((gradient != 0 || !learnable));
  }
}

constexpr double edges[] = {-0.01, 0, 1e-30, 1 - 1e-16, 1, 1.01, 1e6, -1e6};

}  // namespace

TEST_CASE("Lapicque's learned beta outside of (0, 1)") {
  for (const bool exact : {false, true})
    for (const double beta : edges) {
      INFO("beta = " << beta << ", exact " << exact);
      st::Lapicque<double> lif({.beta = 0.5, .learn_beta = true, .snntorch_exact = exact});
      lif.beta().array()(0, 0) = beta;
      check_finite(lif);
    }
}

TEST_CASE("Lapicque's beta comes back") {
  st::Lapicque<double> lif({.beta = 0.5, .learn_beta = true});
  lif.beta().array()(0, 0) = 1.05;
  st::SGD<double> sgd(lif.parameters(), {.lr = 1e-3});
  st::Tape<double> tape;
  const st::Sequence<double> input(10, 1, 1);
  st::Sequence<double> ones = input;
  ones.array().setConstant(0.5);
  for (int k = 0; k < 200; ++k) {
    tape.reset();
    const auto mem = lif(tape.constant(ones)).mem;
    tape.backward(st::mean(st::square(mem - 0.4)));
    sgd.step(tape.gradients());
  }
  CHECK(lif.beta().array()(0, 0) < 1);
  CHECK(lif.beta().array()(0, 0) > 0);
}

TEST_CASE("Alpha's learned alpha and beta outside of (0, 1), and in the wrong order") {
  for (const bool exact : {false, true})
    for (const double alpha : edges)
      for (const double beta : {-0.01, 0.0, 0.5, 1.0, 2.0, 0.9}) {
        INFO("alpha = " << alpha << ", beta = " << beta << ", exact " << exact);
        st::Alpha<double> lif(
            {.alpha = 0.9, .beta = 0.5, .learn_alpha = true, .learn_beta = true, .snntorch_exact = exact});
        lif.alpha().array()(0, 0) = alpha;
        lif.beta().array()(0, 0) = beta;
        // With both at the same end of the clamp the currents cancel: the membrane is 0.
        check_finite(lif, std::abs(std::clamp(alpha, 0.0, 1.0) - std::clamp(beta, 0.0, 1.0)) > 1e-6);
      }
}

TEST_CASE("a learned graded_spikes_factor of 0 under the exact rules") {
  st::Leaky<double> lif({.beta = 0.9,
                         .inhibition = true,
                         .graded_spikes_factor = 1,
                         .learn_graded_spikes_factor = true,
                         .reset_delay = false,
                         .snntorch_exact = true});
  lif.graded_spikes_factor().array()(0, 0) = 0;
  check_finite(lif, false);
}

}  // namespace learned_range_test
