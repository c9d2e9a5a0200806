// Runs a recorded neuron case through Leaky on a tape and compares everything that was recorded.
#pragma once

#include "../any_neuron.hpp"
#include "recorded_coefficient.hpp"

#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/sequential.hpp>

#include <vector>

namespace golden {

namespace st = spiketape;

/// snnTorch 0.9.4's own SFS and spike_rate_escape are other functions than the papers' that the library
/// follows, its sigmoid is not the stable one, and its examples of user-written surrogates are what a user
/// would write: so they are here.
struct SnnTorchSigmoid {
  template <typename T>
  static T of(const T& x, double slope, double) {
    const T e = st::exp(-(T(slope) * x));
    return T(slope) * e / ((e + T(1)) * (e + T(1)));
  }
};
struct SnnTorchSFS {
  template <typename T>
  static T of(const T& x, double slope, double boundary) {
    return st::where(x > T(boundary), st::surrogate::FastSigmoid{slope}.derivative(x));
  }
};
struct SnnTorchSpikeRateEscape {
  template <typename T>
  static T of(const T& x, double slope, double beta) {
    return T(slope) * st::exp(-(T(beta) * st::abs(x - T(1))));
  }
};
struct CustomFastSigmoid {
  template <typename T>
  static T of(const T& x, double slope, double) {
    return st::surrogate::FastSigmoid{slope}.derivative(x);
  }
};
struct CustomRectangular {
  template <typename T>
  static T of(const T& x, double width, double) {
    return st::where(st::abs(x) < T(width), T(1));
  }
};

/// The surrogate of a case: the library's, or for `as_snntorch` what snnTorch 0.9.4 computes.
inline AnySurrogate surrogate_of(const json& config, bool as_snntorch) {
  AnySurrogate any;
  const std::string name = config["kind"];
  const auto is = [&](const char* kind, AnySurrogate::Kind ours) {
    if (name != kind) return false;
    any.kind = ours;
    return true;
  };
  if (is("atan", AnySurrogate::ATan)) any.ATan_.alpha = config["alpha"];
  else if (is("fast_sigmoid", AnySurrogate::FastSigmoid)) any.FastSigmoid_.slope = config["slope"];
  else if (is("sigmoid", AnySurrogate::Sigmoid)) {
    any.Sigmoid_.slope = config["slope"];
    if (as_snntorch) any.set_own<SnnTorchSigmoid>(config["slope"], 0);
  }
  else if (is("straight_through_estimator", AnySurrogate::StraightThrough)) {}
  else if (is("triangular", AnySurrogate::Triangular)) any.Triangular_.threshold = config["threshold"];
  else if (is("heaviside", AnySurrogate::Heaviside)) {}
  else if (is("LSO_formula", AnySurrogate::LeakySpike)) any.LeakySpike_.slope = config["slope"];
  else if (is("SFS", AnySurrogate::SparseFastSigmoid)) {
    any.SparseFastSigmoid_ = {.slope = config["slope"], .boundary = config["B"]};
    if (as_snntorch) any.set_own<SnnTorchSFS>(config["slope"], config["B"]);
  } else if (is("spike_rate_escape", AnySurrogate::SpikeRateEscape)) {
    any.SpikeRateEscape_ = {.beta = config["beta"], .slope = config["slope"]};
    if (as_snntorch) any.set_own<SnnTorchSpikeRateEscape>(config["slope"], config["beta"]);
  } else if (name == "custom_fast_sigmoid") any.set_own<CustomFastSigmoid>(config["slope"], 0);
  else if (name == "custom_rectangular") any.set_own<CustomRectangular>(config["width"], 0);
  else if (name == "SSO") {  // recorded in neurons with variance 0 only: 1 above the threshold, else 0
    REQUIRE(config["variance"] == 0);
    any.kind = AnySurrogate::Heaviside;
  } else FAIL("unknown surrogate " << name);
  return any;
}

/// What a case returned at every step, stacked, and the loss that was recorded.
template <typename Scalar>
struct Returned {
  st::Array<Scalar> spk, mem;
  st::Var<Scalar> loss;
};

/// The neuron keeps its membrane: one call for each step, with what the case does in between.
template <typename Scalar>
Returned<Scalar> call_with_hidden_state(const subject::Subject<Scalar>& lif, const st::Var<Scalar>& x, const st::Sequence<Scalar>& c_spk,
                                        const st::Sequence<Scalar>& c_mem, const json& config) {
  const std::string kind = config.value("kind", "");
  const Index detach_every = config.value("detach_every", Index(0));
  Returned<Scalar> returned{st::Array<Scalar>(x.steps() * x.batch(), x.features()),
                            st::Array<Scalar>(x.steps() * x.batch(), x.features()),
                            {}};
  st::Tape<Scalar>& tape = x.tape();
  for (Index t = 0; t < x.steps(); ++t) {
    if (t == x.steps() / 2 && kind == "reset_mem_halfway") lif.reset_mem();
    if (t == x.steps() / 2 && kind == "reset_hidden_halfway") lif.reset_hidden();
    if (detach_every > 0 && t % detach_every == 0) lif.detach_hidden();
    const auto results = lif.on_tape(st::step(x, t), {});
    const auto &spk = results[0], &mem = results[1];
    returned.spk.middleRows(t * x.batch(), x.batch()) = spk.array();
    returned.mem.middleRows(t * x.batch(), x.batch()) = mem.array();
    const auto part = st::sum(tape.constant(c_spk.step(t)) * spk) + st::sum(tape.constant(c_mem.step(t)) * mem);
    returned.loss = t == 0 ? part : returned.loss + part;
  }
  return returned;
}

/// A neuron for a recorded case, which `made` makes of the same options of any type, and all comparisons.
template <typename Scalar>
struct LeakyCase {
  const json &config, &inputs, &expected, &info;
  bool exact, as_snntorch;
  Tensor current{inputs["current"]};
  st::Shape shape = current.sequence();
  RecordedCoefficient<Scalar> beta{inputs, "beta", shape.features};
  RecordedCoefficient<Scalar> threshold{inputs, "threshold", shape.features};
  RecordedCoefficient<Scalar> graded{inputs, "graded_spikes_factor", shape.features};

