// Neurons whose surrogate and quantizer are chosen at run time. Their scans, most of what there is to compile,
// and their calls are compiled once for a program, in files that CMake writes: see any_neuron.cpp.in.
#pragma once

#include "scans.hpp"
#include "subject.hpp"

/// `linkage` is extern, or nothing where they are compiled; `Neuron` a template.
#define SPIKETAPE_ANY_NEURON(linkage, Neuron, Scalar)                      \
  SPIKETAPE_ANY_NEURON_OF(linkage, Neuron, Scalar, None)                   \
  SPIKETAPE_ANY_NEURON_OF(linkage, Neuron, Scalar, Subtract)               \
  SPIKETAPE_ANY_NEURON_OF(linkage, Neuron, Scalar, Zero)                   \
  SPIKETAPE_ANY_NEURON_OF(linkage, Neuron, Scalar, ZeroBeforeInput)
#define SPIKETAPE_ANY_NEURON_OF(linkage, Neuron, Scalar, Reset)                                             \
  SPIKETAPE_SCANS_OF(linkage, Neuron<Scalar, spiketape::reset::Reset, AnySurrogate, AnyQuantizer>)          \
  linkage template class subject::SubjectOf<                                                                \
      Neuron<Scalar, spiketape::reset::Reset, AnySurrogate, AnyQuantizer>>;
