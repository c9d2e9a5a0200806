// The recorded cases of Synaptic.
#pragma once

#include "neuron_case.hpp"

#include <spiketape/neuron/synaptic.hpp>

namespace golden {

template <typename Scalar>
Counts run_synaptic() {
  using Coefficient = RecordedCoefficient<Scalar>;
  const auto run = []<typename Reset>(const json& item, bool exact) {
    const json &config = item["config"], &inputs = item["inputs"];
    const Coefficient alpha(inputs, "alpha", 3), beta(inputs, "beta", 3), threshold(inputs, "threshold", 3);
    Any<st::Synaptic, Scalar, Reset> lif({.alpha = alpha.values,
                                           .beta = beta.values,
                                           .threshold = threshold.values,
                                           .spike_grad = recorded_atan(config),
                                           .learn_alpha = flag(config, "learn_alpha"),
                                           .learn_beta = flag(config, "learn_beta"),
                                           .learn_threshold = flag(config, "learn_threshold"),
                                           .reset_delay = config["reset_delay"],
                                           .snntorch_exact = exact});
    compare(std::move(lif), item,
            {{"alpha", alpha},
             {"beta", beta},
             {"threshold", threshold}});
  };
  // A same-step reset differs where a membrane stays above the threshold.
  const auto delayed = [](const json& config) { return config["reset_delay"].get<bool>(); };
  return run_group<Scalar>("synaptic", run, delayed);
}

}  // namespace golden
