// Layers in other orders, and of sizes whose sums the library takes in parts.
#include <spiketape/neuron/integrator.hpp>
#include <spiketape/neuron/leaky.hpp>

#include "cases.hpp"

void add_shapes(Cases& cases) {
  using Leaky = st::Leaky<float>;
  st::Random random(5);
  // More than 1024 inputs, and outputs in blocks of all kinds.
  cases.add("large", network<float>(1100, 70, 21, Leaky({.beta = 0.9f}), Leaky({.beta = 0.9f})), 1100, 0.4);
  cases.add("wide",
            st::Sequential{st::Linear<float>(3, 1300, random), Leaky({.beta = 0.9f, .threshold = 0.1f}),
                           st::Linear<float>(1300, 50, random), Leaky({.beta = 0.9f, .threshold = 0.2f})},
            3);
  // An inner network, a layer without a bias, numbers as the result.
  cases.add("numbers",
            st::Sequential{st::named("in", st::Sequential{st::Linear<float>(5, 8, random),
                                                          st::Linear<float>(8, 20, random, {.bias = false})}),
                           st::named("lif", Leaky({.beta = 0.9f, .threshold = 0.3f})),
                           st::named("out", st::Linear<float>(20, 3, random))},
            5);
  // Neurons that feed neurons, and membranes as the result.
  cases.add("neurons",
            st::Sequential{Leaky({.beta = row<float>(6, 0.5, 0.9)}),
                           Leaky({.beta = 0.5f, .graded_spikes_factor = row<float>(6, 0.5, 2)}),
                           Leaky({.beta = 0.9f})},
            6);
  st::Sequential readout{st::named("fc", st::Linear<float>(6, 9, random)),
                         st::named("lif", Leaky({.beta = 0.9f, .threshold = 0.3f})),
                         st::named("fc2", st::Linear<float>(9, 4, random)),
                         st::named("out", st::Integrator<float>({.beta = 0.9f}))};
  cases.add("readout", readout, 6, {.silent = true});
  cases.add("alone", st::Leaky<float>({.beta = row<float>(3, 0.5, 0.9)}), 3);
  // The first of equals wins.
  cases.add("equals", Leaky({.beta = row<float>(7, 0, 0), .inhibition = true}), 7,
            {.size = 3, .whole = true});
}
