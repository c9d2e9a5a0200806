// Leaky with each reset and both timings, shared and own coefficients, graded spikes and inhibition.
#include <spiketape/neuron/leaky.hpp>

#include "cases.hpp"

void add_leaky(Cases& cases) {
  using Leaky = st::Leaky<float>;
  using Leaky0 = st::Leaky<float, st::reset::Zero>;
  using LeakyB = st::Leaky<float, st::reset::ZeroBeforeInput>;
  using LeakyN = st::Leaky<float, st::reset::None>;
  cases.add("leaky_subtract",
            network<float>(10, 37, 5,
                           Leaky({.beta = row<float>(37, 0.5, 1.2), .threshold = row<float>(37, 0.5, 1)}),
                           Leaky({.beta = 0.8f, .threshold = 0.4f, .reset_delay = false})),
            10);
  cases.add("leaky_graded",
            network<float>(10, 40, 6, LeakyB({.beta = 0.9f, .graded_spikes_factor = 0.6f}),
                           LeakyB({.beta = 0.7f, .threshold = 0.3f, .reset_delay = false})),
            10);
  cases.add("leaky_zero",
            network<float>(9, 70, 20, Leaky0({.beta = 0.9f, .graded_spikes_factor = row<float>(70, -0.5, 2)}),
                           Leaky0({.beta = 0.9f, .graded_spikes_factor = 0.5f, .reset_delay = false})),
            9);
  const st::Row<float> some_silent = row<float>(18, -1, 2).max(0);
  cases.add("leaky_none",
            network<float>(7, 18, 3, LeakyN({.beta = 0.6f, .graded_spikes_factor = some_silent}),
                           LeakyN({.beta = 0.5f, .reset_delay = false})),
            7, 8);
  cases.add(
      "inhibited",
      network<float>(12, 33, 9, Leaky({.beta = 0.9f, .inhibition = true}),
                     Leaky0({.beta = 0.9f, .threshold = 0.1f, .inhibition = true, .reset_delay = false})),
      12, 4);
  cases.add(
      "inhibited_exact",
      network<float>(
          12, 33, 9,
          Leaky({.beta = 0.9f, .inhibition = true, .graded_spikes_factor = 0.5f, .snntorch_exact = true}),
          LeakyB({.beta = 0.9f,
                  .threshold = 0.05f,
                  .inhibition = true,
                  .graded_spikes_factor = 0.5f,
                  .reset_delay = false,
                  .snntorch_exact = true})),
      12, 4);
  cases.add(
      "exact",
      network<float>(12, 33, 9, Leaky({.beta = 0.9f, .reset_delay = false, .snntorch_exact = true}),
                     Leaky0({.beta = 0.9f, .threshold = 0.3f, .reset_delay = false, .snntorch_exact = true})),
      12);
}
