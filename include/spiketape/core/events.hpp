// Rows that are mostly zero, as events: spikes, rate codes, images. A product with such rows adds the
// weights of the few active inputs and leaves out the rest, which beats a dense product up to a density of
// almost a half.
#pragma once

#include <spiketape/core/bit_rows.hpp>
#include <spiketape/core/lane_block.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>

namespace spiketape::detail {

/// The numbers of some rows that are not zero, row by row: those of row r are begins[r] to begins[r + 1] − 1.
template <Real Scalar>
struct Events {
  const Index* begins = nullptr;  // null: not decoded
  const std::int32_t* columns = nullptr;
  const Scalar* values = nullptr;  // null: all are `value`
  Scalar value = 1;

  explicit operator bool() const { return begins != nullptr; }
  /// The events from a row on.
  Events from(Index row) const { return {begins + row, columns, values, value}; }
};

/// The share of non-zero inputs up to which events are faster than a dense product, forward and backward
/// together: where tests/benchmark/events.cpp finds the break-even, for few outputs and for many.
inline constexpr double densest_events = 0.45;

/// Writes the places of the numbers that are not zero, and returns how many there are; up to 16 too many are
/// written, see write_places.
template <Real Scalar>
SPIKETAPE_INLINE Index places_of(const Scalar* numbers, Index count, std::int32_t* places) {
  Index found = 0;
  const auto write_line = [&](Index begin, Index end) SPIKETAPE_INLINE_LAMBDA {
    constexpr unsigned all = (1u << Lane<Scalar>::size) - 1;
    unsigned bits = 0;
    for_lanes<Scalar>(end - begin, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
      bits |= (~bits_of(load(numbers + begin + i, extent) == Lane<Scalar>(0)) & all) << i;
    });
    found += write_places(bits, static_cast<std::int32_t>(begin), places + found);
  };
  Index begin = 0;
  for (; begin + line<Scalar> <= count; begin += line<Scalar>) write_line(begin, begin + line<Scalar>);
  if (begin < count) write_line(begin, count);
  return found;
}

/// How many numbers of a row are not zero; NaN counts.
template <Real Scalar>
Index nonzeros(const Scalar* numbers, Index count) {
  Index found = 0;
  for_lanes<Scalar>(count, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
    found += Lane<Scalar>::size - std::popcount(bits_of(load(numbers + i, extent) == Lane<Scalar>(0)));
  });
  return found;
}

/// How many events may be among the numbers of some rows before decoding is given up.
inline Index most_events(Index rows, Index features, double densest = densest_events) {
  return static_cast<Index>(densest * static_cast<double>(rows * features));
}

/// Memory for decoded events, `most` of them.
template <Real Scalar>
struct EventRoom {
  Index most;
  Index* begins;
  std::int32_t* columns;
  Scalar* values;  // of events that do not all have the same

  EventRoom() = default;
  /// `memory` has allocate<T>(count), as a tape has.
  template <typename Memory>
  EventRoom(Index rows, Index features, Index most_, Memory& memory, bool with_values = true)
      : most(most_),
        begins(memory.template allocate<Index>(rows + 1)),
        columns(memory.template allocate<std::int32_t>(most + features + 16)),  // see write_places
        values(with_values ? memory.template allocate<Scalar>(most + features) : nullptr) {}

  /// Writes the places of each row by write(row, places), which returns their number. False if they are too
  /// many.
  template <typename Write>
  SPIKETAPE_INLINE bool fill(Index rows, Write&& write) {
    Index count = 0;
    for (Index row = 0; row < rows; ++row) {
      begins[row] = count;
      count += write(row, columns + count);
      if (count > most) return false;
    }
    begins[rows] = count;
    return true;
  }
};

/// The events of rows; none if they are too many. A NaN is an event.
template <Real Scalar>
Events<Scalar> decode(const SequenceView<const Scalar>& view, EventRoom<Scalar> room) {
  const auto row_of = [&](Index row) { return view.data + row * view.stride; };
  if (!room.fill(view.rows(), [&](Index row, std::int32_t* places) SPIKETAPE_INLINE_LAMBDA {
        return places_of(row_of(row), view.features, places);
      }))
    return {};
  for (Index row = 0; row < view.rows(); ++row)
    for (Index e = room.begins[row]; e < room.begins[row + 1]; ++e)
      room.values[e] = row_of(row)[room.columns[e]];
  return {room.begins, room.columns, room.values};
}

