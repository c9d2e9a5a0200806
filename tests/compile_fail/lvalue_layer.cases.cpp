// A layer that is given by its name is copied into the network, and only the copy learns: a warning says so.
//
// CASE_LAYER: write std::move(fc)
// CASE_CONST: write std::move(fc)
// CASE_NAMED: write std::move(fc)
// CASE_NETWORK: write std::move(fc)
#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/neuron/leaky.hpp>

#include <utility>

#pragma GCC diagnostic error "-Wdeprecated-declarations"

namespace st = spiketape;

int main() {
  st::Random random(1);
  st::Linear<float> fc(3, 2, random);
  const st::Leaky<float> lif({.beta = 0.9f});
#if defined(CASE_LAYER)
  st::Sequential net{fc, st::Leaky<float>({.beta = 0.9f})};
#elif defined(CASE_CONST)
  st::Sequential net{st::Linear<float>(3, 2, random), lif};
#elif defined(CASE_NAMED)
  st::Sequential net{st::named("fc", fc), st::Leaky<float>({.beta = 0.9f})};
#elif defined(CASE_NETWORK)
  st::Sequential inner{st::Leaky<float>({.beta = 0.9f})};
  st::Sequential net{inner, st::Leaky<float>({.beta = 0.9f})};
#else
  const auto twice = [](const auto& x) { return 2.0f * x; };
  st::Sequential net{st::named("fc", std::move(fc)), twice, st::Leaky<float>(lif)};
  st::Sequential copy(net);
  st::Sequential other{copy};
#endif
}
