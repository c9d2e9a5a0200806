// Losses, regularizers and metrics: values and gradients as recorded from snnTorch. Where ours differ on
// purpose, the test says how, and computes the recorded number from ours.
#include "record.hpp"

#include <spiketape/autograd/tape.hpp>
#include <spiketape/functional/losses.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace st = spiketape;

namespace {

using golden::json, golden::Tensor;
using st::Index;

st::Reduction reduction(const json& config) {
  const std::string name = config.value("reduction", "mean");
  return name == "sum" ? st::Reduction::sum : name == "none" ? st::Reduction::none : st::Reduction::mean;
}

template <typename Scalar>
struct RecordedLoss {
  const json &item, &config = item["config"], &inputs = item["inputs"], &expected = item["expected"];
  const std::string name = item["name"];
  st::Sequence<Scalar> x = sequence(Tensor(inputs["x"]));
  std::vector<int> labels;
  std::vector<double> weight = config.value("weight", std::vector<double>());

  explicit RecordedLoss(const json& item_) : item(item_) {
    if (inputs.contains("targets") && !config.value("target_is_time", false))
      labels = inputs["targets"]["data"].template get<std::vector<int>>();
  }

  static st::Sequence<Scalar> sequence(const Tensor& tensor) {
    st::Sequence<Scalar> x(tensor.sequence());
    x.array() = tensor.array<Scalar>(x.steps() * x.batch());
    return x;
  }

  st::Loss<Scalar> loss() const {
    const std::string kind = config["loss"];
    // With a weight, snnTorch reduces for `mean` only.
    const st::Reduction by = inputs.contains("c_loss") ? st::Reduction::none : reduction(config);
    const Index classes = config.value("num_classes", 0);
    if (kind == "ce_rate_loss") {
      // snnTorch does not pool here: each output is a class, and a group's first outputs get the first
      // weight.
      if (config.value("population_code", false))
        return st::ce_rate_loss({.reduction = by, .weight = {weight[0], weight[0], weight[1], weight[1]}});
      return st::ce_rate_loss({.reduction = by, .weight = weight});
    }
    if (kind == "ce_count_loss")
      return st::ce_count_loss({.reduction = by, .weight = weight, .num_classes = classes});
    if (kind == "ce_max_membrane_loss") return st::ce_max_membrane_loss({.reduction = by, .weight = weight});
    if (kind == "mse_count_loss")
      return st::mse_count_loss({.correct_rate = config.value("correct_rate", 1.0),
                                 .incorrect_rate = config.value("incorrect_rate", 0.0),
                                 .num_classes = classes,
                                 .reduction = by});
    if (kind == "mse_membrane_loss")  // snnTorch makes 0 of negative targets
      return st::mse_membrane_loss({.on_target = config.value("on_target", 1.0),
                                    .off_target = std::max(0.0, config.value("off_target", 0.0)),
                                    .reduction = by});
    if (kind == "mse_temporal_loss") {
      std::vector<double> on{0}, off{0};  // snnTorch documents −1 and makes 0 of it
      if (config.contains("on_target"))
        on = numbers(config["on_target"]), off = numbers(config["off_target"]);
      return temporal(on, off);
    }
    if (kind == "ce_temporal_loss")
      return st::ce_temporal_loss(
          {.inverse = config["inverse"] == "negate" ? st::Inverse::negate : st::Inverse::reciprocal,
           .reduction = by == st::Reduction::mean ? st::Reduction::weighted_mean : by,
           .weight = weight});
    REQUIRE(kind == "l1_rate_sparsity");
    return st::l1_rate_sparsity(config["Lambda"].template get<double>());
  }
  st::Loss<Scalar> temporal(const std::vector<double>& on, const std::vector<double>& off) const {
    return st::mse_temporal_loss({.on_target = on,
                                  .off_target = off,
                                  .tolerance = config.value("tolerance", 0.0),
                                  .reduction = reduction(config)});
  }
  static std::vector<double> numbers(const json& one_or_more) {
    return one_or_more.is_array() ? one_or_more.get<std::vector<double>>()
                                  : std::vector<double>{one_or_more.get<double>()};
  }

  void check(const st::Array<Scalar>& value, const st::Array<Scalar>& gradient) const {
    golden::check_near("loss", value, Tensor(expected["loss"]), tolerance::recorded_value<Scalar>);
    golden::check_near("grad_x", gradient, Tensor(expected["grad_x"]),
                       tolerance::recorded_gradient<Scalar>(0));
  }

  void run() const {
    INFO(name);
    if (config["loss"] == "first_spike_time") return check_times();
    if (config.value("multi_spike", false)) return check_several_spikes();
    if (name.find("weight_square") != std::string::npos) return check_square();

    st::Tape<Scalar> tape;
    const auto input = tape.variable(x);
    st::Loss<Scalar> bound = loss();
    if (config.value("target_is_time", false))
      bound.with(sequence_of_one(Tensor(inputs["targets"])));
    else
      bound.with(labels);
    const auto value = bound(input);
    if (inputs.contains("c_loss")) {
      tape.open_adjoint(value).array() = Tensor(inputs["c_loss"]).array<Scalar>(value.batch());
      tape.backward();
    } else {
      tape.backward(value);
    }
    check(value.array(), input.adjoint().array());
  }
  static st::Array<Scalar> sequence_of_one(const Tensor& tensor) {
    return tensor.array<Scalar>(tensor.shape[0]);
  }

