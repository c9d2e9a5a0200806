// The networks of the random driver that see images, encode their input, or normalize over the batch.
#include "driver.hpp"

#include <spiketape/conv.hpp>
#include <spiketape/nn/encode.hpp>
#include <spiketape/spikegen/delta.hpp>
#include <spiketape/spikegen/phase.hpp>
#include <spiketape/spikegen/population.hpp>

namespace driver {

namespace {

using Conv2d = st::Conv2d<double>;
using MaxPool2d = st::MaxPool2d<double>;
using BatchNorm1d = st::BatchNorm1d<double>;

template <typename Code>
std::unique_ptr<Net> encoded(Draw& d, const char* kind, const Code& code, Index in, bool exact) {
  const Hidden hidden(d);
  const Index encoded_in = code.result({1, 1, in}).features, out = width(d);
  Linear linear_layer = linear(d, encoded_in, out, exact);
  auto net = network(kind, st::Encode<double, Code>(code), std::move(linear_layer), leaky(d, out, hidden));
  net->features = in;
  net->exact = exact;
  net->starts_over = true;
  return net;
}

}  // namespace

std::unique_ptr<Net> random_network_of_layers(Draw& d, Index kind) {
  const Hidden hidden(d);
  const bool exact = d.coin(0.7);
  switch (kind) {
    case 0: {
      const st::ImageShape image{d.between(1, 2), d.between(3, 6), d.between(3, 6)};
      const Index kernel = d.between(1, 3), channels = d.between(1, 3);
      Conv2d conv(image, channels, kernel, d.random(),
                  {.stride = d.between(1, 2), .padding = d.between(0, kernel / 2)});
      conv.weight().set(d.array(conv.weight().rows(), conv.weight().cols(), -0.5, 1, exact));
      const st::ImageShape seen = conv.out_shape();
      MaxPool2d pool(seen, std::min<Index>({2, seen.height, seen.width}));
      const Index out = width(d);
      Linear last = linear(d, pool.out_shape().features(), out, exact);
      auto net =
          network("Conv2d Leaky MaxPool2d Linear Leaky", std::move(conv), leaky(d, seen.features(), hidden),
                  std::move(pool), std::move(last), leaky(d, out, hidden));
      net->features = image.features();
      return net;
    }
    case 1:
      return encoded(
          d, "Encode<Delta> Linear Leaky",
          st::spikegen::Delta{.threshold = 0.5, .padding = d.coin(), .off_spike = true, .split = true},
          width(d), exact);
    case 2: {
      auto net =
          encoded(d, "Encode<Phase> Linear Leaky",
                  st::spikegen::Phase{.phases = d.between(1, 6), .weighted = d.coin()}, width(d), false);
      net->in_unit = true;
      return net;
    }
    case 3:
      return encoded(d, "Encode<Population> Linear Leaky",
                     st::spikegen::Population{.neurons = d.between(3, 6), .low = -1, .high = 2}, width(d),
                     false);
    default: {
      const Index in = width(d), middle = width(d), out = width(d);
      Linear first = linear(d, in, middle, exact), second = linear(d, middle, out, exact);
      auto net = network("Linear BatchNorm1d Leaky Linear", std::move(first), BatchNorm1d(middle),
                         leaky(d, middle, hidden), std::move(second));
      net->features = in;
      return net;
    }
  }
}

}  // namespace driver
