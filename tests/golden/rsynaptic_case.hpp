// The recorded cases of RSynaptic.
#pragma once

#include "recurrent_case.hpp"

#include <spiketape/neuron/rsynaptic.hpp>

namespace golden {

template <typename Scalar>
Counts run_rsynaptic() {
  using Coefficient = RecordedCoefficient<Scalar>;
  const auto run = []<typename Reset>(const json& item, bool exact) {
    const json &config = item["config"], &inputs = item["inputs"];
    const Coefficient alpha(inputs, "alpha", 3), beta(inputs, "beta", 3), V(inputs, "V", 3);
    const Coefficient threshold(inputs, "threshold", 3);
    auto lif =
        recurrent<Any<st::RSynaptic, Scalar, Reset>>({.alpha = alpha.values,
                                                 .beta = beta.values,
                                                 .V = V.values,
                                                 .all_to_all = config["all_to_all"],
                                                 .linear_features = config.value("linear_features", Index(0)),
                                                 .threshold = threshold.values,
                                                 .spike_grad = recorded_atan(config),
                                                 .learn_alpha = flag(config, "learn_alpha"),
                                                 .learn_beta = flag(config, "learn_beta"),
                                                 .learn_threshold = flag(config, "learn_threshold"),
                                                 .learn_recurrent = flag(config, "learn_recurrent"),
                                                 .reset_delay = config.value("reset_delay", true),
                                                 .snntorch_exact = exact},
                                                inputs);
    std::vector<Learned<Scalar>> learned{
        {"alpha", alpha}, {"beta", beta}, {"threshold", threshold}};
    if (!config["all_to_all"]) learned.push_back({"V", V});
    compare(std::move(lif), item, learned);
  };
  // All of them were recorded with a delayed reset.
  const auto all = [](const json&) { return true; };
  return run_group<Scalar>("rsynaptic", run, all);
}

}  // namespace golden
