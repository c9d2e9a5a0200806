// Learned delays: where does a sound come from? It reaches one ear before the other, so the answer lies in
// the lag between two spikes. Neurons that forget within a few steps cannot compare them. Behind delay lines
// they can: a neuron fires where a delay makes up for the lag (Jeffress, A place theory of sound
// localization, 1948). The delays start nearly equal; the network learns to spread them.

#include <spiketape/conv.hpp>
#include <spiketape/data/samples.hpp>
#include <spiketape/functional/ce_losses.hpp>
#include <spiketape/spiketape.hpp>
#include <spiketape/train/trainer.hpp>

#include <cstdio>
#include <exception>

namespace st = spiketape;

constexpr st::Index num_steps = 40, directions = 5, ear_lines = 8;  // delay lines for each ear

/// Each ear spikes once, the right one −8, −4, 0, 4 or 8 steps after the left, give or take one; and there is
/// noise.
st::Samples<float> sounds(st::Index count, st::Random& random) {
  st::Samples<float> sounds{.inputs = {st::Sequence<float>(num_steps, count, 2 * ear_lines)}};
  for (st::Index sample = 0; sample < count; ++sample) {
    const auto below = [&](st::Index n) {
      return static_cast<st::Index>(random.below(static_cast<unsigned>(n)));
    };
    const st::Index direction = below(directions), left = 10 + below(num_steps - 20);
    const st::Index right = left + 4 * (direction - directions / 2) + below(3) - 1;
    for (st::Index t = 0; t < num_steps; ++t)
      for (const bool is_right : {false, true}) {
        const bool spikes = t == (is_right ? right : left) || random.uniform() < 0.01;
        for (st::Index line = 0; line < ear_lines; ++line)
          sounds.inputs[0](t, sample, line + (is_right ? ear_lines : 0)) = spikes ? 1.0f : 0.0f;
      }
    sounds.labels.push_back(static_cast<int>(direction));
  }
  return sounds;
}

template <typename Network>
void train(const char* title, Network net, const st::Samples<float>& known,
           const st::Samples<float>& unknown) {
  st::Random random(2);
  st::Batches batches(known, 50, random), tests(unknown, 50, random);
  st::Adam<float> adam(net.parameters(), {.lr = 1e-2});
  st::Trainer trainer(net, adam);
  const auto& log = trainer.fit(batches, tests, {.epochs = 30, .loss = st::ce_count_loss()});
  std::printf("%-22s %5.1f %% of unknown sounds right\n", title, 100 * log.epochs.back().test_accuracy);
}

int main() try {
  st::Random random(1);
  const auto known = sounds(1000, random), unknown = sounds(500, random);
  st::Row<float> first_delays(2 * ear_lines);
  for (float& delay : first_delays) delay = static_cast<float>(random.uniform(7, 9));
  const auto delay = [&](bool learn) {
    return st::Delay<float>({.max_delay = 16,
                             .delay = first_delays,
                             .learn_delay = learn,
                             .kernel = st::DelayKernel::gaussian,
                             .sigma = 2});
  };
  const auto rest = [] {
    st::Random weights(3);
    const st::Leaky<float> forgets({.beta = 0.3f});
    return st::Sequential{st::Linear<float>(2 * ear_lines, 32, weights), st::Leaky<float>(forgets),
                          st::Linear<float>(32, directions, weights), st::Leaky<float>(forgets)};
  };
  train("without delays", rest(), known, unknown);
  train("with fixed delays", st::Sequential{delay(false), rest()}, known, unknown);
  train("with learned delays", st::Sequential{delay(true), rest()}, known, unknown);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
