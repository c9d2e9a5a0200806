// Checks derivatives on a tape against finite differences.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/parameter.hpp>
#include <spiketape/core/random.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of check_gradients.
struct CheckGradientsOptions {
  /// The step of the differences: a number is changed by ± this.
  double step = 1e-6;
  /// The largest allowed error: |tape − differences| over the larger of 1 and |tape|.
  double tolerance = 1e-6;
  /// The seed of the weights of the results.
  std::uint64_t seed = 1;
};

/// What check_gradients found.
struct GradientCheck {
  bool right = true;  ///< Whether all errors are within the tolerance.
  Index checked = 0;  ///< The number of derivatives.
  double worst = 0;   ///< The largest error.
  std::string where;  ///< Its place: "input 0" or the parameter's name, and (row, column).
  double by_tape = 0;         ///< The derivative there by the tape,
  double by_differences = 0;  ///< and by differences.

  /// Whether something was checked and all of it is right.
  explicit operator bool() const { return right && checked > 0; }
  /// The result as one line of text.
  std::string text() const {
    if (checked == 0) return "no derivative was checked";
    return detail::text_of(right ? "right" : "wrong", " in ", checked, " derivatives, the worst by ", where,
                           ": ", by_tape, " on the tape, ", by_differences, " by differences");
  }
};

namespace detail {

/// Calls f for each Var of a result: one Var, or an aggregate of two to five such as {spk, mem}.
template <typename Result, typename F>
void for_each_var(const Result& result, F&& f) {
  if constexpr (requires { result.tape(); }) {
    f(result);
  } else if constexpr (requires { Result{{}, {}, {}, {}, {}}; }) {
    const auto& [a, b, c, d, e] = result;
    f(a), f(b), f(c), f(d), f(e);
  } else if constexpr (requires { Result{{}, {}, {}, {}}; }) {
    const auto& [a, b, c, d] = result;
    f(a), f(b), f(c), f(d);
  } else if constexpr (requires { Result{{}, {}, {}}; }) {
    const auto& [a, b, c] = result;
    f(a), f(b), f(c);
  } else {
    const auto& [a, b] = result;
    f(a), f(b);
  }
}

/// Adds Σ weights·values to a sum, with weights drawn from a seed in [0.5, 1.5).
struct WeightedSum {
  Var<double> value, sum;
  std::uint64_t seed;

  template <typename F>
  void for_each_weight(F&& f) const {
    Random random(seed);
    for (Index t = 0; t < value.steps(); ++t)
      for (Index b = 0; b < value.batch(); ++b)
        for (Index i = 0; i < value.features(); ++i) f(t, b, i, random.uniform(0.5, 1.5));
  }
  double total() const {
    double total = 0;
    const SequenceView<const double> values = value.value();
    for_each_weight([&](Index t, Index b, Index i, double weight) { total += weight * values.row(t, b)[i]; });
    return total;
  }
  void backward(Tape<double>& tape) const {
    if (!sum.has_adjoint() || !value.differentiable()) return;
    const SequenceView<double> adjoint = tape.open_adjoint(value);
    const double scale = *sum.adjoint().data;
    for_each_weight(
        [&](Index t, Index b, Index i, double weight) { adjoint.row(t, b)[i] += scale * weight; });
  }
};

template <typename Function, std::size_t n>
class GradientChecker {
 public:
  GradientChecker(const Function& function, const std::array<Sequence<double>, n>& inputs,
                  const ParameterList<double>& parameters, const CheckGradientsOptions& options)
      : function_(function), inputs_(inputs), parameters_(parameters), options_(options) {
    if (!(options.step > 0 && is_finite(options.step)))
      fail_argument("spiketape::check_gradients: step is ", options.step,
                    ", expected more than 0 and finite");
    if (!(options.tolerance >= 0 && is_finite(options.tolerance)))
      fail_argument("spiketape::check_gradients: tolerance is ", options.tolerance,
                    ", expected at least 0 and finite");
    check_parameter_list("check_gradients", parameters);
    for (const auto& parameter : parameters)
      if (!parameter->learn || parameter->frozen)
        fail_argument("spiketape::check_gradients: parameter '", parameter->name,
                      "' is frozen or not learned, so it has no gradient, expected learned ones");
  }

