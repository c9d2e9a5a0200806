// Neurons with default policies, which many tests use. Their scans, most of what there is to compile, are
// compiled once for a program, in plain_leaky.cpp, plain_neurons.cpp and plain_recurrent_neurons.cpp.
#pragma once

#include "products.hpp"
#include "scans.hpp"

#include <spiketape/neuron/alif.hpp>
#include <spiketape/neuron/alpha.hpp>
#include <spiketape/neuron/lapicque.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/neuron/rleaky.hpp>
#include <spiketape/neuron/rsynaptic.hpp>
#include <spiketape/neuron/synaptic.hpp>

#define SPIKETAPE_PLAIN_LEAKY(linkage)                 \
  SPIKETAPE_SCANS_OF(linkage, spiketape::Leaky<float>) \
  SPIKETAPE_SCANS_OF(linkage, spiketape::Leaky<double>)
#define SPIKETAPE_PLAIN_NEURONS(linkage)                   \
  SPIKETAPE_SCANS_OF(linkage, spiketape::Lapicque<double>) \
  SPIKETAPE_SCANS_OF(linkage, spiketape::Synaptic<double>) \
  SPIKETAPE_SCANS_OF(linkage, spiketape::Alpha<double>)
#define SPIKETAPE_PLAIN_RECURRENT_NEURONS(linkage)          \
  SPIKETAPE_SCANS_OF(linkage, spiketape::RLeaky<double>)    \
  SPIKETAPE_SCANS_OF(linkage, spiketape::RSynaptic<double>) \
  SPIKETAPE_SCANS_OF(linkage, spiketape::Alif<double>)

SPIKETAPE_PLAIN_LEAKY(extern)
SPIKETAPE_PLAIN_NEURONS(extern)
SPIKETAPE_PLAIN_RECURRENT_NEURONS(extern)
