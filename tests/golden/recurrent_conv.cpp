// Recurrence through a convolution: values and gradients as recorded from snnTorch.
#include "../plain_neurons.hpp"
#include "record.hpp"

#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/rsynaptic.hpp>
#include <spiketape/nn/recurrent_convolution.hpp>

#include <string>
#include <vector>

namespace golden_recurrent_conv {

namespace st = spiketape;
using golden::json, golden::Tensor;
using st::Index;

template <typename Neuron>
Neuron made(typename Neuron::Options options, const json& item) {
  using Scalar = typename Neuron::Scalar;
  const json &inputs = item["inputs"], &kernel = item["config"]["kernel_size"];
  const auto number = [&](const char* name) { return static_cast<Scalar>(Tensor(inputs[name]).data[0]); };
  if constexpr (requires { options.alpha; }) {
    options.alpha = number("alpha");
    options.learn_alpha = true;
  }
  options.beta = number("beta");
  options.conv2d_channels = st::ImageShape{2, 3, 3};
  options.kernel_size = {kernel[0].get<Index>(), kernel[1].get<Index>()};
  options.threshold = number("threshold");
  options.learn_beta = options.learn_threshold = true;
  st::Random random(1);
  Neuron lif(options, random);
  lif.recurrent_weight().set_transposed(Tensor(inputs["recurrent.weight"]).array<Scalar>(2));
  lif.recurrent_bias().set(Tensor(inputs["recurrent.bias"]).array<Scalar>(1));
  return lif;
}

template <typename Neuron>
void compare(const Neuron& lif, const json& item) {
  using Scalar = typename Neuron::Scalar;
  constexpr double value = tolerance::recorded_value<Scalar>;
  const double gradient = tolerance::recorded_gradient<Scalar>(0);
  const json &inputs = item["inputs"], &expected = item["expected"];
  const st::Shape shape{4, 2, 18};
  const auto sequence = [&](const std::string& name) {
    st::Sequence<Scalar> values(shape);
    values.array() = Tensor(inputs[name]).array<Scalar>(8);
    return values;
  };
  st::Tape<Scalar> tape;
  const auto x = tape.variable(sequence("current"));
  std::vector<std::string> names{"spk"};
  for (const char* name : Neuron::Dynamics::state_names) names.emplace_back(name);
  std::vector<st::Var<Scalar>> states;
  for (const std::string& name : names)
    states.push_back(tape.variable(Tensor(inputs[name + "0"]).array<Scalar>(2)));
  std::vector<st::Var<Scalar>> out;
  if constexpr (Neuron::state_count == 1) {
    const auto [spk, mem] = lif(x, states[0], states[1]);
    out = {spk, mem};
  } else {
    const auto [spk, syn, mem] = lif(x, states[0], states[1], states[2]);
    out = {spk, syn, mem};
  }
  st::Var<Scalar> loss;
  for (std::size_t k = 0; k < out.size(); ++k) {
    golden::check_near(names[k], st::Array<Scalar>(out[k].array()), Tensor(expected[names[k]]), value);
    const auto part = st::sum(tape.constant(sequence("c_" + names[k])) * out[k]);
    loss = k == 0 ? part : loss + part;
  }
  tape.backward(loss);
  const auto check = [&](const std::string& name, const st::Array<Scalar>& ours) {
    golden::check_near(name, ours, Tensor(expected["grad_" + name]), gradient);
  };
  check("current", x.adjoint().array());
  for (std::size_t k = 0; k < out.size(); ++k) check(names[k] + '0', states[k].adjoint().array());
  Index compared = 0;
  for (const auto& [path, parameter] : lif.named_parameters()) {
    if (!parameter.learned()) continue;
    const st::Array<Scalar> ours = tape.gradients().gradient(parameter);
    check(path, path == "recurrent.weight" ? st::Array<Scalar>(ours.transpose()) : ours);
    ++compared;
  }
  CHECK(compared == Neuron::state_count + 3);
}

TEST_CASE("recurrence through a convolution equals the record") {
  const json group = golden::read_group("recurrent_conv");
  CHECK(group["cases"].size() == 3);
  for (const json& item : group["cases"]) {
    INFO(item["name"]);
    const bool second_order = item["config"]["neuron"] == "RSynaptic";
    if (item["config"]["dtype"] == "float32")
      compare(made<st::RLeaky<float>>({.beta = 0}, item), item);
    else if (second_order)
      compare(made<st::RSynaptic<double>>({.alpha = 0, .beta = 0}, item), item);
    else
      compare(made<st::RLeaky<double>>({.beta = 0}, item), item);
  }
}

}  // namespace golden_recurrent_conv
