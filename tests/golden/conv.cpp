// Layers on images: values, gradients and running figures as recorded from PyTorch.
#include "record.hpp"

#include <spiketape/nn/batch_norm.hpp>
#include <spiketape/nn/conv.hpp>
#include <spiketape/nn/pool.hpp>

#include <string>
#include <vector>

namespace golden_conv {

namespace st = spiketape;
using golden::json;
using st::Index;

/// A size of the record: one number or two.
st::Size2d size(const json& config, const char* name, Index otherwise) {
  if (!config.contains(name)) return otherwise;
  const json& value = config[name];
  return value.is_array() ? st::Size2d(value[0].get<Index>(), value[1].get<Index>())
                          : st::Size2d(value.get<Index>());
}
/// Channels, rows and columns of a recorded tensor of (steps, batch, channels, rows, columns).
st::ImageShape image(const json& tensor) {
  const auto shape = tensor["shape"].get<std::vector<Index>>();
  return {shape.at(2), shape.at(3), shape.at(4)};
}

/// Compares a layer with the record of a case.
template <typename L>
void compare(L layer, const json& item) {
  using Scalar = typename L::Scalar;
  const json& expected = item["expected"];
  const golden::Tensor x(item["inputs"]["x"]), weights(item["inputs"]["c_y"]);
  st::Sequence<Scalar> input(x.sequence()), y_adjoint(weights.sequence());
  input.array() = x.array<Scalar>(input.array().rows());
  y_adjoint.array() = weights.array<Scalar>(y_adjoint.array().rows());

  for (auto& [path, parameter] : layer.named_parameters()) {
    if (!parameter.learned()) continue;
    const golden::Tensor values(item["inputs"][path]);
    if (path == "weight")
      parameter.set_transposed(values.array<Scalar>(values.shape[0]));
    else
      parameter.set(values.array<Scalar>(1));
  }
  st::Tape<Scalar> tape;
  const auto from = tape.variable(input);
  const auto y = layer(from);
  golden::check_near("y", st::Array<Scalar>(y.array()), golden::Tensor(expected["y"]),
                     tolerance::recorded_value<Scalar>);
  tape.open_adjoint(y).assign(y_adjoint);
  tape.backward();
  const auto gradient = [&](const std::string& name, const st::Array<Scalar>& ours) {
    golden::check_near(name, ours, golden::Tensor(expected["grad_" + name]),
                       tolerance::recorded_gradient<Scalar>(0));
  };
  gradient("x", from.adjoint().array());
  for (const auto& [path, parameter] : layer.named_parameters()) {
    if (parameter.learned()) {
      const st::Array<Scalar> ours = tape.gradients().gradient(parameter);
      gradient(path, path == "weight" ? st::Array<Scalar>(ours.transpose()) : ours);
    } else if (path != "num_batches_tracked") {
      golden::check_near(path, st::Array<Scalar>(parameter.array()), golden::Tensor(expected[path]),
                         tolerance::recorded_value<Scalar>);
    }
  }
}

template <typename Scalar>
void run(const json& item) {
  const json &config = item["config"], &inputs = item["inputs"];
  const std::string layer = config["layer"];
  const st::Size2d kernel = size(config, "kernel_size", 1), stride = size(config, "stride", 0),
                   padding = size(config, "padding", 0);
  if (layer == "MaxPool2d") {
    compare(st::MaxPool2d<Scalar>(image(inputs["x"]), kernel, {.stride = stride, .padding = padding}), item);
  } else if (layer == "AvgPool2d") {
    compare(st::AvgPool2d<Scalar>(image(inputs["x"]), kernel, {.stride = stride, .padding = padding}), item);
  } else if (layer == "Conv2d") {
    st::Random random(1);
    compare(st::Conv2d<Scalar>(image(inputs["x"]), config["out_channels"], kernel, random,
                               {.stride = size(config, "stride", 1),
                                .padding = padding,
                                .dilation = size(config, "dilation", 1),
                                .groups = config.value("groups", Index(1)),
                                .bias = config.value("bias", true)}),
            item);
  } else {
    REQUIRE(layer == "BatchNorm");
    const st::BatchNormOptions options{.eps = config.value("eps", 1e-5),
                                       .momentum = config.value("momentum", 0.1)};
    if (config["dims"] == 2)
      compare(st::BatchNorm2d<Scalar>(config["features"], options), item);
    else
      compare(st::BatchNorm1d<Scalar>(config["features"], options), item);
  }
}

TEST_CASE("layers on images equal the record") {
  int cases = 0;
  const json group = golden::read_group("conv");
  for (const json& item : group["cases"]) {
    INFO(item["name"]);
    item["config"]["dtype"] == "float32" ? run<float>(item) : run<double>(item);
    ++cases;
  }
  CHECK(cases == 28);
}

}  // namespace golden_conv
