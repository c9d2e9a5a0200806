#include <spiketape/kernels/product.hpp>

#include "catch.hpp"
#include "numeric.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace product_test {

namespace st = spiketape;
using st::Index;
using st::detail::Operand, st::detail::Order, st::detail::Workspace;

namespace {

/// An array whose rows lie `gap` numbers further apart than they are long.
template <typename Scalar>
struct Strided {
  st::Array<Scalar> memory;
  Index cols;

  Strided(st::Random& random, Index rows, Index cols_, Index gap)
      : memory(numeric::random_array<Scalar>(random, rows, cols_ + gap)), cols(cols_) {}
  Operand<Scalar> operand() const { return {memory.data(), memory.cols()}; }
  Eigen::MatrixXd matrix() const { return memory.leftCols(cols).template cast<double>().matrix(); }
};

template <Order order_a, Order order_b, typename Scalar>
void check_product(st::Random& random, Index rows, Index cols, Index depth, Index gap,
                   Workspace<Scalar>* workspace) {
  INFO(rows << "x" << depth << " times " << depth << "x" << cols << ", gap " << gap);
  constexpr bool a_as_is = order_a == Order::as_is, b_as_is = order_b == Order::as_is;
  const Strided<Scalar> a(random, a_as_is ? rows : depth, a_as_is ? depth : rows, gap);
  const Strided<Scalar> b(random, b_as_is ? depth : cols, b_as_is ? cols : depth, 2 * gap);
  Strided<Scalar> c(random, rows, cols, 3 * gap);
  const Eigen::MatrixXd left = a_as_is ? a.matrix() : Eigen::MatrixXd(a.matrix().transpose());
  const Eigen::MatrixXd right = b_as_is ? b.matrix() : Eigen::MatrixXd(b.matrix().transpose());
  const Eigen::MatrixXd expected = c.matrix() + left * right;
  const st::Array<Scalar> before = c.memory;

  st::detail::add_product<order_a, order_b, Scalar>(rows, cols, depth, a.operand(), b.operand(),
                                                    c.memory.data(), c.memory.cols(), workspace);
  CHECK(numeric::near(c.matrix(), expected, tolerance::rounding<Scalar>));
  if (rows == 0) return;
  // Nothing beside it is touched.
  CHECK(numeric::same(c.memory.rightCols(3 * gap), before.rightCols(3 * gap)));
}

template <Order order_a, Order order_b, typename Scalar>
void check_products() {
  st::Random random(23);
  Workspace<Scalar> workspace;  // one for all, as on a tape
  for (Workspace<Scalar>* space : {&workspace, static_cast<Workspace<Scalar>*>(nullptr)}) {
    for (const Index gap : {0, 3}) {
      for (const Index rows : {0, 1, 2, 13})
        for (const Index cols : {0, 1, 7, 16})
          for (const Index depth : {0, 1, 5, 31})
            check_product<order_a, order_b>(random, rows, cols, depth, gap, space);
      // Larger than one block of the packed operands in each direction. These take long: half of the pairs.
      if ((gap == 0) == (space == &workspace)) continue;
      check_product<order_a, order_b>(random, 1, 301, 1203, gap, space);
      check_product<order_a, order_b>(random, 203, 67, 1205, gap, space);
      check_product<order_a, order_b>(random, 1201, 211, 33, gap, space);
      check_product<order_a, order_b>(random, 17, 1501, 70, gap, space);
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a product in pieces is the product, the same to the bit on any number of threads", "",
                   float, double) {
  st::Random random(24);
  // The largest team comes first, also before those of Eigen: libomp leaks a little where a team grows.
  st::detail::parallel_for(16, 16, [](Index) {});
  const auto check = [&]<Order order_a, Order order_b>() {
    for (const Index cols : {0, 1, 64, 65, 300, 1201})
      for (const auto& extents : {std::pair<Index, Index>{13, 0}, {0, 33}, {13, 33}, {203, 5}}) {
        const Index rows = extents.first, depth = extents.second;
        INFO(rows << " rows, " << cols << " columns, depth " << depth);
        constexpr Index gap = 3;
        constexpr bool a_as_is = order_a == Order::as_is, b_as_is = order_b == Order::as_is;
        const Strided<TestType> a(random, a_as_is ? rows : depth, a_as_is ? depth : rows, gap);
        const Strided<TestType> b(random, b_as_is ? depth : cols, b_as_is ? cols : depth, gap);
        const Strided<TestType> before(random, rows, cols, gap);
        const Eigen::MatrixXd left = a_as_is ? a.matrix() : Eigen::MatrixXd(a.matrix().transpose());
        const Eigen::MatrixXd right = b_as_is ? b.matrix() : Eigen::MatrixXd(b.matrix().transpose());
        const Eigen::MatrixXd expected = left * right + Eigen::MatrixXd::Constant(rows, cols, 2);
        const auto product = [&](Workspace<TestType>* workspace) {
          Strided<TestType> c = before;
          st::detail::add_product_in_pieces<order_a, order_b, TestType>(
              rows, cols, depth, a.operand(), b.operand(), c.memory.data(), c.memory.cols(), workspace,
              [&](Index row, Index height, Index col, Index width) {
                if (rows > 0) c.memory.block(row, col, height, width).setConstant(2);
              });
          CHECK(numeric::near(c.matrix(), expected, tolerance::rounding<TestType>));
          if (rows > 0) CHECK(numeric::same(c.memory.rightCols(gap), before.memory.rightCols(gap)));
          return c.memory;
        };
        const auto once = product(nullptr);
        for (const int threads : {1, 2, 3, 7, 16}) {
          if (threads == 16 && cols < 1201) continue;  // few cores take long to run so many
          Workspace<TestType> workspace;
          workspace.set_threads(threads);
          CHECK(numeric::same(product(&workspace), once));
        }
      }
  };
  check.template operator()<Order::as_is, Order::as_is>();
  check.template operator()<Order::transposed, Order::as_is>();
  check.template operator()<Order::as_is, Order::transposed>();
}

TEMPLATE_TEST_CASE("a product is added, as Eigen computes it", "", float, double) {
  check_products<Order::as_is, Order::as_is, TestType>();
}
TEMPLATE_TEST_CASE("a product with the first operand transposed is added", "", float, double) {
  check_products<Order::transposed, Order::as_is, TestType>();
}
TEMPLATE_TEST_CASE("a product with the second operand transposed is added", "", float, double) {
  check_products<Order::as_is, Order::transposed, TestType>();
}

TEST_CASE("threads share a product so that each packs little") {
  const auto grid = [](int threads, Index rows, Index cols, Index depth) {
    const st::detail::ProductParts parts(threads, rows, cols, depth, {256, 4, 48});
    return std::pair(parts.down(), parts.across());
  };
  CHECK(grid(1, 784, 1000, 128) == std::pair<Index, Index>(1, 1));
  CHECK(grid(16, 784, 1000, 128) == std::pair<Index, Index>(4, 4));
  CHECK(grid(16, 4, 1000, 10000) == std::pair<Index, Index>(1, 16));
  CHECK(grid(16, 784, 48, 1000) == std::pair<Index, Index>(16, 1));
  CHECK(grid(16, 4, 48, 100000) == std::pair<Index, Index>(1, 1));
  CHECK(grid(16, 300, 300, 1) == std::pair<Index, Index>(2, 1));  // no more threads than are worth it
}

// A BLAS has sizes of its own.
TEMPLATE_TEST_CASE("a product has the same bits on machines with other caches", "", float, double) {
  std::ptrdiff_t caches[3];
  Eigen::internal::manage_caching_sizes(Eigen::GetAction, caches, caches + 1, caches + 2);
  const auto product = [](Index rows, Index cols, Index depth) {
    st::Random random(25);
    const Strided<TestType> a(random, rows, depth, 0), b(random, depth, cols, 0);
    Strided<TestType> c(random, rows, cols, 0);
    st::detail::add_product<Order::as_is, Order::as_is, TestType>(rows, cols, depth, a.operand(), b.operand(),
                                                                  c.memory.data(), cols, nullptr);
    return c.memory;
  };
  // The first ones are deep, the last one is so small that Eigen blocks its columns by the L1 cache.
  for (const auto& [rows, cols, depth] : {std::array<Index, 3>{13, 70, 1203}, {40, 301, 700}, {4, 53, 64}}) {
    Eigen::setCpuCacheSizes(32 << 10, 512 << 10, 4 << 20);
    const auto expected = product(rows, cols, depth);
    for (const std::ptrdiff_t size : {8, 16, 48, 64, 192}) {
      INFO(rows << "x" << depth << " times " << depth << "x" << cols << ", L1 cache of " << size << " KiB");
      Eigen::setCpuCacheSizes(size << 10, size << 15, size << 17);
      CHECK(numeric::same(product(rows, cols, depth), expected));
    }
  }
  Eigen::setCpuCacheSizes(caches[0], caches[1], caches[2]);
}

TEST_CASE("a workspace grows to the largest need and is then reused") {
  Workspace<float> workspace;
  const float* large = workspace.reserve(1000);
  CHECK(reinterpret_cast<std::uintptr_t>(large) % 64 == 0);
  CHECK(workspace.reserve(10) == large);
  CHECK(workspace.reserve(1000) == large);
  CHECK(workspace.reserve(100000) != nullptr);
}

}  // namespace product_test
