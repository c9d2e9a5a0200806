// Dense matrix products on row-major memory, with a packing workspace that is reused.
//
// For large matrices Eigen's product takes this workspace from the heap at each call and, under OpenMP,
// splits each product over threads. Eigen's general product does neither if the caller passes a workspace.
// The arithmetic is Eigen's own, or that of a BLAS where EIGEN_USE_BLAS or EIGEN_USE_MKL_ALL is defined: it
// has memory and threads of its own, and the bits of its results are not promised.
//
// Eigen takes the sizes of its blocks from the caches of the machine, and the order of the sums depends on
// them. Here they are chosen so that a program gives the same bits on machines with other caches.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/aligned.hpp>
#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/function_ref.hpp>
#include <spiketape/core/line.hpp>
#include <spiketape/core/parallel.hpp>
#include <spiketape/kernels/product_parts.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Whether Eigen hands products to a BLAS.
#ifdef EIGEN_USE_BLAS
inline constexpr bool products_by_blas = true;
#else
inline constexpr bool products_by_blas = false;
#endif

/// The memory in which products pack their operands, one place for each thread that has been busy. It grows
/// to the largest product so far and is then reused.
template <typename Scalar>
class Workspace {
 public:
  int threads() const noexcept { return threads_; }
  void set_threads(int threads) noexcept { threads_ = threads; }

  /// Makes places for a product on this many threads, of which each then reserves its own.
  void open(int threads) {
    if (places_.size() < static_cast<std::size_t>(threads)) places_.resize(static_cast<std::size_t>(threads));
  }

  Scalar* reserve(Index count, int thread = 0) {
    AlignedVector<Scalar>& place = places_[static_cast<std::size_t>(thread)];
    if (place.size() < static_cast<std::size_t>(count)) place.resize(static_cast<std::size_t>(count));
    return place.data();
  }

 private:
  int threads_ = 1;
  std::vector<AlignedVector<Scalar>> places_ = std::vector<AlignedVector<Scalar>>(1);
};

/// Without a workspace Eigen takes memory itself: on the stack for small products, else on the heap. A BLAS
/// takes its own in either case.
template <typename Scalar>
class PackingSpace final : public Eigen::internal::level3_blocking<Scalar, Scalar> {
 public:
  PackingSpace(Index rows, Index cols, Index depth, Workspace<Scalar>* workspace, int thread) {
    // Blocks of B take half of a cache of 1.5 MiB, but where the depth is small they grow no wider than at
    // two thirds of the largest; where B is one block, blocks of A take a third. Rows and columns that do not
    // fill the registers of a kernel are for the last block, whose kernels sum in another order.
    constexpr Index cache = (Index(3) << 19) / Index(sizeof(Scalar));
    this->m_kc = equal_blocks(depth, 8, most_depth);
    this->m_nc = equal_blocks(cols, nr, cache / 2 / std::max(this->m_kc, most_depth * 2 / 3));
    const bool one_block = this->m_kc == depth && this->m_nc == cols;
    this->m_mc = one_block ? equal_blocks(rows, mr, cache / 3 / this->m_kc) : rows;
    if (workspace == nullptr || products_by_blas) return;
    const Index size_a = whole_lines<Scalar>(this->m_mc * this->m_kc);
    this->m_blockA = workspace->reserve(size_a + this->m_kc * this->m_nc, thread);
    this->m_blockB = this->m_blockA + size_a;
  }

 private:
  using Kernels = Eigen::internal::gebp_traits<Scalar, Scalar>;

  static constexpr Index mr = Kernels::mr, nr = Kernels::nr;  // of different enumerations

  /// How many products Eigen sums up before it adds to C, at most: as many as it takes on a machine whose L1
  /// cache holds 32 KiB. (With AVX512 it, too, takes more than fits.) The kernels take eight at a time.
#ifdef EIGEN_VECTORIZE_AVX512
  static constexpr Index nearest_cache = 4 * 32768;
#else
  static constexpr Index nearest_cache = 32768;
#endif
  static constexpr Index most_depth = nearest_cache / ((mr + nr) * Index(sizeof(Scalar))) / 8 * 8;

  /// The extent of blocks of at most `most`, in units, that are as equal as can be.
  static Index equal_blocks(Index extent, Index unit, Index most) {
    return std::min(extent, parts_of(extent, unit * parts_of(extent, std::max(most, unit))) * unit);
  }
};

/// A row-major operand of a product, `stride` numbers from row to row, taken as it is or transposed.
template <typename Scalar>
struct Operand {
  const Scalar* data;
  Index stride;
};

enum class Order { as_is, transposed };

