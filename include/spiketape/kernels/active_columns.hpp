// Products with sequences in which a sample uses the same columns in many steps, the others never: rate-coded
// images, films with a dark background. The active columns form a small dense matrix over the steps. Its
// product keeps a row of W in registers for several steps; an event product loads it for each.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/kernels/events.hpp>
#include <spiketape/kernels/lane_block.hpp>

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The columns of each sample that have an event in some step. Sample b has begins[b] to begins[b + 1] − 1.
/// `values` has shape (column, step), with zeros where there is no event.
template <Real Scalar>
struct ActiveColumns {
  Index steps = 0;
  const Index* begins = nullptr;  // null: not gathered
  const std::int32_t* columns = nullptr;
  const Scalar* values = nullptr;

  explicit operator bool() const { return begins != nullptr; }
};

/// The lowest share of events among the values of active columns at which multiplying the zeros costs less
/// than loading rows of W again. SSE multiplies too slowly to save much by fewer loads.
template <Real Scalar>
inline constexpr double emptiest_columns = sizeof(Lane<Scalar>) > 16 ? 0.6 : 0.8;

/// Gathers the events of a sequence of shape x by sample. Empty if the share of events is below `emptiest`.
template <Real Scalar>
ActiveColumns<Scalar> active_columns(const Events<Scalar>& events, const Shape& x, Arena& memory,
                                     double emptiest = emptiest_columns<Scalar>) {
  const Index count = events.begins[x.steps * x.batch];
  auto* begins = memory.allocate<Index>(x.batch + 1);
  auto* columns = memory.allocate<std::int32_t>(std::min(count, x.batch * x.features));
  auto* places = memory.allocate<Index>(x.features);  // the place in `columns` of each column of x
  std::fill_n(places, x.features, Index(-1));
  const auto each_event = [&](Index b, auto&& body) SPIKETAPE_INLINE_LAMBDA {
    for (Index t = 0; t < x.steps; ++t)
      for (Index row = t * x.batch + b, e = events.begins[row]; e < events.begins[row + 1]; ++e)
        body(t, e, places[events.columns[e]]);
  };

  Index active = 0;
  for (Index b = 0; b < x.batch; ++b) {
    begins[b] = active;
    each_event(b, [&](Index, Index e, Index& place) SPIKETAPE_INLINE_LAMBDA {
      if (place >= begins[b]) return;
      place = active++;
      columns[place] = events.columns[e];
    });
    if (static_cast<double>(count) < emptiest * static_cast<double>(active * x.steps)) return {};
  }
  begins[x.batch] = active;

  auto* values = memory.allocate<Scalar>(active * x.steps);
  std::fill_n(values, active * x.steps, Scalar(0));
  for (Index b = 0; b < x.batch; ++b) {
    for (Index place = begins[b]; place < begins[b + 1]; ++place) places[columns[place]] = place;
    each_event(b, [&](Index t, Index e, Index place) SPIKETAPE_INLINE_LAMBDA {
      values[place * x.steps + t] = events.values == nullptr ? events.value : events.values[e];
    });
  }
  return {x.steps, begins, columns, values};
}

/// tile_rows rows of sums, and one row they are summed from, stay in registers: tile_lanes lanes of each.
inline constexpr int tile_rows = 5;
template <Real Scalar>
inline constexpr int tile_lanes = sizeof(Lane<Scalar>) == 64 ? 4 : 2;

/// Calls body(first, rows) for `count` rows in tiles: `rows` is a compile-time constant.
template <typename Body>
SPIKETAPE_INNER void for_tiles(Index count, Body&& body) {
  Index r = 0;
  for (; r + tile_rows <= count; r += tile_rows) body(r, std::integral_constant<int, tile_rows>());
  for (; r + 2 <= count; r += 2) body(r, std::integral_constant<int, 2>());
  if (r < count) body(r, std::integral_constant<int, 1>());
}

