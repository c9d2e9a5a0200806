// The adjoint of a convolution's input: each place has a window, the sum of the weights of its outputs times
// their adjoints, and windows are added where they were read. An adjoint that is mostly zero, as behind a
// maximum of windows, comes as events.
//
// Here images are rows of columns of planes, so that a row of a window is one piece of memory.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/kernels/event_products.hpp>
#include <spiketape/kernels/product.hpp>
#include <spiketape/kernels/sliding_window.hpp>
#include <spiketape/kernels/transpose.hpp>

#include <algorithm>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Adds to x̄ for one group of channels; `window` has the planes of the group.
template <Real Scalar>
class WindowAdjoint {
 public:
  /// `weight` points to the group's first column; it has as many as there are outputs in the group.
  WindowAdjoint(const SlidingWindow& window, Index out, const Scalar* weight, Index weight_stride,
                Arena& memory)
      : window_(window),
        out_(out),
        whole_rows_(window.cols.dilation == 1),
        pieces_(whole_rows_ ? window.rows.window : window.size()),
        length_(window.planes * (whole_rows_ ? window.cols.window : 1)),
        depth_(pieces_ * whole_lines<Scalar>(length_)),
        stride_(padded<Scalar>(depth_)),
        out_stride_(padded<Scalar>(out)),
        row_length_((window.cols.in + 2 * window.cols.padding) * window.planes),
        some_(std::clamp<Index>((Index(128) << 10) / Index(sizeof(Scalar)) / stride_, 1, window.out_plane())),
        weights_(memory.allocate<Scalar>(out * stride_)),
        zeros_(memory.allocate<Scalar>(stride_)),
        outputs_(memory.allocate<Scalar>(some_ * out_stride_)),
        windows_(memory.allocate<Scalar>(some_ * stride_)),
        image_size_(row_length_ * (window.rows.in + 2 * window.rows.padding)),
        image_(memory.allocate<Scalar>(image_size_ + line<Scalar>)),
        room_(some_, out, most_events(some_, out, densest), memory) {
    std::fill_n(weights_, out * stride_, Scalar(0));
    std::fill_n(zeros_, stride_, Scalar(0));
    for (Index plane = 0; plane < window.planes; ++plane)
      for (Index k = 0; k < window.size(); ++k)
        for (Index o = 0; o < out; ++o)
          weights_[o * stride_ + place_of(k) + plane] =
              weight[(plane * window.size() + k) * weight_stride + o];
  }

  /// Adds the x̄ of a sample and step: its planes begin at x_adjoint, those of ȳ at y_adjoint. `finite` says
  /// that ȳ and W are, so that what is zero may be left out, and what is not may be multiplied by zero.
  void add(const Scalar* y_adjoint, Scalar* x_adjoint, bool finite, Workspace<Scalar>* workspace) {
    const Index places = window_.out_plane(), length = finite ? whole_lines<Scalar>(length_) : length_;
    std::fill_n(image_, image_size_ + line<Scalar>, Scalar(0));
    for (Index first = 0; first < places; first += some_) {
      const Index count = std::min(some_, places - first);
      transpose_rows(out_, count, y_adjoint + first, places, outputs_, out_stride_);
      multiply(count, finite, workspace);
      for (Index p = 0; p < count; ++p) add_window(first + p, windows_ + p * stride_, length);
    }
    const Scalar* inner = image_ + window_.rows.padding * row_length_ + window_.cols.padding * window_.planes;
    for (Index row = 0; row < window_.rows.in; ++row)
      for (Index plane = 0; plane < window_.planes; ++plane) {
        const Scalar* from = inner + row * row_length_ + plane;
        Scalar* to = x_adjoint + plane * window_.in_plane() + row * window_.cols.in;
        for (Index col = 0; col < window_.cols.in; ++col) to[col] += from[col * window_.planes];
      }
  }

 private:
  /// The share of ȳ that is not zero up to which events are faster than a dense product.
  static constexpr double densest = 0.4;

  /// Where number k of the window of the first plane stands among the numbers of a window.
  Index place_of(Index k) const {
    if (!whole_rows_) return k * whole_lines<Scalar>(length_);
    return k / window_.cols.window * whole_lines<Scalar>(length_) + k % window_.cols.window * window_.planes;
  }

  /// The windows of `count` places.
  void multiply(Index count, bool finite, Workspace<Scalar>* workspace) {
    const SequenceView<const Scalar> rows(outputs_, {1, count, out_}, out_stride_);
    const Events<Scalar> events = finite && room_.most >= 0 ? decode(rows, room_) : Events<Scalar>();
    if (events)
      return events_times_weight(events, count, out_, weights_, stride_, zeros_, depth_, windows_, stride_);
    std::fill_n(windows_, count * stride_, Scalar(0));
    add_product<Order::as_is, Order::as_is, Scalar>(count, depth_, out_, {outputs_, out_stride_},
                                                    {weights_, stride_}, windows_, stride_, workspace);
  }

  void add_window(Index place, const Scalar* numbers, Index length) {
    const Index row = place / window_.cols.out() * window_.rows.stride,
                col = place % window_.cols.out() * window_.cols.stride;
    for (Index piece = 0; piece < pieces_; ++piece, numbers += whole_lines<Scalar>(length_)) {
      const Index k = whole_rows_ ? piece : piece / window_.cols.window,
                  l = whole_rows_ ? 0 : piece % window_.cols.window;
      Scalar* to = image_ + (row + k * window_.rows.dilation) * row_length_ +
                   (col + l * window_.cols.dilation) * window_.planes;
      for_lanes<Scalar>(length, [&](Index i, auto extent) SPIKETAPE_INLINE_LAMBDA {
        store(load(to + i, extent) + load(numbers + i, extent), to + i, extent);
      });
    }
  }

  SlidingWindow window_;
  Index out_;
  bool whole_rows_;                // whether the numbers of a window's row lie side by side
  Index pieces_, length_;          // of a window, and the numbers of each
  Index depth_, stride_;           // the numbers of a window with padded pieces
  Index out_stride_, row_length_;  // row_length_: of the padded image
  Index some_;                     // places at once
  Scalar *weights_, *zeros_;       // (out, depth)
  Scalar *outputs_, *windows_;     // (places, out), (places, depth)
  Index image_size_;
  Scalar* image_;  // with its padding
  EventRoom<Scalar> room_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
