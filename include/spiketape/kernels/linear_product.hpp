// The products of a dense layer, each with the kernel that suits its input.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/arena.hpp>
#include <spiketape/kernels/active_columns.hpp>
#include <spiketape/kernels/event_products.hpp>
#include <spiketape/kernels/product.hpp>

#include <algorithm>
#include <atomic>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A dense layer on rows of memory, y = x W + b, and its adjoint. A zero of x contributes nothing, whatever
/// it is multiplied by. Products that skip zeros have this by themselves; those that multiply them get NaN
/// from 0·∞, so they check for it and then skip zeros, too.
template <Real Scalar>
struct LinearProduct {
  const Scalar* weight;  // (in, out)
  Index weight_stride;
  const Scalar* bias;
  Index in, out;

  /// Up to this many outputs, one row at a time without its zeros beats a dense product at any density.
  static constexpr Index few_outputs = 32;

  /// y = x W + b with x as events. `width` is that of y: whole lines if its rows are padded, else `out`.
  void forward(const Events<Scalar>& x, const SequenceView<Scalar>& y, Index width, int threads) const {
    each_part(threads, y.rows(), width, x.begins[y.rows()],
              [&](Index row, Index rows, Index col, Index cols) {
                events_times_weight(x.from(row), rows, in, weight + col, weight_stride, bias + col, cols,
                                    y.data + row * y.stride + col, y.stride);
              });
  }
  void forward(const ActiveColumns<Scalar>& x, const SequenceView<Scalar>& y) const {
    active_columns_times_weight(x, weight, weight_stride, bias, y);
  }
  /// The same with x as numbers. For one row or few outputs only `out` numbers of a row are written: the
  /// padding stays unchanged.
  void forward(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y, Index width,
               Workspace<Scalar>* workspace) const {
    // Skipping zeros always pays here: the weights of few outputs lie in the cache.
    if (y.rows() == 1 || out <= few_outputs) return forward_by_rows(x, y);
    add_product_in_pieces<Order::as_is, Order::as_is, Scalar>(
        y.rows(), width, x.features, {x.data, x.stride}, {weight, weight_stride}, y.data, y.stride, workspace,
        [&](Index row, Index rows, Index col, Index cols) {
          for (Index end = row + rows; row < end; ++row)
            std::copy_n(bias + col, cols, y.data + row * y.stride + col);
        });
    if (!sound(y, workspace == nullptr ? 1 : workspace->threads())) forward_by_rows(x, y);
  }

  /// The same row by row without the zeros of x.
  void forward_by_rows(const SequenceView<const Scalar>& x, const SequenceView<Scalar>& y) const {
    for (Index row = 0; row < y.rows(); ++row)
      row_times_weight(x.data + row * x.stride, x.features, weight, weight_stride, bias, out,
                       y.data + row * y.stride);
  }

  /// Whether a product that multiplied zeros of x gave what one without them gives. Looks at y or at W,
  /// whichever has fewer rows.
  bool sound(const SequenceView<const Scalar>& y, int threads) const {
    const SequenceView<const Scalar> all_weights(weight, {1, in, out}, weight_stride);
    return finite(y.rows() < in ? y : all_weights, threads);
  }
  /// Whether no number is infinite or NaN.
  static bool finite(const SequenceView<const Scalar>& rows, int threads) {
    std::atomic<bool> all = true;
    const Index worth = parts_of(1 << 14, std::max<Index>(1, rows.features));
    parallel_ranges(threads, rows.rows(), worth, [&](int, Index begin, Index end) {
      const SequenceView<const Scalar> some(rows.data + begin * rows.stride, {1, end - begin, rows.features},
                                            rows.stride);
      if (!all_finite(some)) all.store(false, std::memory_order_relaxed);
    });
    return all;
  }

  /// The sum of a gradient, laid out like its parameter. `first` means that it holds nothing yet.
  struct WeightSums {
    Scalar* values;
    bool first;

    void clear_first(Index count) const {
      if (first) std::fill_n(values, count, Scalar(0));
    }
  };

