// The C text of a layer of neurons: the step of neuron/step.hpp, for one neuron after the other.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/c/network.hpp>
#include <spiketape/io/c/products.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Where the spikes of a layer go: to the list that the next Linear adds, to the row of currents of the next
/// neurons, or to the caller.
enum class CSpikes { listed, row, returned };

/// What the parts of a file have in common.
struct CStyle {
  std::string name;   // digits
  std::string place;  // the type of a place in the list
  bool multiplies;    // the list may have values other than 1
};

/// The C text of a layer of neurons.
template <Real Scalar>
class CNeuron {
 public:
  CNeuron(const CStyle& style, const CLayer<Scalar>& layer, CSpikes spikes)
      : style_(style), name_(style.name), layer_(layer), spikes_(spikes), fires_(layer.fires()) {
    write();
  }

  /// Constant arrays, and the function that uses them.
  std::string text() const { return arrays_ + function_; }
  /// The bytes of the arrays' numbers.
  std::size_t bytes() const { return numbers_ * sizeof(Scalar); }

  /// A name of this layer: digits_lif1_mem.
  std::string own(std::string_view part) const { return name_ + '_' + layer_.id + '_' + std::string(part); }

 private:
  std::string at(std::string_view member) const {
    return "state->" + layer_.id + '_' + std::string(member) + "[i]";
  }
  std::string neurons() const { return std::to_string(layer_.outputs) + 'u'; }
  template <typename... Parts>
  void line(std::size_t indent, const Parts&... parts) {
    function_ += std::string(2 * indent, ' ') + text_of(parts...) + '\n';
  }
  std::string multiply_add(const std::string& a, const std::string& b, const std::string& c) const {
    return in_capitals(name_) + "_MADD(" + a + ", " + b + ", " + c + ')';
  }

  /// One number for all neurons as it is; else an array, of which neuron i reads its own.
  std::string number(std::string_view name, const Row<Scalar>& values) {
    if ((values == values[0]).all()) return c_number(values[0]);
    const std::string array = own(name);
    if (std::find(written_.begin(), written_.end(), array) == written_.end()) {
      arrays_ += c_array(array, values.data(), static_cast<std::size_t>(values.size()));
      numbers_ += static_cast<std::size_t>(values.size());
      written_.push_back(array);
    }
    return array + "[i]";
  }
  std::string number(std::string_view name) { return number(name, layer_.coefficient(name)); }
  std::string rate(std::string_view name) {
    return number(name, layer_.coefficient(name).unaryExpr([](Scalar x) { return clamped(x); }).eval());
  }
  /// f(a, b) of two coefficients, each of which may be shared.
  template <typename F>
  Row<Scalar> combined(const Row<Scalar>& a, const Row<Scalar>& b, F&& f) const {
    Row<Scalar> result(std::max(a.size(), b.size()));
    for (Index i = 0; i < result.size(); ++i)
      result[i] = f(a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]);
    return result;
  }

  /// The threshold that the states in local variables are compared with.
  std::string level() {
    return layer_.is("Alif") ? multiply_add(number("adaptation"), "adapt", number("threshold"))
                             : number("threshold");
  }
  std::string zero() const { return c_number(Scalar(0)); }
  /// What neuron i sends if `condition`.
  std::string sent_if(const std::string& condition) {
    return condition + " ? " + number("graded_spikes_factor", layer_.spike_value()) + " : " + zero();
  }

  bool resets() const { return fires_ && layer_.reset != CReset::none; }
  bool resets_first() const { return resets() && (layer_.delayed || layer_.exact); }
  bool asks_winner_before() const { return resets_first() && layer_.inhibited && !layer_.exact; }
  /// Whether the reset at the beginning of a step matters at its end.
  bool keeps_signal() const { return resets() && layer_.exact && !layer_.delayed; }

  void write();
  void write_quantizer();
  void write_recurrence();
  void write_load(std::size_t indent);
  void write_store(std::size_t indent);
  void write_integration();
  void write_reset(std::size_t indent, const std::string& condition);
  void write_fire(std::size_t indent);
  void write_winner(std::size_t indent, const std::string& winner);

  const CStyle& style_;
  const std::string& name_;
  const CLayer<Scalar>& layer_;
  const CSpikes spikes_;
  const bool fires_;
  std::string arrays_, function_;
  std::vector<std::string> written_;
  std::size_t numbers_ = 0;
};

