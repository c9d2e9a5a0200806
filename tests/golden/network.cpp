// Linear - Leaky - Linear - Leaky: values, gradients and parameters after training steps, as recorded.
#include "../plain_neurons.hpp"
#include "record.hpp"

#include <spiketape/functional/loss.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/sgd.hpp>

#include <functional>

namespace st = spiketape;

namespace {

template <typename Scalar, typename Reset>
struct RecordedNetwork {
  using Net = st::Sequential<st::Linear<Scalar>, st::Leaky<Scalar, Reset>, st::Linear<Scalar>, st::Leaky<Scalar, Reset>>;

  const golden::json& item;
  st::Random random{1};
  Net net;
  std::vector<int> targets;
  st::Sequence<Scalar> x;

  explicit RecordedNetwork(const golden::json& item_)
      : item(item_),
        net(linear(0), leaky("1"), linear(1), leaky("2")),
        targets(item["inputs"]["targets"]["data"].get<std::vector<int>>()) {
    set(net.template layer<0>(), "fc1");
    set(net.template layer<2>(), "fc2");
    const golden::Tensor input(item["inputs"]["x"]);
    x = st::Sequence<Scalar>(input.sequence());
    x.array() = input.array<Scalar>(x.steps() * x.batch());
  }

  st::Linear<Scalar> linear(int i) {
    const auto sizes = item["config"]["sizes"].get<std::vector<st::Index>>();
    return st::Linear<Scalar>(sizes[static_cast<std::size_t>(i)], sizes[static_cast<std::size_t>(i + 1)], random);
  }
  st::Leaky<Scalar, Reset> leaky(const std::string& number) const {
    const golden::json& config = item["config"];
    return st::Leaky<Scalar, Reset>({.beta = config["beta" + number].get<double>(),
                                     .threshold = config["threshold" + number].get<double>(),
                                     .learn_beta = config["learn"],
                                     .learn_threshold = config["learn"]});
  }
  void set(st::Linear<Scalar>& layer, const std::string& name) {
    const golden::json& inputs = item["inputs"];
    layer.weight().array() = golden::Tensor(inputs[name + "_weight"]).array<Scalar>(layer.out_features()).transpose();
    layer.bias().array() = golden::Tensor(inputs[name + "_bias"]).array<Scalar>(1);
  }

  /// Every parameter under its recorded name; weights as PyTorch lays them out.
  void for_parameters(const std::function<void(const std::string&, const st::Parameter<Scalar>&, bool)>& visit) const {
    visit("fc1_weight", net.template layer<0>().weight(), true);
    visit("fc1_bias", net.template layer<0>().bias(), false);
    visit("fc2_weight", net.template layer<2>().weight(), true);
    visit("fc2_bias", net.template layer<2>().bias(), false);
    visit("lif1_threshold", net.template layer<1>().threshold(), false);
    visit("lif1_beta", net.template layer<1>().beta(), false);
    visit("lif2_threshold", net.template layer<3>().threshold(), false);
    visit("lif2_beta", net.template layer<3>().beta(), false);
  }

  st::Var<Scalar> loss(const st::SpkMem<st::Var<Scalar>>& out) const {
    return item["config"]["loss"] == "ce_rate_loss"
               ? st::cross_entropy(out.spk, targets, {.over_steps = st::OverSteps::mean})
               : st::cross_entropy(out.mem, targets);
  }

  static st::Array<Scalar> as_recorded(const st::Array<Scalar>& array, bool weight) {
    if (!weight) return array;
    return array.transpose();
  }

