// What only refers to an object is not made of a temporary one.
//
// CASE_IMAGES: deleted
// CASE_IMAGES_AND_RANDOM: deleted
// CASE_NETWORK: deleted
#include <spiketape/data/batches.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/train/trainer.hpp>

namespace st = spiketape;

int main() {
  st::Random random(1);
  st::Sequential net{st::Linear<float>(3, 2, random)};
  st::Adam<float> adam(net.parameters());
#if defined(CASE_IMAGES)
  st::Batches<float> batches(st::Images(), 2, random);
#elif defined(CASE_IMAGES_AND_RANDOM)
  st::Batches<float> batches(st::Images(), 2, st::Random(1));
#elif defined(CASE_NETWORK)
  st::Trainer trainer(st::Sequential{st::Linear<float>(3, 2, random)}, adam);
#else
  const st::Images images;
  st::Batches<float> batches(images, 2, random);
  st::Batches<float> others(images, 2, st::Random(1));
  st::Trainer trainer(net, adam);
#endif
}
