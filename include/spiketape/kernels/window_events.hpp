// The products of a convolution whose input is mostly zero: each input that is not adds its weights to the
// places whose windows read it.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/kernels/event_products.hpp>
#include <spiketape/kernels/events.hpp>
#include <spiketape/kernels/sliding_window.hpp>
#include <spiketape/kernels/transpose.hpp>

#include <algorithm>
#include <cstdint>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The share of inputs that are not zero up to which events are faster than dense products, forward and
/// backward together: 0.35 to 0.6 for 32 to 128 outputs with SSE, AVX2 and AVX-512.
inline constexpr double densest_window_events = 0.35;

/// The rows of a convolution as events, if they are sparse enough for that to pay off,
/// else empty. Events leave out the zeros that a dense product multiplies, so they are for weights that are
/// finite. x may have no data if there are bits.
template <Real Scalar>
Events<Scalar> sparse_rows(const SequenceView<const Scalar>& x, const BitRows<Scalar>* bits,
                           const SequenceView<const Scalar>& weights, Arena& memory) {
  // One row has one order of sums, which C files follow, whether it is sparse or not.
  const Index rows = x.rows(), most = most_events(rows, x.features, rows == 1 ? 1 : densest_window_events);
  if (weights.features <= line<Scalar> && rows > 1) return {};  // few outputs do not pay for finding events
  if (bits != nullptr && bits->count(rows) > most) return {};
  const EventRoom<Scalar> room(rows, x.features, most, memory, bits == nullptr || !bits->shared);
  const Events<Scalar> events = bits == nullptr ? decode(x, room) : decode(*bits, rows, room);
  return events && all_finite(weights) ? events : Events<Scalar>();
}

/// For each input along one axis: the outputs whose windows read it.
class WindowReaders {
 public:
  struct Reader {
    std::int32_t number, place;  // the axis' part of the number in the window, and of the output's place
  };

  /// The window's numbers along the axis are `next_number` apart, the places of outputs `next_place`.
  WindowReaders(const SlidingAxis& axis, Index next_number, Index next_place, Arena& memory)
      : ends_(memory.allocate<Index>(axis.in + 1)),
        readers_(memory.allocate<Reader>(axis.out() * axis.window)) {
    std::fill_n(ends_, axis.in + 1, Index(0));
    for_each(axis, [&](Index i, Index, Index) { ++ends_[i + 1]; });
    for (Index i = 0; i < axis.in; ++i) ends_[i + 1] += ends_[i];
    // ends_[i] is the begin of input i and becomes its end.
    for_each(axis, [&](Index i, Index k, Index output) {
      readers_[ends_[i]++] = {static_cast<std::int32_t>(k * next_number),
                              static_cast<std::int32_t>(output * next_place)};
    });
  }
  const Reader* begin(Index i) const { return readers_ + (i == 0 ? 0 : ends_[i - 1]); }
  const Reader* end(Index i) const { return readers_ + ends_[i]; }

 private:
  template <typename Visit>
  static void for_each(const SlidingAxis& axis, Visit&& visit) {
    for (Index k = 0; k < axis.window; ++k) {
      const auto outputs = axis.outputs(k);
      for (Index output = outputs.begin; output < outputs.end; ++output) visit(axis.at(output, k), k, output);
    }
  }

  Index* ends_;
  Reader* readers_;
};

/// A convolution without groups, with events for its input. Sums run in the order of a window's numbers:
/// planes, rows, columns. The events of some planes are listed first, for each place or for each number of a
/// window, so that a sum stays in registers.
template <Real Scalar>
class EventConvolution {
 public:
  EventConvolution(const SlidingWindow& window, Index out, const Events<Scalar>& x, Arena& memory)
      : window_(window),
        x_(x),
        places_(window.out_plane()),
        out_(out),
        width_(whole_lines<Scalar>(out)),
        stride_(padded<Scalar>(out)),
        planes_(std::clamp<Index>(most_weights / (window.size() * stride_), 1, window.planes)),
        rows_readers_(window.rows, window.cols.window, window.cols.out(), memory),
        cols_readers_(window.cols, 1, 1, memory),
        numbers_(memory.allocate<Scalar>(places_ * stride_)),
        lists_(places_, planes_ * window.size(), x.values != nullptr, memory) {}

  /// y = b + v Σ W, or b + Σ v W where each event has a value v of its own.
  void forward(const Scalar* weight, Index weight_stride, const Scalar* bias, const SequenceView<Scalar>& y) {
    for (Index row = 0; row < y.rows(); ++row) {
      std::fill_n(numbers_, places_ * stride_, Scalar(0));
      for_lists<Key::place>(row, [&](Index number, Index) {
        lists_.add(places_, weight + number * weight_stride, weight_stride, numbers_, stride_, width_);
      });
      scale([&](Index i, auto whole) SPIKETAPE_INLINE_LAMBDA { return load(bias + i, whole); });
      transpose_rows(places_, out_, numbers_, stride_, y.data + row * y.stride, places_);
    }
  }

  /// W̄ += v ȳ.
  void add_weight_adjoint(const SequenceView<const Scalar>& y_adjoint, Scalar* weight_adjoint,
                          Index weight_stride) {
    for (Index place = 0; place < places_; ++place)
      std::fill_n(numbers_ + place * stride_ + out_, width_ - out_, Scalar(0));
    for (Index row = 0; row < y_adjoint.rows(); ++row) {
      transpose_rows(out_, places_, y_adjoint.data + row * y_adjoint.stride, places_, numbers_, stride_);
      scale([](Index, auto) SPIKETAPE_INLINE_LAMBDA { return Lane<Scalar>(0); });
      for_lists<Key::number>(row, [&](Index number, Index count) {
        lists_.add(count, numbers_, stride_, weight_adjoint + number * weight_stride, weight_stride, width_);
      });
    }
  }

