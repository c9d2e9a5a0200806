// Graphs of a convolution, for tests.
#pragma once

#include "parts.hpp"

#include <string>
#include <utility>
#include <vector>

namespace nir_parts {

inline spiketape::NirNode convolution(const std::string& type, std::vector<spiketape::Index> weight,
                                      double first, const std::vector<double>& stride,
                                      const std::vector<double>& padding, const std::vector<double>& dilation,
                                      double groups) {
  spiketape::Index count = 1;
  for (const spiketape::Index extent : weight) count *= extent;
  std::vector<double> values, bias;
  for (spiketape::Index k = 0; k < count; ++k) values.push_back(first + .1 * static_cast<double>(k * 7 % 11));
  for (spiketape::Index k = 0; k < weight[0]; ++k) bias.push_back(.5 - .25 * static_cast<double>(k));
  return node("conv", type,
              {numbers("weight", std::move(weight), values), row("bias", bias), row("stride", stride),
               row("padding", padding), row("dilation", dilation), numbers("groups", {}, {groups})});
}
inline spiketape::NirGraph images(const std::vector<int>& in, const spiketape::NirNode& conv, int out) {
  return graph({port("in", "Input", in), conv, port("out", "Output", {out})},
               {{"in", conv.name}, {conv.name, "out"}});
}

}  // namespace nir_parts
