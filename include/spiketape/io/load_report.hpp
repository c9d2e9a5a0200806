// What a file and a network do not have in common.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/config.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

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
  [[nodiscard]] SPIKETAPE_COLD std::string text() const {
    std::string text;
    const auto add = [&](const char* title, const char* separator, const std::vector<std::string>& names) {
      if (!names.empty() && !text.empty()) text += '\n';
      for (const std::string& name : names) (text += &name == &names.front() ? title : separator) += name;
    };
    add("missing in the file: ", ", ", missing);
    add("unknown to the network: ", ", ", unknown);
    add("refused: ", "\nrefused: ", refused);
    add("skipped: ", ", ", skipped);
    return text;
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