/// A tile of a product, to[r] = from[r] + Σ_k factor(r, k)·row(k), k = 0, …, depth − 1. A row is given by the
/// address of its first number.
template <typename Block, int rows, typename From, typename To, typename Factor, typename Row>
SPIKETAPE_INNER void multiply_tile(Index depth, From&& from, To&& to, Factor&& factor, Row&& row) {
  Block sums[std::size_t{rows}];
  SPIKETAPE_UNROLL
  for (int r = 0; r < rows; ++r) sums[r] = Block::load(from(r));
  for (Index k = 0; k < depth; ++k) {
    const Block numbers = Block::load(row(k));
    SPIKETAPE_UNROLL
    for (int r = 0; r < rows; ++r) sums[r] = multiply_add(typename Block::L(factor(r, k)), numbers, sums[r]);
  }
  SPIKETAPE_UNROLL
  for (int r = 0; r < rows; ++r) sums[r].store(to(r));
}

/// Calls body(b, i, lanes) for all samples and blocks of columns. The inner loop is over samples, so a block
/// of columns of W stays in the cache for all of them.
template <Real Scalar, typename Body>
SPIKETAPE_INNER void for_samples_and_blocks(const SequenceView<const Scalar>& y, Body&& body) {
  for_column_blocks<Scalar, tile_lanes<Scalar>>(whole_lines<Scalar>(y.features),
                                                [&](Index i, auto lanes) SPIKETAPE_INNER_LAMBDA {
                                                  for (Index b = 0; b < y.batch; ++b) body(b, i, lanes);
                                                });
}

/// y = bias + x W. Rows of y are whole lines.
template <Real Scalar>
SPIKETAPE_KERNEL void active_columns_times_weight(const ActiveColumns<Scalar>& x, const Scalar* weight,
                                                  Index weight_stride, const Scalar* bias,
                                                  const SequenceView<Scalar>& y) {
  for_samples_and_blocks<Scalar>(y, [&](Index b, Index i, auto lanes) SPIKETAPE_INNER_LAMBDA {
    const std::int32_t* columns = x.columns + x.begins[b];
    const Scalar* values = x.values + x.begins[b] * x.steps;
    for_tiles(x.steps, [&](Index t, auto rows) SPIKETAPE_INNER_LAMBDA {
      multiply_tile<LaneBlock<Scalar, lanes()>, rows()>(
          x.begins[b + 1] - x.begins[b],  //
          [&](int) SPIKETAPE_INNER_LAMBDA { return bias + i; },
          [&](int r) SPIKETAPE_INNER_LAMBDA { return y.row(t + r, b) + i; },
          [&](int r, Index k) SPIKETAPE_INNER_LAMBDA { return values[k * x.steps + t + r]; },
          [&](Index k) SPIKETAPE_INNER_LAMBDA { return weight + columns[k] * weight_stride + i; });
    });
  });
}

/// W̄ += xᵀ ȳ. Rows of W̄ lie outside the caches, so the loop prefetches the next tile's rows one by one.
template <Real Scalar>
SPIKETAPE_KERNEL void active_columns_weight_gradient(const ActiveColumns<Scalar>& x,
                                                     const SequenceView<const Scalar>& y_adjoint,
                                                     Scalar* weight_adjoint, Index weight_stride) {
  const Index step = y_adjoint.constant ? 0 : y_adjoint.batch * y_adjoint.stride;
  for_samples_and_blocks<Scalar>(y_adjoint, [&](Index b, Index i, auto lanes) SPIKETAPE_INNER_LAMBDA {
    const std::int32_t* columns = x.columns + x.begins[b];
    const Scalar* values = x.values + x.begins[b] * x.steps;
    const Index count = x.begins[b + 1] - x.begins[b];
    for_tiles(count, [&](Index c, auto rows) SPIKETAPE_INNER_LAMBDA {
      using Block = LaneBlock<Scalar, lanes()>;
      const auto sum = [&](Index r) SPIKETAPE_INNER_LAMBDA {
        return weight_adjoint + columns[c + r] * weight_stride + i;
      };
      const Index next = std::min(count - c - rows(), Index(rows()));
      const Scalar* first = y_adjoint.row(0, b) + i;
      multiply_tile<Block, rows()>(
          x.steps, sum, sum,
          [&](int r, Index t) SPIKETAPE_INNER_LAMBDA { return values[(c + r) * x.steps + t]; },
          [&](Index t) SPIKETAPE_INNER_LAMBDA {
            if (t < next) Block::prefetch(sum(rows() + t));
            return first + t * step;
          });
    });
  });
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
