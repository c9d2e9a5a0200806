// The text of a C file from a network as data.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/c/neuron.hpp>
#include <spiketape/io/c/products.hpp>
#include <spiketape/io/c/recording.hpp>
#include <spiketape/io/c/windows.hpp>
#include <spiketape/version.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Where the result of a layer goes.
enum class CRow { output, listed, first, second };

/// Writes a C file. The layers have sizes.
template <Real Scalar>
class CSource {
 public:
  CSource(const std::string& name, const std::vector<CLayer<Scalar>>& layers,
          const CRecording<Scalar>& recording)
      : layers_(layers), recording_(recording), last_(layers.back()) {
    style_.name = name;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const CLayer<Scalar>& layer = layers[l];
      const CRow to = rows_.emplace_back(row_behind(l));
      if (to == CRow::first) row_ = std::max(row_, layer.outputs);
      if (to == CRow::second) second_row_ = std::max(second_row_, layer.outputs);
      adds_rows_ = adds_rows_ || layer.kind == CKind::dense || layer.all_to_all();
      if (layer.multiplies()) {
        listed_ = std::max(listed_, layer.inputs);
        lists_numbers_ = lists_numbers_ || !comes_listed(l);
      } else if (layer.is_neuron()) {
        if (layer.all_to_all()) {
          listed_ = std::max(listed_, layer.outputs);
          recurrent_ = std::max(recurrent_, layer.outputs);
        }
        const bool sends = layer.all_to_all() || to == CRow::listed;
        style_.multiplies = style_.multiplies || (sends && !layer.sends_ones());
      }
    }
    style_.multiplies = style_.multiplies || lists_numbers_;
    style_.place = listed_ > 65536 ? "uint32_t" : "uint16_t";
  }

  std::string text() {
    std::string implementation = write_layers();
    return filled(begin()) + head() + implementation + self_test() +
           filled("#endif /* ^_IMPLEMENTATION */\n");
  }

 private:
  /// Where a layer's result goes: to the caller, to the list that the next layer adds, or to a row of work
  /// space. A pool reads one row and writes the other.
  CRow row_behind(std::size_t l) const {
    if (l + 1 == layers_.size()) return CRow::output;
    if (layers_[l].is_neuron() && layers_[l + 1].multiplies()) return CRow::listed;
    const bool moves = layers_[l].kind == CKind::pool || layers_[l].kind == CKind::norm;
    return moves && l > 0 && rows_[l - 1] == CRow::first ? CRow::second : CRow::first;
  }
  bool comes_listed(std::size_t l) const { return l > 0 && rows_[l - 1] == CRow::listed; }
  /// The row that layer l reads or writes, as C has it.
  std::string input_of(std::size_t l) const { return l == 0 ? "input" : name_of(rows_[l - 1]); }
  static std::string name_of(CRow row) {
    return row == CRow::output ? "output" : row == CRow::first ? "state->row" : "state->row2";
  }

  std::string filled(std::string_view text) const { return c_filled<Scalar>(text, style_.name); }
  bool gives_numbers() const { return !last_.is_neuron(); }
  std::string result() const { return filled(gives_numbers() ? "@* output" : "uint8_t* spikes"); }

  void add_member(const std::string& type, const std::string& name, Index count, std::size_t size,
                  const std::string& about) {
    members_ += "  " + type + ' ' + name + '[' + std::to_string(count) + "];" +
                (about.empty() ? "" : " /* " + about + " */") + '\n';
    state_bytes_ += static_cast<std::size_t>(count) * size;
  }

  /// The state struct: largest types first, so that it has no gaps.
  void write_members() {
    const std::string number = c_type<Scalar>;
    for (const CLayer<Scalar>& layer : layers_)
      for (const std::string& state : layer.states)
        add_member(number, layer.id + '_' + state, layer.outputs, sizeof(Scalar),
                   state == "mem" ? in_comment(layer.path) + ": membranes" : "");
    if (recurrent_ > 0)
      add_member(number, "recurrent", recurrent_, sizeof(Scalar), "work space, as all below");
    if (row_ > 0)
      add_member(number, "row", row_, sizeof(Scalar), recurrent_ > 0 ? "" : "work space, as all below");
    if (second_row_ > 0) add_member(number, "row2", second_row_, sizeof(Scalar), "");
    if (listed_ > 0) {
      if (style_.multiplies) add_member(number, "values", listed_, sizeof(Scalar), "");
      members_ += "  uint32_t listed;\n";
      state_bytes_ += 4;
      add_member(style_.place, "places", listed_, listed_ > 65536 ? 4 : 2, "");
    }
    for (const CLayer<Scalar>& layer : layers_) {
      if (layer.recurrent)
        add_member("uint8_t", layer.id + "_fired", layer.outputs, 1, "spikes of the last step");
      if (layer.is_neuron() && layer.inhibited && layer.exact && !layer.delayed)
        add_member("uint8_t", layer.id + "_reset", layer.outputs, 1, "");
    }
    constexpr std::size_t align = sizeof(Scalar);
    state_bytes_ = (state_bytes_ + align - 1) / align * align;
  }

  std::string write_layers() {
    write_members();
    std::string arrays, functions, calls;
    const bool chunks = std::any_of(layers_.begin(), layers_.end(), [](const CLayer<Scalar>& layer) {
      return layer.kind != CKind::convolution && layer.weight.rows() > c_inputs_at_once;
    });
    if (lists_numbers_) functions += c_list_function<Scalar>(style_.name, style_.place);
    if (adds_rows_)
      functions += c_product_function<Scalar>(style_.name, style_.place, chunks, style_.multiplies);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const CLayer<Scalar>& layer = layers_[l];
      const bool last = l + 1 == layers_.size();
      const std::string name = style_.name + '_' + layer.id, from = input_of(l);
      if (layer.is_neuron()) {
        const CSpikes spikes = last                       ? CSpikes::returned
                               : rows_[l] == CRow::listed ? CSpikes::listed
                                                          : CSpikes::row;
        const CNeuron<Scalar> neuron(style_, layer, spikes);
        functions += neuron.text();
        bytes_ += neuron.bytes();
        calls += "  " + name + "(state, " + from + (last ? ", spikes" : "") + ");\n";
        continue;
      }
      const auto add_array = [&](const std::string& of, const auto& numbers) {
        const auto count = static_cast<std::size_t>(numbers.size());
        bytes_ += count * sizeof(Scalar);
        if (count > 0) arrays += c_array(name + '_' + of, numbers.data(), count);
      };
      if (layer.weight.size() > 0)
        arrays += "\n/* " + in_comment(layer.path) +
                  (layer.multiplies() ? ": a row of weights for each input */\n" : " */\n");
      add_array("weight", layer.weight);
      add_array("bias", layer.bias);
      add_array("mean", layer.mean);
      if (layer.multiplies() && !comes_listed(l))
        calls += "  " + style_.name + "_list(" + from + ", " + std::to_string(layer.inputs) + "u, state);\n";
      const bool values = layer.multiplies() && (!comes_listed(l) || !layers_[l - 1].sends_ones());
      if (layer.kind != CKind::dense) {
        functions += CWindows<Scalar>(style_.name, layer, values).text();
        calls +=
            "  " + name + '(' + (layer.multiplies() ? "state" : from) + ", " + name_of(rows_[l]) + ");\n";
        continue;
      }
      const CBlocks blocks = c_blocks<Scalar>(layer.outputs);
      calls += "  " + style_.name + "_add_rows(state, " +
               (style_.multiplies ? values ? "state->values, " : "0, " : "") + name + "_weight, " +
               (layer.bias.size() > 0 ? name + "_bias" : "0") + ", " + std::to_string(layer.outputs) + "u, " +
               std::to_string(blocks.one) + "u, " + std::to_string(blocks.two) + "u, " + name_of(rows_[l]) +
               ");\n";
    }
    return filled(R"(
#if defined(^_IMPLEMENTATION) && !defined(^_IMPLEMENTED)
#define ^_IMPLEMENTED
#ifdef ^_FUSED /* a * b + c rounded once, by compilers that have GCC's builtins */
#define ^_MADD(a, b, c) )") +
           (sizeof(Scalar) == 4 ? "__builtin_fmaf" : "__builtin_fma") + filled(R"(((a), (b), (c))
#else
#define ^_MADD(a, b, c) ((a) * (b) + (c))
#endif
)") + arrays +
           functions + filled(R"(
void $_reset($_state* state) {
  unsigned char* bytes = (unsigned char*)state;
  uint32_t i;
  for (i = 0; i < (uint32_t)sizeof *state; ++i) bytes[i] = 0;
}

void $_step($_state* state, const @* input, )") +
           result() + ") {\n" + calls + "}\n";
  }

  std::string table() const {
    std::string text;
    for (const CLayer<Scalar>& layer : layers_) {
      std::string type = layer.type.substr(layer.type.rfind(':') + 1);
      text += text_of(" *   ", in_comment(layer.path.empty() ? "the network" : layer.path), ": ",
                      in_comment(type), ", ");
      if (layer.is_neuron())
        text += text_of(layer.outputs, " neurons\n");
      else
        text += text_of(layer.inputs, " inputs, ", layer.outputs, " outputs\n");
    }
    return text;
  }

  std::string begin() const {
    return text_of("/* $: a spiking network in C99, also C++. Written by spiketape ", SPIKETAPE_VERSION_MAJOR,
                   ".", SPIKETAPE_VERSION_MINOR, ".", SPIKETAPE_VERSION_PATCH, ".\n *\n", table(),
                   " *\n * Constants: ", bytes_, " bytes. $_state: about ", state_bytes_, R"( bytes.
 *
 *   #define ^_IMPLEMENTATION              in one source file, before it includes this one
 *   static $_state state;
 *   $_reset(&state);                      before the first step of each sample
 *   $_step(&state, input, )",
                   gives_numbers() ? "output" : "spikes", R"();       for each step
 *
 * input has ^_INPUTS numbers. )",
                   gives_numbers() ? "output gets ^_OUTPUTS numbers.\n"
                                   : "spikes gets ^_OUTPUTS bytes, 1 for a spike and 0 for none;\n"
                                     " * it may be a null pointer.\n",
                   worth(), R"( *
 * No heap, no libm, no variables of its own: each thread may have its states. The sums run in the order of
 * the library on the machine that wrote this file, for one sample and step: compiled with -ffp-contract=off,
 * spikes are those of the library)",
                   fuses() ? ", with ^_FUSED defined, too, since it rounds a * b + c\n * once there" : "",
                   R"(.
 * Defined with the implementation, ^_SELF_TEST adds int $_self_test(void), which runs )",
                   recording_.inputs.size(), R"( recorded
 * steps and returns 0 if the results are right, else the number of the first step that is not, from 1.
 */
)");
  }

  /// What spikes of the last layer are worth, if not 1.
  std::string worth() const {
    if (!last_.is_neuron() || last_.sends_ones()) return {};
    const Row<Scalar> value = last_.spike_value();
    if ((value == value[0]).all()) return " * A spike stands for " + decimal_text(value[0]) + ".\n";
    std::string text = " * Spikes stand for";
    for (const Scalar number : value) text += ' ' + decimal_text(number);
    return text + ".\n";
  }
  static constexpr bool fuses() {
#if defined(EIGEN_VECTORIZE_FMA) || (defined(EIGEN_VECTORIZE_NEON) && defined(__ARM_FEATURE_FMA))
    return true;
#else
    return false;
#endif
  }

  std::string head() const {
    return filled(text_of(R"(#ifndef ^_H
#define ^_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ^_INPUTS )",
                          layers_.front().inputs, R"(
#define ^_OUTPUTS )",
                          last_.outputs, R"(

typedef struct $_state {
)",
                          members_, R"(} $_state;

void $_reset($_state* state);
void $_step($_state* state, const @* input, )",
                          result(), R"();
#ifdef ^_SELF_TEST
int $_self_test(void);
#endif

#ifdef __cplusplus
}
#endif
#endif /* ^_H */
)"));
  }

  std::string self_test() const {
    const std::size_t steps = recording_.inputs.size();
    std::string inputs, outputs;
    const auto add = [steps](std::string& all, const std::string& list, std::size_t t) {
      all += "    " + list + (t + 1 < steps ? ",\n" : "");
    };
    // Membranes of neurons that never spike and numbers are compared up to what rounding may change.
    const bool spikes = last_.is_neuron() && last_.fires();
    double largest = 1;
    for (std::size_t t = 0; t < steps; ++t) {
      const Row<Scalar>&input = recording_.inputs[t], &output = recording_.outputs[t];
      largest = std::max(largest, static_cast<double>(output.abs().maxCoeff()));
      add(inputs,
          c_list(static_cast<std::size_t>(input.size()),
                 [&](std::size_t i) { return c_element(input[static_cast<Index>(i)]); }),
          t);
      add(outputs,
          c_list(static_cast<std::size_t>(output.size()),
                 [&](std::size_t i) {
                   const Scalar number = output[static_cast<Index>(i)];
                   return spikes ? std::string(number != 0 ? "1" : "0") : c_element(number);
                 }),
          t);
    }
    const std::string tolerance = c_number(static_cast<Scalar>(1e-4 * largest));
    const std::string found = gives_numbers() ? "output[i]"
                              : spikes        ? "spikes[i]"
                                              : "state." + last_.id + "_mem[i]";
    const std::string differs = spikes ? found + " != expected[t][i]"
                                       : "!(" + found + " - expected[t][i] <= " + tolerance +
                                             " && expected[t][i] - " + found + " <= " + tolerance + ")";
    return filled(text_of(R"(
#ifdef ^_SELF_TEST
/* No membrane comes closer to its threshold than )",
                          recording_.distance, R"( parts of it. */
int $_self_test(void) {
  static const @ inputs[)",
                          steps, R"(][^_INPUTS] = {
)",
                          inputs, R"(};
  static const )",
                          spikes ? "uint8_t" : "@", " expected[", steps, R"(][^_OUTPUTS] = {
)",
                          outputs, R"(};
  static $_state state;
)",
                          gives_numbers() ? "  @ output[^_OUTPUTS];\n"
                          : spikes        ? "  uint8_t spikes[^_OUTPUTS];\n"
                                          : "",
                          R"(  int t, i;
  $_reset(&state);
  for (t = 0; t < )",
                          steps, R"(; ++t) {
    $_step(&state, inputs[t], )",
                          gives_numbers() ? "output"
                          : spikes        ? "spikes"
                                          : "0",
                          R"();
    for (i = 0; i < ^_OUTPUTS; ++i)
      if ()",
                          differs, R"() return t + 1;
  }
  return 0;
}
#endif
)"));
  }

  const std::vector<CLayer<Scalar>>& layers_;
  const CRecording<Scalar>& recording_;
  const CLayer<Scalar>& last_;
  CStyle style_{};
  std::vector<CRow> rows_;                                       // of each layer, where its result goes
  Index listed_ = 0, row_ = 0, second_row_ = 0, recurrent_ = 0;  // the numbers that the work space has
  bool lists_numbers_ = false, adds_rows_ = false;
  std::string members_;
  std::size_t bytes_ = 0, state_bytes_ = 0;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