/// A BLAS mostly counts in int. Eigen would cut larger extents without a word.
inline void check_blas_extents(std::initializer_list<Index> extents) {
  if constexpr (products_by_blas)
    if (const Index largest = std::max(extents); largest > std::numeric_limits<Eigen::BlasIndex>::max())
      fail_argument("spiketape: a product has an extent of ", largest, ", the BLAS counts to ",
                    std::numeric_limits<Eigen::BlasIndex>::max());
}

/// C += op(A) * op(B), C of (rows, cols), all row-major. `depth` is the inner extent.
template <Order order_a, Order order_b, typename Scalar>
void add_product(Index rows, Index cols, Index depth, Operand<Scalar> a, Operand<Scalar> b, Scalar* c,
                 Index stride_c, Workspace<Scalar>* workspace, int thread = 0) {
  if (rows == 0 || cols == 0 || depth == 0) return;
  check_blas_extents({rows, cols, depth, a.stride, b.stride, stride_c});
  // A row-major C is the transpose of a column-major one, so this runs C' += op(B)' op(A)'.
  constexpr int layout_a = order_a == Order::as_is ? Eigen::ColMajor : Eigen::RowMajor;
  constexpr int layout_b = order_b == Order::as_is ? Eigen::ColMajor : Eigen::RowMajor;
  PackingSpace<Scalar> space(cols, rows, depth, workspace, thread);
  Eigen::internal::general_matrix_matrix_product<Index, Scalar, layout_b, false, Scalar, layout_a, false,
                                                 Eigen::ColMajor,
                                                 1>::run(cols, rows, depth, b.data, b.stride, a.data,
                                                         a.stride, c, 1, stride_c, Scalar(1), space,
                                                         nullptr);  // a BLAS has no default for it
}

/// Calls do_part(thread, row, rows, col, cols) for parts of the pieces of a product, on the workspace's
/// threads, for which it reserves memory. A piece has a quarter of C's columns (64 at least, 256 at most).
/// Parts begin where Eigen's kernels do.
template <typename Scalar>
SPIKETAPE_NOINLINE void for_parts(Index rows, Index cols, Index depth, Workspace<Scalar>* workspace,
                                  FunctionRef<void(int, Index, Index, Index, Index)> do_part) {
  using Kernels = Eigen::internal::gebp_traits<Scalar, Scalar>;
  const Index piece = std::clamp<Index>(whole_lines<Scalar>(cols / 4), 64, 256);
  // The kernels of a BLAS are not known, so its products are cut between pieces only.
  const ProductUnits units = products_by_blas
                                 ? ProductUnits{piece, std::max<Index>(1, rows), piece}
                                 : ProductUnits{piece, Index(Kernels::nr), Index(Kernels::mr)};
  const int threads = workspace == nullptr ? 1 : workspace->threads();
  const ProductParts parts(threads, rows, cols, depth, units);
  // What may throw runs before the threads, which must not.
  if (workspace != nullptr && rows > 0 && cols > 0 && depth > 0) {
    workspace->open(static_cast<int>(parts.count()));
    for (Index part = 0; part < parts.count(); ++part)
      parts.each_piece(part, [&](Index, Index height, Index, Index width) {
        PackingSpace<Scalar>(width, height, depth, workspace, static_cast<int>(part));
      });
  }
  parallel_for(threads, parts.count(), [&](Index part) {
    parts.each_piece(part, [&](Index row, Index height, Index col, Index width) {
      do_part(static_cast<int>(part), row, height, col, width);
    });
  });
}

/// add_product in such parts. prepare(row, rows, col, cols) first writes what a part starts from, which then
/// is still in the cache. The bits of the result are the same for any number of threads.
template <Order order_a, Order order_b, typename Scalar>
void add_product_in_pieces(Index rows, Index cols, Index depth, Operand<Scalar> a, Operand<Scalar> b,
                           Scalar* c, Index stride_c, Workspace<Scalar>* workspace,
                           FunctionRef<void(Index, Index, Index, Index)> prepare) {
  check_blas_extents({rows, depth, a.stride, b.stride, stride_c});
  for_parts(rows, cols, depth, workspace, [&](int thread, Index row, Index height, Index col, Index width) {
    prepare(row, height, col, width);
    if (height == 0 || depth == 0) return;  // operands may have no memory then
    const Scalar* rows_of_a = a.data + (order_a == Order::as_is ? row * a.stride : row);
    const Scalar* columns_of_b = b.data + (order_b == Order::as_is ? col : col * b.stride);
    add_product<order_a, order_b, Scalar>(height, width, depth, {rows_of_a, a.stride},
                                          {columns_of_b, b.stride}, c + row * stride_c + col, stride_c,
                                          workspace, thread);
  });
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
