// Few combinations in which every pair of choices is met: where two choices break each other, one of these
// sees it, and the whole product, thousands of times larger, need not run.
#pragma once

#include <spiketape/core/random.hpp>

#include <cstddef>
#include <numeric>
#include <vector>

namespace laws {

/// A value for each factor; `open` where it is not chosen yet.
using Combination = std::vector<int>;
inline constexpr int open = -1;

/// Combinations of the values 0, …, counts[f] − 1 of each factor f that together hold every pair of values of
/// two factors. They begin with the given ones, whose open places are filled.
class Pairs {
 public:
  Pairs(std::vector<int> counts, spiketape::Random random) : counts_(std::move(counts)), random_(random) {
    for (const int count : counts_) {
      first_.push_back(total_);
      total_ += static_cast<std::size_t>(count);
    }
    met_.resize(total_ * total_);
  }

  std::vector<Combination> complete(std::vector<Combination> combinations) {
    for (Combination& combination : combinations) fill(combination);
    for (std::size_t f = 0; f < counts_.size(); ++f)
      for (std::size_t g = f + 1; g < counts_.size(); ++g)
        for (int a = 0; a < counts_[f]; ++a)
          for (int b = 0; b < counts_[g]; ++b) {
            if (met(f, a, g, b)) continue;
            Combination combination(counts_.size(), open);
            combination[f] = a;
            combination[g] = b;
            fill(combination);
            combinations.push_back(combination);
          }
    return combinations;
  }

 private:
  std::vector<bool>::reference met(std::size_t f, int a, std::size_t g, int b) {
    return met_[(first_[f] + static_cast<std::size_t>(a)) * total_ + first_[g] + static_cast<std::size_t>(b)];
  }

  /// Chooses what is open, each time the value that meets the most new pairs.
  void fill(Combination& combination) {
    std::vector<std::size_t> order(counts_.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    random_.shuffle(order);
    for (const std::size_t f : order) {
      if (combination[f] != open) continue;
      int most = -1;
      const int start = static_cast<int>(random_.below(static_cast<std::uint64_t>(counts_[f])));
      for (int k = 0; k < counts_[f]; ++k) {
        const int value = (start + k) % counts_[f];
        int fresh = 0;
        for (std::size_t g = 0; g < counts_.size(); ++g)
          if (combination[g] != open && g != f && !met(f, value, g, combination[g])) ++fresh;
        if (fresh <= most) continue;
        most = fresh;
        combination[f] = value;
      }
    }
    for (std::size_t f = 0; f < counts_.size(); ++f)
      for (std::size_t g = 0; g < counts_.size(); ++g) met(f, combination[f], g, combination[g]) = true;
  }

  std::vector<int> counts_;
  spiketape::Random random_;
  std::size_t total_ = 0;
  std::vector<std::size_t> first_;
  std::vector<bool> met_;
};

}  // namespace laws
