// Products with rows that are mostly zero. They add the weights of the few active inputs and skip the rest.
// This is faster than a dense product up to a density of almost one half.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/kernels/events.hpp>
#include <spiketape/kernels/lane_block.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The factors of events: 1, which needs no multiplication, or a value for each.
struct One {};
struct Ones {
  SPIKETAPE_INLINE One operator()(Index) const { return {}; }
};
template <Real Scalar>
struct Values {
  const Scalar* values;
  SPIKETAPE_INLINE Scalar operator()(Index e) const { return values[e]; }
};

/// factor·a + sum.
template <typename Block>
SPIKETAPE_INLINE Block add_multiple(One, const Block& a, const Block& sum) {
  return sum + a;
}
template <typename Block>
SPIKETAPE_INLINE Block add_multiple(typename Block::L factor, const Block& a, const Block& sum) {
  return multiply_add(factor, a, sum);
}

/// Adds Σ factor(e)·W[rows[e]] over e = begin, …, end − 1, in a block of lanes at column i, to `sums`. With
/// few lanes several sums run side by side, because each addition to a single sum waits for the one before.
template <Real Scalar, int lanes, typename Factor>
SPIKETAPE_INNER void sum_rows(Index begin, Index end, const Factor& factor, const std::int32_t* rows,
                              const Scalar* weight, Index stride, Index i, LaneBlock<Scalar, lanes>& sums) {
  using Block = LaneBlock<Scalar, lanes>;
  constexpr int chains = lanes >= 8 ? 1 : lanes >= 4 ? 2 : 4;
  const auto add = [&](Index e, Block& part) SPIKETAPE_INNER_LAMBDA {
    part = add_multiple(factor(e), Block::load(weight + Index(rows[e]) * stride + i), part);
  };
  Block parts[std::size_t{chains}];
  parts[0] = sums;
  Index e = begin;
  for (; e + chains <= end; e += chains) {
    SPIKETAPE_UNROLL
    for (int c = 0; c < chains; ++c) add(e + c, parts[c]);
  }
  for (; e < end; ++e) add(e, parts[0]);
  sums = parts[0];
  SPIKETAPE_UNROLL
  for (int c = 1; c < chains; ++c) sums = sums + parts[c];
}

/// Calls body(factor, scale) for the factors of events, and what their sum is multiplied by.
template <Real Scalar, typename Body>
SPIKETAPE_INNER void with_factors(const Events<Scalar>& events, Body&& body) {
  if (events.values == nullptr)
    body(Ones(), Lane<Scalar>(events.value));
  else
    body(Values<Scalar>{events.values}, Lane<Scalar>(1));
}

/// Whether rows have enough events for slices of W to pay off, see events_times_weight.
template <Real Scalar>
bool worth_slices(const Events<Scalar>& events, Index rows, Index inputs, Index slices) {
  const Index count = events.begins[rows] - events.begins[0];
  return slices > 1 && count >= 4 * inputs && count >= 4 * rows * slices;
}

/// y[r] = bias + Σ value·W[column] over the events of row r; without a bias, y[r] += the sum. Rows of y have
/// `outputs` numbers or whole lines; rows of W and the bias are padded.
///
/// Where many rows use each row of W, W is taken in slices of its `inputs` rows that fit the nearest cache.
/// Each slice is added to a group of rows before the next slice, and y holds the unfinished sums. The order
/// of additions stays the same, and so does the result. There are no slices without a bias.
template <Real Scalar>
SPIKETAPE_KERNEL void events_times_weight(Events<Scalar> events, Index rows, Index inputs,
                                          const Scalar* weight, Index weight_stride, const Scalar* bias,
                                          Index outputs, Scalar* y, Index y_stride) {
  using L = Lane<Scalar>;
  constexpr Index group = 128, part = 128;
  const bool worth = bias != nullptr && worth_slices(events, rows, inputs, (inputs + part - 1) / part);
  for_column_blocks<Scalar>(whole_lines<Scalar>(outputs), [&](Index i, auto lanes) SPIKETAPE_INNER_LAMBDA {
    using Block = LaneBlock<Scalar, lanes()>;
    // With fewer lanes several sums run side by side, and slices would change their order.
    const bool sliced = lanes() >= 8 && worth;
    const Index slice = sliced ? part : std::max<Index>(inputs, 1);
    with_factors(events, [&](auto factor, const L& scale) SPIKETAPE_INNER_LAMBDA {
      for (Index from = 0; from < rows; from += group) {
        const Index to = std::min(from + group, rows);
        Index next[group];  // the next event of each row
        if (sliced) std::copy_n(events.begins + from, to - from, next);
        for (Index first = 0; first == 0 || first < inputs; first += slice)
          for (Index r = from; r < to; ++r) {
            Index begin = events.begins[r], end = events.begins[r + 1];
            if (sliced) {
              const Index all = std::exchange(end, begin = next[r - from]);
              while (end < all && events.columns[end] < first + slice) ++end;
              next[r - from] = end;
            }
            Scalar* y_row = y + r * y_stride + i;
            Block sums = first == 0 ? Block() : Block::load(y_row, outputs - i);
            sum_rows(begin, end, factor, events.columns, weight, weight_stride, i, sums);
            if (first + slice >= inputs)
              sums = multiply_add(scale, sums,
                                  bias != nullptr ? Block::load(bias + i) : Block::load(y_row, outputs - i));
            sums.store(y_row, outputs - i);
          }
      }
    });
  });
}

