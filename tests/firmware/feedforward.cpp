// Every neuron without recurrence, with each reset and both timings, shared and own coefficients, graded
// spikes and inhibition, in float and double.
#include <spiketape/neuron/alpha.hpp>
#include <spiketape/neuron/lapicque.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/neuron/synaptic.hpp>

#include "cases.hpp"

void add_feedforward(Cases& cases) {
  using Leaky = st::Leaky<float>;
  using Leaky0 = st::Leaky<float, st::reset::Zero>;
  using LeakyB = st::Leaky<float, st::reset::ZeroBeforeInput>;
  using LeakyN = st::Leaky<double, st::reset::None>;
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
  st::Row<double> some_silent = row<double>(18, 0, 2);
  cases.add("leaky_none",
            network<double>(7, 18, 3, LeakyN({.beta = 0.6, .graded_spikes_factor = some_silent}),
                            LeakyN({.beta = 0.5, .reset_delay = false})),
            7);
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
  cases.add("lapicque",
            network<double>(6, 17, 4, st::Lapicque<double>({.R = row<double>(17, 2, 5), .C = 1.5}),
                            st::Lapicque<double>({.beta = 0.6, .reset_delay = false})),
            6, 6);
  cases.add("synaptic",
            network<double>(
                6, 16, 4, st::Synaptic<double>({.alpha = 0.5, .beta = row<double>(16, 0.3, 0.9)}),
                st::Synaptic<double>({.alpha = 0.4, .beta = 0.7, .threshold = 2, .reset_delay = false})),
            6);
  using AlphaF = st::Alpha<float, st::reset::Zero>;
  cases.add(
      "alpha",
      network<double>(6, 16, 4, st::Alpha<double>({.alpha = 0.8, .beta = row<double>(16, 0.3, 0.7)}),
                      st::Alpha<double>({.alpha = 0.9, .beta = 0.7, .threshold = 0.2, .reset_delay = false})),
      6, 5);
  cases.add("alpha_exact",
            network<double>(6, 16, 4, st::Alpha<double>({.alpha = 0.8, .beta = 0.5, .snntorch_exact = true}),
                            st::Alpha<double>({.alpha = 0.9, .beta = 0.7, .threshold = 0.2})),
            6, 5);
  cases.add("alpha_zero",
            network<float>(6, 16, 4, AlphaF({.alpha = 0.8f, .beta = 0.5f, .reset_delay = false}),
                           AlphaF({.alpha = 0.9f, .beta = 0.7f, .threshold = 0.2f})),
            6, 5);
}
