// With EIGEN_USE_BLAS dense products go to the BLAS: here to one of our own, which counts its calls. (Where
// the system has a BLAS, unit/product.cpp runs with that.)
#include <spiketape/autograd/ops.hpp>
#include <spiketape/autograd/tape.hpp>
#include <spiketape/nn/linear.hpp>

#include "catch.hpp"
#include "numeric.hpp"

#include <cstddef>
#include <stdexcept>

namespace {

int calls = 0;

/// C += op(A) op(B), column-major, as a BLAS computes it for alpha = beta = 1.
template <typename Scalar>
void gemm(const char* order_a, const char* order_b, const int* rows, const int* cols, const int* depth,
          const Scalar* alpha, const Scalar* a, const int* stride_a, const Scalar* b, const int* stride_b,
          const Scalar* beta, Scalar* c, const int* stride_c) {
  ++calls;
  REQUIRE(*alpha == Scalar(1));
  REQUIRE(*beta == Scalar(1));
  const auto place = [](const char* order, int row, int col, int stride) {
    return *order == 'N' ? row + std::ptrdiff_t{col} * stride : col + std::ptrdiff_t{row} * stride;
  };
  for (int col = 0; col < *cols; ++col)
    for (int row = 0; row < *rows; ++row) {
      double sum = 0;
      for (int k = 0; k < *depth; ++k)
        sum += static_cast<double>(a[place(order_a, row, k, *stride_a)]) *
               static_cast<double>(b[place(order_b, k, col, *stride_b)]);
      c[row + std::ptrdiff_t{col} * *stride_c] += static_cast<Scalar>(sum);
    }
}

}  // namespace

extern "C" {
#if EIGEN_VERSION_AT_LEAST(3, 4, 90)
using Returned = void;
#else
using Returned = int;  // which nobody reads
#endif
Returned sgemm_(const char* order_a, const char* order_b, const int* rows, const int* cols, const int* depth,
                const float* alpha, const float* a, const int* stride_a, const float* b, const int* stride_b,
                const float* beta, float* c, const int* stride_c) {
  gemm(order_a, order_b, rows, cols, depth, alpha, a, stride_a, b, stride_b, beta, c, stride_c);
  return Returned();
}
Returned dgemm_(const char* order_a, const char* order_b, const int* rows, const int* cols, const int* depth,
                const double* alpha, const double* a, const int* stride_a, const double* b, const int* stride_b,
                const double* beta, double* c, const int* stride_c) {
  gemm(order_a, order_b, rows, cols, depth, alpha, a, stride_a, b, stride_b, beta, c, stride_c);
  return Returned();
}
}

namespace st = spiketape;

TEMPLATE_TEST_CASE("a dense layer calls the BLAS, forward and backward", "", float, double) {
  st::Random random(7);
  const st::Linear<TestType> linear(50, 40, random);
  st::Tape<TestType> tape;
  const auto input = tape.variable(numeric::random_sequence<TestType>(random, {1, 9, 50}));

  calls = 0;
  const auto output = linear(input);
  const int forward = calls;
  CHECK(forward > 0);
  tape.backward(st::sum(output));
  CHECK(calls >= forward + 2);  // the adjoints of weights and of the input
}

TEST_CASE("a product that is too large for a BLAS throws") {
  float number = 0;
  const auto product = [&](st::Index rows) {
    st::detail::add_product<st::detail::Order::as_is, st::detail::Order::as_is, float>(
        rows, 1, 1, {&number, 1}, {&number, 1}, &number, 1, nullptr);
  };
  CHECK_THROWS_AS(product(st::Index{1} << 33), std::invalid_argument);
}
