// The recorded cases of Lapicque.
#pragma once

#include "neuron_case.hpp"

#include <spiketape/neuron/lapicque.hpp>

#include <optional>

namespace golden {

/// By the default rules the decay of Lapicque is another one than snnTorch's; see lapicque_documented.cpp.
template <typename Scalar>
Counts run_lapicque() {
  using Coefficient = RecordedCoefficient<Scalar>;
  const auto run = []<typename Reset>(const json& item, bool exact) {
    const json &config = item["config"], &inputs = item["inputs"];
    const auto number = [&](const char* name) { return Tensor(inputs[name]).data.at(0); };
    const auto given = [&](const char* name) -> std::optional<st::Coefficient<Scalar>> {
      for (const std::string which : config["given"])
        if (which == name) return number(name);
      return std::nullopt;
    };
    const Coefficient beta(inputs, "beta", 3), threshold(inputs, "threshold", 3);
    const bool learn_beta = flag(config, "learn_beta");
    Any<st::Lapicque, Scalar, Reset> lif({.beta = given("beta"),
                                           .R = given("R"),
                                           .C = given("C"),
                                           .time_step = number("time_step"),
                                           .threshold = threshold.values,
                                           .spike_grad = recorded_atan(config),
                                           .learn_beta = learn_beta,
                                           .learn_threshold = flag(config, "learn_threshold"),
                                           .snntorch_exact = exact});
    // What was not given follows from what was.
    const double rounding = tolerance::rounding<Scalar>;
    CHECK(static_cast<double>(lif.beta().array()(0, 0)) == Approx(number("beta")).epsilon(rounding));
    CHECK(static_cast<double>(lif.R()[0]) == Approx(number("R")).epsilon(rounding));
    CHECK(static_cast<double>(lif.C()[0]) == Approx(number("C")).epsilon(rounding));
    std::vector<Learned<Scalar>> learned{{"threshold", threshold}};
    if (learn_beta) learned.push_back({"beta", beta});
    compare(std::move(lif), item, learned);
  };
  const auto none = [](const json&) { return false; };
  return run_group<Scalar>("lapicque", run, none);
}

}  // namespace golden
