// The products of a convolution whose input is mostly zero: each place of the window becomes a row of events,
// and these are multiplied as a dense layer's are.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/kernels/event_products.hpp>
#include <spiketape/kernels/events.hpp>
#include <spiketape/kernels/sliding_window.hpp>

#include <algorithm>
#include <cstdint>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The share of inputs that are not zero up to which events are faster than dense products, forward and
/// backward together, for 32 outputs; for 64 it is 0.25.
inline constexpr double densest_window_events = 0.18;

/// The rows of a convolution as events, if they are sparse enough for that to pay off,
/// else empty. Events leave out the zeros that a dense product multiplies, so they are for weights that are
/// finite. x may have no data if there are bits.
template <Real Scalar>
Events<Scalar> sparse_rows(const SequenceView<const Scalar>& x, const BitRows<Scalar>* bits,
                           const SequenceView<const Scalar>& weights, Arena& memory) {
  const Index rows = x.rows(), most = most_events(rows, x.features, densest_window_events);
  if (weights.features <= line<Scalar>) return {};  // few outputs do not pay for finding events
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

/// A convolution without groups, with events for its input.
template <Real Scalar>
class EventConvolution {
 public:
  EventConvolution(const SlidingWindow& window, Index out, const Events<Scalar>& x, Index rows, Arena& memory)
      : window_(window),
        out_(out),
        x_(x),
        rows_(rows),
        places_(window.out_plane()),
        stride_(padded<Scalar>(out)),
        rows_readers_(window.rows, memory),
        cols_readers_(window.cols, memory) {
    constexpr Index most = (Index(256) << 10) / Index(sizeof(Scalar));
    some_ = std::clamp<Index>(most / (places_ * stride_), 1, std::max<Index>(rows, 1));
    Index events = 0;
    for (Index first = 0; first < rows; first += some_)
      events = std::max(events, x.begins[std::min(first + some_, rows)] - x.begins[first]);
    events *= window.size();
    numbers_ = memory.allocate<Scalar>(some_ * places_ * stride_);
    in_plane_ = memory.allocate<Index>(window.in_plane());
    begins_ = memory.allocate<Index>(some_ * places_ + 2);
    columns_ = memory.allocate<std::int32_t>(events);
    values_ = x.values == nullptr ? nullptr : memory.allocate<Scalar>(events);
  }

  void forward(const Scalar* weight, Index weight_stride, const Scalar* bias, const SequenceView<Scalar>& y) {
    for (Index first = 0; first < rows_; first += some_) {
      const Index rows = std::min(some_, rows_ - first);
      events_times_weight(events(first, rows), rows * places_, window_.planes * window_.size(), weight,
                          weight_stride, bias, whole_lines<Scalar>(out_), numbers_, stride_);
      for (Index r = 0; r < rows; ++r)
        for (Index o = 0; o < out_; ++o) {
          const Scalar* from = numbers_ + r * places_ * stride_ + o;
          Scalar* to = y.data + (first + r) * y.stride + o * places_;
          for (Index place = 0; place < places_; ++place) to[place] = from[place * stride_];
        }
    }
  }

  void add_weight_adjoint(const SequenceView<const Scalar>& y_adjoint, Scalar* weight_adjoint,
                          Index weight_stride) {
    const Index width = whole_lines<Scalar>(out_);
    for (Index first = 0; first < rows_; first += some_) {
      const Index rows = std::min(some_, rows_ - first);
      for (Index r = 0; r < rows; ++r) {
        const Scalar* from = y_adjoint.data + (first + r) * y_adjoint.stride;
        for (Index place = 0; place < places_; ++place) {
          Scalar* to = numbers_ + (r * places_ + place) * stride_;
          for (Index o = 0; o < out_; ++o) to[o] = from[o * places_ + place];
          std::fill_n(to + out_, width - out_, Scalar(0));
        }
      }
      scatter_weight_gradient(events(first, rows), rows * places_, numbers_, stride_, width, weight_adjoint,
                              weight_stride);
    }
  }

 private:
  /// The events of all places of some rows, in ascending order, valid until the next call.
  Events<Scalar> events(Index first, Index rows) {
    const Index plane = window_.in_plane(), width = window_.cols.in, out_width = window_.cols.out();
    // Place p is counted at p + 2 and filled at p + 1, which then holds its end, the begin of place p + 1.
    std::fill_n(begins_, rows * places_ + 2, Index(0));
    for (Index r = 0; r < rows; ++r) {
      std::fill_n(in_plane_, plane, Index(0));
      for (Index e = x_.begins[first + r]; e < x_.begins[first + r + 1]; ++e)
        ++in_plane_[x_.columns[e] % plane];
      Index* counts = begins_ + r * places_ + 2;
      for (Index i = 0; i < plane; ++i)
        if (const Index count = in_plane_[i]; count > 0)
          for_readers(i / width, i % width, out_width, [&](Index, Index place) { counts[place] += count; });
    }
    for (Index p = 0; p < rows * places_; ++p) begins_[p + 2] += begins_[p + 1];
    for (Index r = 0; r < rows; ++r) {
      Index* next = begins_ + r * places_ + 1;
      for (Index e = x_.begins[first + r]; e < x_.begins[first + r + 1]; ++e) {
        const Index channel = x_.columns[e] / plane, i = x_.columns[e] % plane;
        const Index column = channel * window_.size();
        for_readers(i / width, i % width, out_width, [&](Index k, Index place) SPIKETAPE_INLINE_LAMBDA {
          const Index to = next[place]++;
          columns_[to] = static_cast<std::int32_t>(column + k);
          if (values_ != nullptr) values_[to] = x_.values[e];
        });
      }
    }
    return {begins_, columns_, values_, x_.value};
  }

  /// Calls visit(number of the window, place) for all windows that read an input.
  template <typename Visit>
  SPIKETAPE_INLINE void for_readers(Index row, Index col, Index out_width, Visit&& visit) const {
    const auto *begin = cols_readers_.begin(col), *end = cols_readers_.end(col);
    for (const auto* of_row = rows_readers_.begin(row); of_row != rows_readers_.end(row); ++of_row)
      for (const auto* of_col = begin; of_col != end; ++of_col)
        visit(of_row->k * window_.cols.window + of_col->k, of_row->output * out_width + of_col->output);
  }

  SlidingWindow window_;
  Index out_;
  Events<Scalar> x_;
  Index rows_, places_, stride_, some_ = 1;
  WindowReaders rows_readers_, cols_readers_;
  Scalar* numbers_;  // (places, out) of some rows
  Index* in_plane_;
  Index* begins_;
  std::int32_t* columns_;
  Scalar* values_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
