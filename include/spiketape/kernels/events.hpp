// Events: the non-zero numbers of rows that are mostly zero, such as spikes, rate codes and images. This file
// turns rows into events; event_products.hpp multiplies with them.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/core/parallel.hpp>
#include <spiketape/kernels/bit_rows.hpp>
#include <spiketape/kernels/rows.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The non-zero numbers of some rows, row by row. Those of row r are begins[r] to begins[r + 1] − 1.
template <Real Scalar>
struct Events {
  const Index* begins = nullptr;  // null: not decoded
  const std::int32_t* columns = nullptr;
  const Scalar* values = nullptr;  // null: all are `value`
  Scalar value = 1;

  explicit operator bool() const { return begins != nullptr; }
  /// The events from row `row` on.
  Events from(Index row) const { return {begins + row, columns, values, value}; }
};

/// The share of non-zero inputs up to which events are faster than a dense product, forward and backward
/// together. tests/benchmark/events.cpp finds this break-even for few outputs and for many.
inline constexpr double densest_events = 0.45;

/// Writes the places of the non-zero numbers and returns how many there are. It writes up to 16 more numbers
/// behind them, see write_places.
template <Real Scalar>
SPIKETAPE_NOINLINE SPIKETAPE_KERNEL Index places_of(const Scalar* numbers, Index count,
                                                    std::int32_t* places) {
  Index found = 0;
  const auto write_line = [&](Index begin, Index end) SPIKETAPE_INNER_LAMBDA {
    constexpr unsigned all = (1u << Lane<Scalar>::size) - 1;
    unsigned bits = 0;
    for_lanes<Scalar>(end - begin, [&](Index i, auto extent) SPIKETAPE_INNER_LAMBDA {
      bits |= (~bits_of(load(numbers + begin + i, extent) == Lane<Scalar>(0)) & all) << i;
    });
    found += write_places(bits, static_cast<std::int32_t>(begin), places + found);
  };
  Index begin = 0;
  for (; begin + line<Scalar> <= count; begin += line<Scalar>) write_line(begin, begin + line<Scalar>);
  if (begin < count) write_line(begin, count);
  return found;
}

/// The number of non-zero numbers in a row; NaN counts.
template <Real Scalar>
Index nonzeros(const Scalar* numbers, Index count) {
  Index found = 0;
  for_lanes<Scalar>(count, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
    found += Lane<Scalar>::size - std::popcount(bits_of(load(numbers + i, extent) == Lane<Scalar>(0)));
  });
  return found;
}

/// The largest number of events in some rows; with more, decoding gives up. -1 if a column could have a place
/// that 32 bits do not hold.
inline Index most_events(Index rows, Index features, double densest = densest_events) {
  if (features > std::numeric_limits<std::int32_t>::max() - 16) return -1;
  return static_cast<Index>(densest * static_cast<double>(rows * features));
}

/// Memory for up to `most` decoded events.
template <Real Scalar>
struct EventRoom {
  Index most;
  Index* begins;
  std::int32_t* columns;
  Scalar* values;  // for events that do not all share one value

  EventRoom() = default;
  EventRoom(Index rows, Index features, Index most_, Arena& memory, bool with_values = true)
      : most(most_),
        begins(memory.allocate<Index>(rows + 1)),
        columns(memory.allocate<std::int32_t>(most + features + 16)),  // see write_places
        values(with_values ? memory.allocate<Scalar>(most + features) : nullptr) {}

  /// Writes the places of each row by write(row, places), which returns their number. Returns false if there
  /// are too many.
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

/// The events of rows. Empty if there are too many. NaN is an event.
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
        // Copies, which compilers need not reload after each store.
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

/// The events of rows first, …, first + rows − 1, sorted by column on up to `threads` threads. Rows and
/// columns change places: `columns` of the result holds rows, counted from `first`.
template <Real Scalar>
Events<Scalar> transposed(const Events<Scalar>& events, Index first, Index rows, Index columns, Arena& memory,
                          int threads) {
  const Index count = events.begins[first + rows] - events.begins[first];
  auto* begins = memory.allocate<Index>(columns + 1);
  auto* places = memory.allocate<std::int32_t>(count);
  auto* values = events.values != nullptr ? memory.allocate<Scalar>(count) : nullptr;
  begins[columns] = count;
  const Index worth = parts_of(columns << 12, std::max<Index>(1, count));  // columns with enough events
  parallel_ranges(threads, columns, worth, [&](int, Index from, Index to) {
    // Calls body(row, begin, end, before) for each row: its events of these columns, which are neighbours,
    // and the number of those before.
    const auto each_row = [&](auto&& body) SPIKETAPE_INLINE_LAMBDA {
      for (Index r = 0; r < rows; ++r) {
        const std::int32_t *all = events.columns + events.begins[first + r],
                           *end = events.columns + events.begins[first + r + 1];
        const auto *mine = from == 0 ? all : std::lower_bound(all, end, from),
                   *mine_end = to == columns ? end : std::lower_bound(mine, end, to);
        body(r, mine - events.columns, mine_end - events.columns, mine - all);
      }
    };
    std::fill(begins + from, begins + to, Index(0));
    Index next = 0;
    each_row([&](Index, Index e, Index end, Index before) SPIKETAPE_INLINE_LAMBDA {
      next += before;
      for (; e < end; ++e) ++begins[events.columns[e]];
    });
    for (Index c = from; c < to; ++c) next += std::exchange(begins[c], next);
    // A begin becomes the end of its column, the begin of the next.
    const Index begin = begins[from];
    each_row([&](Index r, Index e, Index end, Index) SPIKETAPE_INLINE_LAMBDA {
      for (; e < end; ++e) {
        const Index at = begins[events.columns[e]]++;
        places[at] = static_cast<std::int32_t>(r);
        if (values != nullptr) values[at] = events.values[e];
      }
    });
    std::copy_backward(begins + from, begins + to - 1, begins + to);
    begins[from] = begin;
  });
  return {begins, places, values, events.value};
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
