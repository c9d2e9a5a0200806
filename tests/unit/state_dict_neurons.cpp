// Neurons as state_dicts: their coefficients and options in snnTorch's names, shapes and numbers.
#include <spiketape/io/state_dict.hpp>

#include "catch.hpp"
#include "plain_neurons.hpp"
#include "state_dict_parts.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace state_dict_neurons_test {

namespace st = spiketape;
using namespace state_dict_parts;

namespace {

struct Half {  // a surrogate of the user's own
  double height[2] = {0.5, 0.25};
  template <typename T>
  T derivative(const T& x) const {
    return st::where(st::abs(x) < T(1), T(height[0]));
  }
};

}  // namespace

TEST_CASE("policies stand in the metadata with their members") {
  const auto texts = [](const auto& neuron) { return st::state_dict(neuron).metadata; };
  const auto quantized = texts(st::Leaky<double, st::reset::Zero, Half, st::quant::NonUniform>(
      {.beta = 0.5, .spike_grad = {}, .state_quant = {.num_bits = 4, .multiplier = 0.25}}));
  CHECK(quantized.at("reset_mechanism") == "reset::Zero");
  CHECK(quantized.at("spike_grad").ends_with("Half"));  // C++ cannot take apart what is not the library's
  CHECK(quantized.at("state_quant") == "quant::NonUniform{4, true, 1, 0, 0.2, 0.25}");
  const auto triangle = [](auto x) { return st::max(1.0 - st::abs(x), 0.0); };
  const st::Leaky<double, st::reset::None, decltype(triangle)> with_lambda({.beta = 0.5, .spike_grad = triangle});
  CHECK(texts(with_lambda).at("spike_grad") == "lambda");
  CHECK(texts(with_lambda).at("reset_mechanism") == "reset::None");
}

TEST_CASE("numbers are taken where the network's scalar holds them, others when asked") {
  st::Leaky<float> lif({.beta = 0.5f});
  st::Safetensors contents = st::state_dict(st::Leaky<double>({.beta = 0.1}));
  CHECK(fault(lif, contents) ==
        "refused: beta is F64, the network has F32; the option convert rounds\n"
        "refused: threshold is F64, the network has F32; the option convert rounds\n"
        "refused: graded_spikes_factor is F64, the network has F32; the option convert rounds");
  st::load_state_dict(lif, contents, {.convert = true});
  CHECK(lif.beta().array()(0, 0) == 0.1f);
  const auto beta_as = [&](st::DType type, std::vector<std::uint8_t> bytes) {
    contents = st::state_dict(lif);
    at(contents, "beta") = {"beta", type, {}, std::move(bytes)};
    st::load_state_dict(lif, contents);
    return lif.beta().array()(0, 0);
  };
  CHECK(beta_as(st::DType::F16, {0, 0x3a}) == 0.75f);
  CHECK(beta_as(st::DType::BF16, {0x80, 0x3e}) == 0.25f);
  CHECK(beta_as(st::DType::I64, number("", 1).bytes) == 1);
  at(contents, "beta") = number("beta", (1 << 24) + 1);
  CHECK(fault(lif, contents) ==
        "refused: beta has 16777217 at 0, expected a smaller number, or the option convert, which rounds");
  at(contents, "beta") = row("beta", {0.5, std::nan("")});
  CHECK(fault(lif, contents, {.convert = true}) == "refused: beta has NaN at 1, expected a number");
  at(contents, "beta") = row("beta", {});
  CHECK(fault(lif, contents, {.convert = true}) ==
        "refused: beta has shape (0), expected () or one number for each neuron");
  st::Leaky<double> wide({.beta = 0.5});
  st::load_state_dict(wide, st::state_dict(st::Leaky<float>({.beta = 0.1f})));
  CHECK(wide.beta().array()(0, 0) == 0.1f);
}

TEST_CASE("a coefficient becomes one for each neuron, and one number stands for all") {
  st::Leaky<double> lif({.beta = 0.5});
  st::Safetensors contents = st::state_dict(lif);
  at(contents, "beta") = row("beta", {0.1, 0.2});
  st::load_state_dict(lif, contents);
  CHECK((lif.beta().array() == st::Row<double>{{0.1, 0.2}}).all());
  at(contents, "beta") = row("beta", {0.25});
  st::load_state_dict(lif, contents);
  CHECK((lif.beta().array() == st::Row<double>{{0.25, 0.25}}).all());
  at(contents, "beta") = row("beta", {0.1, 0.2, 0.3});
  CHECK(fault(lif, contents) == "refused: beta has shape (3), expected (2) or ()");
  at(contents, "beta") = row("beta", {0.1, 0.2});
  at(contents, "threshold") = row("threshold", {1, 2, 3});
  CHECK(fault(lif, contents) == "refused: threshold has 3 numbers, another coefficient of its layer 2");
}

