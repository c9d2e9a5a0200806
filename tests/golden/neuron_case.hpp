// Runs a recorded case through a neuron with any number of states on a tape and compares everything that was
// recorded.
#pragma once

#include "../results.hpp"
#include "recorded_coefficient.hpp"

#include <map>
#include <set>

namespace golden {

/// A learned coefficient of a neuron, and as it was recorded.
template <typename Scalar>
struct Learned {
  std::string name;
  RecordedCoefficient<Scalar> recorded;
  const st::Parameter<Scalar>& parameter;
};

inline bool flag(const json& config, const char* name) { return config.value(name, false); }

/// All of these neurons were recorded with the same surrogate.
inline st::surrogate::ATan recorded_atan(const json& config) {
  const json& surrogate = config["surrogate"];
  REQUIRE(surrogate["kind"] == "atan");
  return {.alpha = surrogate["alpha"]};
}

template <typename Neuron>
void compare(const Neuron& lif, const json& item,
             const std::vector<Learned<typename Neuron::Scalar>>& learned) {
  using Scalar = typename Neuron::Scalar;
  const json &inputs = item["inputs"], &expected = item["expected"];
  const st::Shape shape = Tensor(inputs["current"]).sequence();
  const auto names = results::names<Neuron>();
  const auto sequence = [&](const std::string& name) {
    st::Sequence<Scalar> values(shape);
    values.array() = Tensor(inputs[name]).array<Scalar>(shape.steps * shape.batch);
    return values;
  };
  std::set<std::string> compared;
  const auto recorded = [&](const std::string& name) {
    compared.insert(name);
    return Tensor(expected[name]);
  };

  // The call on a tape.
  st::Tape<Scalar> tape;
  const st::Sequence<Scalar> input = sequence("current");
  const auto x = tape.variable(input);
  const auto first_names = results::carried<Neuron>(names);
  std::array<st::Var<Scalar>, Neuron::carried> initial;
  std::array<st::Array<Scalar>, Neuron::carried> initial_values;
  for (std::size_t k = 0; k < initial.size(); ++k)
    if (const std::string name = std::string(first_names[k]) + "0"; inputs.contains(name)) {
      initial_values[k] = Tensor(inputs[name]).array<Scalar>(shape.batch);
      initial[k] = tape.variable(initial_values[k]);
    }
  const auto returned = results::call(lif, x, initial);
  st::Var<Scalar> loss;
  double magnitude = 0;
  for (std::size_t k = 0; k < returned.size(); ++k) {
    const st::Sequence<Scalar> weights = sequence(std::string("c_") + names[k]);
    const auto part = st::sum(tape.constant(weights) * returned[k]);
    loss = k == 0 ? part : loss + part;
    magnitude += static_cast<double>((weights.array() * returned[k].array()).abs().sum());
  }
  tape.backward(loss);

  // The call on arrays gives the same, to the bit.
  const auto plain = results::call(lif, input, initial_values);
  for (std::size_t k = 0; k < plain.size(); ++k) {
    INFO(names[k] << " on arrays");
    CHECK((plain[k].array() == returned[k].array()).all());
  }

  const double value_tolerance = tolerance::recorded_value<Scalar>;
  const double gradient_tolerance = tolerance::recorded_gradient<Scalar>(0);
  for (std::size_t k = 0; k < returned.size(); ++k) {
    const st::Array<Scalar> values = returned[k].array();
    if (k == 0)
      check_equal(names[k], values, recorded(names[k]));
    else
      check_near(names[k], values, recorded(names[k]), value_tolerance);
  }
  const double expected_loss = recorded("loss").data[0];
  CHECK(std::abs(static_cast<double>(loss.item()) - expected_loss) <=
        value_tolerance * std::max(1.0, magnitude));

  const auto check_gradient = [&](const std::string& name, const auto& ours) {
    check_near(name, ours, recorded("grad_" + name), gradient_tolerance);
  };
  check_gradient("current", st::Array<Scalar>(x.adjoint().array()));
  for (std::size_t k = 0; k < initial.size(); ++k)
    if (!initial[k].empty())
      check_gradient(std::string(first_names[k]) + "0", st::Array<Scalar>(initial[k].adjoint().array()));
  const auto& gradients = tape.gradients();
  for (const auto& [name, coefficient, parameter] : learned)
    check_gradient(name, coefficient.gradient(gradients.gradient(parameter)));
  if constexpr (Neuron::recurrent) {
    if (lif.recurrent_weight().rows() > 0) {
      // The record holds what one neuron receives in a row, we hold what it sends.
      const st::Array<Scalar> weight = gradients.gradient(lif.recurrent_weight()).transpose();
      check_gradient("recurrent_weight", weight);
      check_gradient("recurrent_bias", st::Array<Scalar>(gradients.gradient(lif.recurrent_bias())));
    }
  }

  std::set<std::string> all;
  for (const auto& entry : expected.items()) all.insert(entry.key());
  CHECK(compared == all);
}

/// Runs all cases of a group in that number type: `run(item, exact)`, templated on the reset. What the
/// record calls "zero" is the documented form in the neurons other than Leaky. `as_documented(config)` says
/// which cases must be the same by the default rules.
template <typename Scalar, typename Run, typename AsDocumented>
Counts run_group(const std::string& name, Run&& run, AsDocumented&& as_documented) {
  const std::string dtype = std::is_same_v<Scalar, float> ? "float32" : "float64";
  const auto with_reset = [&](const json& item, bool exact) {
    const std::string reset = item["config"]["reset_mechanism"];
    if (reset == "subtract") return run.template operator()<st::reset::Subtract>(item, exact);
    if (reset == "none") return run.template operator()<st::reset::None>(item, exact);
    if (reset == "zero") return run.template operator()<st::reset::Zero>(item, exact);
    FAIL("unknown reset_mechanism " << reset);
  };
  Counts counts;
  const json group = read_group(name);
  for (const json& item : group["cases"]) {
    const json& config = item["config"];
    if (config["dtype"] != dtype) continue;
    {
      INFO(item["name"] << ", snntorch_exact = true");
      with_reset(item, true);
      ++counts.exact;
    }
    if (!as_documented(config)) continue;
    INFO(item["name"] << ", default rules");
    with_reset(item, false);
    ++counts.plain;
  }
  return counts;
}

}  // namespace golden
