// The networks of the random driver that have layers of a user's.
#include "driver.hpp"

namespace driver {

std::unique_ptr<Net> random_network_of_own_layers(Draw& d, Index kind) {
  const Hidden hidden(d);
  const bool exact = d.coin(0.7);
  const Index in = width(d), pooled = width(d), out = width(d);
  const Index middle = kind == 0 ? pooled : 2 * pooled;
  Linear first = linear(d, in, middle, exact);
  Leaky a = leaky(d, middle, hidden);
  std::unique_ptr<Net> net;
  if (kind == 0) {
    const own::Delay<double> delay(d.between(1, 3));
    net = network("Linear Delay Leaky lambda", std::move(first), delay, std::move(a), factor(d));
    net->has_function = true;
  } else {
    Linear second = linear(d, pooled, out, exact);
    Leaky b = leaky(d, out, hidden);
    net = network("Linear Leaky MaxPool Linear Leaky", std::move(first), std::move(a), own::MaxPool<double>(),
                  std::move(second), std::move(b));
  }
  net->features = in;
  net->exact = exact;
  return net;
}

}  // namespace driver
