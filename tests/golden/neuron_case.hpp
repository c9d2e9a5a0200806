// Runs a recorded case through a neuron with any number of states on a tape and compares everything that was
// recorded.
#pragma once

#include "../any_neuron.hpp"
#include "recorded_coefficient.hpp"

#include <spiketape/neuron/resets_snntorch.hpp>

#include <set>
#include <utility>

namespace golden {

/// A coefficient of a neuron by the name of its parameter, as it was recorded.
template <typename Scalar>
struct Learned {
  std::string name;
  RecordedCoefficient<Scalar> recorded;
};

inline bool flag(const json& config, const char* name) { return config.value(name, false); }

/// All of these neurons were recorded with the same surrogate.
inline AnySurrogate recorded_atan(const json& config) {
  const json& surrogate = config["surrogate"];
  REQUIRE(surrogate["kind"] == "atan");
  AnySurrogate any{AnySurrogate::ATan};
  any.ATan_.alpha = surrogate["alpha"];
  return any;
}

/// A class whose surrogate is chosen at run time.
template <template <typename, typename, typename, typename> typename Neuron, typename Scalar, typename Reset>
using Any = Neuron<Scalar, Reset, AnySurrogate, AnyQuantizer>;

template <typename Scalar>
void compare(const subject::Subject<Scalar>& lif, const json& item, const std::vector<Learned<Scalar>>& learned) {
  const json &inputs = item["inputs"], &expected = item["expected"];
  const st::Shape shape = Tensor(inputs["current"]).sequence();
  std::vector<std::string> names = lif.state_names();
  names.insert(names.begin(), "spk");
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
  const auto first_names = lif.carried_names();
  std::vector<st::Var<Scalar>> initial(first_names.size());
  std::vector<st::Array<Scalar>> initial_values(first_names.size());
  for (std::size_t k = 0; k < initial.size(); ++k)
    if (const std::string name = first_names[k] + "0"; inputs.contains(name)) {
      initial_values[k] = Tensor(inputs[name]).array<Scalar>(shape.batch);
      initial[k] = tape.variable(initial_values[k]);
    }
  const auto returned = lif.on_tape(x, initial);
  st::Var<Scalar> loss;
  double magnitude = 0;
  for (std::size_t k = 0; k < returned.size(); ++k) {
    const st::Sequence<Scalar> weights = sequence("c_" + names[k]);
    const auto part = st::sum(tape.constant(weights) * returned[k]);
    loss = k == 0 ? part : loss + part;
    magnitude += static_cast<double>((weights.array() * returned[k].array()).abs().sum());
  }
  tape.backward(loss);

  // The call on arrays gives the same, to the bit.
  const auto plain = lif.sequence(input, initial_values);
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
      check_gradient(first_names[k] + "0", st::Array<Scalar>(initial[k].adjoint().array()));
  // What is not learned has a gradient of zero.
  const auto gradient = [&](const std::string& name) -> st::Array<Scalar> {
    for (const auto& parameter : lif.parameters())
      if (parameter->name == name) return tape.gradients().gradient(parameter);
    return st::Array<Scalar>::Zero(1, 1);
  };
  for (const auto& [name, coefficient] : learned) check_gradient(name, coefficient.gradient(gradient(name)));
  if (!lif.recurrence().empty()) {
    // The record holds what one neuron receives in a row, we hold what it sends.
    check_gradient("recurrent_weight", st::Array<Scalar>(gradient("recurrent.weight").transpose()));
    check_gradient("recurrent_bias", gradient("recurrent.bias"));
  }

  std::set<std::string> all;
  for (const auto& entry : expected.items()) all.insert(entry.key());
  CHECK(compared == all);
}
template <typename Neuron>
void compare(Neuron lif, const json& item, const std::vector<Learned<typename Neuron::Scalar>>& learned) {
  compare<typename Neuron::Scalar>(subject::SubjectOf<Neuron>(std::move(lif)), item, learned);
}
extern template void compare(const subject::Subject<float>&, const json&, const std::vector<Learned<float>>&);
extern template void compare(const subject::Subject<double>&, const json&, const std::vector<Learned<double>>&);

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
