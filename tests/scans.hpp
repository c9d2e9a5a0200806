// Scans of a neuron, most of what there is to compile in it, as explicit instances.
#pragma once

#include <spiketape/neuron/scan_op.hpp>

/// `linkage` is extern, or nothing where they are compiled.
#define SPIKETAPE_SCANS_OF(linkage, ...)                                                                  \
  linkage template void spiketape::detail::scan_forward(const spiketape::detail::ScanCall<__VA_ARGS__>&); \
  linkage template void spiketape::detail::scan_adjoint(bool,                                             \
                                                        const spiketape::detail::ScanCall<__VA_ARGS__>&,  \
                                                        const spiketape::detail::ScanAdjoint<__VA_ARGS__>&);
