// One image through a trained 784-1000-10 network, without a tape: all 25 steps in one call, or as a stream
// with an image in each step and membranes that are kept between steps.
//
// The limit is reading all weights once. An image with zero pixels does not need the weights of these.
#include "images.hpp"
#include "limits.hpp"
#include "ratio.hpp"

#include <spiketape/spiketape.hpp>

#include <string>

namespace {

namespace st = spiketape;

constexpr st::Index hidden = 1000, classes = 10, steps = 25;

struct Layers {
  st::Random random{1};
  st::Linear<float> fc1{images::pixels, hidden, random};
  st::Leaky<float> lif1{{.beta = 0.95f}};
  st::Linear<float> fc2{hidden, classes, random};
  st::Leaky<float> lif2{{.beta = 0.95f}};
};

/// A network in an endless loop: it owns all memory and allocates nothing.
class Stream {
 public:
  const st::Array<float>& step(const st::Array<float>& image) {
    layers_.fc1.forward_into(image, current1_);
    layers_.lif1.forward_into(current1_, mem1_, spk1_, mem1_);
    layers_.fc2.forward_into(spk1_, current2_);
    layers_.lif2.forward_into(current2_, mem2_, spk2_, mem2_);
    return spk2_;
  }

 private:
  static st::Array<float> zeros(st::Index features) { return st::Array<float>::Zero(1, features); }

  Layers layers_;
  st::Array<float> current1_ = zeros(hidden), spk1_ = zeros(hidden), mem1_ = zeros(hidden);
  st::Array<float> current2_ = zeros(classes), spk2_ = zeros(classes), mem2_ = zeros(classes);
};

/// Reading all weights once.
ratio::Limit reading() {
  constexpr double bytes = double((images::pixels + classes) * hidden) * sizeof(float);
  return {limits::read(bytes), bytes};
}

void add_image(const std::string& what, const st::Array<float>& image) {
  ratio::add("one image, 25 steps/" + what, [=, limit = reading()](benchmark::State& state) {
    const Layers layers;
    const st::Sequential net{st::Linear(layers.fc1), st::Leaky(layers.lif1), st::Linear(layers.fc2),
                             st::Leaky(layers.lif2)};
    for (auto _ : state) benchmark::DoNotOptimize(net(st::Sequence<float>::repeat(image, steps)));
    ratio::account(state, 1, limit);
  });
}

void add_stream(const std::string& what, const st::Array<float>& image) {
  ratio::add("a step of a stream/" + what, [=, limit = reading()](benchmark::State& state) {
    Stream stream;
    for (auto _ : state) benchmark::DoNotOptimize(stream.step(image).data());
    ratio::account(state, 1, limit);
  });
}

}  // namespace

int main(int argc, char** argv) {
  st::Random random(1);
  const st::Array<float> dense = images::dense(1, random), sparse = images::sparse(1, random);
  add_image("dense", dense);
  add_image("19 % of the pixels lit", sparse);
  add_stream("dense", dense);
  add_stream("19 % of the pixels lit", sparse);

  ratio::Reporter reporter("us", 1e6);
  ratio::run(argc, argv, reporter);
}