  void check_gradients() {
    st::Tape<Scalar> tape;
    const auto input = tape.variable(x);
    const auto out1 = net.template layer<1>()(net.template layer<0>()(input));
    const auto out2 = net.template layer<3>()(net.template layer<2>()(out1.spk));
    const auto total = loss(out2);
    tape.backward(total);

    const golden::json& expected = item["expected"];
    const auto value = [&](const char* name, const st::Array<Scalar>& ours) {
      golden::check_near(name, ours, golden::Tensor(expected[name]), tolerance::recorded_value<Scalar>);
    };
    golden::check_equal("spk1", st::Array<Scalar>(out1.spk.array()), golden::Tensor(expected["spk1"]));
    golden::check_equal("spk2", st::Array<Scalar>(out2.spk.array()), golden::Tensor(expected["spk2"]));
    value("mem1", out1.mem.array());
    value("mem2", out2.mem.array());
    value("loss", total.array());
    const auto gradient = [&](const std::string& name, const st::Array<Scalar>& ours) {
      golden::check_near(name, ours, golden::Tensor(expected[name]), tolerance::recorded_gradient<Scalar>(0));
    };
    gradient("grad_x", input.adjoint().array());
    for_parameters([&](const std::string& name, const st::Parameter<Scalar>& parameter, bool weight) {
      if (expected.contains("grad_" + name))
        gradient("grad_" + name, as_recorded(tape.gradients().gradient(parameter), weight));
    });
    for (const std::string name : item["info"]["params_without_grad"])
      for_parameters([&](const std::string& candidate, const st::Parameter<Scalar>& parameter, bool) {
        if (candidate == name) CHECK_FALSE(tape.gradients().has(parameter));
      });
  }

  void check_training(const golden::json& training) {
    INFO(training["optimizer"]);
    const double lr = training["lr"];
    if (training["optimizer"] == "adam") {
      st::Adam<Scalar> adam(net.parameters(), {.lr = lr});
      train(training, adam);
    } else {
      REQUIRE(training["optimizer"] == "sgd_momentum");
      st::SGD<Scalar> sgd(net.parameters(), {.lr = lr, .momentum = training["momentum"]});
      train(training, sgd);
    }
  }

  template <typename Optimizer>
  void train(const golden::json& training, Optimizer& optimizer) {
    const int steps = training["steps"];
    st::Tape<Scalar> tape;
    std::vector<Scalar> losses;
    for (int k = 0; k <= steps; ++k) {
      tape.reset();
      const auto total = loss(net(tape.constant(x)));
      losses.push_back(total.item());
      if (k == steps) break;
      tape.backward(total);
      optimizer.step(tape.gradients());
    }
    golden::check_near("losses", losses, golden::Tensor(training["losses"]), tolerance::recorded_gradient<Scalar>(0));
    for_parameters([&](const std::string& name, const st::Parameter<Scalar>& parameter, bool weight) {
      const golden::json& after = training["params_after"];
      if (after.contains(name))
        golden::check_near(name, as_recorded(parameter.array(), weight), golden::Tensor(after[name]),
                           tolerance::recorded_gradient<Scalar>(0));
    });
  }
};

template <typename Scalar, typename Reset>
int run(const golden::json& group, const std::string& dtype, const std::string& reset) {
  int cases = 0;
  for (const golden::json& item : group["cases"]) {
    if (item["config"]["dtype"] != dtype || item["config"]["reset_mechanism"] != reset) continue;
    INFO(item["name"]);
    RecordedNetwork<Scalar, Reset>(item).check_gradients();
    for (const golden::json& training : item["expected"]["training"])
      RecordedNetwork<Scalar, Reset>(item).check_training(training);
    ++cases;
  }
  return cases;
}

}  // namespace

TEST_CASE("a network's values, gradients and training steps equal the record") {
  const golden::json group = golden::read_group("network");
  CHECK(run<float, st::reset::Subtract>(group, "float32", "subtract") == 2);
  CHECK(run<double, st::reset::Subtract>(group, "float64", "subtract") == 2);
  CHECK(run<float, st::reset::ZeroBeforeInput>(group, "float32", "zero") == 2);
  CHECK(run<double, st::reset::ZeroBeforeInput>(group, "float64", "zero") == 2);
}
