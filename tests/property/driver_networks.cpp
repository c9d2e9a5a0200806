// The networks of the random driver.
#include "driver.hpp"

namespace driver {

namespace {

using Synaptic = st::Synaptic<double>;
using RLeaky = st::RLeaky<double>;
using Alif = st::Alif<double>;

}  // namespace

std::unique_ptr<Net> random_network(Draw& d, Index kind) {
  const Hidden hidden(d);
  const bool exact = d.coin(0.7);
  const Index in = width(d), middle = width(d), out = width(d);
  bool all_to_all = false;
  std::unique_ptr<Net> net;
  switch (kind) {
    case 0: {
      Linear first = linear(d, in, middle, exact), second = linear(d, middle, out, exact);
      Leaky a = leaky(d, middle, hidden), b = leaky(d, out, hidden);
      net = network("Linear Leaky Linear Leaky", std::move(first), std::move(a), std::move(second),
                    std::move(b));
      break;
    }
    case 1: {
      Linear first = linear(d, in, middle, exact), second = linear(d, middle, out, exact);
      Synaptic a(common(d,
                        Synaptic::Options{.alpha = coefficient(d, middle, 0.2, 0.9),
                                          .beta = coefficient(d, middle, 0.3, 1)},
                        middle, hidden));
      RLeaky b = recurrent<RLeaky>(d, {.beta = coefficient(d, out, 0.3, 1)}, out, hidden, exact, all_to_all);
      const Factor before = factor(d), after = factor(d);
      net = network("Linear lambda Synaptic lambda Linear RLeaky", std::move(first), before, std::move(a),
                    after, std::move(second), std::move(b));
      net->has_function = true;
      break;
    }
    case 2: {
      Leaky a = leaky(d, in, hidden);
      net = network("Leaky Linear", std::move(a), linear(d, in, out, exact));
      break;
    }
    default: {
      Linear first = linear(d, in, middle, exact), second = linear(d, middle, out, exact);
      Alif a(common(d, Alif::Options{.beta = coefficient(d, middle, 0.3, 1)}, middle, hidden));
      Leaky b = leaky(d, out, hidden);
      net =
          network("(Linear Alif) Linear Leaky", st::Sequential<Linear, Alif>(std::move(first), std::move(a)),
                  std::move(second), std::move(b));
    }
  }
  net->features = in;
  net->exact = exact;
  return net;
}

}  // namespace driver
