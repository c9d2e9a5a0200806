// No case of Leaky is left out: the numbers that the other files check add up to what the record holds.
#include "leaky_parity.hpp"

#include <map>

TEST_CASE("every recorded case of Leaky is run by a test") {
  std::map<std::string, int> found;
  for (const std::string& name : golden::leaky_groups) {
    const golden::json group = golden::read_group(name);
    for (const golden::json& item : group["cases"]) {
      const golden::json& config = item["config"];
      const std::string dtype = config["dtype"];
      if (golden::is_neuron_case(config))
        ++found[(config["state_quant"].is_null() ? "leaky " : "leaky_quant ") + dtype];
      else
        ++found[config["kind"].get<std::string>() + ' ' + dtype];
    }
  }
  // Checked in leaky_float.cpp, leaky_double.cpp, surrogate_grid.cpp, quantizer_levels.cpp
  // and hidden_state.cpp.
  const std::map<std::string, int> run = {{"leaky float32", 124},      {"leaky float64", 128},
                                          {"leaky_quant float32", 10}, {"leaky_quant float64", 10},
                                          {"elementwise float32", 21}, {"elementwise float64", 21},
                                          {"random float64", 2},       {"levels float32", 68},
                                          {"levels float64", 68},      {"persist float32", 1},
                                          {"persist float64", 1},      {"mem0_shape float32", 1},
                                          {"mem0_shape float64", 1}};
  CHECK(found == run);
}

TEST_CASE("every recorded case of the other neurons is run by a test") {
  std::map<std::string, int> found;
  for (const std::string name : {"lapicque", "synaptic", "alpha", "rleaky", "rsynaptic"}) {
    const golden::json group = golden::read_group(name);
    for (const golden::json& item : group["cases"])
      ++found[name + ' ' + item["config"]["dtype"].get<std::string>()];
  }
  // Checked in the files of these names.
  const std::map<std::string, int> run = {
      {"lapicque float32", 15}, {"lapicque float64", 15}, {"synaptic float32", 12}, {"synaptic float64", 12},
      {"alpha float32", 6},     {"alpha float64", 6},     {"rleaky float32", 15},   {"rleaky float64", 15},
      {"rsynaptic float32", 9}, {"rsynaptic float64", 9}};
  CHECK(found == run);
}
