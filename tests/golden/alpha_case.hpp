// The recorded cases of Alpha.
#pragma once

#include "neuron_case.hpp"

#include <spiketape/neuron/alpha.hpp>

namespace golden {

/// By the default rules Alpha is another neuron than snnTorch's; see alpha_documented.cpp.
template <typename Scalar>
Counts run_alpha() {
  using Coefficient = RecordedCoefficient<Scalar>;
  const auto run = []<typename Reset>(const json& item, bool exact) {
    const json &config = item["config"], &inputs = item["inputs"];
    const Coefficient alpha(inputs, "alpha", 3), beta(inputs, "beta", 3), threshold(inputs, "threshold", 3);
    REQUIRE_FALSE(config.contains("learn_alpha"));
    Any<st::Alpha, Scalar, Reset> lif({.alpha = alpha.values,
                                        .beta = beta.values,
                                        .threshold = threshold.values,
                                        .spike_grad = recorded_atan(config),
                                        .learn_beta = flag(config, "learn_beta"),
                                        .learn_threshold = flag(config, "learn_threshold"),
                                        .snntorch_exact = exact});
    compare(std::move(lif), item, {{"beta", beta}, {"threshold", threshold}});
  };
  const auto none = [](const json&) { return false; };
  return run_group<Scalar>("alpha", run, none);
}

}  // namespace golden
