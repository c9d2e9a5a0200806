// What the tests of allocations share: a count of what a call takes from the heap, and a network. Included first:
// Eigen is compiled with a check that would change its inline functions everywhere else.
#pragma once

#define EIGEN_RUNTIME_NO_MALLOC
#include "counters.hpp"
#define eigen_assert(condition) \
  ((condition) ? static_cast<void>(0) : allocation::assertion_failed(#condition))

#include <spiketape/spiketape.hpp>

#include "../catch.hpp"
#include "../numeric.hpp"

#include <vector>

namespace st = spiketape;
using st::Index;

namespace warm {

/// What a call takes from the heap.
template <typename Run>
long allocations(Run&& run) {
  Eigen::internal::set_is_malloc_allowed(false);
  allocation::start();
  run();
  const long count = allocation::stop();
  Eigen::internal::set_is_malloc_allowed(true);
  return count;
}

/// Calls it once to warm up, then three times more that must allocate nothing.
template <typename Run>
void check_warm(Run&& run) {
  CHECK(allocations(run) > 0);
  for (int i = 0; i < 3; ++i) CHECK(allocations(run) == 0);
}

constexpr Index batch = 128, steps = 25;

/// A network that learns all it can, on a batch whose products Eigen would pack on the heap.
struct Training {
  st::Random random{91};
  st::Sequential<st::Linear<float>, st::Leaky<float>, st::Linear<float>, st::Leaky<float>> net;
  st::Array<float> input = numeric::random_array<float>(random, batch, 64);
  std::vector<int> labels;
  st::Tape<float> tape;

  explicit Training(bool init_hidden = false, bool same_step = false)
      : net(st::Linear<float>(64, 200, random), neuron(init_hidden, same_step),
            st::Linear<float>(200, 10, random), neuron(init_hidden, same_step)) {
    for (Index b = 0; b < batch; ++b) labels.push_back(static_cast<int>(b % 10));
  }
  static st::Leaky<float> neuron(bool init_hidden, bool same_step) {
    return st::Leaky<float>({.beta = 0.9,
                             .init_hidden = init_hidden,
                             .learn_beta = true,
                             .learn_threshold = true,
                             .output = true,
                             .graded_spikes_factor = 1,
                             .reset_delay = !same_step});
  }
};

}  // namespace warm
