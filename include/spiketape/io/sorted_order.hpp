// Sorting without an instance of std::sort for each type, which compilers take long over.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/function_ref.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The numbers 0, 1, ..., count - 1 in ascending order by `less`; equal ones stay in their order. Allocates.
inline std::vector<std::size_t> sorted_order(std::size_t count,
                                             FunctionRef<bool(std::size_t, std::size_t)> less) {
  std::vector<std::size_t> order(count);
  for (std::size_t k = 0; k < count; ++k) order[k] = k;
  const auto before = [&](std::size_t a, std::size_t b) { return less(a, b) || (!less(b, a) && a < b); };
  std::make_heap(order.begin(), order.end(), before);  // much less code than std::sort
  std::sort_heap(order.begin(), order.end(), before);
  return order;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