/// The events of the first `count` rows of bits.
template <Real Scalar>
Events<Scalar> decode(const BitRows<Scalar>& rows, Index count, EventRoom<Scalar> room) {
  if (!room.fill(count, [&](Index row, std::int32_t* places) SPIKETAPE_INLINE_LAMBDA {
        // Copies, which compilers need not read again after each store.
        const LineBits* bits = rows.row(row);
        const auto end = static_cast<std::int32_t>(rows.lines * line<Scalar>);
        Index found = 0;
        for (std::int32_t first = 0; first < end; first += static_cast<std::int32_t>(line<Scalar>), ++bits)
          found += write_places(*bits, first, places + found);
        return found;
      }))
    return {};
  if (rows.shared) return {room.begins, room.columns, nullptr, *rows.value};
  for (Index e = 0; e < room.begins[count]; ++e) room.values[e] = rows.value[room.columns[e]];
  return {room.begins, room.columns, room.values};
}

/// Where a factor is 1: no multiplication.
struct One {};

/// Adds Σ factor(e)·W[row(e)] over e = begin, …, end − 1, in a block of lanes at column i, to `sums`. Where
/// there are few lanes, several sums run side by side: one would wait for itself.
template <Real Scalar, int lanes, typename Factor, typename Row>
SPIKETAPE_INLINE void sum_rows(Index begin, Index end, Factor&& factor, Row&& row, const Scalar* weight,
                               Index stride, Index i, LaneBlock<Scalar, lanes>& sums) {
  using Block = LaneBlock<Scalar, lanes>;
  constexpr int chains = lanes >= 8 ? 1 : lanes >= 4 ? 2 : 4;
  const auto add = [&](Index e, Block& part) SPIKETAPE_INLINE_LAMBDA {
    const auto f = factor(e);
    const Block numbers = Block::load(weight + row(e) * stride + i);
    if constexpr (std::is_same_v<decltype(f), const One>)
      part = part + numbers;
    else
      part = multiply_add(Lane<Scalar>(f), numbers, part);
  };
  Block parts[chains];
  parts[0] = sums;
  Index e = begin;
  for (; e + chains <= end; e += chains)
    unrolled<chains>([&](auto c) SPIKETAPE_INLINE_LAMBDA { add(e + c, parts[c]); });
  for (; e < end; ++e) add(e, parts[0]);
  sums = parts[0];
  unrolled<chains - 1>([&](auto c) SPIKETAPE_INLINE_LAMBDA { sums = sums + parts[c + 1]; });
}

/// Whether rows have so many events that it pays to take W in slices, see events_times_weight.
template <Real Scalar>
bool worth_slices(const Events<Scalar>& events, Index rows, Index inputs, Index slices) {
  const Index count = events.begins[rows] - events.begins[0];
  return slices > 1 && count >= 4 * inputs && count >= 4 * rows * slices;
}

/// y[r] = bias + Σ value·W[column] over the events of row r. Rows of y have `outputs` numbers, or whole
/// lines; those of W and the bias are padded.
///
/// Where many rows use each row of W, a slice of W that lies in the nearest cache is added to a group of rows
/// before the next slice comes, and y keeps the unfinished sums. The order of additions, and so the result,
/// is the same.
template <Real Scalar>
void events_times_weight(const Events<Scalar>& events, Index rows, Index inputs, const Scalar* weight,
                         Index weight_stride, const Scalar* bias, Index outputs, Scalar* y, Index y_stride) {
  using L = Lane<Scalar>;
  constexpr Index slice = 128, group = 128;
  const bool sliced = worth_slices(events, rows, inputs, (inputs + slice - 1) / slice);
  const auto column = [&](Index e) SPIKETAPE_INLINE_LAMBDA { return static_cast<Index>(events.columns[e]); };
  for_column_blocks<Scalar>(whole_lines<Scalar>(outputs), [&](Index i, auto lanes) SPIKETAPE_INLINE_LAMBDA {
    using Block = LaneBlock<Scalar, lanes()>;
    const auto each_row = [&](auto&& factor, const L& scale) SPIKETAPE_INLINE_LAMBDA {
      // Events begin to end − 1 of a row.
      const auto add = [&](Index row, Index begin, Index end, bool first, bool last) SPIKETAPE_INLINE_LAMBDA {
        Scalar* to = y + row * y_stride + i;
        Block sums = first ? Block() : Block::load(to, outputs - i);
        sum_rows(begin, end, factor, column, weight, weight_stride, i, sums);
        (last ? multiply_add(scale, sums, Block::load(bias + i)) : sums).store(to, outputs - i);
      };
      // With fewer lanes several sums run side by side, and slices would change their order.
      if (lanes() < 8 || !sliced) {
        for (Index r = 0; r < rows; ++r) add(r, events.begins[r], events.begins[r + 1], true, true);
        return;
      }
      for (Index from = 0; from < rows; from += group) {
        const Index to = std::min(from + group, rows);
        Index next[group];  // event of each row
        std::copy_n(events.begins + from, to - from, next);
        for (Index first = 0; first < inputs; first += slice)
          for (Index r = from; r < to; ++r) {
            const Index begin = next[r - from];
            Index end = begin;
            while (end < events.begins[r + 1] && events.columns[end] < first + slice) ++end;
            add(r, begin, end, first == 0, first + slice >= inputs);
            next[r - from] = end;
          }
      }
    };
    if (events.values == nullptr)
      each_row([](Index) SPIKETAPE_INLINE_LAMBDA { return One(); }, L(events.value));
    else
      each_row([&](Index e) SPIKETAPE_INLINE_LAMBDA { return events.values[e]; }, L(1));
  });
}