template <Real Scalar>
void CNeuron<Scalar>::write_quantizer() {
  const std::vector<Scalar>& levels = layer_.levels;
  arrays_ += c_array(own("levels"), levels.data(), levels.size());
  numbers_ += levels.size();
  std::string text = "\n/* The nearest level, the lower one on a tie. */\nstatic @ " + own("quantize") +
                     "(@ v) {\n  const @* level;\n";
  if (layer_.evenly_spaced) {
    const Scalar per_unit = static_cast<Scalar>(levels.size() - 1) / (levels.back() - levels.front());
    const std::string largest = c_number(static_cast<Scalar>(levels.size() - 2));
    text += "  @ place = (v - " + c_number(levels.front()) + ") * " + c_number(per_unit) +
            ";\n  if (!(v == v)) return v;\n  if (place < 0) place = 0;\n  if (" + largest +
            " < place) place = " + largest + ";\n  level = " + own("levels") + " + (uint32_t)place;\n";
  } else {
    text += "  uint32_t at = 0, rest = " + std::to_string(levels.size() - 1) +
            "u;\n  if (!(v == v)) return v;\n  while (rest > 1u) {\n" +
            "    const uint32_t half = rest / 2u;\n    if (" + own("levels") +
            "[at + half] <= v) at += half;\n    rest -= half;\n  }\n  level = " + own("levels") + " + at;\n";
  }
  arrays_ +=
      c_filled<Scalar>(text + "  return v - level[0] <= level[1] - v ? level[0] : level[1];\n}\n", name_);
}

/// The current from the last spikes of all neurons, to state->recurrent.
template <Real Scalar>
void CNeuron<Scalar>::write_recurrence() {
  const auto count = static_cast<std::size_t>(layer_.weight.size());
  arrays_ += c_array(own("recurrent_weight"), layer_.weight.data(), count);
  arrays_ += c_array(own("recurrent_bias"), layer_.bias.data(), static_cast<std::size_t>(layer_.bias.size()));
  numbers_ += count + static_cast<std::size_t>(layer_.bias.size());
  const std::string value = number("graded_spikes_factor", layer_.spike_value());
  const bool some_zero = (layer_.spike_value() == Scalar(0)).any();
  line(1, "uint32_t before = 0;");
  line(1, "for (i = 0; i < ", neurons(), "; ++i)");
  line(2, "if (", at("fired"), some_zero ? " && " + value + " != 0" : std::string(), ") {");
  line(3, "state->places[before] = (", style_.place, ")i;");
  if (!layer_.sends_ones()) line(3, "state->values[before] = ", value, ";");
  line(3, "++before;");
  line(2, "}");
  line(1, "state->listed = before;");
  const CBlocks blocks = c_blocks<Scalar>(layer_.outputs);
  line(1, name_, "_add_rows(state, ",
       style_.multiplies ? layer_.sends_ones() ? "0, " : "state->values, " : "", own("recurrent_weight"),
       ", ", own("recurrent_bias"), ", ", neurons(), ", ", blocks.one, "u, ", blocks.two,
       "u, state->recurrent);");
}

template <Real Scalar>
void CNeuron<Scalar>::write_load(std::size_t indent) {
  for (const std::string& name : layer_.states) line(indent, c_type<Scalar>, " ", name, " = ", at(name), ";");
}
template <Real Scalar>
void CNeuron<Scalar>::write_store(std::size_t indent) {
  for (const std::string& name : layer_.states) line(indent, at(name), " = ", name, ";");
}

