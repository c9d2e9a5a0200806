// The networks of the random driver.
#include "driver.hpp"

namespace driver {

namespace {

using Linear = st::Linear<double>;
using Leaky = st::Leaky<double>;
using Synaptic = st::Synaptic<double>;
using RLeaky = st::RLeaky<double>;
using Alif = st::Alif<double>;

Linear linear(Draw& d, Index in, Index out, bool exact) {
  Linear layer(in, out, d.random(), {.bias = d.coin(0.8)});
  const double bound = in < 3 ? 1.5 : 1;
  layer.weight().set(d.array(in, out, -bound / 2, bound, exact));
  if (layer.has_bias()) layer.bias().set(d.array(1, out, -0.25, 0.5, exact));
  if (d.coin(0.1)) layer.freeze();
  return layer;
}
Leaky leaky(Draw& d, Index features, const Hidden& hidden) {
  return Leaky(common(d, Leaky::Options{.beta = coefficient(d, features, 0.3, 1)}, features, hidden));
}
Factor factor(Draw& d) { return {d.coin() ? 0.5 : 2.0}; }

template <typename... Layers>
std::unique_ptr<Net> network(const char* kind, Layers... layers) {
  auto net = std::make_unique<NetOf<st::Sequential<Layers...>>>(st::Sequential<Layers...>(std::move(layers)...));
  net->kind = kind;
  return net;
}

}  // namespace

std::unique_ptr<Net> random_network(Draw& d, Index kind) {
  const Hidden hidden(d);
  const bool exact = d.coin(0.7);
  const auto width = [&] { return d.coin(0.2) ? d.between(8, 70) : d.between(1, 7); };
  const Index in = width(), middle = width(), out = d.between(1, 5);
  bool all_to_all = false;
  std::unique_ptr<Net> net;
  switch (kind) {
    case 0: {
      Linear first = linear(d, in, middle, exact), second = linear(d, middle, out, exact);
      Leaky a = leaky(d, middle, hidden), b = leaky(d, out, hidden);
      net = network("Linear Leaky Linear Leaky", std::move(first), std::move(a), std::move(second), std::move(b));
      break;
    }
    case 1: {
      Linear first = linear(d, in, middle, exact), second = linear(d, middle, out, exact);
      Synaptic a(common(d, Synaptic::Options{.alpha = coefficient(d, middle, 0.2, 0.9),
                                             .beta = coefficient(d, middle, 0.3, 1)},
                        middle, hidden));
      RLeaky b = recurrent<RLeaky>(d, {.beta = coefficient(d, out, 0.3, 1)}, out, hidden, exact, all_to_all);
      const Factor before = factor(d), after = factor(d);
      net = network("Linear lambda Synaptic lambda Linear RLeaky", std::move(first), before, std::move(a), after,
                    std::move(second), std::move(b));
      net->has_function = true;
      break;
    }
    case 2: {
      Leaky a = leaky(d, in, hidden);
      net = network("Leaky Linear", std::move(a), linear(d, in, out, exact));
      break;
    }
    case 3: {
      Linear first = linear(d, in, middle, exact), second = linear(d, middle, out, exact);
      Alif a(common(d, Alif::Options{.beta = coefficient(d, middle, 0.3, 1)}, middle, hidden));
      Leaky b = leaky(d, out, hidden);
      net = network("(Linear Alif) Linear Leaky", st::Sequential<Linear, Alif>(std::move(first), std::move(a)),
                    std::move(second), std::move(b));
      break;
    }
    default: {
      Linear first = linear(d, in, middle, exact);
      Leaky a = leaky(d, middle, hidden);
      const own::Delay<double> delay(d.between(1, 3));
      net = network("Linear Delay Leaky lambda", std::move(first), delay, std::move(a), factor(d));
      net->has_function = true;
    }
  }
  net->features = in;
  net->exact = exact;
  return net;
}

}  // namespace driver