/// y = bias + x W for one row, whose zeros are left out; y may end with its last number and must not lie
/// where x does. Allocates nothing: the places of some inputs at a time lie on the stack.
template <Real Scalar>
void row_times_weight(const Scalar* x, Index inputs, const Scalar* weight, Index weight_stride,
                      const Scalar* bias, Index outputs, Scalar* y) {
  constexpr Index some = 1024;
  std::int32_t places[some + 16];
  for (Index first = 0; first == 0 || first < inputs; first += some) {
    const Index count = places_of(x + first, std::min(some, inputs - first), places);
    const Scalar* before = first == 0 ? bias : y;
    for_column_blocks<Scalar>(whole_lines<Scalar>(outputs), [&](Index i, auto lanes) SPIKETAPE_INLINE_LAMBDA {
      using Block = LaneBlock<Scalar, lanes()>;
      Block sums;
      sum_rows(
          Index(0), count, [&](Index e) SPIKETAPE_INLINE_LAMBDA { return x[first + places[e]]; },
          [&](Index e) SPIKETAPE_INLINE_LAMBDA { return first + static_cast<Index>(places[e]); }, weight,
          weight_stride, i, sums);
      (Block::load(before + i, outputs - i) + sums).store(y + i, outputs - i);
    });
  }
}

/// dW[column] += value·dy[r] over the events of all rows, row after row: reads dy once, and writes dW
/// wherever there is an event.
template <Real Scalar>
void scatter_weight_gradient(const Events<Scalar>& events, Index rows, const Scalar* y_adjoint,
                             Index y_stride, Index width, Scalar* weight_adjoint, Index weight_stride) {
  using L = Lane<Scalar>;
  const std::int32_t* columns = events.columns;  // a copy, not to be read again after each store
  for_column_blocks<Scalar>(width, [&](Index i, auto lanes) SPIKETAPE_INLINE_LAMBDA {
    using Block = LaneBlock<Scalar, lanes()>;
    const auto each_row = [&](const L& scale, auto&& part) SPIKETAPE_INLINE_LAMBDA {
      for (Index r = 0; r < rows; ++r) {
        const Block adjoint = multiply_add(scale, Block::load(y_adjoint + r * y_stride + i), Block());
        for (Index e = events.begins[r], end = events.begins[r + 1]; e < end; ++e) {
          Scalar* to = weight_adjoint + static_cast<Index>(columns[e]) * weight_stride + i;
          part(e, adjoint, Block::load(to)).store(to);
        }
      }
    };
    if (events.values == nullptr)
      each_row(L(events.value),
               [](Index, const Block& a, const Block& sum) SPIKETAPE_INLINE_LAMBDA { return sum + a; });
    else
      each_row(L(1), [&](Index e, const Block& a, const Block& sum)
                         SPIKETAPE_INLINE_LAMBDA { return multiply_add(L(events.values[e]), a, sum); });
  });
}

/// The same column after column: writes dW once, or stores it if it is the first gradient there, and reads dy
/// wherever there is an event.
template <Real Scalar>
void gather_weight_gradient(const Events<Scalar>& by_column, Index columns, const Scalar* y_adjoint,
                            Index y_stride, Index width, Scalar* weight_adjoint, Index weight_stride,
                            bool first) {
  using L = Lane<Scalar>;
  const auto row = [&](Index e) SPIKETAPE_INLINE_LAMBDA { return static_cast<Index>(by_column.columns[e]); };
  for_column_blocks<Scalar>(width, [&](Index i, auto lanes) SPIKETAPE_INLINE_LAMBDA {
    using Block = LaneBlock<Scalar, lanes()>;
    const auto each_column = [&](auto&& factor, const L& scale) SPIKETAPE_INLINE_LAMBDA {
      for (Index c = 0; c < columns; ++c) {
        const Index begin = by_column.begins[c], end = by_column.begins[c + 1];
        if (begin == end && !first) continue;
        Block sums;
        sum_rows(begin, end, factor, row, y_adjoint, y_stride, i, sums);
        Scalar* to = weight_adjoint + c * weight_stride + i;
        multiply_add(scale, sums, first ? Block() : Block::load(to)).store(to);
      }
    };
    if (by_column.values == nullptr)
      each_column([](Index) SPIKETAPE_INLINE_LAMBDA { return One(); }, L(by_column.value));
    else
      each_column([&](Index e) SPIKETAPE_INLINE_LAMBDA { return by_column.values[e]; }, L(1));
  });
}

