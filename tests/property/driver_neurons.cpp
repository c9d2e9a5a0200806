// The single neurons of the random driver.
#include "driver.hpp"

namespace driver {

namespace {

template <typename N>
std::unique_ptr<Net> neuron(const char* kind, N made) {
  auto net = std::make_unique<NetOf<N>>(std::move(made));
  net->kind = kind;
  return net;
}

}  // namespace

std::unique_ptr<Net> random_neuron(Draw& d, Index kind) {
  const Hidden hidden(d);
  const Index features = width(d);
  const bool exact_weights = d.coin();
  bool all_to_all = false;
  std::unique_ptr<Net> net;
  switch (kind) {
    case 0: {
      net = neuron("Leaky", leaky(d, features, hidden));
      break;
    }
    case 1: {
      using RSynaptic = st::RSynaptic<double>;
      net = neuron("RSynaptic", recurrent<RSynaptic>(d,
                                                     {.alpha = coefficient(d, features, 0.2, 0.9),
                                                      .beta = coefficient(d, features, 0.3, 1)},
                                                     features, hidden, exact_weights, all_to_all));
      break;
    }
    case 2: {
      using Alpha = st::Alpha<double>;
      net = neuron("Alpha", Alpha(common(d,
                                         Alpha::Options{.alpha = coefficient(d, features, 0.7, 0.95),
                                                        .beta = coefficient(d, features, 0.3, 0.6)},
                                         features, hidden)));
      break;
    }
    default: {
      using Lapicque = st::Lapicque<double>;
      Lapicque::Options options;
      options.beta = coefficient_of_neurons(d, features, 0.3, 0.95);
      net = neuron("Lapicque", Lapicque(common(d, options, features, hidden)));
    }
  }
  net->features = features;
  net->exact = true;
  net->exact_gradients = !all_to_all;
  net->any_features = true;
  return net;
}

}  // namespace driver