TEST_CASE("resets are compared by snnTorch's numbers") {
  const auto with = [](auto neuron, int value) {
    st::Safetensors contents = st::state_dict(neuron);
    contents.metadata.clear();
    erase(contents, "reset_mechanism_val");
    contents.tensors.push_back(number("reset_mechanism_val", value));
    return fault(neuron, contents);
  };
  using st::reset::ZeroBeforeInput;
  CHECK(with(st::Leaky<double>({.beta = 0.5}), 1) ==
        "refused: reset_mechanism_val is 1, a reset to zero before the input, reset::ZeroBeforeInput; the network "
        "has reset::Subtract");
  CHECK(with(st::Leaky<double, ZeroBeforeInput>({.beta = 0.5}), 0) ==
        "refused: reset_mechanism_val is 0, a reset by subtraction, reset::Subtract; the network has "
        "reset::ZeroBeforeInput");
  CHECK(with(st::Synaptic<double>({.alpha = 0.5, .beta = 0.5}), 1) ==
        "refused: reset_mechanism_val is 1, a reset to zero, reset::Zero; the network has reset::Subtract");
  CHECK(with(st::Leaky<double>({.beta = 0.5}), 2) ==
        "refused: reset_mechanism_val is 2, a reset that does nothing, reset::None; the network has "
        "reset::Subtract");
  CHECK(with(st::Leaky<double>({.beta = 0.5}), 3) == "refused: reset_mechanism_val is not 0, 1 or 2 as one I64");
  // snnTorch does not have this reset, so it finds no number and refuses the file.
  const st::Leaky<double, st::reset::Zero> documented({.beta = 0.5});
  CHECK(st::state_dict(documented).find("reset_mechanism_val") == nullptr);
  const auto saved_value = [](const auto& neuron) {
    return int(st::state_dict(neuron).find("reset_mechanism_val")->bytes[0]);
  };
  CHECK(saved_value(st::Leaky<double, ZeroBeforeInput>({.beta = 0.5})) == 1);
  CHECK(saved_value(st::Leaky<double, st::reset::None>({.beta = 0.5})) == 2);
  CHECK(saved_value(st::Alpha<double>({.alpha = 0.5, .beta = 0.25})) == 1);
}

TEST_CASE("the recurrence of one neuron on itself has both of snnTorch's names") {
  st::RLeaky<double> lif({.beta = 0.5, .V = 0.25, .all_to_all = false});
  st::Safetensors contents = st::state_dict(lif);
  CHECK(contents.find("V")->bytes == contents.find("recurrent.V")->bytes);
  at(contents, "V") = row("V", {2});
  at(contents, "V").shape.clear();
  CHECK(fault(lif, contents) == "refused: recurrent.V differs from V");
  erase(contents, "recurrent.V");
  st::load_state_dict(lif, contents);
  CHECK(lif.V().array()(0, 0) == 2);
  at(contents, "V").name = "recurrent.V";
  at(contents, "recurrent.V") = row("recurrent.V", {3, 4});
  st::load_state_dict(lif, contents);
  CHECK((lif.V().array() == st::Row<double>{{3, 4}}).all());
}

TEST_CASE("a Lapicque's circuit goes in and out whole") {
  const st::Lapicque<double> made({.R = 5, .C = 2.5, .time_step = 0.5});
  st::Lapicque<double> lif({.beta = 0.5});
  st::Safetensors contents = st::state_dict(made);
  CHECK(contents.find("R")->type == st::DType::I64);
  CHECK(contents.find("C")->type == st::DType::F64);
  st::load_state_dict(lif, contents);
  CHECK(same(st::state_dict(lif), contents));
  st::Array<double> input = st::Array<double>::Constant(1, 1, 0.8);
  CHECK(lif(input).mem(0, 0) == made(input).mem(0, 0));
  at(contents, "C") = row("C", {0});
  CHECK(fault(lif, contents) == "refused: C has 0 at 0, expected more than 0");
}

TEST_CASE("Alpha computes with what was loaded as if it were made with it") {
  const st::Alpha<double> made({.alpha = 0.85, .beta = 0.7});
  st::Alpha<double> lif({.alpha = 0.5, .beta = 0.25});
  st::load_state_dict(lif, st::state_dict(made));
  st::Random random(1);
  st::Sequence<double> input(10, 2, 3);
  for (double& x : input.array().reshaped()) x = random.uniform(0, 2);
  CHECK((lif(input).mem.array() == made(input).mem.array()).all());

  // Training may have led it to where there is no tau.
  st::Safetensors contents = st::state_dict(made);
  at(contents, "alpha") = row("alpha", {-0.25});
  at(contents, "beta") = row("beta", {-0.5});
  st::load_state_dict(lif, contents);
  CHECK(lif.alpha().array()(0, 0) == -0.25);
  CHECK(lif(input).mem.array().isFinite().all());
}

}  // namespace state_dict_neurons_test
