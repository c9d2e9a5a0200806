// The neurons that read their own last spikes.
#include <spiketape/neuron/alif.hpp>
#include <spiketape/neuron/rleaky.hpp>
#include <spiketape/neuron/rsynaptic.hpp>

#include "cases.hpp"

void add_recurrent(Cases& cases) {
  st::Random random(9);
  using RLeaky0 = st::RLeaky<double, st::reset::Zero>;
  cases.add("rleaky_all",
            network<double>(
                8, 23, 5, st::RLeaky<double>({.beta = 0.8, .linear_features = 23}, random),
                st::RLeaky<double>(
                    {.beta = 0.8, .linear_features = 5, .threshold = 0.5, .reset_delay = false}, random)),
            8);
  cases.add(
      "rleaky_own",
      network<double>(
          8, 23, 5,
          RLeaky0(
              {.beta = 0.8, .V = row<double>(23, -1, 1), .all_to_all = false, .graded_spikes_factor = 0.7}),
          RLeaky0({.beta = 0.8,
                   .linear_features = 5,
                   .graded_spikes_factor = row<double>(5, -1, 2),
                   .reset_delay = false},
                  random)),
      8);
  cases.add(
      "rleaky_inhibited",
      network<double>(8, 23, 5, RLeaky0({.beta = 0.8, .linear_features = 23, .inhibition = true}, random),
                      RLeaky0({.beta = 0.8,
                               .V = 0.5,
                               .all_to_all = false,
                               .threshold = 0.01,
                               .inhibition = true,
                               .reset_delay = false})),
      8, 4);
  cases.add("rsynaptic",
            network<double>(
                8, 23, 5, st::RSynaptic<double>({.alpha = 0.3, .beta = 0.8, .linear_features = 23}, random),
                st::RSynaptic<double>(
                    {.alpha = 0.5, .beta = 0.8, .V = -0.5, .all_to_all = false, .reset_delay = false})),
            8);
  cases.add("alif",
            network<double>(8, 23, 5, st::Alif<double>({.beta = 0.8, .rho = row<double>(23, 0.5, 0.99)}),
                            st::Alif<double>({.beta = 0.8,
                                              .rho = 0.9,
                                              .adaptation = row<double>(5, 0.5, 2),
                                              .threshold = 0.5,
                                              .reset_delay = false})),
            8);
  cases.add("alif_inhibited",
            network<double>(
                8, 23, 5, st::Alif<double>({.beta = 0.8, .rho = 0.8, .inhibition = true}),
                st::Alif<double>(
                    {.beta = 0.8, .rho = 0.9, .threshold = 0.05, .inhibition = true, .reset_delay = false})),
            8, 4);
}
