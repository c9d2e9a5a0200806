// The scans of neurons that do not act on each other.
#include "scan.hpp"

namespace {

namespace st = spiketape;

const bool lapicque = scan::add("Lapicque", st::Lapicque<float>({.R = 5, .C = 2}));

const bool synaptic = scan::add("Synaptic", st::Synaptic<float>({.alpha = 0.8f, .beta = 0.9f}));

const bool alpha = scan::add("Alpha", st::Alpha<float>({.alpha = 0.9f, .beta = 0.8f}));

const bool integrator = scan::add("Integrator", st::Integrator<float>({.beta = 0.9f}), {.from_mem = true});

}  // namespace
