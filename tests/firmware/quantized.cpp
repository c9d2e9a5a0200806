// Membranes of few bits.
#include <spiketape/neuron/alif.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/neuron/synaptic.hpp>

#include "cases.hpp"

void add_quantized(Cases& cases) {
  using Atan = st::surrogate::ATan;
  using Even = st::Leaky<float, st::reset::Subtract, Atan, st::quant::Uniform>;
  using Uneven = st::Leaky<float, st::reset::Zero, Atan, st::quant::NonUniform>;
  cases.add("even",
            network<float>(8, 23, 5, Even({.beta = 0.8f, .state_quant = {.num_bits = 4, .upper_limit = 0.5}}),
                           Even({.beta = 0.8f, .state_quant = {.num_bits = 8}, .reset_delay = false})),
            8);
  cases.add("uneven",
            network<float>(8, 23, 5, Uneven({.beta = 0.8f, .state_quant = {.num_bits = 6}}),
                           Uneven({.beta = 0.8f,
                                   .state_quant = {.num_bits = 1, .thr_centered = false},
                                   .reset_delay = false})),
            8);
  using Synaptic = st::Synaptic<float, st::reset::Subtract, Atan, st::quant::Uniform>;
  using Alif = st::Alif<float, st::reset::ZeroBeforeInput, Atan, st::quant::NonUniform>;
  cases.add("coupled",
            network<float>(8, 23, 5, Synaptic({.alpha = 0.4f, .beta = 0.8f, .state_quant = {.num_bits = 5}}),
                           Alif({.beta = 0.8,
                                 .rho = 0.7,
                                 .adaptation = 0.3,
                                 .threshold = 0.5,
                                 .state_quant = {.num_bits = 7}})),
            8);
  // The lower of two levels wins, for currents right between them.
  cases.add("ties",
            Even({.beta = row<float>(5, 1, 1),
                  .threshold = 0.6f,
                  .state_quant = {.num_bits = 2, .threshold = 1.5, .upper_limit = 0}}),
            5, {.size = 3, .whole = true});
}
