// The recorded cases of RLeaky.
#pragma once

#include "recurrent_case.hpp"

#include <spiketape/neuron/rleaky.hpp>

namespace golden {

template <typename Scalar>
Counts run_rleaky() {
  using Coefficient = RecordedCoefficient<Scalar>;
  const auto run = []<typename Reset>(const json& item, bool exact) {
    const json &config = item["config"], &inputs = item["inputs"];
    const Coefficient beta(inputs, "beta", 3), V(inputs, "V", 3), threshold(inputs, "threshold", 3);
    auto lif =
        recurrent<Any<st::RLeaky, Scalar, Reset>>({.beta = beta.values,
                                              .V = V.values,
                                              .all_to_all = config["all_to_all"],
                                              .linear_features = config.value("linear_features", Index(0)),
                                              .threshold = threshold.values,
                                              .spike_grad = recorded_atan(config),
                                              .learn_beta = flag(config, "learn_beta"),
                                              .learn_threshold = flag(config, "learn_threshold"),
                                              .learn_recurrent = flag(config, "learn_recurrent"),
                                              .reset_delay = config["reset_delay"],
                                              .snntorch_exact = exact},
                                             inputs);
    std::vector<Learned<Scalar>> learned{{"beta", beta},
                                         {"threshold", threshold}};
    if (!config["all_to_all"]) learned.push_back({"V", V});
    compare(std::move(lif), item, learned);
  };
  // A same-step reset differs where a membrane stays above the threshold.
  const auto delayed = [](const json& config) { return config["reset_delay"].get<bool>(); };
  return run_group<Scalar>("rleaky", run, delayed);
}

}  // namespace golden
