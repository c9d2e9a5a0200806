// A training step of snnTorch's tutorial 5: 784-H-10, 25 steps, a batch of 128, the cross entropy of the
// output membranes at every step, Adam. Blocks have four samples, or two if these are large, with one shard
// for each thread.
//
// The limit is the time of the two products that dense images need, the first layer's and its weights'
// gradient, with the constant image multiplied once, divided by the number of threads. Images with zero
// pixels may take less. A rate-coded input differs in each of the 25 steps: its limit is 25 times that.
#include "images.hpp"
#include "limits.hpp"
#include "ratio.hpp"
#include "training.hpp"

#include <spiketape/spiketape.hpp>

#include <cstdio>
#include <span>
#include <string>
#include <vector>

#if __has_include(<sys/resource.h>)
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace {

namespace st = spiketape;

constexpr st::Index batch = 128, steps = 25;

class Training {
 public:
  Training(st::Index hidden, int threads)
      : net_{st::Linear<float>(images::pixels, hidden, random_), st::Leaky<float>({.beta = 0.95f}),
             st::Linear<float>(hidden, 10, random_), st::Leaky<float>({.beta = 0.95f})},
        adam_(net_.parameters(), {.lr = 5e-4, .threads = threads}),
        shards_(threads, threads, hidden < 4000 ? 4 : 2) {}  // 2.5 MB on the tape of a block, or less

  float step(st::SequenceView<const float> input, std::span<const int> labels) {
    const float loss = shards_.run(net_, input, [&](const auto& out, st::Index first, st::Index count) {
      const auto part = labels.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
      return st::cross_entropy(out.mem, part, {.samples = input.batch});
    });
    adam_.step(shards_.gradients());
    return loss;
  }

 private:
  st::Random random_{1};
  st::Sequential<st::Linear<float>, st::Leaky<float>, st::Linear<float>, st::Leaky<float>> net_;
  st::Adam<float> adam_;
  st::Shards<float> shards_;
};

void add(const std::string& what, st::SequenceView<const float> input) {
  for (const st::Index hidden : {100, 1000, 4000})
    for (const int threads : training::thread_counts()) {
      const ratio::Limit limit{limits::dense(limits::Products::both, batch, images::pixels, hidden),
                               static_cast<double>(input.stored_steps()) / threads};
      const std::string name = what + "/H = " + std::to_string(hidden) + '/' + std::to_string(threads) +
                               (threads == 1 ? " thread" : " threads");
      ratio::add(name, [=](benchmark::State& state) {
        Training network(hidden, threads);
        const std::vector<int> labels = training::labels(batch);
        network.step(input, labels);  // allocates the tapes' memory
        for (auto _ : state) network.step(input, labels);
        ratio::account(state, 1, limit);
        state.counters["samples/s"] =
            benchmark::Counter(batch, benchmark::Counter::kIsIterationInvariantRate);
      });
    }
}

#if __has_include(<sys/resource.h>)
double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  return static_cast<double>(usage.ru_maxrss) / (1 << 20);
#else
  return static_cast<double>(usage.ru_maxrss) / (1 << 10);
#endif
}

/// Prints how much memory grows, at most, from loaded data to the end of some steps. A process has one peak
/// in its life, so each measurement gets its own process.
void print_peak_memory(st::Index samples) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    st::Random random(1);
    const st::Array<float> rows = images::sparse(samples, random);
    const std::vector<int> labels = training::labels(samples);
    const double before = peak_mib();
    Training network(1000, 1);
    for (int i = 0; i < 3; ++i) network.step(st::repeat(rows, steps), labels);
    std::printf("peak memory of training, H = 1000, batch %4d, 1 thread: %.1f MiB beside the data\n",
                static_cast<int>(samples), peak_mib() - before);
    std::fflush(stdout);
    _exit(0);
  }
  if (child > 0) waitpid(child, nullptr, 0);
}
#else
void print_peak_memory(st::Index) {}
#endif

}  // namespace

int main(int argc, char** argv) {
  print_peak_memory(128);  // before OpenMP starts threads, which a fork lacks
  print_peak_memory(1024);

  st::Random random(1);
  const st::Array<float> sparse = images::sparse(batch, random), dense = images::dense(batch, random);
  const st::Sequence<float> spikes = images::rate_coded(sparse, steps, random);
  add("sparse images", st::repeat(sparse, steps));
  add("dense images", st::repeat(dense, steps));
  add("rate-coded sparse images", spikes);

  ratio::Reporter reporter("ms", 1e3);
  ratio::run(argc, argv, reporter);
}
