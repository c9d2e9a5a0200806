// Runs a recorded neuron case through Leaky on a tape and compares everything that was recorded.
#pragma once

#include "../any_surrogate.hpp"
#include "recorded_coefficient.hpp"

#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/sequential.hpp>

namespace golden {

namespace st = spiketape;

/// snnTorch 0.9.4's own SFS and spike_rate_escape are other functions than the papers' that the library
/// follows, its sigmoid is not the stable one, and its examples of user-written surrogates are what a user
/// would write: so they are here.
struct RecordedSurrogate : AnySurrogate {
  enum class Own { none, sigmoid, sfs, spike_rate_escape, custom_fast_sigmoid, custom_rectangular };
  Own own = Own::none;
  double a = 0, b = 0;

  template <typename T>
  T derivative(const T& x, std::uint64_t element) const {
    switch (own) {
      case Own::sigmoid: {
        const T e = st::exp(-(T(a) * x));
        return T(a) * e / ((e + T(1)) * (e + T(1)));
      }
      case Own::sfs: return st::where(x > T(b), st::surrogate::FastSigmoid{a}.derivative(x));
      case Own::spike_rate_escape: return T(a) * st::exp(-(T(b) * st::abs(x - T(1))));
      case Own::custom_fast_sigmoid: return st::surrogate::FastSigmoid{a}.derivative(x);
      case Own::custom_rectangular: return st::where(st::abs(x) < T(a), T(1));
      case Own::none: break;
    }
    return AnySurrogate::derivative(x, element);
  }
};

/// The surrogate of a case: the library's, or for `as_snntorch` what snnTorch 0.9.4 computes.
inline RecordedSurrogate surrogate_of(const json& config, bool as_snntorch) {
  RecordedSurrogate any;
  using Own = RecordedSurrogate::Own;
  const std::string name = config["kind"];
  const auto is = [&](const char* kind, AnySurrogate::Kind ours) {
    if (name != kind) return false;
    any.kind = ours;
    return true;
  };
  const auto own = [&](Own kind, double a, double b = 0) {
    any.own = kind;
    any.a = a;
    any.b = b;
  };
  if (is("atan", AnySurrogate::ATan)) any.ATan_.alpha = config["alpha"];
  else if (is("fast_sigmoid", AnySurrogate::FastSigmoid)) any.FastSigmoid_.slope = config["slope"];
  else if (is("sigmoid", AnySurrogate::Sigmoid)) {
    any.Sigmoid_.slope = config["slope"];
    if (as_snntorch) own(Own::sigmoid, config["slope"]);
  }
  else if (is("straight_through_estimator", AnySurrogate::StraightThrough)) {}
  else if (is("triangular", AnySurrogate::Triangular)) any.Triangular_.threshold = config["threshold"];
  else if (is("heaviside", AnySurrogate::Heaviside)) {}
  else if (is("LSO_formula", AnySurrogate::LeakySpike)) any.LeakySpike_.slope = config["slope"];
  else if (is("SFS", AnySurrogate::SparseFastSigmoid)) {
    any.SparseFastSigmoid_ = {.slope = config["slope"], .boundary = config["B"]};
    if (as_snntorch) own(Own::sfs, config["slope"], config["B"]);
  } else if (is("spike_rate_escape", AnySurrogate::SpikeRateEscape)) {
    any.SpikeRateEscape_ = {.beta = config["beta"], .slope = config["slope"]};
    if (as_snntorch) own(Own::spike_rate_escape, config["slope"], config["beta"]);
  } else if (name == "custom_fast_sigmoid") own(Own::custom_fast_sigmoid, config["slope"]);
  else if (name == "custom_rectangular") own(Own::custom_rectangular, config["width"]);
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
template <typename Scalar, typename Neuron>
Returned<Scalar> call_with_hidden_state(const Neuron& lif, const st::Var<Scalar>& x, const st::Sequence<Scalar>& c_spk,
                                        const st::Sequence<Scalar>& c_mem, const json& config) {
  const std::string kind = config.value("kind", "");
  const Index detach_every = config.value("detach_every", Index(0));
  Returned<Scalar> returned{st::Array<Scalar>(x.steps() * x.batch(), x.features()),
                            st::Array<Scalar>(x.steps() * x.batch(), x.features()),
                            {}};
  st::Tape<Scalar>& tape = x.tape();
  for (Index t = 0; t < x.steps(); ++t) {
    if (t == x.steps() / 2 && kind == "reset_mem_halfway") lif.reset_mem();
    if (t == x.steps() / 2 && kind == "reset_hidden_halfway") st::reset_hidden(lif);
    if (detach_every > 0 && t % detach_every == 0) st::detach_hidden(lif);
    const auto [spk, mem] = lif(st::step(x, t));
    returned.spk.middleRows(t * x.batch(), x.batch()) = spk.array();
    returned.mem.middleRows(t * x.batch(), x.batch()) = mem.array();
    const auto part = st::sum(tape.constant(c_spk.step(t)) * spk) + st::sum(tape.constant(c_mem.step(t)) * mem);
    returned.loss = t == 0 ? part : returned.loss + part;
  }
  return returned;
}

template <typename Scalar, typename Reset, typename Quantizer>
void run_leaky(const json& config, const json& inputs, const json& expected, const json& info,
               const Quantizer& quantizer, bool exact, bool as_snntorch) {
  const Tensor current(inputs["current"]);
  const st::Shape shape = current.sequence();
  const RecordedCoefficient<Scalar> beta(inputs, "beta", shape.features);
  const RecordedCoefficient<Scalar> threshold(inputs, "threshold", shape.features);
  const RecordedCoefficient<Scalar> graded(inputs, "graded_spikes_factor", shape.features);
  const st::Leaky<Scalar, Reset, RecordedSurrogate, Quantizer> lif(
      {.beta = beta.values,
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
    const auto [spk, mem] = lif(x, mem0);
    returned = {spk.array(), mem.array(), st::sum(tape.constant(c_spk) * spk) + st::sum(tape.constant(c_mem) * mem)};
    // A network on arrays gives what the tape gives, to the bit.
    const auto plain = mem0.empty() ? lif(input) : lif(input, mem0.value());
    CHECK((plain.spk.array() == spk.array()).all());
    CHECK((plain.mem.array() == mem.array()).all());
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
  const auto& gradients = tape.gradients();
  check_gradient("grad_beta", beta.gradient(gradients.gradient(lif.beta())));
  check_gradient("grad_threshold", threshold.gradient(gradients.gradient(lif.threshold())));
  check_gradient("grad_graded_spikes_factor", graded.gradient(gradients.gradient(lif.graded_spikes_factor())));
}

/// The quantizer of a case; `Quantizer` must be its kind.
template <typename Quantizer>
Quantizer quantizer_of(const json& arguments) {
  Quantizer quantizer;
  if constexpr (!std::is_same_v<Quantizer, st::quant::None>) {
    quantizer.num_bits = arguments["num_bits"];
    quantizer.threshold = arguments["threshold"];
    quantizer.lower_limit = arguments["lower_limit"];
    quantizer.upper_limit = arguments["upper_limit"];
  }
  if constexpr (std::is_same_v<Quantizer, st::quant::NonUniform>) {
    quantizer.thr_centered = arguments["thr_centered"];
    if (!arguments["multiplier"].is_null()) quantizer.multiplier = arguments["multiplier"].get<double>();
  }
  return quantizer;
}

template <typename Quantizer>
bool has_quantizer(const json& config) {
  const json& arguments = config["state_quant"];
  if (arguments.is_null()) return std::is_same_v<Quantizer, st::quant::None>;
  if (arguments["uniform"]) return std::is_same_v<Quantizer, st::quant::Uniform>;
  return std::is_same_v<Quantizer, st::quant::NonUniform>;
}

template <typename Scalar, typename Quantizer>
void run_leaky_case(const json& item, const json& expected, bool exact, bool as_snntorch) {
  const json& config = item["config"];
  const std::string reset = config["reset_mechanism"];
  const auto run = [&]<typename Reset>() {
    run_leaky<Scalar, Reset>(config, item["inputs"], expected, item["info"],
                             quantizer_of<Quantizer>(config["state_quant"]), exact, as_snntorch);
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
