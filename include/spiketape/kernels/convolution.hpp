// The dense products of a convolution. The windows of some rows (samples and steps) are copied side by side,
// a column for each place of the window, so that a product with all weights does the work:
//
//     y (out, places) = Wᵀ windows + b,   W̄ += windows ȳᵀ
//
// (Chellapilla, Puri and Simard, High performance convolutional neural networks for document processing,
// 2006).
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/core/line.hpp>
#include <spiketape/kernels/bit_rows.hpp>
#include <spiketape/kernels/product.hpp>
#include <spiketape/kernels/sliding_window.hpp>
#include <spiketape/kernels/sums.hpp>
#include <spiketape/kernels/window_adjoint.hpp>

#include <algorithm>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Rows of numbers that may come as bits; those are written out one at a time.
template <Real Scalar>
struct RowSource {
  SequenceView<const Scalar> numbers;
  const BitRows<Scalar>* bits;
  Scalar* room;  // of whole lines, for bits

  RowSource(const SequenceView<const Scalar>& numbers_, const BitRows<Scalar>* bits_, Arena& memory)
      : numbers(numbers_),
        bits(bits_),
        room(bits_ == nullptr ? nullptr : memory.allocate<Scalar>(whole_lines<Scalar>(numbers_.features))) {}
  /// Row r, valid until the next call.
  const Scalar* row(Index r) const {
    if (bits == nullptr) return numbers.data + r * numbers.stride;
    bits->write(r, room);
    return room;
  }
};

/// Copies the windows of some planes: row (plane, k, l) of the result is what number (k, l) of the window
/// reads at each place, zeros where that is outside.
template <Real Scalar>
void copy_windows(const SlidingWindow& window, Index planes, const Scalar* x, Scalar* to, Index stride) {
  const Index height = window.rows.out(), width = window.cols.out(), step = window.cols.stride;
  for (Index plane = 0; plane < planes; ++plane, x += window.in_plane())
    for (Index k = 0; k < window.rows.window; ++k) {
      const auto rows = window.rows.outputs(k);
      for (Index l = 0; l < window.cols.window; ++l, to += stride) {
        const auto cols = window.cols.outputs(l);
        std::fill_n(to, rows.begin * width, Scalar(0));
        for (Index row = rows.begin; row < rows.end; ++row) {
          const Scalar* from = x + window.rows.at(row, k) * window.cols.in;
          Scalar* line = to + row * width;
          std::fill_n(line, cols.begin, Scalar(0));
          if (const Index first = window.cols.at(cols.begin, l); step == 1)
            std::copy_n(from + first, cols.end - cols.begin, line + cols.begin);
          else
            for (Index col = cols.begin, i = first; col < cols.end; ++col, i += step) line[col] = from[i];
          std::fill_n(line + cols.end, width - cols.end, Scalar(0));
        }
        std::fill_n(to + rows.end * width, (height - rows.end) * width, Scalar(0));
      }
    }
}

/// A convolution of images (channels, rows, columns) with groups of channels that see nothing of each other.
template <Real Scalar>
struct Convolution {
  SlidingWindow window;  // its planes are the channels of the input
  Index out;             // channels of the result
  Index groups;
  const Scalar* weight;  // (depth, out)
  Index weight_stride;
  const Scalar* bias;

  /// The inputs of a number of the result.
  Index depth() const noexcept { return group_planes() * window.size(); }
  Index group_planes() const noexcept { return window.planes / groups; }
  Index group_out() const noexcept { return out / groups; }

  /// The rows of some windows that a product takes at once, and their memory.
  struct Block {
    Index places, rows, stride;
    Scalar *windows, *results;

