// Dense matrix products on row-major memory, with a packing workspace that is kept.
//
// Eigen's product of large matrices takes that workspace from the heap at each call and, under OpenMP,
// splits each product over threads. Its general product accepts a workspace of the caller's and then
// does neither; the arithmetic is Eigen's own.
#pragma once

#include <spiketape/core/aligned.hpp>
#include <spiketape/core/array.hpp>

#include <cstddef>

namespace spiketape::detail {

/// Where products pack their operands: grows to the largest product met and is then reused.
template <typename Scalar>
class Workspace {
 public:
  Scalar* reserve(Index count) {
    if (memory_.size() < static_cast<std::size_t>(count)) memory_.resize(static_cast<std::size_t>(count));
    return memory_.data();
  }

 private:
  AlignedVector<Scalar> memory_;
};

/// Without a workspace Eigen finds room itself: on the stack for small products, else on the heap.
template <typename Scalar>
class PackingSpace final : public Eigen::internal::level3_blocking<Scalar, Scalar> {
 public:
  PackingSpace(Index rows, Index cols, Index depth, Workspace<Scalar>* workspace) {
    this->m_mc = rows;
    this->m_nc = cols;
    this->m_kc = depth;
    Eigen::internal::computeProductBlockingSizes<Scalar, Scalar>(this->m_kc, this->m_mc, this->m_nc);
    if (workspace == nullptr) return;
    const Index size_a = whole_cache_lines(this->m_mc * this->m_kc);
    this->m_blockA = workspace->reserve(size_a + this->m_kc * this->m_nc);
    this->m_blockB = this->m_blockA + size_a;
  }

 private:
  static Index whole_cache_lines(Index count) {
    constexpr Index line = Index(alignment / sizeof(Scalar));
    return (count + line - 1) / line * line;
  }
};

/// A row-major operand of a product: `stride` from row to row, taken as it is or transposed.
template <typename Scalar>
struct Operand {
  const Scalar* data;
  Index stride;
};

enum class Order { as_is, transposed };

/// C += op(A) * op(B), C of (rows, cols), all row-major. `depth` is the inner extent.
template <Order order_a, Order order_b, typename Scalar>
void add_product(Index rows, Index cols, Index depth, Operand<Scalar> a, Operand<Scalar> b, Scalar* c,
                 Index stride_c, Workspace<Scalar>* workspace) {
  if (rows == 0 || cols == 0 || depth == 0) return;
  // A row-major C is the transpose of a column-major one, so this runs C' += op(B)' op(A)'.
  constexpr int layout_a = order_a == Order::as_is ? Eigen::ColMajor : Eigen::RowMajor;
  constexpr int layout_b = order_b == Order::as_is ? Eigen::ColMajor : Eigen::RowMajor;
  PackingSpace<Scalar> space(cols, rows, depth, workspace);
  Eigen::internal::general_matrix_matrix_product<Index, Scalar, layout_b, false, Scalar, layout_a, false,
                                                 Eigen::ColMajor, 1>::run(cols, rows, depth, b.data, b.stride,
                                                                          a.data, a.stride, c, 1, stride_c,
                                                                          Scalar(1), space);
}

}  // namespace spiketape::detail