  GradientCheck run() {
    tape_.gradients().clear();
    tape_.backward(loss());
    std::array<Array<double>, n> by_input;
    for (std::size_t k = 0; k < n; ++k) {
      by_input[k] = Array<double>::Zero(inputs_[k].array().rows(), inputs_[k].features());
      if (vars_[k].has_adjoint()) by_input[k] = vars_[k].adjoint().array();
    }
    std::vector<Array<double>> by_parameter;
    for (const auto& parameter : parameters_) by_parameter.push_back(tape_.gradients().gradient(parameter));

    for (std::size_t k = 0; k < n; ++k)
      compare("input " + std::to_string(k), inputs_[k].array(), by_input[k]);
    for (std::size_t k = 0; k < parameters_.size(); ++k)
      compare(parameters_[k]->name, parameters_[k]->array(), by_parameter[k]);
    return found_;
  }

 private:
  Var<double> loss() {
    tape_.reset();
    tape_.set_round(0);
    for (std::size_t k = 0; k < n; ++k) vars_[k] = tape_.variable(inputs_[k]);
    const auto result = std::apply(function_, vars_);
    const Var<double> loss = tape_.result({1, 1, 1}, true);
    double total = 0;
    std::uint64_t seed = options_.seed;
    for_each_var(result, [&](const Var<double>& value) {
      const WeightedSum part{value, loss, seed++};
      total += part.total();
      tape_.record(part);
    });
    *tape_.writable(loss).data = total;
    return loss;
  }

  /// The loss with a number moved, which is set back in any case.
  double loss_at(double& number, double by) {
    struct SetBack {
      double& number;
      const double kept;
      ~SetBack() { number = kept; }
    };
    const SetBack set_back{number, number};
    number += by;
    return loss().item();
  }

  void compare(const std::string& of, ArrayMap<double> values, const Array<double>& derivatives) {
    for (Index row = 0; row < values.rows(); ++row)
      for (Index col = 0; col < values.cols(); ++col) {
        const double high = loss_at(values(row, col), options_.step);
        const double low = loss_at(values(row, col), -options_.step);
        const double by_differences = (high - low) / (2 * options_.step);
        const double by_tape = derivatives(row, col);
        const double error = std::abs(by_tape - by_differences) / std::max(1.0, std::abs(by_tape));
        found_.right = found_.right && error <= options_.tolerance;
        if (found_.checked++ == 0 || (!is_nan(found_.worst) && !(error <= found_.worst))) {
          found_.worst = error;
          found_.where = of + text_of(" (", row, ", ", col, ')');
          found_.by_tape = by_tape;
          found_.by_differences = by_differences;
        }
      }
  }

  const Function& function_;
  std::array<Sequence<double>, n> inputs_;
  const ParameterList<double>& parameters_;
  const CheckGradientsOptions& options_;
  Tape<double> tape_;
  std::array<Var<double>, n> vars_;
  GradientCheck found_;
};

}  // namespace detail

/// Compares the derivatives of a function by its inputs and by parameters, as a tape computes them, with
/// central differences. `function` takes one Var for each input and returns a Var, or the {spk, states} of a
/// neuron: a layer, a loss or a lambda of ops. The checked loss is a weighted sum of all numbers it returns.
/// Uses double, since differences of floats are too inaccurate.
///
///     const auto check = st::check_gradients(layer, input, layer.parameters());
///     if (!check) std::puts(check.text().c_str());
///
/// Each call trains and uses round 0, so random layers draw the same numbers. A surrogate is not the
/// derivative of spikes: give neurons surrogate_disable = true, and numbers that keep every membrane away
/// from its threshold. Changes parameters during the check and restores them, also if `function` throws; such
/// an exception is passed on. Allocates.
template <typename Function, std::size_t n>
[[nodiscard]] GradientCheck check_gradients(const Function& function,
                                            const std::array<Sequence<double>, n>& inputs,
                                            const ParameterList<double>& parameters = {},
                                            const CheckGradientsOptions& options = {}) {
  return detail::GradientChecker<Function, n>(function, inputs, parameters, options).run();
}
/// The same with one input.
template <typename Function>
[[nodiscard]] GradientCheck check_gradients(const Function& function, const Sequence<double>& input,
                                            const ParameterList<double>& parameters = {},
                                            const CheckGradientsOptions& options = {}) {
  return check_gradients(function, std::array{input}, parameters, options);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
