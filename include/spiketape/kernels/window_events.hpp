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

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The share of inputs that are not zero up to which events are faster than dense products, forward and
/// backward together: 0.25 to 0.35 for 32 and 64 outputs with SSE, AVX2 and AVX-512.
inline constexpr double densest_window_events = 0.25;

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

/// For each input in one direction: the outputs that read it, and as which number of their window.
class WindowReaders {
 public:
  struct Reader {
    Index k, output;
  };

  WindowReaders(const SlidingAxis& axis, Arena& memory)
      : ends_(memory.allocate<Index>(axis.in + 1)),
        readers_(memory.allocate<Reader>(axis.out() * axis.window)) {
    std::fill_n(ends_, axis.in + 1, Index(0));
    for_each(axis, [&](Index i, Index, Index) { ++ends_[i + 1]; });
    for (Index i = 0; i < axis.in; ++i) ends_[i + 1] += ends_[i];
    // ends_[i] is the begin of input i and becomes its end.
    for_each(axis, [&](Index i, Index k, Index output) { readers_[ends_[i]++] = {k, output}; });
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
/// planes, rows, columns.
template <Real Scalar>
class EventConvolution {
 public:
  EventConvolution(const SlidingWindow& window, Index out, const Events<Scalar>& x, Arena& memory)
      : window_(window),
        out_(out),
        x_(x),
        places_(window.out_plane()),
        width_(whole_lines<Scalar>(out)),
        stride_(padded<Scalar>(out)),
        rows_readers_(window.rows, memory),
        cols_readers_(window.cols, memory),
        numbers_(memory.allocate<Scalar>(places_ * stride_)) {}

  /// y = b + v Σ W, or b + Σ v W where each event has a value v of its own.
  void forward(const Scalar* weight, Index weight_stride, const Scalar* bias, const SequenceView<Scalar>& y) {
    for (Index row = 0; row < y.rows(); ++row) {
      std::fill_n(numbers_, places_ * stride_, Scalar(0));
      for_events(
          row, [&](auto factor, Index number, Index place, Index i, auto lanes) SPIKETAPE_INLINE_LAMBDA {
            using Block = LaneBlock<Scalar, lanes()>;
            Scalar* to = numbers_ + place * stride_ + i;
            add_multiple(factor, Block::load(weight + number * weight_stride + i), Block::load(to)).store(to);
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
      for_events(
          row, [&](auto factor, Index number, Index place, Index i, auto lanes) SPIKETAPE_INLINE_LAMBDA {
            using Block = LaneBlock<Scalar, lanes()>;
            Scalar* to = weight_adjoint + number * weight_stride + i;
            add_multiple(factor, Block::load(numbers_ + place * stride_ + i), Block::load(to)).store(to);
          });
    }
  }

 private:
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

  /// Calls visit(factor, row of W, place, column, lanes) for all windows that read an event of a row.
  template <typename Visit>
  SPIKETAPE_INLINE void for_events(Index row, Visit&& visit) const {
    const Index plane = window_.in_plane(), width = window_.cols.in, out_width = window_.cols.out();
    const Index begin = x_.begins[row], end = x_.begins[row + 1];
    for_column_blocks<Scalar>(width_, [&](Index column, auto lanes) SPIKETAPE_INLINE_LAMBDA {
      const auto each = [&](auto&& factor) SPIKETAPE_INLINE_LAMBDA {
        for (Index e = begin; e < end; ++e) {
          const Index first = x_.columns[e] / plane * window_.size(), i = x_.columns[e] % plane;
          const auto value = factor(e);
          const auto *cols_begin = cols_readers_.begin(i % width), *cols_end = cols_readers_.end(i % width);
          for (auto* r = rows_readers_.begin(i / width); r != rows_readers_.end(i / width); ++r)
            for (auto* c = cols_begin; c != cols_end; ++c)
              visit(value, first + r->k * window_.cols.window + c->k, r->output * out_width + c->output,
                    column, lanes);
        }
      };
      if (x_.values == nullptr)
        each(Ones());
      else
        each(Values<Scalar>{x_.values});
    });
  }

  SlidingWindow window_;
  Index out_;
  Events<Scalar> x_;
  Index places_, width_, stride_;
  WindowReaders rows_readers_, cols_readers_;
  Scalar* numbers_;  // (places, out) of a row
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
