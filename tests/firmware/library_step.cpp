// What a program needs of the library to compute a step of the digits: measure.sh prints its bytes.
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

namespace st = spiketape;

using Digits = st::Sequential<st::Linear<float>, st::Leaky<float>, st::Linear<float>, st::Leaky<float>>;

void step(const Digits& net, const st::Row<float>& image, st::State<float>& state, float* spikes) {
  const auto out = net(image, state);
  for (st::Index i = 0; i < 10; ++i) spikes[i] = out.spk.array()(0, i);
}
