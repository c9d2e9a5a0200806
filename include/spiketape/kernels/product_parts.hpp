// How threads share a matrix product.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/function_ref.hpp>

#include <algorithm>
#include <limits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// How far apart the rows and the columns of C are at which it may be cut. A product computes a piece of
/// columns after the other, and columns are counted from the beginning of their piece.
struct ProductUnits {
  Index piece, rows, cols;
};

/// A grid of parts of C, one for each thread that has something to do.
class ProductParts {
 public:
  /// C of (rows, cols); `depth` is the inner extent.
  SPIKETAPE_NOINLINE ProductParts(int threads, Index rows, Index cols, Index depth, const ProductUnits& unit)
      : rows_(rows),
        cols_(cols),
        unit_(unit),
        row_units_(std::max<Index>(1, parts_of(rows, unit.rows))),
        piece_units_(parts_of(unit.piece, unit.cols)),
        col_units_(
            std::max<Index>(1, cols / unit.piece * piece_units_ + parts_of(cols % unit.piece, unit.cols))) {
    constexpr double worth = 1 << 15;  // so many products pay for a thread
    const double products =
        static_cast<double>(rows) * static_cast<double>(cols) * static_cast<double>(depth);
    const auto most = static_cast<Index>(std::clamp<double>(products / worth, 1, threads));
    // The largest part takes the time of its products, and that of packing its rows of A and columns of B.
    // Packing a number takes as long as so many products:
    constexpr Index packing = 24;
    Index least = std::numeric_limits<Index>::max();
    for (Index down = 1; down <= std::min(most, row_units_); ++down) {
      const Index across = std::min(most / down, col_units_);
      const Index height = parts_of(row_units_, down) * unit.rows,
                  width = parts_of(col_units_, across) * unit.cols;
      const Index time = height * width + packing * (height + width);
      if (time >= least) continue;
      least = time;
      down_ = down;
      across_ = across;
    }
  }

  Index count() const noexcept { return down_ * across_; }
  Index down() const noexcept { return down_; }
  Index across() const noexcept { return across_; }

  /// Calls body(row, rows, col, cols) for what part `part` has of each piece.
  SPIKETAPE_NOINLINE void each_piece(Index part, FunctionRef<void(Index, Index, Index, Index)> body) const {
    const Index row = row_of(part / across_), row_end = row_of(part / across_ + 1);
    const Index col_end = col_of(part % across_ + 1);
    for (Index col = col_of(part % across_), next = 0; col < col_end; col = next) {
      next = std::min((col / unit_.piece + 1) * unit_.piece, col_end);
      body(row, row_end - row, col, next - col);
    }
  }

 private:
  Index row_of(Index i) const { return std::min(part_begin(row_units_, i, down_) * unit_.rows, rows_); }
  Index col_of(Index k) const {
    const Index unit = part_begin(col_units_, k, across_);
    return std::min(unit / piece_units_ * unit_.piece + unit % piece_units_ * unit_.cols, cols_);
  }

  Index rows_, cols_;
  ProductUnits unit_;
  Index row_units_, piece_units_, col_units_;
  Index down_ = 1, across_ = 1;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
