// What the benchmarks of training steps share.
#pragma once

#include <spiketape/core/array.hpp>

#include <thread>
#include <vector>

namespace training {

/// The classes of some samples, 0 to 9 in turns.
inline std::vector<int> labels(spiketape::Index count) {
  std::vector<int> classes;
  for (spiketape::Index i = 0; i < count; ++i) classes.push_back(static_cast<int>(i % 10));
  return classes;
}

/// 1, 2, 4, … up to the number of cores, but at least 1 and 2.
inline std::vector<int> thread_counts() {
  std::vector<int> counts{1, 2};
  while (2 * counts.back() <= static_cast<int>(std::thread::hardware_concurrency()))
    counts.push_back(2 * counts.back());
  return counts;
}

}  // namespace training
