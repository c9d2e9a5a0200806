// Who owns what: a tape keeps what its records read, and a handle knows when its tape is gone.
#include <spiketape/autograd/tape.hpp>

#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "own_layers.hpp"
#include "plain_neurons.hpp"

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace ownership_test {

namespace st = spiketape;
using numeric::random_sequence, numeric::same;
using st::Index;
using own::gradients;

TEST_CASE("a tape keeps what its records read: temporaries, moved and destroyed layers and networks") {
  const auto input = st::Array<double>(st::Array<double>::Constant(2, 4, 0.7));
  const auto make = [] {
    st::Random random(7);
    return st::Sequential{st::Linear<double>(4, 6, random), own::Delay<double>(2),
                          st::Leaky<double>({.beta = 0.8, .learn_beta = true}),
                          st::Synaptic<double>({.alpha = 0.5, .beta = 0.6, .learn_alpha = true})};
  };
  const auto kept = make();
  st::Tape<double> tape;
  const auto x = tape.variable(input, 4);
  const auto expected = gradients(kept, tape, st::sum(kept(x).mem));
  const st::Array<double> x_adjoint = x.adjoint().array();

  tape.reset();
  tape.gradients().clear();
  const auto again = tape.variable(input, 4);
  st::Var<double> loss;
  st::ParameterList<double> parameters;
  {
    auto net = make();
    loss = st::sum(net(again).mem);
    auto moved = std::move(net);
    parameters = moved.parameters();
  }
  tape.backward(loss);
  CHECK(same(again.adjoint().array(), x_adjoint));
  for (std::size_t k = 0; k < parameters.size(); ++k)
    CHECK(same(tape.gradients().gradient(parameters[k]), expected[k]));

  // What is let go when the tape is reset is then really gone.
  const std::weak_ptr<st::detail::ParameterData<double>> watched = [&] {
    tape.reset();
    own::Delay<double> layer(1);
    layer.freeze();  // the gradient sums do not know it
    layer(tape.variable(input, 2));
    return std::weak_ptr(layer.weight.ptr());
  }();
  CHECK_FALSE(watched.expired());
  tape.reset();
  CHECK(watched.expired());
}

TEST_CASE("a handle says that its tape is gone") {
  st::Var<double> var;
  {
    st::Tape<double> tape;
    var = tape.constant(st::Array<double>(st::Array<double>::Zero(1, 1)));
    CHECK(var.valid());
  }
  CHECK_FALSE(var.valid());
  st::Tape<double> other;
  CHECK_FALSE(var.on(other));
  CHECK(error_text<std::invalid_argument>([&] { var.array(); }) ==
        "spiketape::Var::value: the tape of the handle has been reset or destroyed since, expected a new "
        "handle");
}

}  // namespace ownership_test