    Block(const Convolution& of, Index all_rows, Arena& memory) : places(of.window.out_plane()) {
      // As many as stay in a cache of the second level. More rows make a product faster, since it packs W.
      constexpr Index most = (Index(512) << 10) / Index(sizeof(Scalar));
      rows = std::clamp<Index>(most / (of.depth() * places), 1, std::max<Index>(all_rows, 1));
      stride = padded<Scalar>(rows * places);
      windows = memory.allocate<Scalar>(of.depth() * stride);
      results = memory.allocate<Scalar>(of.group_out() * stride);
    }
  };
  /// Calls visit(first row, rows, group) for all of them.
  template <typename Visit>
  void for_blocks(const Block& block, Index rows, Visit&& visit) const {
    for (Index first = 0; first < rows; first += block.rows)
      for (Index group = 0; group < groups; ++group) visit(first, std::min(block.rows, rows - first), group);
  }

  void copy(const RowSource<Scalar>& x, Index first, Index rows, Index group, const Block& block) const {
    for (Index r = 0; r < rows; ++r)
      copy_windows(window, group_planes(), x.row(first + r) + group * group_planes() * window.in_plane(),
                   block.windows + r * block.places, block.stride);
  }

  void forward(const RowSource<Scalar>& x, const SequenceView<Scalar>& y, Arena& memory,
               Workspace<Scalar>* workspace) const {
    const Block block(*this, y.rows(), memory);
    for_blocks(block, y.rows(), [&](Index first, Index rows, Index group) {
      copy(x, first, rows, group, block);
      const Index channel = group * group_out(), columns = rows * block.places;
      for (Index o = 0; o < group_out(); ++o)
        std::fill_n(block.results + o * block.stride, columns, bias[channel + o]);
      add_product<Order::transposed, Order::as_is, Scalar>(
          group_out(), columns, depth(), {weight + channel, weight_stride}, {block.windows, block.stride},
          block.results, block.stride, workspace);
      for (Index r = 0; r < rows; ++r)
        for (Index o = 0; o < group_out(); ++o)
          std::copy_n(block.results + o * block.stride + r * block.places, block.places,
                      y.data + (first + r) * y.stride + (channel + o) * block.places);
    });
  }

  /// Adds to W̄, laid out like W.
  void add_weight_adjoint(const RowSource<Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                          Scalar* weight_adjoint, Arena& memory, Workspace<Scalar>* workspace) const {
    const Block block(*this, y_adjoint.rows(), memory);
    for_blocks(block, y_adjoint.rows(), [&](Index first, Index rows, Index group) {
      const Index channel = group * group_out();
      for (Index o = 0; o < group_out(); ++o)
        for (Index r = 0; r < rows; ++r)
          std::copy_n(y_adjoint.data + (first + r) * y_adjoint.stride + (channel + o) * block.places,
                      block.places, block.results + o * block.stride + r * block.places);
      copy(x, first, rows, group, block);
      add_product<Order::as_is, Order::transposed, Scalar>(
          depth(), group_out(), rows * block.places, {block.windows, block.stride},
          {block.results, block.stride}, weight_adjoint + channel, weight_stride, workspace);
    });
  }

  /// b̄ += Σ ȳ over the places of each channel.
  void add_bias_adjoint(const SequenceView<const Scalar>& y_adjoint, Scalar* bias_adjoint) const {
    const Index places = window.out_plane();
    for (Index row = 0; row < y_adjoint.rows(); ++row)
      for (Index o = 0; o < out; ++o)
        bias_adjoint[o] += sum_of(y_adjoint.data + row * y_adjoint.stride + o * places, places);
  }

  /// x̄ += the adjoint of its windows. `finite` says that ȳ and W are.
  void add_input_adjoint(const SequenceView<const Scalar>& y_adjoint, const SequenceView<Scalar>& x_adjoint,
                         bool finite, Arena& memory, Workspace<Scalar>* workspace) const {
    SlidingWindow of_group = window;
    of_group.planes = group_planes();
    for (Index group = 0; group < groups; ++group) {
      const Index channel = group * group_out();
      WindowAdjoint<Scalar> adjoint(of_group, group_out(), weight + channel, weight_stride, memory);
      for (Index row = 0; row < y_adjoint.rows(); ++row)
        adjoint.add(y_adjoint.data + row * y_adjoint.stride + channel * window.out_plane(),
                    x_adjoint.data + row * x_adjoint.stride + group * group_planes() * window.in_plane(),
                    finite, workspace);
    }
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
