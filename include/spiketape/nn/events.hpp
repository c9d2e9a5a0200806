// Rows that are mostly zero, as events: spikes, rate codes, images. A product with such rows adds the
// weights of the few active inputs and leaves out the rest, which beats a dense product up to a density of
// a third, and at any density where there are few outputs.
#pragma once

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/lanes.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>

namespace spiketape::detail {

/// The numbers of some rows that are not zero, row by row: those of row r are begins[r] to begins[r + 1] − 1.
template <Real Scalar>
struct Events {
  const Index* begins = nullptr;  // null: not decoded
  const std::uint32_t* columns = nullptr;
  const Scalar* values = nullptr;

  explicit operator bool() const { return begins != nullptr; }
};

/// The share of non-zero inputs up to which events are faster than a dense product. (With few outputs they
/// always are, but denser ones would take more memory than the rows themselves.)
constexpr double densest_events(Index outputs) { return outputs <= 64 ? 0.5 : 0.35; }

/// Writes the places of the set bits of a word, counted from `first`, and returns how many there are. Writes
/// up to 8 numbers too many: so there are few branches, and they can be foreseen.
SPIKETAPE_INLINE Index write_places(std::uint64_t word, std::uint32_t first, std::uint32_t* places) {
  const Index count = std::popcount(word);
  for (Index written = 0; written < count; written += 8)
    for (Index k = written; k < written + 8; ++k) {
      places[k] = first + static_cast<std::uint32_t>(std::countr_zero(word));
      word &= word - 1;
    }
  return count;
}

/// Writes the places of the numbers that are not zero, and returns how many there are; up to 8 too many are
/// written, see write_places.
template <Real Scalar>
SPIKETAPE_INLINE Index places_of(const Scalar* numbers, Index count, std::uint32_t* places) {
  constexpr Index size = Lane<Scalar>::size;
  Index found = 0;
  for (Index i = 0; i < count; i += 64) {
    std::uint64_t zero = 0;
    const Index end = std::min<Index>(64, count - i);
    for_lanes<Scalar>(end, [&](Index k, auto extent) SPIKETAPE_INLINE_LAMBDA {
      zero |= std::uint64_t(zero_bits(load(numbers + i + k, extent))) << k;
    });
    static_assert(size <= 64);
    const std::uint64_t inside = end < 64 ? (std::uint64_t(1) << end) - 1 : ~std::uint64_t(0);
    found += write_places(~zero & inside, static_cast<std::uint32_t>(i), places + found);
  }
  return found;
}

/// The events of rows; none if more than the share `densest` of the numbers is
/// not zero. Takes its memory from a tape. A NaN is an event.
template <Real Scalar>
Events<Scalar> decode(const SequenceView<const Scalar>& view, double densest, Tape<Scalar>& tape) {
  const Index rows = view.rows();
  constexpr Index slack = 8;  // see write_places
  const auto most = static_cast<Index>(densest * static_cast<double>(rows * view.features));
  auto* begins = tape.template allocate<Index>(rows + 1);
  auto* columns = tape.template allocate<std::uint32_t>(most + view.features + slack);
  auto* values = tape.template allocate<Scalar>(most + view.features);
  Index count = 0;
  for (Index row = 0; row < rows; ++row) {
    begins[row] = count;
    const Scalar* numbers = view.data + row * view.stride;
    count += places_of(numbers, view.features, columns + count);
    for (Index e = begins[row]; e < count; ++e) values[e] = numbers[columns[e]];
    if (count > most) return Events<Scalar>();
  }
  begins[rows] = count;
  return Events<Scalar>{begins, columns, values};
}

/// Calls body(i, lanes) for the columns of a padded row, in blocks of as many lanes as stay in registers: `lanes` is
/// a compile-time constant. The rows of a block of columns are then worked on before the next block, so that
/// their weights stay in the cache.
template <Real Scalar, typename Body>
SPIKETAPE_INLINE void for_column_blocks(Index width, Body&& body) {
  constexpr Index size = Lane<Scalar>::size;
  Index i = 0;
  for (; i + 8 * size <= width; i += 8 * size) body(i, std::integral_constant<int, 8>());
  const auto rest = [&]<int lanes>() SPIKETAPE_INLINE_LAMBDA {
    if constexpr (lanes * size >= padded<Scalar>(1)) {  // rows are padded: there is no smaller rest
      if (i + lanes * size > width) return;
      body(i, std::integral_constant<int, lanes>());
      i += lanes * size;
    }
  };
  rest.template operator()<4>();
  rest.template operator()<2>();
  rest.template operator()<1>();
}

/// Σ factors[e]·W[rows[e]] over e = begin, …, end − 1, in a block of `lanes` lanes at column i, added to
/// `sums`. Where there are few lanes, several sums run side by side: one would wait for itself.
template <int lanes, Real Scalar, typename Factor, typename Row>
SPIKETAPE_INLINE void add_rows(Index begin, Index end, Factor&& factor, Row&& row, const Scalar* weight,
                               Index stride, Index i, Lane<Scalar> (&sums)[lanes]) {
  using L = Lane<Scalar>;
  constexpr int chains = lanes >= 8 ? 1 : lanes >= 4 ? 2 : 4;
  L parts[chains][lanes];
  for (auto& part : parts)
    for (L& sum : part) sum = L(0);
  const auto add = [&](Index e, L (&part)[lanes]) SPIKETAPE_INLINE_LAMBDA {
    const L f = factor(e);
    const Scalar* from = weight + row(e) * stride + i;
    for (int q = 0; q < lanes; ++q) part[q] = multiply_add(f, L::load(from + q * L::size), part[q]);
  };
  Index e = begin;
  for (; e + chains <= end; e += chains)
    for (int c = 0; c < chains; ++c) add(e + c, parts[c]);
  for (; e < end; ++e) add(e, parts[0]);
  for (const auto& part : parts)
    for (int q = 0; q < lanes; ++q) sums[q] += part[q];
}

/// y[r] = bias + Σ value·W[column] over the events of row r; rows of y have whole lanes.
template <Real Scalar>
void events_times_weight(const Events<Scalar>& events, Index rows, const Scalar* weight, Index weight_stride,
                         const Scalar* bias, Index width, Scalar* y, Index y_stride) {
  using L = Lane<Scalar>;
  for_column_blocks<Scalar>(width, [&](Index i, auto block) SPIKETAPE_INLINE_LAMBDA {
    constexpr int lanes = decltype(block)::value;
    for (Index r = 0; r < rows; ++r) {
      L sums[lanes];
      for (int q = 0; q < lanes; ++q) sums[q] = L::load(bias + i + q * L::size);
      add_rows<lanes>(
          events.begins[r], events.begins[r + 1],
          [&](Index e) SPIKETAPE_INLINE_LAMBDA { return L(events.values[e]); },
          [&](Index e) SPIKETAPE_INLINE_LAMBDA { return static_cast<Index>(events.columns[e]); }, weight,
          weight_stride, i, sums);
      for (int q = 0; q < lanes; ++q) sums[q].store(y + r * y_stride + i + q * L::size);
    }
  });
}

/// y = bias + x W for one row, whose zeros are left out; y may end with its last number. Allocates nothing: the
/// places of some inputs at a time lie on the stack.
template <Real Scalar>
void row_times_weight(const Scalar* x, Index inputs, const Scalar* weight, Index weight_stride, const Scalar* bias,
                      Index outputs, Scalar* y) {
  using L = Lane<Scalar>;
  constexpr Index some = 512;
  std::uint32_t places[some + 8];
  for_column_blocks<Scalar>(whole_lanes<Scalar>(outputs), [&](Index i, auto block) SPIKETAPE_INLINE_LAMBDA {
    constexpr int lanes = decltype(block)::value;
    L sums[lanes];
    for (int q = 0; q < lanes; ++q) sums[q] = L::load(bias + i + q * L::size);
    for (Index first = 0; first < inputs; first += some) {
      const Index count = places_of(x + first, std::min(some, inputs - first), places);
      add_rows<lanes>(
          Index(0), count, [&](Index e) SPIKETAPE_INLINE_LAMBDA { return L(x[first + places[e]]); },
          [&](Index e) SPIKETAPE_INLINE_LAMBDA { return first + static_cast<Index>(places[e]); }, weight,
          weight_stride, i, sums);
    }
    for (int q = 0; q < lanes; ++q) {
      const Index at = i + q * L::size;
      if (at + L::size <= outputs)
        sums[q].store(y + at);
      else if (at < outputs)
        sums[q].store(y + at, outputs - at);
    }
  });
}

/// dW[column] += value·dy[r] over the events of all rows.
template <Real Scalar>
void add_weight_gradient(const Events<Scalar>& events, Index rows, const Scalar* y_adjoint, Index y_stride,
                         Index width, Scalar* weight_adjoint, Index weight_stride) {
  using L = Lane<Scalar>;
  for_column_blocks<Scalar>(width, [&](Index i, auto block) SPIKETAPE_INLINE_LAMBDA {
    constexpr int lanes = decltype(block)::value;
    for (Index r = 0; r < rows; ++r) {
      L adjoint[lanes];
      for (int q = 0; q < lanes; ++q) adjoint[q] = L::load(y_adjoint + r * y_stride + i + q * L::size);
      for (Index e = events.begins[r]; e < events.begins[r + 1]; ++e) {
        const L value = events.values[e];
        Scalar* to = weight_adjoint + static_cast<Index>(events.columns[e]) * weight_stride + i;
        for (int q = 0; q < lanes; ++q)
          multiply_add(value, adjoint[q], L::load(to + q * L::size)).store(to + q * L::size);
      }
    }
  });
}

/// x̄[r] = Σ_k dy[r][k]·Wᵀ[k] for few outputs k, with Wᵀ of (outputs, inputs); added where `first` is false.
template <Real Scalar>
void few_outputs_times_weight(Index rows, Index outputs, const Scalar* y_adjoint, Index y_stride,
                              const Scalar* transposed, Index width, Scalar* x_adjoint, Index x_stride, bool first) {
  using L = Lane<Scalar>;
  for_column_blocks<Scalar>(width, [&](Index i, auto block) SPIKETAPE_INLINE_LAMBDA {
    constexpr int lanes = decltype(block)::value;
    for (Index r = 0; r < rows; ++r) {
      Scalar* to = x_adjoint + r * x_stride + i;
      L sums[lanes];
      for (int q = 0; q < lanes; ++q) sums[q] = first ? L(0) : L::load(to + q * L::size);
      add_rows<lanes>(
          Index(0), outputs, [&](Index k) SPIKETAPE_INLINE_LAMBDA { return L(y_adjoint[r * y_stride + k]); },
          [](Index k) SPIKETAPE_INLINE_LAMBDA { return k; }, transposed, width, i, sums);
      for (int q = 0; q < lanes; ++q) sums[q].store(to + q * L::size);
    }
  });
}

}  // namespace spiketape::detail