/// The events of rows first, …, first + rows − 1, put in order of their columns: rows and columns change
/// places, so that `columns` of the result are rows, counted from `first`.
template <Real Scalar, typename Memory>
Events<Scalar> transposed(const Events<Scalar>& events, Index first, Index rows, Index columns,
                          Memory& memory) {
  const Index begin = events.begins[first], end = events.begins[first + rows], count = end - begin;
  auto* begins = memory.template allocate<Index>(columns + 2);
  auto* places = memory.template allocate<std::int32_t>(count);
  auto* values = events.values != nullptr ? memory.template allocate<Scalar>(count) : nullptr;
  // Each column's end is where the next one begins, so counts are kept two places on and filled in one place
  // on.
  std::fill_n(begins, columns + 2, Index(0));
  for (Index e = begin; e < end; ++e) ++begins[events.columns[e] + 2];
  for (Index c = 0; c < columns; ++c) begins[c + 2] += begins[c + 1];
  for (Index r = 0; r < rows; ++r)
    for (Index e = events.begins[first + r]; e < events.begins[first + r + 1]; ++e) {
      const Index to = begins[events.columns[e] + 1]++;
      places[to] = static_cast<std::int32_t>(r);
      if (values != nullptr) values[to] = events.values[e];
    }
  return {begins, places, values, events.value};
}

/// Wᵀ of a weight with few columns, in rows of `width`, whole lanes; zero behind the last row of W. Its
/// memory comes from `memory`.
template <Real Scalar, typename Memory>
const Scalar* transposed_weight(const Scalar* weight, Index stride, Index rows, Index columns, Index width,
                                Memory& memory) {
  using L = Lane<Scalar>;
  const Index whole = (columns + L::size - 1) / L::size * L::size;  // rows of W are padded
  Scalar* transposed = memory.template allocate<Scalar>(whole * width);
  for (Index i = 0; i < width; i += L::size)
    for (Index k = 0; k < whole; k += L::size) {
      L square[L::size];
      for (Index q = 0; q < L::size; ++q)
        square[q] = i + q < rows ? L::load(weight + (i + q) * stride + k) : L(0);
      transpose<Scalar>(square);
      for (Index q = 0; q < L::size; ++q) square[q].store(transposed + (k + q) * width + i);
    }
  return transposed;
}

/// x̄[r] = Σ_k dy[r][k]·Wᵀ[k] for few outputs k, with Wᵀ from transposed_weight; added where `first` is false.
template <Real Scalar>
void few_outputs_times_weight(Index rows, Index outputs, const Scalar* y_adjoint, Index y_stride,
                              const Scalar* transposed, Index width, Scalar* x_adjoint, Index x_stride,
                              bool first) {
  // What is loaded of Wᵀ serves some rows at once: of one row after the other, loads would take longer than
  // sums.
  for_column_blocks<Scalar, 2>(width, [&](Index i, auto lanes) SPIKETAPE_INLINE_LAMBDA {
    using Block = LaneBlock<Scalar, lanes()>;
    const auto write_rows = [&](Index r, auto count) SPIKETAPE_INLINE_LAMBDA {
      Block sums[count()];
      for (Index k = 0; k < outputs; ++k) {
        const Block weights = Block::load(transposed + k * width + i);
        unrolled<count()>([&](auto q) SPIKETAPE_INLINE_LAMBDA {
          sums[q] = multiply_add(Lane<Scalar>(y_adjoint[(r + q) * y_stride + k]), weights, sums[q]);
        });
      }
      unrolled<count()>([&](auto q) SPIKETAPE_INLINE_LAMBDA {
        Scalar* to = x_adjoint + (r + q) * x_stride + i;
        (first ? sums[q] : Block::load(to) + sums[q]).store(to);
      });
    };
    constexpr int some = 4;
    Index r = 0;
    for (; r + some <= rows; r += some) write_rows(r, std::integral_constant<int, some>());
    for (; r < rows; ++r) write_rows(r, std::integral_constant<int, 1>());
  });
}

}  // namespace spiketape::detail
