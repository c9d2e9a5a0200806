// A task that needs memory, delayed match to sample: a cue, A or B, a delay, a second cue. Were they the
// same? Neither cue alone tells, so a network that has forgotten the first one is right half of the time.
//
//   ./04_memory [seed]
//
// Three networks with the same leak, size, readout and training batches differ in their hidden layer:
//
//   Leaky   forgets. After the delay, β^20 = 1 % of the first cue's effect on a membrane is left, less than
//           the background adds in a step, and nothing else carries it.
//   RLeaky  sends its spikes to itself. It learns to keep activity going during the delay, in other neurons
//           after A than after B.
//   Alif    has thresholds that rise with each spike and decay slowly. Neurons that the first cue has adapted
//           fire less if the same cue comes again.
//
// A slower leak is a memory, too: with β = 0.9 Leaky gets 85 % over this delay. RLeaky has to find such a
// recurrent activity, and did with 18 of the seeds 1 to 20; Alif needs no such search.

#include <spiketape/spiketape.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

namespace st = spiketape;

constexpr st::Index cue = 10, delay = 20, steps = cue + delay + cue;  // in steps
constexpr st::Index channels = 20, neurons = 100;
constexpr float beta = 0.8f;

struct Trials {
  st::Sequence<float> spikes;
  std::vector<int> labels;  // 1: the two cues are the same
};

// The first ten channels code for A, the others for B. They fire with a probability of 80 % while their cue
// is on, else 5 %.
Trials draw(st::Index count, st::Random& random) {
  Trials trials{st::Sequence<float>(steps, count, channels), {}};
  for (st::Index i = 0; i < count; ++i) {
    const auto first = random.below(2), second = random.below(2);
    trials.labels.push_back(first == second ? 1 : 0);
    for (st::Index t = 0; t < steps; ++t)
      for (st::Index c = 0; c < channels; ++c) {
        const auto meaning = c < channels / 2 ? 0u : 1u;
        const bool on = (t < cue && meaning == first) || (t >= cue + delay && meaning == second);
        trials.spikes(t, i, c) = random.uniform() < (on ? 0.8 : 0.05) ? 1.0f : 0.0f;
      }
  }
  return trials;
}

template <typename Neuron>
class Network {
 public:
  // The readout leaks like the neurons; otherwise it would remember for them.
  template <typename MakeHidden>
  Network(st::Random random, MakeHidden hidden)
      : net_{st::Linear<float>(channels, neurons, random), hidden(random),
             st::Linear<float>(neurons, 2, random), st::Integrator<float>({.beta = beta})},
        adam_(net_.parameters(), {.lr = 5e-3}) {}

  // Learns from a batch. Only the membranes of the last step are the answer.
  float learn(const Trials& trials) {
    const float loss = shards_.run(net_, trials.spikes, [&](const auto& out) {
      return st::cross_entropy(st::step(out.mem, steps - 1), trials.labels);
    });
    adam_.step(shards_.gradients());
    return loss;
  }

  double accuracy(const Trials& trials) const {
    return 100 * st::accuracy(net_(trials.spikes).mem.step(steps - 1), trials.labels);
  }

 private:
  st::Sequential<st::Linear<float>, Neuron, st::Linear<float>, st::Integrator<float>> net_;
  st::Adam<float> adam_;
  st::Shards<float> shards_{1, 1, 4};  // in blocks of four samples, on one thread
};

int main(int argc, char** argv) try {
  st::Random random(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1);
  const st::Random weights = random.split();  // the first layers start with the same weights
  Network<st::Leaky<float>> leaky(weights, [](auto&) { return st::Leaky<float>({.beta = beta}); });
  Network<st::RLeaky<float>> rleaky(weights, [](st::Random& draws) {
    return st::RLeaky<float>({.beta = beta, .linear_features = neurons}, draws);
  });
  Network<st::Alif<float>> alif(
      weights, [](auto&) { return st::Alif<float>({.beta = beta, .rho = 0.98f, .adaptation = 20}); });

  const int epochs = 30, batches = 20, batch = 128;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    float losses[3] = {};
    for (int k = 0; k < batches; ++k) {
      const Trials trials = draw(batch, random);
      losses[0] += leaky.learn(trials) / batches;
      losses[1] += rleaky.learn(trials) / batches;
      losses[2] += alif.learn(trials) / batches;
    }
    std::printf("epoch %2d/%d  loss  Leaky %5.3f  RLeaky %5.3f  Alif %5.3f\n", epoch, epochs,
                double(losses[0]), double(losses[1]), double(losses[2]));
    std::fflush(stdout);
  }

  const Trials fresh = draw(2000, random);
  std::printf("right on 2000 new trials: Leaky %.1f %%, RLeaky %.1f %%, Alif %.1f %% (chance 50 %%)\n",
              leaky.accuracy(fresh), rleaky.accuracy(fresh), alif.accuracy(fresh));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
