// Checks the adjoint of any formula of ops against central differences.
#pragma once

#include "catch.hpp"
#include "numeric.hpp"

#include <spiketape/autograd/ops.hpp>

#include <functional>
#include <string>
#include <vector>

namespace ops_check {

using Var = spiketape::Var<double>;
using Vars = std::vector<Var>;
using Input = spiketape::Sequence<double>;
using Formula = std::function<Var(const Vars&)>;

/// A sequence of random numbers; steps that are all the same are stored once.
inline Input random_input(spiketape::Random& random, const spiketape::Shape& shape, bool constant = false,
                          double low = -1, double high = 1) {
  Input input(shape, constant);
  for (spiketape::Index i = 0; i < input.array().size(); ++i)
    input.array().data()[i] = random.uniform(low, high);
  return input;
}

/// Checks the gradients of Σ weights · formula(inputs) by each of the inputs, with random weights. Each input
/// is differentiated together with the others and alone.
inline void check(const std::string& what, const std::vector<Input>& inputs, const Formula& formula) {
  INFO(what);
  spiketape::Tape<double> tape;
  Vars vars;
  const auto begin = [&](std::size_t alone) {
    tape.reset();
    vars.clear();
    for (std::size_t k = 0; k < inputs.size(); ++k)
      vars.push_back(alone == inputs.size() || alone == k ? tape.variable(inputs[k])
                                                          : tape.constant(inputs[k]));
  };
  const auto loss = [&] {
    const Var result = formula(vars);
    spiketape::Random random(7);
    return sum(tape.constant(random_input(random, result.shape())) * result);
  };
  for (std::size_t alone = 0; alone <= inputs.size(); ++alone) {
    begin(alone);
    const Var total = loss();
    if (!total.differentiable()) continue;
    tape.backward(total);
    std::vector<spiketape::Array<double>> gradients;
    for (const Var& var : vars)
      gradients.push_back(var.has_adjoint()
                              ? spiketape::Array<double>(var.adjoint().array())
                              : spiketape::Array<double>::Zero(var.value().rows(), var.features()));
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      if (alone != inputs.size() && alone != k) {
        CHECK_FALSE(vars[k].has_adjoint());
        continue;
      }
      const spiketape::Array<double> at = inputs[k].array(), gradient = gradients[k];
      numeric::check_gradient(("input " + std::to_string(k)).c_str(), at, gradient,
                              [&](const spiketape::Array<double>& values) {
                                std::vector<Input> moved = inputs;
                                moved[k].array() = values;
                                tape.reset();
                                vars.clear();
                                for (const Input& input : moved) vars.push_back(tape.constant(input));
                                return loss().item();
                              });
    }
  }
}

}  // namespace ops_check
