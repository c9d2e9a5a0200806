// The C text of dense layers: the numbers that are not zero are listed, and the rows of weights of these are
// added. The sums run in the order of row_times_weight in kernels/event_products.hpp.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/line.hpp>
#include <spiketape/io/c/text.hpp>
#include <spiketape/kernels/lanes.hpp>

#include <string>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// How many inputs the library sums before it adds the sum to the result.
inline constexpr Index c_inputs_at_once = 1024;

/// The columns that the library takes in blocks of eight lanes, and of four; a lane has as many numbers as a
/// register of the machine. It sums those of the first kind in one sum, of the second in two that run side by
/// side, and the rest in four.
struct CBlocks {
  Index one, two;
};
template <Real Scalar>
CBlocks c_blocks(Index outputs) {
  const Index width = whole_lines<Scalar>(outputs), lane = Lane<Scalar>::size;
  const Index one = width / (8 * lane) * 8 * lane;
  const bool four = 4 * lane >= padded<Scalar>(1) && width - one >= 4 * lane;
  return {one, four ? one + 4 * lane : one};
}

/// The function that lists the numbers of a row that are not zero.
template <Real Scalar>
std::string c_list_function(const std::string& name, const std::string& place) {
  return c_filled<Scalar>(R"(
/* Lists the numbers of a row that are not zero. */
static void $_list(const @* row, uint32_t count, $_state* state) {
  uint32_t i, listed = 0;
  for (i = 0; i < count; ++i)
    if (!(row[i] == 0)) {
      state->places[listed] = ()" +
                              place + R"()i;
      state->values[listed] = row[i];
      ++listed;
    }
  state->listed = listed;
}
)",
                          name);
}

/// The function that multiplies a listed row by a matrix. `chunks`: some matrices have more than 1024 rows.
template <Real Scalar>
std::string c_product_function(const std::string& name, const std::string& place, bool chunks,
                               bool multiplies) {
  std::string text = R"(
/* out = bias + the sum over the listed rows of weights, each times its value (without values: times 1).
 * Columns below `one` are summed in one sum, those below `two` in two that take turns, the others in four,
 * since this is the order of the library. */
static void $_add_rows(const $_state* state, VALUES_ARGUMENTconst @* weights, const @* bias,
    uint32_t outputs, uint32_t one, uint32_t two, @* out) {
  const PLACE* places = state->places;
  uint32_t j, k, e, p, width;
  for (j = 0; j < outputs; j += width) {
    const @* columns = weights + j;
    const uint32_t parts = j < one ? 1u : j < two ? 2u : 4u;
    const int wide = parts == 1u && outputs - j >= WIDE;
)";
  text += chunks ? R"(    uint32_t begin = 0, end = 0, limit = 0;
    width = wide ? WIDE : outputs - j < TILE ? outputs - j : TILE;
    for (k = 0; k < width; ++k) out[j + k] = bias != 0 ? bias[j + k] : ZERO;
    do { /* the library sums 1024 inputs at a time */
      limit += 1024u;
      begin = end;
      while (end < state->listed && places[end] < limit) ++end;
)"
                 : R"(    const uint32_t begin = 0, end = state->listed;
    width = wide ? WIDE : outputs - j < TILE ? outputs - j : TILE;
    {
)";
  text += R"(      if (wide) {
        @ sums[WIDE];
        for (k = 0; k < WIDE; ++k) sums[k] = 0;
        for (e = begin; e < end; ++e) {
          const @* row = columns + (uint32_t)places[e] * outputs;
VALUE          for (k = 0; k < WIDE; ++k) sums[k] = ADD(sums[k]);
        }
        for (k = 0; k < WIDE; ++k) out[j + k] = START + sums[k];
      } else {
        const uint32_t whole = begin + ((end - begin) & ~(parts - 1u));
        @ sums[4][TILE];
        for (p = 0; p < parts; ++p)
          for (k = 0; k < TILE; ++k) sums[p][k] = 0;
        for (e = begin; e < end; ++e) {
          const @* row = columns + (uint32_t)places[e] * outputs;
          @* sum = sums[e < whole ? (e - begin) & (parts - 1u) : 0u];
VALUE          for (k = 0; k < width; ++k) sum[k] = ADD(sum[k]);
        }
        for (p = 1; p < parts; ++p)
          for (k = 0; k < width; ++k) sums[0][k] = sums[0][k] + sums[p][k];
        for (k = 0; k < width; ++k) out[j + k] = START + sums[0][k];
      }
)";
  text += chunks ? "    } while (end < state->listed);\n  }\n}\n" : "    }\n  }\n}\n";
  const auto replace = [&text](const std::string& what, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
      text.replace(at, what.size(), by);
  };
  replace("VALUES_ARGUMENT", multiplies ? "const @* values, " : "");
  replace("VALUE", multiplies ? "          const @ x = values != 0 ? values[e] : ONE;\n" : "");
  replace("ADD(sums[k])", multiplies ? "^_MADD(x, row[k], sums[k])" : "sums[k] + row[k]");
  replace("ADD(sum[k])", multiplies ? "^_MADD(x, row[k], sum[k])" : "sum[k] + row[k]");
  replace("START", chunks ? "out[j + k]" : "(bias != 0 ? bias[j + k] : ZERO)");
  replace("PLACE", place);
  replace("TILE", std::to_string(line<Scalar>) + 'u');
  replace("WIDE", std::to_string(2 * line<Scalar>) + 'u');  // as many as eight of the shortest lanes
  replace("ZERO", c_number(Scalar(0)));
  replace("ONE", c_number(Scalar(1)));
  return c_filled<Scalar>(text, name);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
