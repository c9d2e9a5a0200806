// Loops on several threads if the program is compiled with OpenMP, else on one.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/config.hpp>

#include <Eigen/Core>

#include <algorithm>

namespace spiketape::detail {

/// Calls body(i) for i = 0, …, count − 1, on up to `threads` threads. `body` must not depend on the order and
/// must not throw.
template <typename Body>
void parallel_for(int threads, Eigen::Index count, Body&& body) {
#ifdef _OPENMP
  if (threads > 1 && count > 1) {  // OpenMP allocates even for one thread
#pragma omp parallel for schedule(static) num_threads(threads)
    for (Eigen::Index i = 0; i < count; ++i) body(i);
    return;
  }
#endif
  static_cast<void>(threads);
  for (Eigen::Index i = 0; i < count; ++i) body(i);
}

/// Calls body(thread, begin, end) for ranges of 0, …, count − 1, one for each of up to `threads` threads,
/// counted from 0. `body` must not depend on where a range ends and must not throw.
template <typename Body>
void parallel_ranges(int threads, Eigen::Index count, Body&& body) {
  const Eigen::Index ranges = std::min<Eigen::Index>(threads, count);
  parallel_for(threads, ranges, [&](Eigen::Index i) {
    body(static_cast<int>(i), count * i / ranges, count * (i + 1) / ranges);
  });
}

/// Calls body(begin, end) for pieces of 0, …, count − 1 that are worth a thread. All but the last consist of
/// whole lanes.
template <typename Body>
void parallel_pieces(int threads, Eigen::Index count, Body&& body) {
  constexpr Eigen::Index piece = 1 << 14;
  parallel_for(threads, (count + piece - 1) / piece,
               [&](Eigen::Index i) { body(i * piece, std::min(count, (i + 1) * piece)); });
}

}  // namespace spiketape::detail

#include <spiketape/core/pop_macros.hpp>