  /// W̄ += xᵀ ȳ. The padding of ȳ is zero. Everything that may throw runs before the first write to the sums.
  void add_weight_adjoint(const Events<Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                          const WeightSums& sums, Arena& memory, int threads) const {
    const Index rows = y_adjoint.rows(), width = whole_lines<Scalar>(out);
    if (width <= 2 * line<Scalar>) {  // sorting the events would take longer than it saves
      sums.clear_first(in * weight_stride);
      return scatter_weight_gradient(x, rows, y_adjoint.data, y_adjoint.stride, width, sums.values,
                                     weight_stride);
    }
    // Rows of ȳ are read at random, so they are taken in groups that stay in the cache.
    constexpr Index group = 1024;
    const Index groups = std::max<Index>(1, parts_of(rows, group));
    auto* by_column = memory.allocate<Events<Scalar>>(groups);
    for (Index g = 0; g < groups; ++g)
      by_column[g] = transposed(x, g * group, std::min(group, rows - g * group), in, memory, threads);
    each_part(threads, in, width, x.begins[rows], [&](Index row, Index count, Index col, Index cols) {
      for (Index g = 0; g < groups; ++g)
        gather_weight_gradient(by_column[g].from(row), count,
                               y_adjoint.data + g * group * y_adjoint.stride + col, y_adjoint.stride, cols,
                               sums.values + row * weight_stride + col, weight_stride, sums.first && g == 0);
    });
  }
  void add_weight_adjoint(const ActiveColumns<Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                          const WeightSums& sums) const {
    sums.clear_first(in * weight_stride);
    active_columns_weight_gradient(x, y_adjoint, sums.values, weight_stride);
  }
  /// The same with x as numbers. `finite` says that ȳ is, so that zeros may be multiplied.
  void add_weight_adjoint(const SequenceView<const Scalar>& x, const SequenceView<const Scalar>& y_adjoint,
                          const WeightSums& sums, Arena& memory, Workspace<Scalar>& workspace,
                          bool finite) const {
    const Index all = most_events(x.rows(), in, 1);
    if (!finite && all >= 0)
      return add_weight_adjoint(decode(x, EventRoom<Scalar>(x.rows(), in, all, memory)), y_adjoint, sums,
                                memory, workspace.threads());
    add_product_in_pieces<Order::transposed, Order::as_is, Scalar>(
        in, whole_lines<Scalar>(out), x.rows(), {x.data, x.stride}, {y_adjoint.data, y_adjoint.stride},
        sums.values, weight_stride, &workspace, zeros(sums.values, weight_stride, sums.first));
  }

  /// b̄ += Σ ȳ over all rows.
  void add_bias_adjoint(const SequenceView<const Scalar>& y_adjoint, const WeightSums& sums,
                        int threads) const {
    const Index width = whole_lines<Scalar>(out);
    sums.clear_first(width);
    const Index worth = parts_of(1 << 14, std::max<Index>(1, y_adjoint.rows()) * line<Scalar>);
    parallel_ranges(threads, width / line<Scalar>, worth, [&](int, Index begin, Index end) {
      SequenceView<const Scalar> columns = y_adjoint;
      columns.data += begin * line<Scalar>;
      columns.features = (end - begin) * line<Scalar>;
      add_rows(columns, sums.values + begin * line<Scalar>);
    });
  }

  /// x̄ = ȳ Wᵀ if `first`, else x̄ += ȳ Wᵀ.
  void input_adjoint(const SequenceView<const Scalar>& y_adjoint, const SequenceView<Scalar>& x, bool first,
                     Arena& memory, Workspace<Scalar>& workspace) const {
    if (x.rows() == 0) return;
    if (out <= few_outputs) {
      const Index width = whole_lines<Scalar>(x.features);
      return few_outputs_times_weight(x.rows(), out, y_adjoint.data, y_adjoint.stride,
                                      transposed_weight(weight, weight_stride, in, out, width, memory), width,
                                      x.data, x.stride, first);
    }
    add_product_in_pieces<Order::as_is, Order::transposed, Scalar>(
        x.rows(), x.features, out, {y_adjoint.data, y_adjoint.stride}, {weight, weight_stride}, x.data,
        x.stride, &workspace, zeros(x.data, x.stride, first));
  }

 private:
  /// Shares the rows and the columns of a product of `events` among threads. Cuts are between blocks of
  /// columns, which the kernels compute one by one.
  static void each_part(int threads, Index rows, Index cols, Index events,
                        FunctionRef<void(Index, Index, Index, Index)> body) {
    const ProductUnits units{std::max<Index>(1, cols), 4, column_block<Scalar>};
    const ProductParts parts(threads, rows, cols, events / std::max<Index>(1, rows), units);
    parallel_for(threads, parts.count(), [&](Index part) { parts.each_piece(part, body); });
  }

  /// Sets a piece to zero if nothing has been added to it yet.
  static auto zeros(Scalar* to, Index stride, bool first) {
    return [=](Index row, Index rows, Index col, Index cols) {
      for (Index end = row + rows; first && row < end; ++row)
        std::fill_n(to + row * stride + col, cols, Scalar(0));
    };
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
