// What docs/scaling.sh needs to know of a machine and of three networks: on one thread, the CPU time that a
// training step takes for each sample and beside the samples, and how much it varies. A line for each
// network:
//
//   name, parameters, microseconds for each sample, for each step, for each update of the optimizer, spread
//
// The times of a run of Shards at batches of 16 and 256 give the first two; the spread is the standard
// deviation of the time of a step over its mean.
#include "images.hpp"

#include <spiketape/nn/conv.hpp>
#include <spiketape/nn/flatten.hpp>
#include <spiketape/nn/pool.hpp>
#include <spiketape/spiketape.hpp>

#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <span>
#include <vector>

namespace {

namespace st = spiketape;
using st::Index;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// The least time, since whatever else the machine does adds to it, and the spread without the slowest tenth.
struct Time {
  double least, spread;
};
Time of(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  seconds.resize(std::max<std::size_t>(2, seconds.size() * 9 / 10));
  double mean = 0, variance = 0;
  for (const double each : seconds) mean += each / static_cast<double>(seconds.size());
  for (const double each : seconds)
    variance += (each - mean) * (each - mean) / static_cast<double>(seconds.size());
  return {seconds.front(), std::sqrt(variance) / mean};
}

/// `input(images)` makes the input of a batch.
template <typename Network, typename Input>
void measure(const char* name, const Network& net, Index block, Input&& input) {
  st::Random random(1);
  st::Adam<float> adam(net.parameters());
  st::Shards<float> shards(1, 1, block);
  std::array<Time, 2> runs{};
  Time update{};
  constexpr Index batches[] = {16, 256};
  for (std::size_t k = 0; k < 2; ++k) {
    const auto batch = input(images::sparse(batches[k], random), random);
    const st::SequenceView<const float> view = batch;
    std::vector<int> labels;
    for (Index i = 0; i < view.batch; ++i) labels.push_back(static_cast<int>(i % 10));
    std::vector<double> seconds, updates;
    for (int i = 0; i < 24; ++i) {
      const double begin = cpu_seconds();
      shards.run(net, view, [&](const auto& out, Index first, Index count) {
        const auto part =
            std::span(labels).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
        return st::cross_entropy(out.mem, part, {.samples = view.batch});
      });
      const double end = cpu_seconds();
      adam.step(shards.gradients());
      if (i < 2) continue;  // allocates
      seconds.push_back(end - begin);
      updates.push_back(cpu_seconds() - end);
    }
    runs[k] = of(seconds);
    update = of(updates);
  }
  Index parameters = 0;
  for (const auto& parameter : net.parameters()) parameters += parameter->rows * parameter->cols;
  const double each = (runs[1].least - runs[0].least) / static_cast<double>(batches[1] - batches[0]);
  const double beside = std::max(0.0, runs[0].least - static_cast<double>(batches[0]) * each);
  std::printf("%s, %ld, %.1f, %.0f, %.0f, %.3f\n", name, static_cast<long>(parameters), 1e6 * each,
              1e6 * beside, 1e6 * update.least, runs[1].spread);
}

struct Repeated {
  st::Array<float> rows;
  Index steps;
  operator st::SequenceView<const float>() const { return st::repeat(rows, steps); }  // NOLINT: it converts
};

}  // namespace

int main() {
  st::Random random(1);
  const auto dense = [&](Index hidden) {
    return st::Sequential{st::Linear<float>(images::pixels, hidden, random),
                          st::Leaky<float>({.beta = 0.95f}), st::Linear<float>(hidden, 10, random),
                          st::Leaky<float>({.beta = 0.95f})};
  };
  measure("784-1000-10", dense(1000), 4, [](auto rows, auto&) { return Repeated{rows, 25}; });
  measure("784-4000-10 rate-coded", dense(4000), 2,
          [](const auto& rows, st::Random& draws) { return images::rate_coded(rows, 25, draws); });

  st::Conv2d<float> conv1({1, images::side, images::side}, 12, 5, random);
  st::MaxPool2d<float> pool1(conv1.out_shape(), 2);
  st::Conv2d<float> conv2(pool1.out_shape(), 64, 5, random);
  st::MaxPool2d<float> pool2(conv2.out_shape(), 2);
  st::Linear<float> fc(pool2.out_shape().features(), 10, random);
  const auto lif = [] {
    return st::Leaky<float, st::reset::Subtract, st::surrogate::FastSigmoid>(
        {.beta = 0.5f, .spike_grad = {.slope = 25}});
  };
  const st::Sequential convolutional{std::move(conv1),     std::move(pool1), lif(),
                                     std::move(conv2),     std::move(pool2), lif(),
                                     st::Flatten<float>(), std::move(fc),    lif()};
  measure("12C5-MP2-64C5-MP2-10", convolutional, 2, [](auto rows, auto&) { return Repeated{rows, 10}; });
}
