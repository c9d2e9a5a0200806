// The scans of Leaky with the run-time options, and main. (sweep.sh builds only this file.)
#include "scan.hpp"
#include "scan_by_hand.hpp"

namespace {

namespace st = spiketape;

const bool plain = scan::add("Leaky", st::Leaky<float>({.beta = 0.9f}), {.outside = true});

const bool by_hand = scan::add_by_hand();

const bool per_neuron = scan::add(
    "Leaky, beta per neuron",
    st::Leaky<float>({.beta = st::Row<float>(st::Row<float>::LinSpaced(scan::neurons, 0.8f, 0.95f))}));

const bool learned = scan::add("Leaky, beta learned", st::Leaky<float>({.beta = 0.9f, .learn_beta = true}),
                               {.learned = true, .adjoint_only = true});

const bool same_step = scan::add("Leaky, same-step reset",
                                 st::Leaky<float>({.beta = 0.9f, .reset_delay = false}), {.same_step = true});

const bool inhibited = scan::add("Leaky, inhibited", st::Leaky<float>({.beta = 0.9f, .inhibition = true}));

}  // namespace

int main(int argc, char** argv) {
  ratio::Reporter reporter("ns per neuron-step", 1e9);
  ratio::run(argc, argv, reporter);
}