/// From `current` and the states in local variables; `input` is the current of this neuron.
template <Real Scalar>
void CNeuron<Scalar>::write_integration() {
  const bool own_spike = layer_.recurrent && !layer_.all_to_all();
  std::string input = "current[i]";
  if (layer_.all_to_all()) input += " + state->recurrent[i]";
  if (own_spike) line(2, "const ", c_type<Scalar>, " spk = ", sent_if(at("fired")), ";");
  if (own_spike && !layer_.is("Alif")) input = multiply_add(number("V"), "spk", input);
  line(2, "const ", c_type<Scalar>, " input = ", input, ";");
  if (layer_.is("Alpha") && resets_first() && layer_.exact && layer_.reset == CReset::subtract)
    line(2, "const ", c_type<Scalar>, " syn_inh_before = syn_inh;");
  const bool first = resets_first();
  if (first) {
    line(2, "const int reset = ", level(), " < mem", asks_winner_before() ? " && i == winner_before" : "",
         ";");
    if (layer_.reset == CReset::zero_before_input) write_reset(2, "reset");
  }
  if (layer_.is("Lapicque")) {
    line(2, "mem = ", multiply_add(number("decay"), "mem", number("gain") + " * input"), ";");
  } else if (layer_.is("Synaptic") || layer_.is("RSynaptic")) {
    line(2, "syn = ", multiply_add(rate("alpha"), "syn", "input"), ";");
    line(2, "mem = ", multiply_add(rate("beta"), "mem", "syn"), ";");
  } else if (layer_.is("Alpha")) {
    line(2, "syn_exc = ", multiply_add(rate("alpha"), "syn_exc", "input"), ";");
    line(2, "syn_inh = ", rate("beta"), " * syn_inh - input;");
    line(2, "mem = ", number("tau"), " * (syn_exc + syn_inh);");
  } else {
    if (layer_.is("Alif")) line(2, "adapt = ", multiply_add(rate("rho"), "adapt - spk", "spk"), ";");
    line(2, "mem = ", multiply_add(rate("beta"), "mem", "input"), ";");
  }
  if (first && layer_.reset != CReset::zero_before_input) write_reset(2, "reset");
  if (!layer_.levels.empty())
    for (const std::string& name : layer_.states) line(2, name, " = ", own("quantize"), "(", name, ");");
}

/// Resets the states in local variables.
template <Real Scalar>
void CNeuron<Scalar>::write_reset(std::size_t indent, const std::string& condition) {
  if (!resets()) return;
  const bool alpha = layer_.is("Alpha");
  if (layer_.reset != CReset::subtract && !alpha) {
    line(indent, "mem = ", condition, " ? ", zero(), " : mem;");
  } else if (layer_.reset != CReset::subtract) {
    line(indent, "if (", condition, ") syn_exc = syn_inh = mem = ", zero(), ";");
  } else if (!alpha) {
    line(indent, "mem -= ", condition, " ? ", number("threshold"), " : ", zero(), ";");
  } else if (layer_.exact) {
    line(indent, "if (", condition, ") {");
    line(indent + 1, "syn_exc -= ", number("threshold"), ";");
    line(indent + 1, "syn_inh = ", zero(), ";");
    line(indent + 1, "mem += syn_inh_before;");
    line(indent, "}");
  } else {
    const Row<Scalar> step = combined(layer_.coefficient("threshold"), layer_.coefficient("tau"),
                                      [](Scalar threshold, Scalar tau) { return threshold / tau; });
    line(indent, "if (", condition, ") {");
    line(indent + 1, "syn_exc -= ", number("threshold_by_tau", step), ";");
    line(indent + 1, "mem -= ", number("threshold"), ";");
    line(indent, "}");
  }
}

/// Decides which neuron is over its threshold by most.
template <Real Scalar>
void CNeuron<Scalar>::write_winner(std::size_t indent, const std::string& winner) {
  line(indent, "{");
  line(indent + 1, "const ", c_type<Scalar>, " above = mem - ", level(), ";");
  line(indent + 1, "if (above == above && (", winner, " == ", neurons(), " || most < above)) {");
  line(indent + 2, winner, " = i;");
  line(indent + 2, "most = above;");
  line(indent + 1, "}");
  line(indent, "}");
}

