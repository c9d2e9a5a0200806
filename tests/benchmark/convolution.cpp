// A training step of snnTorch's tutorial 6: 12C5-MP2-64C5-MP2-10, 10 steps, a batch of 128, Adam, in blocks
// of two samples with one shard for each thread.
//
// The limit is the time of the three products of the second convolution as dense ones (forward, weights and
// input), divided by the number of threads; the other layers have 2 % of the multiplications, since the image
// is constant. Few spikes and a gradient that is zero but for the winners of a pool may take less. So weights
// are larger than at first, which makes the neurons as active as after 80 steps of MNIST, and hardly learn.
#include "images.hpp"
#include "limits.hpp"
#include "ratio.hpp"
#include "training.hpp"

#include <spiketape/conv.hpp>
#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/spiketape.hpp>

#include <array>
#include <string>
#include <vector>

namespace {

namespace st = spiketape;

constexpr st::Index batch = 128, steps = 10;

// Of the second convolution: images of 12 x 12, a kernel of 5 x 5.
constexpr st::Index inputs = 12 * 5 * 5, channels = 64, places = 8 * 8;

class Training {
 public:
  explicit Training(int threads)
      : adam_(net_.parameters(), {.lr = 1e-6, .threads = threads}), shards_(threads, threads, 2) {
    net_.layer<0>().weight().array() *= 3;
    net_.layer<3>().weight().array() *= 3.5f;
  }

  void step(st::SequenceView<const float> input, const std::vector<int>& labels) {
    shards_.run(net_, input, st::ce_rate_loss(labels));
    adam_.step(shards_.gradients());
  }

  /// The spikes of the first and the second layer of neurons, in percent of all that there could be.
  std::array<double, 2> activity(st::SequenceView<const float> input) const {
    const auto first = net_.layer<2>()(net_.layer<1>()(net_.layer<0>()(input))).spk;
    const auto second = net_.layer<5>()(net_.layer<4>()(net_.layer<3>()(first))).spk;
    return {100.0 * first.array().mean(), 100.0 * second.array().mean()};
  }

 private:
  using Lif = st::Leaky<float, st::reset::Subtract, st::surrogate::FastSigmoid>;
  static Lif lif() { return Lif({.beta = 0.5f, .spike_grad = {.slope = 25}}); }

  st::Random random_{1};
  st::Sequential<st::Conv2d<float>, st::MaxPool2d<float>, Lif, st::Conv2d<float>, st::MaxPool2d<float>, Lif,
                 st::Linear<float>, Lif>
      net_{st::Conv2d<float>({1, images::side, images::side}, 12, 5, random_),
           st::MaxPool2d<float>({12, 24, 24}, 2),
           lif(),
           st::Conv2d<float>({12, 12, 12}, channels, 5, random_),
           st::MaxPool2d<float>({channels, 8, 8}, 2),
           lif(),
           st::Linear<float>(channels * 4 * 4, 10, random_),
           lif()};
  st::Adam<float> adam_;
  st::Shards<float> shards_;
};

void add(st::SequenceView<const float> input, int threads) {
  // Both products of eight samples, which stay in the cache; the third has as many multiplications as each.
  constexpr st::Index samples = 8;
  const ratio::Limit limit{limits::dense(limits::Products::both, samples * places, inputs, channels),
                           1.5 * steps * batch / samples / threads};
  ratio::add("convolutions/" + std::to_string(threads) + (threads == 1 ? " thread" : " threads"),
             [=](benchmark::State& state) {
               Training network(threads);
               const std::vector<int> labels = training::labels(batch);
               network.step(input, labels);  // allocates the tapes' memory
               for (auto _ : state) network.step(input, labels);
               ratio::account(state, 1, limit);
               const auto [first, second] = network.activity(input);
               state.counters["% spikes before conv2"] = first;
               state.counters["% behind it"] = second;
               state.counters["samples/s"] =
                   benchmark::Counter(batch, benchmark::Counter::kIsIterationInvariantRate);
             });
}

}  // namespace

int main(int argc, char** argv) {
  st::Random random(1);
  const st::Array<float> images = images::sparse(batch, random);
  for (const int threads : training::thread_counts()) add(st::repeat(images, steps), threads);

  ratio::Reporter reporter("ms", 1e3);
  ratio::run(argc, argv, reporter);
}
