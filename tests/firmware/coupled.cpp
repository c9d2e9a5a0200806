// The other neurons without recurrence.
#include <spiketape/neuron/alpha.hpp>
#include <spiketape/neuron/lapicque.hpp>
#include <spiketape/neuron/synaptic.hpp>

#include "cases.hpp"

void add_coupled(Cases& cases) {
  cases.add("lapicque",
            network<double>(6, 17, 4, st::Lapicque<double>({.R = row<double>(17, 2, 5), .C = 1.5}),
                            st::Lapicque<double>({.beta = 0.6, .reset_delay = false})),
            6, 6);
  cases.add("synaptic",
            network<double>(
                6, 16, 4, st::Synaptic<double>({.alpha = 0.5, .beta = row<double>(16, 0.3, 0.9)}),
                st::Synaptic<double>({.alpha = 0.4, .beta = 0.7, .threshold = 2, .reset_delay = false})),
            6);
  using Alpha = st::Alpha<double, st::reset::Subtract>;
  using AlphaZero = st::Alpha<double, st::reset::Zero>;
  cases.add("alpha",
            network<double>(6, 16, 4, Alpha({.alpha = 0.8, .beta = row<double>(16, 0.3, 0.7)}),
                            Alpha({.alpha = 0.9, .beta = 0.7, .threshold = 0.2, .reset_delay = false})),
            6, 5);
  cases.add("alpha_exact",
            network<double>(6, 16, 4, Alpha({.alpha = 0.8, .beta = 0.5, .snntorch_exact = true}),
                            Alpha({.alpha = 0.9, .beta = 0.7, .threshold = 0.2})),
            6, 5);
  cases.add("alpha_zero",
            network<double>(6, 16, 4, AlphaZero({.alpha = 0.8, .beta = 0.5, .reset_delay = false}),
                            AlphaZero({.alpha = 0.9, .beta = 0.7, .threshold = 0.2})),
            6, 5);
  // Large enough for sums in parts.
  st::Random random(5);
  cases.add("large_double",
            st::Sequential{
                st::Linear<double>(30, 123, random), st::Lapicque<double>({.beta = 0.9, .threshold = 0.01}),
                st::Linear<double>(123, 57, random), st::Lapicque<double>({.beta = 0.9, .threshold = 0.003})},
            30);
}
