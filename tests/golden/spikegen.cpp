// Encoders and targets: the figures recorded from snnTorch 0.9.4, and the moments of what is random.
#include "record.hpp"

#include "../errors.hpp"

#include <spiketape/spikegen/delta.hpp>
#include <spiketape/spikegen/rate.hpp>
#include <spiketape/spikegen/targets.hpp>

#include <map>
#include <set>
#include <stdexcept>

namespace st = spiketape;
namespace sg = st::spikegen;

namespace {

using golden::json;
using golden::Tensor;

/// What was recorded in float is compared as such, whatever computes it.
double recorded_value(const json& item) {
  return item["config"]["dtype"] == "float32" ? tolerance::recorded_value<float>
                                              : tolerance::recorded_value<double>;
}

template <typename T>
void option(const json& config, const char* name, T& value) {
  if (config.contains(name)) value = config[name].get<T>();
}

sg::Latency latency_options(const json& config) {
  sg::Latency o;
  option(config, "num_steps", o.num_steps);
  option(config, "threshold", o.threshold);
  option(config, "tau", o.tau);
  option(config, "first_spike_time", o.first_spike_time);
  option(config, "on_target", o.on_target);
  option(config, "off_target", o.off_target);
  option(config, "clip", o.clip);
  option(config, "normalize", o.normalize);
  option(config, "linear", o.linear);
  option(config, "interpolate", o.interpolate);
  option(config, "bypass", o.bypass);
  option(config, "epsilon", o.epsilon);
  return o;
}

std::vector<int> labels_of(const json& item) {
  return item["inputs"]["targets"]["data"].get<std::vector<int>>();
}

/// The recorded result, with off_target where no spike is: snnTorch leaves 0 there if it is negative.
/// `is_spike(i)` says where one is.
template <typename IsSpike>
Tensor expected_targets(const json& item, IsSpike&& is_spike) {
  Tensor expected(item["expected"]["out"]);
  const double off = item["config"].value("off_target", 0.0);
  for (std::size_t i = 0; i < expected.data.size(); ++i)
    if (off < 0 && !is_spike(i)) {
      CHECK(expected.data[i] == 0);
      expected.data[i] = off;
    }
  return expected;
}

template <typename Scalar>
void check_latency(const json& item) {
  const Tensor data(item["inputs"]["data"]);
  const st::Array<Scalar> x = data.array<Scalar>(data.shape[0]);
  const sg::Latency options = latency_options(item["config"]);
  if (item["expected"].contains("raises")) {
    CHECK_THROWS_AS(sg::latency(x, options), std::invalid_argument);
    return;
  }
  const auto y = sg::latency(x, options);
  const Tensor recorded(item["expected"]["out"]);
  const Tensor expected =
      expected_targets(item, [&](std::size_t i) { return recorded.data[i] == options.on_target; });
  CHECK(y.shape() == expected.sequence());
  if (options.interpolate)
    golden::check_near("out", st::Array<Scalar>(y.array()), expected, recorded_value(item));
  else
    golden::check_equal("out", st::Array<Scalar>(y.array()), expected);
}

template <typename Scalar>
void check_latency_code(const json& item) {
  const Tensor data(item["inputs"]["data"]);
  const auto code = sg::latency_code(data.array<Scalar>(data.shape[0]), latency_options(item["config"]));
  golden::check_near("out", code.spike_time, Tensor(item["expected"]["out"]), recorded_value(item));
  golden::check_equal("out2", st::Array<Scalar>(code.below.template cast<Scalar>()),
                      Tensor(item["expected"]["out2"]));
}

template <typename Scalar>
void check_delta(const json& item) {
  const Tensor data(item["inputs"]["data"]);
  const json& config = item["config"];
  const st::Index steps = data.shape[0], batch = data.shape.size() > 1 ? data.shape[1] : 1;
  st::Sequence<Scalar> x(steps, batch, data.size() / steps / batch);
  x.array() = data.array<Scalar>(steps * batch);
  const auto y = sg::delta(
      x, {.threshold = config["threshold"], .padding = config["padding"], .off_spike = config["off_spike"]});
  golden::check_equal("out", st::Array<Scalar>(y.array()), Tensor(item["expected"]["out"]));
}

sg::TargetsRate rate_options(const json& config) {
  sg::TargetsRate o;
  option(config, "num_steps", o.num_steps);
  option(config, "first_spike_time", o.first_spike_time);
  option(config, "correct_rate", o.correct_rate);
  option(config, "incorrect_rate", o.incorrect_rate);
  option(config, "on_target", o.on_target);
  option(config, "off_target", o.off_target);
  option(config, "interpolate", o.interpolate);
  return o;
}

template <typename Scalar>
void check_targets_rate(const json& item) {
  // 0.9.4 raises for other rates than 1 and 0, or gives a result of another shape. The results it intends
  // were recorded from 0.5.3 as cases of their own.
  const auto labels = labels_of(item);
  const st::Index classes = item["config"]["num_classes"];
  const auto y = sg::targets_rate<Scalar>(labels, classes, rate_options(item["config"]));
  if (item["name"].get<std::string>().find("broken") != std::string::npos) return;
  const auto is_label = [&](std::size_t i) {
    const auto width = static_cast<std::size_t>(classes);
    return static_cast<int>(i % width) == labels[i / width % labels.size()];
  };
  golden::check_near("out", st::Array<Scalar>(y.array()), expected_targets(item, is_label),
                     recorded_value(item));
}

template <typename Scalar>
void check_targets_latency(const json& item) {
  const auto labels = labels_of(item);
  sg::Latency options = latency_options(item["config"]);
  if (item["config"]["function"] == "targets_convert") {  // it forwards neither of the two
    options.on_target = 1;
    options.interpolate = false;
  }
  const auto y = sg::targets_latency<Scalar>(labels, item["config"]["num_classes"], options);
  golden::check_near("out", st::Array<Scalar>(y.array()), Tensor(item["expected"]["out"]),
                     recorded_value(item));
}

void check_target_rate_code(const json& item) {
  const json& config = item["config"];
  const st::Index steps = config["num_steps"];
  const auto times = sg::target_rate_code(
      steps, {.rate = config["rate"], .first_spike_time = config.value("first_spike_time", st::Index(0))});
  const Tensor spikes(item["expected"]["out"]);
  REQUIRE(spikes.size() == steps);
  std::vector<double> ours(static_cast<std::size_t>(steps));
  for (const st::Index t : times) ours[static_cast<std::size_t>(t)] = 1;
  CHECK(ours == spikes.data);
  CHECK(std::vector<double>(times.begin(), times.end()) == Tensor(item["expected"]["out2"]).data);
}

template <typename Scalar>
void check_rate_interpolate(const json& item) {
  const json& config = item["config"];
  const auto times = item["inputs"]["spike_time"]["data"].get<std::vector<st::Index>>();
  const auto values = sg::rate_interpolate<Scalar>(times, config["num_steps"], config.value("on_target", 1.0),
                                                   config.value("off_target", 0.0));
  golden::check_near("out", values, Tensor(item["expected"]["out"]), recorded_value(item));
}

template <typename Scalar>
void check_latency_interpolate(const json& item) {
  const json& config = item["config"];
  const st::Array<Scalar> times = Tensor(item["inputs"]["spike_time"]).array<Scalar>(1);
  const auto y = sg::latency_interpolate(times, config["num_steps"], config.value("on_target", 1.0),
                                         config.value("off_target", 0.0));
  golden::check_near("out", st::Array<Scalar>(y.array()), Tensor(item["expected"]["out"]),
                     recorded_value(item));
}

template <typename Scalar>
void check_one_hot(const json& item) {
  const std::string function = item["config"]["function"];
  const json& expected = item["expected"]["out"];
  if (function == "to_one_hot") {
    golden::check_equal("out", sg::to_one_hot<Scalar>(labels_of(item), item["config"]["num_classes"]),
                        Tensor(expected));
    return;
  }
  const st::Array<Scalar> one_hot = Tensor(item["inputs"]["one_hot"]).array<Scalar>(5);
  if (function == "to_one_hot_inverse") {
    golden::check_equal("out", sg::to_one_hot_inverse(one_hot), Tensor(expected));
  } else {  // it gives the labels, as its description says; the record holds the numbers of the rows
    const std::vector<int> rows = expected["data"].get<std::vector<int>>();
    const std::vector<int> labels = sg::from_one_hot(one_hot);
    CHECK(rows == std::vector<int>{0, 1, 2, 3, 4});
    CHECK(labels == std::vector<int>{1, 1, 0, 3, 3});
  }
}

template <typename Scalar>
void check_rate(const json& item) {
  const json& config = item["config"];
  const Tensor data(item["inputs"]["data"]);
  const st::Index features = data.shape.back();
  sg::Rate rate;
  option(config, "gain", rate.gain);
  option(config, "offset", rate.offset);
  option(config, "first_spike_time", rate.first_spike_time);
  const st::RandomKey key(11);
  if (item["expected"].contains("out_shape")) {
    const auto shape = item["expected"]["out_shape"].get<std::vector<st::Index>>();
    st::Sequence<Scalar> y;
    if (config.contains("time_var_input")) {
      st::Sequence<Scalar> x(data.shape[0], 1, features);
      x.array() = data.array<Scalar>(x.steps());
      y = sg::rate(x, rate, key);
    } else {
      y = sg::rate(st::repeat(data.array<Scalar>(1), config["num_steps"].get<st::Index>()), rate, key);
    }
    CHECK(y.shape() == st::Shape{shape[0], 1, shape[1]});
    const st::Index silent = item["expected"]["first_steps_zero"];
    CHECK((y.array().topRows(silent) == 0).all());
    CHECK((y.step(silent) != 0).any());
    return;
  }
  const st::Index n = item["expected"]["draws"];
  const auto y = sg::rate(st::repeat(data.array<Scalar>(1), n), rate, key);
  const Tensor probability(item["expected"]["probability"]);
  REQUIRE(probability.size() == features);
  for (st::Index i = 0; i < features; ++i) {
    const double p = probability.data[static_cast<std::size_t>(i)];
    const auto spikes = y.array().col(i).template cast<double>();
    const double mean = spikes.mean();
    const double bound = 5 * std::sqrt(p * (1 - p) / static_cast<double>(n)) + 1e-7;  // float data
    INFO("feature " << i << ", p " << p << ", mean " << mean);
    CHECK((spikes == 0 || spikes == 1).all());
    CHECK(std::abs(mean - p) <= bound);
    const double next = (spikes.head(n - 1) * spikes.tail(n - 1)).mean();
    CHECK(std::abs(next - mean * mean) <= 5 * p * (1 - p) / std::sqrt(static_cast<double>(n)) + 1e-5);
  }
}

/// Runs the cases of a record that fit Scalar: those recorded in it, and all that are recorded in float only.
template <typename Scalar>
std::map<std::string, int> run(const json& group) {
  const std::map<std::string, void (*)(const json&)> checks = {
      {"latency", check_latency<Scalar>},
      {"latency_code", check_latency_code<Scalar>},
      {"delta", check_delta<Scalar>},
      {"targets_rate", check_targets_rate<Scalar>},
      {"targets_latency", check_targets_latency<Scalar>},
      {"targets_convert", check_targets_latency<Scalar>},
      {"target_rate_code", check_target_rate_code},
      {"rate_interpolate", check_rate_interpolate<Scalar>},
      {"latency_interpolate", check_latency_interpolate<Scalar>},
      {"to_one_hot", check_one_hot<Scalar>},
      {"to_one_hot_inverse", check_one_hot<Scalar>},
      {"from_one_hot", check_one_hot<Scalar>},
      {"rate", check_rate<Scalar>}};
  const std::set<std::string> recorded_in_both = {"latency", "latency_code", "delta"};
  const std::string dtype = std::is_same_v<Scalar, float> ? "float32" : "float64";
  std::map<std::string, int> ran;
  for (const json& item : group["cases"]) {
    const std::string function = item["config"]["function"];
    if (recorded_in_both.count(function) > 0 && item["config"]["dtype"] != dtype) continue;
    INFO(item["name"]);
    checks.at(function)(item);
    ++ran[function];
  }
  return ran;
}

}  // namespace

TEST_CASE("encoders and targets equal the record") {
  const json group = golden::read_group("spikegen");
  CHECK(group["cases"].size() == 122);
  const std::map<std::string, int> every = {{"latency", 21},
                                            {"latency_code", 6},
                                            {"delta", 9},
                                            {"targets_rate", 16},
                                            {"targets_latency", 5},
                                            {"targets_convert", 1},
                                            {"target_rate_code", 8},
                                            {"rate_interpolate", 7},
                                            {"latency_interpolate", 4},
                                            {"to_one_hot", 1},
                                            {"to_one_hot_inverse", 1},
                                            {"from_one_hot", 1},
                                            {"rate", 6}};  // 86, and 36 more in double
  CHECK(run<float>(group) == every);
  CHECK(run<double>(group) == every);
}
