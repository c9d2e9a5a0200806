// How the cost of training grows: forward and backward for each hidden neuron and step. It should stay
// constant while the hidden layer, the sequence or the batch grows by a factor of 100 and more.
//
// 64-H-10 in blocks of four samples, on one thread, with a constant current. The limit is a copy of as many
// bytes as the two scans of the hidden layer and the adjoint of its spikes move, 24, in as much memory as a
// block keeps. The input of the last table is spikes, different ones in each step; the table compares
// densities with dense products.
#include "limits.hpp"
#include "ratio.hpp"

#include <spiketape/spiketape.hpp>

#include <algorithm>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace {

namespace st = spiketape;

constexpr st::Index block = 4;

/// The sizes of a network and its data, one of which grows.
struct Size {
  st::Index hidden = 500, steps = 25, batch = 32;
  st::Index inputs = 64;

  double neuron_steps() const { return static_cast<double>(hidden * steps * batch); }
};

/// Times forward and backward. The optimizer's step does not grow with steps or samples, so it is left out.
void train(benchmark::State& state, const Size& size, const st::SequenceView<const float>& input) {
  st::Random random(1);
  const st::Sequential net{st::Linear<float>(size.inputs, size.hidden, random),
                           st::Leaky<float>({.beta = 0.95f}), st::Linear<float>(size.hidden, 10, random),
                           st::Leaky<float>({.beta = 0.95f})};
  const std::vector<int> labels(static_cast<std::size_t>(size.batch), 3);
  st::Shards<float> shards(1, 1, block);
  const auto step = [&] {
    shards.run(net, input, [&](const auto& out, st::Index first, st::Index count) {
      const auto part =
          std::span(labels).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
      return st::cross_entropy(out.mem, part, {.samples = size.batch});
    });
  };
  step();
  for (auto _ : state) step();
}

void add(const std::string& name, const Size& size) {
  const double kept = 8.125 * static_cast<double>(size.hidden * size.steps * std::min(block, size.batch));
  const ratio::Limit limit{limits::copy(kept), 24.125};
  ratio::add(name, [=](benchmark::State& state) {
    st::Random random(1);
    st::Array<float> images(size.batch, size.inputs);
    for (st::Index i = 0; i < images.size(); ++i) images.data()[i] = static_cast<float>(random.uniform());
    train(state, size, st::repeat(images, size.steps));
    ratio::account(state, size.neuron_steps(), limit);
  });
}

void add_density(double percent) {
  const Size size{.inputs = 1000};
  const std::string dense =
      limits::dense(limits::Products::both, size.steps * size.batch, size.inputs, size.hidden);
  char name[32];
  std::snprintf(name, sizeof name, "density of the input/%.1f %%", percent);
  ratio::add(name, [=](benchmark::State& state) {
    st::Random random(1);
    st::Sequence<float> spikes(size.steps, size.batch, size.inputs);
    for (float* number = spikes.view().data; number != spikes.view().data + spikes.array().size(); ++number)
      *number = random.uniform() < percent / 100 ? 1.0f : 0.0f;
    train(state, size, spikes);
    ratio::account(state, size.neuron_steps(), {dense, 1 / size.neuron_steps()});
  });
}

}  // namespace

int main(int argc, char** argv) {
  for (const st::Index hidden : {100, 250, 500, 1000, 2000, 4000, 8000})
    add("hidden/" + std::to_string(hidden), {.hidden = hidden});
  for (const st::Index steps : {10, 30, 100, 300, 1000, 3000, 10000})
    add("steps/" + std::to_string(steps), {.hidden = 250, .steps = steps, .batch = 4});
  for (const st::Index batch : {1, 2, 4, 16, 64, 256, 1024})
    add("batch/" + std::to_string(batch), {.batch = batch});
  for (const double percent : {0.1, 1.0, 3.0, 10.0, 20.0, 30.0, 50.0, 100.0}) add_density(percent);

  ratio::Reporter reporter("ns per neuron-step", 1e9);
  ratio::run(argc, argv, reporter);
}
