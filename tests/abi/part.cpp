// One of the objects of a program, compiled with flags of its own.
#include <spiketape/neuron/leaky.hpp>

spiketape::Array<float> spikes(const spiketape::Array<float>& input) {
  return spiketape::Leaky<float>({.beta = 0.9f})(input).spk;
}
