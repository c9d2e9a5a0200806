// What a file and a network do not have in common.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/form.hpp>

#include <map>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_IO_ABI {

/// How load and load_state_dict read.
struct LoadOptions {
  /// Throw, before anything is changed, unless the file and the network have the same names, shapes and
  /// options. Otherwise what fits is taken and the rest is reported.
  bool strict = true;
  /// Round numbers that the network's Scalar does not hold, such as those of a float64 file in a float
  /// network.
  bool convert = false;
  /// Only names that begin with this belong to the network, and the network has them without it: "model.".
  std::string prefix{};
  /// The file's names and the network's, of tensors or of layers: {{"layers.0", "fc1"}, {"out.W",
  /// "fc2.weight"}}.
  std::map<std::string, std::string> names{};
};

/// The names of what was not taken from a file.
struct LoadReport {
  std::vector<std::string> missing;  ///< In the network only.
  std::vector<std::string> unknown;  ///< In the file only.
  std::vector<std::string> refused;  ///< In both, but of another shape, type or option; with the reason.
  std::vector<std::string> skipped;  ///< Not part of a network: hidden states, and names without the prefix.

  /// Whether all of the network was read, and all of the file belongs to it.
  [[nodiscard]] bool complete() const noexcept {
    return missing.empty() && unknown.empty() && refused.empty();
  }
  /// All names, the reasons one in a line.
  [[nodiscard]] std::string text() const;
};

}  // namespace spiketape::inline SPIKETAPE_IO_ABI

#if SPIKETAPE_IO_INLINE
#include <spiketape/io/impl/load_report.hpp>
#endif

#include <spiketape/core/pop_macros.hpp>