  template <typename Neuron, typename Quantizer>
  Neuron make(const Quantizer& quantizer) const {
    return Neuron({.beta = beta.values,
                   .threshold = threshold.values,
                   .spike_grad = surrogate_of(config["surrogate"], as_snntorch),
                   .surrogate_disable = config["surrogate_disable"],
                   .init_hidden = config["init_hidden"],
                   .inhibition = config["inhibition"],
                   .learn_beta = config["learn_beta"],
                   .learn_threshold = config["learn_threshold"],
                   .state_quant = quantizer,
                   .output = config["output"],
                   .graded_spikes_factor = graded.values,
                   .learn_graded_spikes_factor = config["learn_graded_spikes_factor"],
                   .reset_delay = config["reset_delay"],
                   .snntorch_exact = exact});
  }
  void check(const subject::Subject<Scalar>& lif) const;
};
extern template struct LeakyCase<float>;
extern template struct LeakyCase<double>;

template <typename Scalar>
void LeakyCase<Scalar>::check(const subject::Subject<Scalar>& lif) const {
  st::Sequence<Scalar> input(shape);
  input.array() = current.array<Scalar>(shape.steps * shape.batch);
  const auto weights = [&](const char* name) {
    st::Sequence<Scalar> sequence(shape);
    sequence.array() = Tensor(inputs[name]).array<Scalar>(shape.steps * shape.batch);
    return sequence;
  };
  st::Sequence<Scalar> c_spk = weights("c_spk"), c_mem = weights("c_mem");
  // There snnTorch's detach_hidden cut membranes that the loss had already taken in, so their part of the
  // loss has no gradient in the record.
  const bool alias = config.value("kind", "").find("tbptt_alias") == 0;
  if (alias)
    for (Index t = config["detach_every"].get<Index>() - 1; t < shape.steps; t += config["detach_every"].get<Index>())
      c_mem.step(t).setZero();

  st::Tape<Scalar> tape;
  const auto x = tape.variable(input);
  st::Var<Scalar> mem0;
  if (inputs.contains("mem0")) mem0 = tape.variable(Tensor(inputs["mem0"]).array<Scalar>(shape.batch));
  Returned<Scalar> returned;
  if (config["init_hidden"]) {
    returned = call_with_hidden_state(lif, x, c_spk, c_mem, config);
  } else {
    std::vector<st::Var<Scalar>> states;
    std::vector<st::Array<Scalar>> arrays;
    if (!mem0.empty()) {
      states = {mem0};
      arrays.emplace_back(mem0.array());
    }
    const auto results = lif.on_tape(x, states);
    const auto &spk = results[0], &mem = results[1];
    returned = {spk.array(), mem.array(), st::sum(tape.constant(c_spk) * spk) + st::sum(tape.constant(c_mem) * mem)};
    // A network on arrays gives what the tape gives, to the bit.
    const auto plain = lif.sequence(input, arrays);
    CHECK((plain[0].array() == spk.array()).all());
    CHECK((plain[1].array() == mem.array()).all());
  }
  tape.backward(returned.loss);

  const bool stock = config["float_cast"] == "stock" && std::is_same_v<Scalar, double>;
  const double value_tolerance = stock ? tolerance::recorded_stock : tolerance::recorded_value<Scalar>;
  const auto gradient_tolerance = [&](const std::string& name) {
    if (stock) return tolerance::recorded_stock;
    const auto errors = info.find("float32_minus_float64_max_abs");
    return tolerance::recorded_gradient<Scalar>(errors == info.end() ? 0.0 : errors->value(name, 0.0));
  };

  const Tensor expected_spikes(expected["spk"]);
  if (stock)
    check_near("spk", returned.spk, expected_spikes, value_tolerance);
  else
    check_equal("spk", returned.spk, expected_spikes);
  check_near("mem", returned.mem, Tensor(expected["mem"]), value_tolerance);
  if (!alias) {
    const double magnitude =
        static_cast<double>((c_spk.array() * returned.spk).abs().sum() + (c_mem.array() * returned.mem).abs().sum());
    CHECK(std::abs(static_cast<double>(returned.loss.item()) - Tensor(expected["loss"]).data[0]) <=
          value_tolerance * std::max(1.0, magnitude));
  }

  const auto check_gradient = [&](const std::string& name, const auto& ours) {
    if (expected.contains(name)) check_near(name, ours, Tensor(expected[name]), gradient_tolerance(name));
  };
  const st::Array<Scalar> input_gradient = x.adjoint().array();
  check_gradient("grad_current", input_gradient);
  if (!mem0.empty()) {
    const st::Array<Scalar> mem0_gradient = mem0.adjoint().array();
    check_gradient("grad_mem0", mem0_gradient);
  }
  // What is not learned has a gradient of zero.
  const auto gradient = [&](const char* name) -> st::Array<Scalar> {
    for (const auto& parameter : lif.parameters())
      if (parameter->name == name) return tape.gradients().gradient(parameter);
    return st::Array<Scalar>::Zero(1, 1);
  };
  check_gradient("grad_beta", beta.gradient(gradient("beta")));
  check_gradient("grad_threshold", threshold.gradient(gradient("threshold")));
  check_gradient("grad_graded_spikes_factor", graded.gradient(gradient("graded_spikes_factor")));
}

/// The quantizer of a case; `Quantizer` must be its kind.
template <typename Quantizer>
Quantizer quantizer_of(const json& arguments) {
  Quantizer quantizer;
  quantizer.num_bits = arguments["num_bits"];
  quantizer.threshold = arguments["threshold"];
  quantizer.lower_limit = arguments["lower_limit"];
  quantizer.upper_limit = arguments["upper_limit"];
  if constexpr (std::is_same_v<Quantizer, st::quant::NonUniform>) {
    quantizer.thr_centered = arguments["thr_centered"];
    if (!arguments["multiplier"].is_null()) quantizer.multiplier = arguments["multiplier"].get<double>();
  }
  return quantizer;
}
inline AnyQuantizer any_quantizer_of(const json& arguments) {
  if (arguments.is_null()) return {};
  if (arguments["uniform"]) return quantizer_of<st::quant::Uniform>(arguments);
  return quantizer_of<st::quant::NonUniform>(arguments);
}

template <typename Scalar>
void run_leaky_case(const json& item, const json& expected, bool exact, bool as_snntorch) {
  const json& config = item["config"];
  const std::string reset = config["reset_mechanism"];
  const LeakyCase<Scalar> recorded{config, item["inputs"], expected, item["info"], exact, as_snntorch};
  const auto run = [&]<typename Reset>() {
    using Neuron = st::Leaky<Scalar, Reset, AnySurrogate, AnyQuantizer>;
    recorded.check(subject::SubjectOf<Neuron>(
        recorded.template make<Neuron>(any_quantizer_of(config["state_quant"]))));
  };
  // The record's "zero" is what snnTorch 0.9.4 executes; in our own figures it is the documented one.
  const bool ours = config.contains("snntorch_exact");
  if (reset == "subtract") return run.template operator()<st::reset::Subtract>();
  if (reset == "none") return run.template operator()<st::reset::None>();
  if (reset == "zero_documented" || (ours && reset == "zero")) return run.template operator()<st::reset::Zero>();
  if (reset == "zero_before_input" || reset == "zero") return run.template operator()<st::reset::ZeroBeforeInput>();
  FAIL("unknown reset_mechanism " << reset);
}

}  // namespace golden
