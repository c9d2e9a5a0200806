#include "neuron_case.hpp"

#include <spiketape/neuron/lapicque.hpp>

#include <optional>

namespace st = spiketape;

// By the default rules the decay of Lapicque is another one than snnTorch's; see lapicque_documented.cpp.
TEMPLATE_TEST_CASE("Lapicque gives the recorded figures", "", float, double) {
  using Coefficient = golden::RecordedCoefficient<TestType>;
  const auto run = []<typename Reset>(const golden::json& item, bool exact) {
    const golden::json &config = item["config"], &inputs = item["inputs"];
    const auto number = [&](const char* name) { return golden::Tensor(inputs[name]).data.at(0); };
    const auto given = [&](const char* name) -> std::optional<st::Coefficient<TestType>> {
      for (const std::string which : config["given"])
        if (which == name) return number(name);
      return std::nullopt;
    };
    const Coefficient beta(inputs, "beta", 3), threshold(inputs, "threshold", 3);
    const bool learn_beta = golden::flag(config, "learn_beta");
    const st::Lapicque<TestType, Reset> lif({.beta = given("beta"),
                                             .R = given("R"),
                                             .C = given("C"),
                                             .time_step = number("time_step"),
                                             .threshold = threshold.values,
                                             .spike_grad = golden::recorded_atan(config),
                                             .learn_beta = learn_beta,
                                             .learn_threshold = golden::flag(config, "learn_threshold"),
                                             .snntorch_exact = exact});
    // What was not given follows from what was.
    const double rounding = tolerance::rounding<TestType>;
    CHECK(static_cast<double>(lif.beta().array()(0, 0)) == Approx(number("beta")).epsilon(rounding));
    CHECK(static_cast<double>(lif.R()[0]) == Approx(number("R")).epsilon(rounding));
    CHECK(static_cast<double>(lif.C()[0]) == Approx(number("C")).epsilon(rounding));
    std::vector<golden::Learned<TestType>> learned{{"threshold", threshold, lif.threshold()}};
    if (learn_beta) learned.push_back({"beta", beta, lif.beta()});
    golden::compare(lif, item, learned);
  };
  const auto none = [](const golden::json&) { return false; };
  CHECK(golden::run_group<TestType>("lapicque", run, none).exact == 15);
}
