#include "neuron_case.hpp"

namespace st = spiketape;

TEMPLATE_TEST_CASE("Synaptic gives the recorded figures", "", float, double) {
  using Coefficient = golden::RecordedCoefficient<TestType>;
  const auto run = []<typename Reset>(const golden::json& item, bool exact) {
    const golden::json &config = item["config"], &inputs = item["inputs"];
    const Coefficient alpha(inputs, "alpha", 3), beta(inputs, "beta", 3), threshold(inputs, "threshold", 3);
    const st::Synaptic<TestType, Reset> lif({.alpha = alpha.values,
                                             .beta = beta.values,
                                             .threshold = threshold.values,
                                             .spike_grad = golden::recorded_atan(config),
                                             .learn_alpha = golden::flag(config, "learn_alpha"),
                                             .learn_beta = golden::flag(config, "learn_beta"),
                                             .learn_threshold = golden::flag(config, "learn_threshold"),
                                             .reset_delay = config["reset_delay"],
                                             .snntorch_exact = exact});
    golden::compare(lif, item,
                    {{"alpha", alpha, lif.alpha()},
                     {"beta", beta, lif.beta()},
                     {"threshold", threshold, lif.threshold()}});
  };
  // A same-step reset differs where a membrane stays above the threshold.
  const auto delayed = [](const golden::json& config) { return config["reset_delay"].get<bool>(); };
  const golden::Counts counts = golden::run_group<TestType>("synaptic", run, delayed);
  CHECK(counts.exact == 12);
  CHECK(counts.plain == 6);
}
