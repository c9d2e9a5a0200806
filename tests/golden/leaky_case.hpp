// Runs a recorded neuron case through Leaky on a tape and compares everything that was recorded.
#pragma once

#include "../any_surrogate.hpp"
#include "record.hpp"

#include <spiketape/neuron/leaky.hpp>

#include <optional>

namespace golden {

namespace st = spiketape;

/// The surrogate of a case; none for one that the library defines otherwise or not at all.
inline std::optional<AnySurrogate> surrogate_of(const json& config) {
  AnySurrogate any;
  const std::string kind = config["kind"];
  if (kind == "atan") {
    any.kind = AnySurrogate::atan;
    any.atan_.alpha = config["alpha"];
  } else if (kind == "fast_sigmoid") {
    any.kind = AnySurrogate::fast_sigmoid;
    any.fast_sigmoid_.slope = config["slope"];
  } else if (kind == "sigmoid") {
    any.kind = AnySurrogate::sigmoid;
    any.sigmoid_.slope = config["slope"];
  } else if (kind == "straight_through_estimator") {
    any.kind = AnySurrogate::straight_through;
  } else {
    return std::nullopt;
  }
  return any;
}

/// A recorded coefficient for `features` neurons: one number, one for each neuron, or one for each of
/// several equal groups of neurons (channels).
template <typename Scalar>
struct RecordedCoefficient {
  st::Row<Scalar> values;
  Index groups = 1;

  RecordedCoefficient(const json& inputs, const char* name, Index features) : values(1) {
    values[0] = 1;
    if (!inputs.contains(name)) return;
    const Tensor tensor(inputs[name]);
    groups = tensor.size();
    values.resize(groups == 1 ? 1 : features);
    for (Index i = 0; i < values.size(); ++i)
      values[i] = static_cast<Scalar>(tensor.data[static_cast<std::size_t>(i * groups / values.size())]);
  }

  /// The gradient in the recorded shape: summed over the neurons of a group.
  std::vector<double> gradient(const st::Array<Scalar>& ours) const {
    std::vector<double> sums(static_cast<std::size_t>(groups), 0.0);
    for (Index i = 0; i < ours.cols(); ++i)
      sums[static_cast<std::size_t>(i * groups / ours.cols())] += static_cast<double>(ours(0, i));
    return sums;
  }
};

template <typename Scalar, typename Reset>
void run_leaky(const json& config, const json& inputs, const json& expected, const json& info, bool exact) {
  const Tensor current(inputs["current"]);
  const st::Shape shape = current.sequence();
  const RecordedCoefficient<Scalar> beta(inputs, "beta", shape.features);
  const RecordedCoefficient<Scalar> threshold(inputs, "threshold", shape.features);
  const RecordedCoefficient<Scalar> graded(inputs, "graded_spikes_factor", shape.features);
  const st::Leaky<Scalar, Reset, AnySurrogate> lif({.beta = beta.values,
                                                    .threshold = threshold.values,
                                                    .spike_grad = surrogate_of(config["surrogate"]).value(),
                                                    .surrogate_disable = config["surrogate_disable"],
                                                    .inhibition = config["inhibition"],
                                                    .learn_beta = config["learn_beta"],
                                                    .learn_threshold = config["learn_threshold"],
                                                    .graded_spikes_factor = graded.values,
                                                    .learn_graded_spikes_factor = config["learn_graded_spikes_factor"],
                                                    .reset_delay = config["reset_delay"],
                                                    .snntorch_exact = exact});

  st::Sequence<Scalar> input(shape);
  input.array() = current.array<Scalar>(shape.steps * shape.batch);
  const auto weights = [&](const char* name) {
    st::Sequence<Scalar> sequence(shape);
    sequence.array() = Tensor(inputs[name]).array<Scalar>(shape.steps * shape.batch);
    return sequence;
  };
  const st::Sequence<Scalar> c_spk = weights("c_spk"), c_mem = weights("c_mem");

  st::Tape<Scalar> tape;
  const auto x = tape.variable(input);
  st::Var<Scalar> mem0;
  if (inputs.contains("mem0")) mem0 = tape.variable(Tensor(inputs["mem0"]).array<Scalar>(shape.batch));
  const auto [spk, mem] = lif(x, mem0);
  const auto loss = st::sum(tape.constant(c_spk) * spk) + st::sum(tape.constant(c_mem) * mem);
  tape.backward(loss);

  // A network on arrays gives what the tape gives, to the bit.
  const auto plain = mem0.empty() ? lif(input) : lif(input, mem0.value());
  CHECK((plain.spk.array() == spk.array()).all());
  CHECK((plain.mem.array() == mem.array()).all());

  const bool stock = config["float_cast"] == "stock" && std::is_same_v<Scalar, double>;
  const double value_tolerance = stock ? tolerance::recorded_stock : tolerance::recorded_value<Scalar>;
  const auto gradient_tolerance = [&](const std::string& name) {
    if (stock) return tolerance::recorded_stock;
    const auto errors = info.find("float32_minus_float64_max_abs");
    return tolerance::recorded_gradient<Scalar>(errors == info.end() ? 0.0 : errors->value(name, 0.0));
  };

  const st::Array<Scalar> spikes = spk.array(), membranes = mem.array();
  const Tensor expected_spikes(expected["spk"]);
  if (stock)
    check_near("spk", spikes, expected_spikes, value_tolerance);
  else
    check_equal("spk", spikes, expected_spikes);
  check_near("mem", membranes, Tensor(expected["mem"]), value_tolerance);
  const double magnitude = static_cast<double>((c_spk.array() * spikes).abs().sum() + (c_mem.array() * membranes).abs().sum());
  CHECK(std::abs(static_cast<double>(loss.item()) - Tensor(expected["loss"]).data[0]) <=
        value_tolerance * std::max(1.0, magnitude));

  const auto check_gradient = [&](const std::string& name, const auto& ours) {
    if (expected.contains(name)) check_near(name, ours, Tensor(expected[name]), gradient_tolerance(name));
  };
  const st::Array<Scalar> input_gradient = x.adjoint().array();
  check_gradient("grad_current", input_gradient);
  if (!mem0.empty()) {
    const st::Array<Scalar> mem0_gradient = mem0.adjoint().array();
    check_gradient("grad_mem0", mem0_gradient);
  }
  const auto& gradients = tape.gradients();
  check_gradient("grad_beta", beta.gradient(gradients.gradient(lif.beta())));
  check_gradient("grad_threshold", threshold.gradient(gradients.gradient(lif.threshold())));
  check_gradient("grad_graded_spikes_factor", graded.gradient(gradients.gradient(lif.graded_spikes_factor())));
}

template <typename Scalar>
void run_leaky_case(const json& item, const json& expected, const std::string& reset, bool exact) {
  const auto run = [&]<typename Reset>() {
    run_leaky<Scalar, Reset>(item["config"], item["inputs"], expected, item["info"], exact);
  };
  // The record's "zero" is what snnTorch 0.9.4 executes.
  if (reset == "subtract") return run.template operator()<st::reset::Subtract>();
  if (reset == "none") return run.template operator()<st::reset::None>();
  if (reset == "zero" || reset == "zero_before_input") return run.template operator()<st::reset::ZeroBeforeInput>();
  if (reset == "zero_documented") return run.template operator()<st::reset::Zero>();
  FAIL("unknown reset_mechanism " << reset);
}

}  // namespace golden
