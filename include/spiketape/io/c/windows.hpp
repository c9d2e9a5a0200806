// The C text of layers on images: convolutions, pools and batch norms in evaluation.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/c/network.hpp>
#include <spiketape/io/c/text.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The functions of such layers: $_conv1(state, out), $_pool1(x, out), $_bn1(x, out).
template <Real Scalar>
class CWindows {
 public:
  /// `values`: what is listed has values.
  CWindows(const std::string& name, const CLayer<Scalar>& layer, bool values)
      : name_(name), layer_(layer), values_(values) {}

  std::string text() const {
    std::string body = layer_.kind == CKind::convolution ? convolution()
                       : layer_.kind == CKind::pool      ? pool()
                                                         : norm();
    const std::pair<const char*, std::string> words[] = {{"FUNCTION", name_ + '_' + layer_.id},
                                                         {"PATH", in_comment(layer_.path)},
                                                         {"TYPE", in_comment(layer_.type)},
                                                         {"ZERO", c_number(Scalar(0))}};
    for (const auto& [word, by] : words) replace(body, word, by);
    if (layer_.kind != CKind::norm) {
      const SlidingWindow& w = *layer_.window;
      const std::pair<const char*, Index> numbers[] = {{"PLANES", w.planes},
                                                       {"IN_PLANE", w.in_plane()},
                                                       {"PLACES", w.out_plane()},
                                                       {"WINDOW", w.size()},
                                                       {"COLS_WINDOW", w.cols.window},
                                                       {"OUTPUTS", layer_.outputs},
                                                       {"CHANNELS", layer_.outputs / w.out_plane()},
                                                       {"OUT_ROWS", w.rows.out()},
                                                       {"OUT_COLS", w.cols.out()},
                                                       {"IN_COLS", w.cols.in}};
      for (const auto& [word, number] : numbers)
        replace(body, '{' + std::string(word) + '}', c_whole(number));
    }
    return c_filled<Scalar>(body, name_);
  }

 private:
  static std::string c_whole(Index number) { return std::to_string(number) + 'u'; }
  static void replace(std::string& text, const std::string& what, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
      text.replace(at, what.size(), by);
  }

  /// Sets `result` to the output whose window reads an input at `from` as its number `k`, or goes on.
  static std::string reader(const SlidingAxis& axis, const std::string& k, const std::string& from,
                            const std::string& result, const std::string& indent) {
    const std::string offset = axis.dilation == 1 ? k : k + " * " + c_whole(axis.dilation),
                      shifted = axis.padding == 0 ? from : from + " + " + c_whole(axis.padding);
    std::string text = indent + "if (" + shifted + " < " + offset + ") break;\n" + indent + "uint32_t " +
                       result + " = " + shifted + " - " + offset + ";\n";
    if (axis.stride > 1)
      text += indent + "if (" + result + " % " + c_whole(axis.stride) + " != 0) continue;\n" + indent +
              result + " /= " + c_whole(axis.stride) + ";\n";
    return text + indent + "if (" + result + " >= " + c_whole(axis.out()) + ") continue;\n";
  }

