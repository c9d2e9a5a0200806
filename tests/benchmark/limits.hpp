// The limits: no program that moves as many bytes, or multiplies matrices of that size, can be much faster on
// the same machine. Each limit is a benchmark, registered on first use.
#pragma once

#include "ratio.hpp"

#include <Eigen/Core>

#include <cmath>
#include <cstdio>
#include <set>
#include <string>

namespace limits {

/// Whether the benchmark of this name is requested for the first time.
inline bool is_new(const std::string& name) {
  static std::set<std::string> known;
  return known.insert(name).second;
}

/// A name such as "copy within 25.6 MB".
inline std::string with_megabytes(const char* what, double bytes) {
  char name[48];
  std::snprintf(name, sizeof name, "%s %.3g MB", what, bytes / 1e6);
  return name;
}

/// A loop that reads one half of `bytes` of memory and writes the other. Its items are the bytes moved.
inline std::string copy(double bytes) {
  const std::string name = with_megabytes("copy within", bytes);
  if (is_new(name))
    ratio::add(name, [bytes](benchmark::State& state) {
      const auto half = static_cast<Eigen::Index>(bytes / 2 / sizeof(float));
      const Eigen::ArrayXf from = Eigen::ArrayXf::Zero(half);
      Eigen::ArrayXf to = from;
      for (auto _ : state) {
        to = from + 1.0f;  // not a plain copy: compilers would call memcpy, which bypasses the cache
        benchmark::DoNotOptimize(to.data());
        benchmark::ClobberMemory();
      }
      ratio::account(state, 2.0 * sizeof(float) * static_cast<double>(half));
    });
  return name;
}

/// A loop that reads `bytes` of memory and adds up its numbers. Its items are bytes.
inline std::string read(double bytes) {
  const std::string name = with_megabytes("reading", bytes);
  if (is_new(name))
    ratio::add(name, [bytes](benchmark::State& state) {
      using Part = Eigen::Array<float, 64, 1>;  // enough sums that none waits for its last addition
      const auto parts = static_cast<Eigen::Index>(std::ceil(bytes / sizeof(Part)));
      const Eigen::ArrayXf numbers = Eigen::ArrayXf::Ones(parts * 64);
      for (auto _ : state) {
        Part sums = Part::Zero();
        for (Eigen::Index i = 0; i < numbers.size(); i += 64)
          sums += Eigen::Map<const Part>(numbers.data() + i);
        benchmark::DoNotOptimize(sums.sum());
      }
      ratio::account(state, static_cast<double>(parts * Eigen::Index(sizeof(Part))));
    });
  return name;
}

enum class Products { forward, gradient, both };

/// Eigen's dense products of a layer, on one thread: (rows, in) times (in, out), and the gradient of the
/// weights, (in, rows) times (rows, out). Its item is the whole product.
inline std::string dense(Products which, Eigen::Index rows, Eigen::Index in, Eigen::Index out) {
  const char* what = which == Products::forward    ? "product"
                     : which == Products::gradient ? "gradient"
                                                   : "products";
  const std::string name = std::string("dense ") + what + ' ' + std::to_string(rows) + 'x' +
                           std::to_string(in) + 'x' + std::to_string(out);
  if (is_new(name))
    ratio::add(name, [=](benchmark::State& state) {
      using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
      Eigen::setNbThreads(1);
      const Matrix x = Matrix::Random(rows, in), y_adjoint = Matrix::Random(rows, out);
      Matrix weight = Matrix::Random(in, out), y = y_adjoint;
      for (auto _ : state) {
        if (which != Products::gradient) y.noalias() = x * weight;
        if (which != Products::forward) weight.noalias() = x.transpose() * y_adjoint;
        benchmark::DoNotOptimize(y.data());
        benchmark::DoNotOptimize(weight.data());
        benchmark::ClobberMemory();
      }
      ratio::account(state, 1);
    });
  return name;
}

}  // namespace limits
