// The networks of the random driver that have layers of a user's, and others with states.
#include "driver.hpp"

#include <spiketape/nn/delay.hpp>

namespace driver {

std::unique_ptr<Net> random_network_of_own_layers(Draw& d, Index kind) {
  const Hidden hidden(d);
  const bool exact = d.coin(0.7);
  const Index in = width(d), pooled = width(d), out = width(d);
  const Index middle = kind == 1 ? 2 * pooled : pooled;
  Linear first = linear(d, in, middle, exact);
  Leaky a = leaky(d, middle, hidden);
  std::unique_ptr<Net> net;
  if (kind == 0) {
    const own::Delay<double> delay(d.between(1, 3));
    net = network("Linear Delay Leaky lambda", std::move(first), delay, std::move(a), factor(d));
    net->has_function = true;
  } else if (kind == 2) {
    const bool gaussian = d.coin();
    st::Delay<double> delay({.max_delay = d.between(1, 4),
                             .delay = d.coin(0.3) ? 1.0 : d.number(0, 1, false),
                             .channels = d.coin() ? middle : 0,
                             .learn_delay = d.coin(),
                             .kernel = gaussian ? st::DelayKernel::gaussian : st::DelayKernel::linear,
                             .init_hidden = hidden.draw(d)});
    net = network("Linear Delay Leaky", std::move(first), std::move(delay), std::move(a));
  } else {
    Linear second = linear(d, pooled, out, exact);
    Leaky b = leaky(d, out, hidden);
    net = network("Linear Leaky MaxPool Linear Leaky", std::move(first), std::move(a), own::MaxPool<double>(),
                  std::move(second), std::move(b));
  }
  net->features = in;
  net->exact = exact && kind != 2;  // a delay's weights are no short numbers
  return net;
}

}  // namespace driver
