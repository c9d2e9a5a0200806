// Const means that several threads may read at once. The thread sanitizer watches this file.
#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>

#include "catch.hpp"
#include "plain_neurons.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace readers_test {

namespace st = spiketape;
using st::Index;

namespace {

/// Calls read() on several threads at once; returns how often it was true.
template <typename Read>
int readers(Read&& read) {
  std::atomic<int> waiting{4}, good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (--waiting; waiting > 0;) std::this_thread::yield();
      good += read() ? 1 : 0;
    });
  for (auto& thread : threads) thread.join();
  return good;
}

}  // namespace

TEST_CASE("threads may read the spikes of a tape at once, although the first one writes them out") {
  const st::Leaky<float> lif({.beta = 0.5f});
  st::Array<float> currents = st::Array<float>::Zero(3, 40);
  currents.leftCols(7).setConstant(2);
  for (int round = 0; round < 20; ++round) {
    st::Tape<float> tape;
    const auto first = lif(tape.constant(currents, 5)).spk, second = lif(tape.constant(currents, 5)).spk;
    CHECK(readers([&] {
            return first.array().rows() == 15 && first.array().leftCols(7).minCoeff() == 1 &&
                   second.array().rightCols(33).maxCoeff() == 0;
          }) == 4);
  }
}

TEST_CASE("threads may ask a layer for its parameters at once") {
  st::Random random(1);
  for (int round = 0; round < 20; ++round) {
    const st::Linear<float> linear(3, 2, random);
    CHECK(readers([&] { return linear.parameters().size() == 2; }) == 4);
  }
}

}  // namespace readers_test