  /// snnTorch weighs the outputs by the labels of the samples with their numbers, so it needs as many outputs
  /// as samples.
  void check_square() const {
    st::Tape<Scalar> tape;
    const auto input = tape.variable(x);
    st::Array<Scalar> factors(3, 3);
    for (Index b = 0; b < 3; ++b)
      for (Index n = 0; n < 3; ++n)
        factors(b, n) = static_cast<Scalar>(
            weight[static_cast<std::size_t>(labels[static_cast<std::size_t>(n)])] / (reduced() ? 9 : 1));
    st::Loss<Scalar> each = config["loss"] == "mse_count_loss"
                                ? st::Loss<Scalar>(st::mse_count_loss({.reduction = st::Reduction::none}))
                                : st::Loss<Scalar>(st::mse_membrane_loss({.reduction = st::Reduction::none}));
    const auto value = each.with(labels)(input);
    st::Array<Scalar> weighted = value.array() * factors;
    tape.open_adjoint(value).array() = factors;
    if (!reduced()) tape.open_adjoint(value).array() *= Tensor(inputs["c_loss"]).array<Scalar>(3);
    tape.backward();
    if (reduced()) weighted = st::Array<Scalar>::Constant(1, 1, weighted.sum());
    check(weighted, input.adjoint().array());
  }
  bool reduced() const { return !inputs.contains("c_loss"); }

  /// Before it looks for a second spike, snnTorch erases the spikes of all neurons at the times that it has
  /// found, and keeps the last gradient of a step only.
  void check_several_spikes() const {
    const std::vector<double> on = numbers(config["on_target"]), off = numbers(config["off_target"]);
    st::Sequence<Scalar> left = x;
    st::Array<Scalar> gradient = st::Array<Scalar>::Zero(x.array().rows(), x.features());
    Scalar total = 0;
    for (std::size_t f = 0; f < on.size(); ++f) {
      st::Tape<Scalar> tape;
      const auto input = tape.variable(left);
      const auto value = temporal({on[f]}, {off[f]}).with(labels)(input);
      tape.backward(value);
      total += value.item() / static_cast<Scalar>(on.size());
      std::vector<Index> found;
      for (Index b = 0; b < x.batch(); ++b)
        for (Index n = 0; n < x.features(); ++n) {
          Index t = 0;
          while (t < x.steps() - 1 && left(t, b, n) == 0) ++t;
          found.push_back(t);
          gradient(t * x.batch() + b, n) = input.adjoint().row(t, b)[n] / static_cast<Scalar>(on.size());
        }
      for (const Index t : found) left.step(t).setZero();
    }
    check(st::Array<Scalar>::Constant(1, 1, total), gradient);
  }

  void check_times() const {
    st::Tape<Scalar> tape;
    const auto input = tape.constant(x);
    const auto times =
        st::detail::spike_times(st::detail::LossPart("test", input, {}), input, 1, st::detail::TimeAs::steps);
    golden::check_equal("time", st::Array<Scalar>(times.array()), Tensor(expected["time"]));
  }
};

template <typename Scalar>
void check_losses(const std::string& dtype) {
  int cases = 0;
  const json group = golden::read_group("losses");
  for (const json& item : group["cases"]) {
    if (item["config"]["dtype"] != dtype) continue;
    RecordedLoss<Scalar>(item).run();
    ++cases;
  }
  CHECK(cases == 64);
}

template <typename Scalar>
void check_metrics() {
  int cases = 0;
  const json group = golden::read_group("accuracy");
  for (const json& item : group["cases"]) {
    const std::string name = item["name"];
    INFO(name);
    const json& expected = item["expected"];
    const auto spk = RecordedLoss<Scalar>::sequence(Tensor(item["inputs"]["spk"]));
    const auto labels = item["inputs"]["targets"]["data"].get<std::vector<int>>();
    CHECK(st::accuracy_rate(spk, labels) == Approx(expected["accuracy_rate"].get<double>()));
    CHECK(st::accuracy(spk, labels) == Approx(expected["accuracy_rate"].get<double>()));
    CHECK(st::accuracy_temporal(spk, labels) == Approx(expected["accuracy_temporal"].get<double>()));
    CHECK(st::predict_rate(spk) == expected["predicted_rate"]["data"].get<std::vector<int>>());
    for (const int classes : {2, 3}) {
      const std::string population = "pop" + std::to_string(classes);
      if (!expected.contains("accuracy_rate_" + population)) continue;
      const auto targets = item["config"]["targets_" + population].get<std::vector<int>>();
      CHECK(st::accuracy_rate(spk, targets, {.num_classes = classes}) ==
            Approx(expected["accuracy_rate_" + population].get<double>()));
    }
    ++cases;
  }
  CHECK(cases == 6);
}

}  // namespace

TEST_CASE("recorded losses, float") { check_losses<float>("float32"); }
TEST_CASE("recorded losses, double") { check_losses<double>("float64"); }
TEST_CASE("recorded accuracies") {
  check_metrics<float>();
  check_metrics<double>();
}