  std::string convolution() const {
    const std::string add =
        values_ ? "^_MADD(x, weights[o], to[o * {PLACES}])" : "to[o * {PLACES}] + weights[o]";
    return R"(
/* PATH: TYPE. Each input that is listed adds its weights to the places whose windows read it. */
static void FUNCTION(const $_state* state, @* out) {
  uint32_t e, k, l, o, i;
  for (i = 0; i < {OUTPUTS}; ++i) out[i] = ZERO;
  for (e = 0; e < state->listed; ++e) {
    const uint32_t place = state->places[e], plane = place / {IN_PLANE};
    const uint32_t row = place % {IN_PLANE} / {IN_COLS}, col = place % {IN_COLS};
)" + std::string(values_ ? "    const @ x = state->values[e];\n" : "") +
           "    for (k = 0; k < " + c_whole(layer_.window->rows.window) + "; ++k) {\n" +
           reader(layer_.window->rows, "k", "row", "out_row", "      ") +
           "      for (l = 0; l < {COLS_WINDOW}; ++l) {\n" +
           reader(layer_.window->cols, "l", "col", "out_col", "        ") +
           R"(        {
          const @* weights = FUNCTION_weight + (plane * {WINDOW} + k * {COLS_WINDOW} + l) * {CHANNELS};
          @* to = out + (out_row * {OUT_COLS} + out_col);
          for (o = 0; o < {CHANNELS}; ++o) to[o * {PLACES}] = )" +
           add + R"(;
        }
      }
    }
  }
)" +
           (layer_.bias.size() > 0 ? R"(  for (o = 0; o < {CHANNELS}; ++o)
    for (i = 0; i < {PLACES}; ++i) out[o * {PLACES} + i] = out[o * {PLACES} + i] + FUNCTION_bias[o];
)"
                                   : "") +
           "}\n";
  }

  /// The input that number `k` of a window reads, unless that is outside.
  static std::string read(const SlidingAxis& axis, Index in, const std::string& k, const std::string& output,
                          const std::string& name, const std::string& indent) {
    std::string text =
        indent + "const uint32_t " + name + " = " + output + " * " + c_whole(axis.stride) + " + " + k;
    if (axis.dilation > 1) text += " * " + c_whole(axis.dilation);
    text += ";\n";
    if (axis.padding > 0)
      text += indent + "if (" + name + " < " + c_whole(axis.padding) + " || " + name +
              " >= " + c_whole(in + axis.padding) + ") continue;\n";
    return text;
  }

  std::string pool() const {
    const SlidingWindow& w = *layer_.window;
    const auto inner = [](const std::string& name, Index padding) {
      return padding == 0 ? name : '(' + name + " - " + c_whole(padding) + ')';
    };
    std::string result = "sum";
    if (layer_.divisor == CDivisor::window)
      result = "sum * " + c_number(Scalar(1) / static_cast<Scalar>(w.size()));
    else if (layer_.divisor == CDivisor::inside)
      result = "sum / (@)inside";
    const bool max = layer_.divisor == CDivisor::max, counts = max || layer_.divisor == CDivisor::inside;
    return R"(
/* PATH: TYPE */
static void FUNCTION(const @* x, @* out) {
  uint32_t plane, row, col, k, l;
  for (plane = 0; plane < {PLANES}; ++plane, x += {IN_PLANE})
    for (row = 0; row < {OUT_ROWS}; ++row)
      for (col = 0; col < {OUT_COLS}; ++col) {
        @ sum = ZERO;
)" + std::string(counts ? "        uint32_t inside = 0;\n" : "") +
           "        for (k = 0; k < " + c_whole(w.rows.window) + "; ++k) {\n" +
           read(w.rows, w.rows.in, "k", "row", "i", "          ") +
           "          for (l = 0; l < {COLS_WINDOW}; ++l) {\n" +
           read(w.cols, w.cols.in, "l", "col", "j", "            ") +
           "            {\n              const @ number = x[" + inner("i", w.rows.padding) +
           " * {IN_COLS} + " + inner("j", w.cols.padding) + "];\n" +
           (max ? "              if (inside == 0u || sum < number || !(number == number)) sum = number;\n"
                : "              sum += number;\n") +
           (counts ? "              ++inside;\n" : "") +
           "            }\n          }\n        }\n        *out++ = " + result + ";\n      }\n}\n";
  }

  std::string norm() const {
    const Index channels = layer_.bias.size();
    return R"(
/* PATH: TYPE in evaluation */
static void FUNCTION(const @* x, @* out) {
  uint32_t c, i;
  for (c = 0; c < )" +
           c_whole(channels) + "; ++c)\n    for (i = 0; i < " + c_whole(layer_.outputs / channels) +
           R"(; ++i, ++x, ++out)
      *out = (*x - FUNCTION_mean[c]) * FUNCTION_weight[c] + FUNCTION_bias[c];
}
)";
  }

  const std::string& name_;
  const CLayer<Scalar>& layer_;
  bool values_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