/// y = bias + x W for one row; zeros of x are skipped. y needs no padding and must not overlap x. Allocates
/// nothing: it takes some inputs at a time and keeps their events on the stack.
template <Real Scalar>
void row_times_weight(const Scalar* x, Index inputs, const Scalar* weight, Index weight_stride,
                      const Scalar* bias, Index outputs, Scalar* y) {
  constexpr Index some = 1024;
  std::int32_t places[some + 16];
  Scalar values[some];
  for (Index first = 0; first == 0 || first < inputs; first += some) {
    const Index begins[] = {0, places_of(x + first, std::min(some, inputs - first), places)};
    for (Index e = 0; e < begins[1]; ++e) values[e] = x[first + places[e]];
    events_times_weight<Scalar>({begins, places, values}, 1, inputs, weight + first * weight_stride,
                                weight_stride, first == 0 ? bias : nullptr, outputs, y, 0);
  }
}

/// dW[column] += value·dy[r] over the events of all rows, row by row: reads dy once and writes dW for every
/// event.
template <Real Scalar>
SPIKETAPE_KERNEL void scatter_weight_gradient(const Events<Scalar>& events, Index rows,
                                              const Scalar* y_adjoint, Index y_stride, Index width,
                                              Scalar* weight_adjoint, Index weight_stride) {
  using L = Lane<Scalar>;
  const std::int32_t* columns = events.columns;  // a copy, which is not reloaded after each store
  for_column_blocks<Scalar>(width, [&](Index i, auto lanes) SPIKETAPE_INNER_LAMBDA {
    using Block = LaneBlock<Scalar, lanes()>;
    with_factors(events, [&](auto factor, const L& scale) SPIKETAPE_INNER_LAMBDA {
      for (Index r = 0; r < rows; ++r) {
        const Block adjoint = multiply_add(scale, Block::load(y_adjoint + r * y_stride + i), Block());
        for (Index e = events.begins[r], end = events.begins[r + 1]; e < end; ++e) {
          Scalar* to = weight_adjoint + static_cast<Index>(columns[e]) * weight_stride + i;
          add_multiple(factor(e), adjoint, Block::load(to)).store(to);
        }
      }
    });
  });
}

/// The same sum, column by column: writes dW once (stores it if it is the first gradient there) and reads dy
/// for every event.
template <Real Scalar>
SPIKETAPE_KERNEL void gather_weight_gradient(const Events<Scalar>& by_column, Index columns,
                                             const Scalar* y_adjoint, Index y_stride, Index width,
                                             Scalar* weight_adjoint, Index weight_stride, bool first) {
  for_column_blocks<Scalar>(width, [&](Index i, auto lanes) SPIKETAPE_INNER_LAMBDA {
    using Block = LaneBlock<Scalar, lanes()>;
    with_factors(by_column, [&](auto factor, const Lane<Scalar>& scale) SPIKETAPE_INNER_LAMBDA {
      for (Index c = 0; c < columns; ++c) {
        const Index begin = by_column.begins[c], end = by_column.begins[c + 1];
        if (begin == end && !first) continue;
        Block sums;
        sum_rows(begin, end, factor, by_column.columns, y_adjoint, y_stride, i, sums);
        Scalar* to = weight_adjoint + c * weight_stride + i;
        multiply_add(scale, sums, first ? Block() : Block::load(to)).store(to);
      }
    });
  });
}

/// Wᵀ of a weight with few columns, in rows of `width` numbers (whole lanes), zero behind the last row of W.
/// The result lies in `memory`.
template <Real Scalar>
const Scalar* transposed_weight(const Scalar* weight, Index stride, Index rows, Index columns, Index width,
                                Arena& memory) {
  using L = Lane<Scalar>;
  const Index whole = (columns + L::size - 1) / L::size * L::size;  // rows of W are padded
  Scalar* transposed = memory.allocate<Scalar>(whole * width);
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

/// x̄[r] = Σ_k dy[r][k]·Wᵀ[k] for few outputs k, Wᵀ from transposed_weight. Adds to x̄ if `first` is false.
template <Real Scalar>
SPIKETAPE_KERNEL void few_outputs_times_weight(Index rows, Index outputs, const Scalar* y_adjoint,
                                               Index y_stride, const Scalar* transposed, Index width,
                                               Scalar* x_adjoint, Index x_stride, bool first) {
  // Each load of Wᵀ serves several rows: with one row at a time, loads would take longer than sums.
  for_column_blocks<Scalar, 2>(width, [&](Index i, auto lanes) SPIKETAPE_INNER_LAMBDA {
    using Block = LaneBlock<Scalar, lanes()>;
    const auto write_rows = [&](Index r, auto count) SPIKETAPE_INNER_LAMBDA {
      Block sums[count()];
      for (Index k = 0; k < outputs; ++k) {
        const Block weights = Block::load(transposed + k * width + i);
        unrolled<count()>([&](auto q) SPIKETAPE_INNER_LAMBDA {
          sums[q] = multiply_add(Lane<Scalar>(y_adjoint[(r + q) * y_stride + k]), weights, sums[q]);
        });
      }
      unrolled<count()>([&](auto q) SPIKETAPE_INNER_LAMBDA {
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

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