/// Fires, resets in the same step, stores the states and passes the spike on.
template <Real Scalar>
void CNeuron<Scalar>::write_fire(std::size_t indent) {
  line(indent, "const int fired = ", level(), " < mem", layer_.inhibited ? " && i == winner" : "", ";");
  if (!layer_.delayed && !layer_.exact) {
    write_reset(indent, "fired");
  } else if (keeps_signal()) {
    Row<Scalar> kappa = Row<Scalar>::Constant(1, Scalar(1));
    if (layer_.inhibited)
      kappa =
          layer_.coefficient("graded_spikes_factor")
              .unaryExpr([](Scalar g) { return Scalar(1) / (std::abs(g) < Scalar(1e-6) ? Scalar(1e-6) : g); })
              .eval();
    line(indent, "const ", c_type<Scalar>, " d = (fired ? ", number("by_graded", kappa), " : ", zero(),
         ") - (reset ? ", c_number(Scalar(1)), " : ", zero(), ");");
    const std::string after =
        layer_.reset == CReset::subtract ? "(mem - " + number("threshold") + ")" : zero();
    line(indent, "mem = ", multiply_add("d", after + " - mem", "mem"), ";");
  }
  write_store(indent);
  if (layer_.recurrent) line(indent, at("fired"), " = (uint8_t)fired;");
  if (spikes_ == CSpikes::returned) {
    line(indent, "if (spikes != 0) spikes[i] = (uint8_t)fired;");
  } else if (spikes_ == CSpikes::row) {
    line(indent, "state->row[i] = ", sent_if("fired"), ";");
  } else {
    const std::string value = number("graded_spikes_factor", layer_.spike_value());
    const bool some_zero = (layer_.spike_value() == Scalar(0)).any();
    // Without a branch, which processors would predict badly: the next spike writes over one that was none.
    line(indent, "state->places[listed] = (", style_.place, ")i;");
    if (!layer_.sends_ones()) line(indent, "state->values[listed] = ", value, ";");
    line(indent, "listed += fired", some_zero ? " && " + value + " != 0" : std::string(), " ? 1u : 0u;");
  }
}

template <Real Scalar>
void CNeuron<Scalar>::write() {
  if (!layer_.levels.empty()) write_quantizer();
  line(0, "\n/* ", in_comment(layer_.path), ": ", in_comment(layer_.type), " */");
  line(0, "static void ", name_, "_", layer_.id, "(", name_, "_state* state, const ", c_type<Scalar>,
       "* current", spikes_ == CSpikes::returned ? ", uint8_t* spikes" : "", ") {");
  line(1, "uint32_t i;");
  if (spikes_ == CSpikes::listed) line(1, "uint32_t listed = 0;");
  const bool inhibited = layer_.inhibited && fires_;
  if (inhibited) line(1, c_type<Scalar>, " most = 0;");
  if (inhibited) line(1, "uint32_t winner = ", neurons(), "; /* none */");
  if (layer_.all_to_all()) write_recurrence();
  if (asks_winner_before()) {
    line(1, "uint32_t winner_before = ", neurons(), ";");
    line(1, "for (i = 0; i < ", neurons(), "; ++i) {");
    if (layer_.is("Alif")) line(2, "const ", c_type<Scalar>, " adapt = ", at("adapt"), ";");
    line(2, "const ", c_type<Scalar>, " mem = ", at("mem"), ";");
    write_winner(2, "winner_before");
    line(1, "}");
  }
  line(1, "for (i = 0; i < ", neurons(), "; ++i) {");
  write_load(2);
  write_integration();
  if (!fires_) {
    write_store(2);
    if (layer_.recurrent) line(2, at("fired"), " = 0;");
    if (spikes_ == CSpikes::returned) line(2, "if (spikes != 0) spikes[i] = 0;");
    if (spikes_ == CSpikes::row) line(2, "state->row[i] = ", zero(), ";");
  } else if (inhibited) {
    write_winner(2, "winner");
    write_store(2);
    if (keeps_signal()) line(2, at("reset"), " = (uint8_t)reset;");
    line(1, "}");
    line(1, "for (i = 0; i < ", neurons(), "; ++i) {");
    if (keeps_signal()) line(2, "const int reset = ", at("reset"), ";");
    write_load(2);
    write_fire(2);
  } else {
    write_fire(2);
  }
  line(1, "}");
  if (spikes_ == CSpikes::listed) line(1, "state->listed = listed;");
  line(0, "}");
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
