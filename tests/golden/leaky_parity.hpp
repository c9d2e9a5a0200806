// Every recorded case of a group, by snnTorch's rules and by ours.
#pragma once

#include "leaky_case.hpp"

namespace golden {

struct Counts {
  int exact = 0;    // compared with the record, snntorch_exact = true
  int plain = 0;    // compared with the record or with leaky_design, default rules
  int skipped = 0;  // another dtype, or no neuron case
  int unlike = 0;   // the library leaves the record on purpose
};

/// Why a case cannot equal the record under any option: a row of the documentation's table.
inline bool leaves_the_record(const std::string& name, const json& config) {
  if (!surrogate_of(config["surrogate"])) return true;
  return name == "leaky_sigmoid_d_float64";  // the record's formula differs from the stable one by 1.5e-11
}

template <typename Scalar>
Counts run_group(const std::string& group_name) {
  const std::string dtype = std::is_same_v<Scalar, float> ? "float32" : "float64";
  const json group = read_group(group_name);
  const json design = read_group("leaky_design");
  Counts counts;
  for (const json& item : group["cases"]) {
    const json& config = item["config"];
    if (config["dtype"] != dtype || !config.contains("neuron")) {
      ++counts.skipped;
      continue;
    }
    const std::string name = item["name"];
    if (leaves_the_record(name, config)) {
      ++counts.unlike;
      continue;
    }
    INFO(group_name << " " << name);
    {
      INFO("snntorch_exact = true");
      run_leaky_case<Scalar>(item, item["expected"], config["reset_mechanism"], true);
      ++counts.exact;
    }
    const json ours = find_case(design, name);
    INFO("default rules");
    run_leaky_case<Scalar>(item, ours.is_null() ? item["expected"] : ours["expected"], config["reset_mechanism"], false);
    ++counts.plain;
  }
  return counts;
}

/// All groups that the neuron as it stands can run.
template <typename Scalar>
Counts run_all_groups() {
  Counts all;
  for (const char* group : {"leaky_reset", "leaky_edge", "leaky_surrogate", "leaky_inhibition", "leaky_graded",
                            "leaky_surrogate_disable", "leaky_zero_documented", "leaky_float64_stock"}) {
    const Counts counts = run_group<Scalar>(group);
    all.exact += counts.exact;
    all.plain += counts.plain;
    all.skipped += counts.skipped;
    all.unlike += counts.unlike;
  }
  return all;
}

}  // namespace golden