 private:
  // The weights of the listed planes stay in a cache of the first level.
  static constexpr Index most_weights = (Index(16) << 10) / Index(sizeof(Scalar));

  enum class Key { place, number };

  /// For each key the items that meet it, with the values of their events where these have their own.
  class Lists {
   public:
    /// For `a` keys with up to `b` items each, or for `b` keys with up to `a`.
    Lists(Index a, Index b, bool with_values, Arena& memory) : ends_(memory.allocate<Index>(std::max(a, b))) {
      const Index room = std::max(a * stride(b), b * stride(a));
      items_ = memory.allocate<std::int32_t>(room);
      if (with_values) values_ = memory.allocate<Scalar>(room);
    }

    void clear(Index keys, Index most_items) {
      stride_ = stride(most_items);
      for (Index key = 0; key < keys; ++key) ends_[key] = key * stride_;
    }
    SPIKETAPE_INLINE void append(Index key, std::int32_t item, const Scalar* value) {
      const Index at = ends_[key]++;
      items_[at] = item;
      if (value != nullptr) values_[at] = *value;
    }
    /// Row `key` of `to` += Σ rows of `from`, those of its items, times their values.
    SPIKETAPE_KERNEL void add(Index keys, const Scalar* from, Index from_stride, Scalar* to, Index to_stride,
                              Index width) const {
      for_column_blocks<Scalar>(width, [&](Index i, auto lanes) SPIKETAPE_INNER_LAMBDA {
        using Block = LaneBlock<Scalar, lanes()>;
        const auto each_key = [&](auto&& factor) SPIKETAPE_INNER_LAMBDA {
          for (Index key = 0; key < keys; ++key) {
            const Index begin = key * stride_, end = ends_[key];
            if (begin == end) continue;
            Scalar* sums = to + key * to_stride + i;
            Block sum = Block::load(sums);
            for (Index at = begin; at < end; ++at)
              sum = add_multiple(factor(at), Block::load(from + items_[at] * from_stride + i), sum);
            sum.store(sums);
          }
        };
        if (values_ == nullptr)
          each_key(Ones());
        else
          each_key(Values<Scalar>{values_});
      });
    }

   private:
    // A line more: lists of a power of two would begin in the same places of a cache.
    static Index stride(Index most_items) { return most_items + line<Scalar>; }

    Index* ends_;
    std::int32_t* items_;
    Scalar* values_ = nullptr;  // null: all are 1
    Index stride_ = 0;
  };

  /// Each number of the places becomes v times itself, for a value v that all events share, plus added(i,
  /// whole).
  template <typename Added>
  SPIKETAPE_INLINE void scale(Added&& added) {
    const Lane<Scalar> value(x_.values == nullptr ? x_.value : Scalar(1));
    for (Index place = 0; place < places_; ++place)
      for_whole_lines<Scalar>(width_, [&](Index i, auto whole) SPIKETAPE_INLINE_LAMBDA {
        Scalar* at = numbers_ + place * stride_ + i;
        store(multiply_add(value, load(at, whole), added(i, whole)), at, whole);
      });
  }

  /// Lists the events of a row, some planes at a time. Calls visit(first, count) behind these, with their
  /// numbers in the window, unless there is no event.
  template <Key key, typename Visit>
  void for_lists(Index row, Visit&& visit) {
    Index e = x_.begins[row];
    const Index end = x_.begins[row + 1];
    for (Index first = 0; first < window_.planes && e < end; first += planes_) {
      const Index planes = std::min(planes_, window_.planes - first), count = planes * window_.size();
      const Index begin = e;
      if constexpr (key == Key::place)
        lists_.clear(places_, count);
      else
        lists_.clear(count, places_);
      if (x_.values == nullptr)
        e = append<key, false>(e, end, first, planes);
      else
        e = append<key, true>(e, end, first, planes);
      if (e > begin) visit(first * window_.size(), count);
    }
  }

  /// Appends the events of some planes, and returns the first of the others.
  template <Key key, bool with_values>
  Index append(Index e, Index end, Index first_plane, Index planes) {
    // Copies, which compilers need not reload after each store.
    const std::int32_t* columns = x_.columns;
    Lists lists = lists_;
    const auto plane_size = static_cast<std::int32_t>(window_.in_plane());
    const auto width = static_cast<std::int32_t>(window_.cols.in),
               size = static_cast<std::int32_t>(window_.size());
    auto from = static_cast<std::int32_t>(first_plane) * plane_size;
    for (std::int32_t first = 0, plane = 0; plane < planes; ++plane, first += size, from += plane_size)
      for (; e < end && columns[e] < from + plane_size; ++e) {
        const std::int32_t i = columns[e] - from;
        const auto *cols_begin = cols_readers_.begin(i % width), *cols_end = cols_readers_.end(i % width);
        for (auto *r = rows_readers_.begin(i / width), *rows_end = rows_readers_.end(i / width);
             r != rows_end; ++r)
          for (auto* c = cols_begin; c != cols_end; ++c) {
            const std::int32_t number = first + r->number + c->number, place = r->place + c->place;
            lists.append(key == Key::place ? place : number, key == Key::place ? number : place,
                         with_values ? x_.values + e : nullptr);
          }
      }
    return e;
  }

  SlidingWindow window_;
  Events<Scalar> x_;
  Index places_, out_, width_, stride_;
  Index planes_;  // that are listed at a time
  WindowReaders rows_readers_, cols_readers_;
  Scalar* numbers_;  // (places, out) of a row
  Lists lists_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
