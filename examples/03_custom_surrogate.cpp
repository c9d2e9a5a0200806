// A surrogate gradient and a reset of your own, inlined like the library's. Trains three small networks on
// the digits and prints their test accuracies.

#include <spiketape/spiketape.hpp>

#include <cstdio>
#include <exception>
#include <string>

namespace st = spiketape;

// A surrogate is a struct with one function, here a Gaussian. It is a template, so the same code serves
// float, double and SIMD lanes; use st::exp, not std::exp, in it.
struct GaussianBump {
  double width = 0.5;
  template <typename T>
  T derivative(const T& x) const {
    const T z = x * T(1 / width);
    return st::exp(T(-0.5) * z * z);
  }
};

// A reset gives the membrane after a spike, and its two partial derivatives.
struct ResetToHalf {
  static constexpr bool before_input = false;
  static constexpr double d_mem = 0.5, d_threshold = 0;
  template <typename T>
  T after(const T& mem, const T& /*threshold*/) const {
    return T(0.5) * mem;
  }
};

template <typename Reset, typename Surrogate>
double train(const st::Images& train, const st::Images& test, const Surrogate& surrogate) {
  using Neuron = st::Leaky<float, Reset, Surrogate>;
  st::Random random(1);
  st::Sequential net{st::Linear<float>(64, 100, random), Neuron({.beta = 0.5f, .spike_grad = surrogate}),
                     st::Linear<float>(100, 10, random), Neuron({.beta = 0.5f, .spike_grad = surrogate})};
  st::Adam<float> adam(net.parameters(), {.lr = 2e-3});
  st::Batches<float> batches(train, 32, st::Random(2));
  st::Tape<float> tape;
  for (int epoch = 0; epoch < 10; ++epoch)
    for (const auto& batch : batches.shuffled()) {
      tape.reset();
      const auto [spk, mem] = net(tape.constant(batch.input, 10));
      tape.backward(st::cross_entropy(mem, batch.labels) + st::cross_entropy(spk, batch.labels));
      adam.step(tape.gradients());
    }

  st::Batches<float> all(test, test.count(), st::Random(0));
  double accuracy = 0;
  for (const auto& batch : all.in_order())
    accuracy = st::accuracy(net(st::Sequence<float>::repeat(batch.input, 10)).spk, batch.labels);
  return accuracy;
}

int main() try {
  const std::string digits = SPIKETAPE_EXAMPLE_DATA "/digits-";
  const auto train_set =
      st::read_images(digits + "train-images-idx3-ubyte", digits + "train-labels-idx1-ubyte", 1.0 / 16);
  const auto test_set =
      st::read_images(digits + "test-images-idx3-ubyte", digits + "test-labels-idx1-ubyte", 1.0 / 16);

  // A generic lambda is a surrogate, too.
  const auto triangle = [](auto x) { return st::max(1.0f - st::abs(x), 0.0f); };

  std::printf("subtract, ATan          %.1f %%\n",
              100 * train<st::reset::Subtract>(train_set, test_set, st::surrogate::ATan{}));
  std::printf("to half, GaussianBump   %.1f %%\n",
              100 * train<ResetToHalf>(train_set, test_set, GaussianBump{.width = 0.4}));
  std::printf("subtract, lambda        %.1f %%\n",
              100 * train<st::reset::Subtract>(train_set, test_set, triangle));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
