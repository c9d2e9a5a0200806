// What a C file has, and what it cannot have. That it computes the library's spikes is tested in firmware/.
#include <spiketape/autograd/ops.hpp>
#include <spiketape/io/firmware.hpp>
#include <spiketape/neuron/integrator.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/batch_norm.hpp>
#include <spiketape/nn/conv.hpp>
#include <spiketape/nn/delay.hpp>
#include <spiketape/nn/dropout.hpp>
#include <spiketape/nn/named.hpp>
#include <spiketape/nn/residual.hpp>
#include <spiketape/nn/sequential.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "plain_neurons.hpp"
#include "temporary_folder.hpp"

#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace firmware_test {

namespace st = spiketape;

namespace {

using Leaky = st::Leaky<double>;

template <typename Network, typename... Options>
std::string fault(const Network& net, const Options&... options) {
  const std::string text =
      error_text<std::invalid_argument>([&] { static_cast<void>(st::c_source(net, options...)); });
  const std::string begin = "spiketape::write_c: ";
  REQUIRE(text.substr(0, begin.size()) == begin);
  return text.substr(begin.size());
}
auto small(double weight = 1, double threshold = 1) {
  st::Random random(1);
  st::Sequential net{st::named("fc", st::Linear<double>(2, 3, random)),
                     st::named("lif", Leaky({.beta = 0.5, .threshold = threshold}))};
  net.parameter("fc.weight").set(weight);
  return net;
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

struct OwnReset {
  static constexpr bool before_input = false;
  static constexpr double d_mem = 0.5, d_threshold = 0;
  template <typename T>
  T after(const T& mem, const T&) const {
    return T(0.5) * mem;
  }
};
struct OwnLevels {
  template <typename Scalar>
  std::vector<Scalar> levels() const {
    return {-1, 0, 2};
  }
};
struct OwnLayer : st::Layer<OwnLayer, double> {
  st::Shape result(const st::Shape& input) const { return input; }
  void forward(const st::SequenceView<const double>& x, const st::SequenceView<double>& y,
               st::Context<double>&) const {
    y.assign(x);
  }
  void backward(const st::SequenceView<const double>&, const st::SequenceView<const double>&,
                const st::Adjoint<double>&, st::Context<double>&) const {}
};

}  // namespace

TEST_CASE("firmware: a file declares a state and three functions under its name") {
  const std::string text = st::c_source(small(), {.name = "Tiny_net2"});
  for (const std::string_view part :
       {"#ifndef TINY_NET2_H", "#define TINY_NET2_INPUTS 2\n", "#define TINY_NET2_OUTPUTS 3\n",
        "double lif_mem[3];", "void Tiny_net2_reset(Tiny_net2_state* state);",
        "void Tiny_net2_step(Tiny_net2_state* state, const double* input, uint8_t* spikes);",
        "#ifdef TINY_NET2_SELF_TEST\nint Tiny_net2_self_test(void);", "extern \"C\" {"})
    CHECK(has(text, part));
  for (const std::string_view part : {"malloc", "math.h", "$", "@", "^"}) CHECK(!has(text, part));
  std::size_t includes = 0;
  for (std::size_t at = 0; (at = text.find("#include <", at)) != std::string::npos; ++at) ++includes;
  CHECK(includes == 1);
  CHECK(has(text, "#include <stdint.h>"));

  const TemporaryFolder folder;
  st::write_c(small(), folder / "net.h");
  const auto bytes = st::read_file(folder / "net.h");
  CHECK(std::string(bytes.begin(), bytes.end()) == st::c_source(small()));
}

TEST_CASE("firmware: spikes that are 0 cannot be told, and a self-test has steps") {
  st::Random random(1);
  const st::Sequential net{st::named("fc", st::Linear<double>(2, 2, random)),
                           st::named("lif", Leaky({.beta = 0.5, .graded_spikes_factor = {1, 0}}))};
  CHECK(has(fault(net), "graded_spikes_factor of 0"));
  CHECK(has(fault(small(), st::FirmwareOptions<double>{.self_test = st::Sequence<double>(0, 1, 2)}),
            "self_test has shape (0, 1, 2), expected at least one step"));
}

TEST_CASE("firmware: no layer has a name that the file has for something else") {
  const auto ids = [](const std::vector<std::string>& names) {
    std::vector<st::detail::CLayer<double>> layers;
    std::string all;
    for (const std::string& name : names) {
      st::detail::CLayer<double> layer;
      layer.id = name;
      st::detail::make_own_name(layer.id, layers);
      all += layer.id + ' ';
      layers.push_back(layer);
    }
    return all;
  };
  CHECK(ids({"fc1", "lif1", "fc2"}) == "fc1 lif1 fc2 ");
  CHECK(ids({"fc", "fc", "fc"}) == "fc fcx fcxx ");
  CHECK(ids({"step", "self_test", "add_rows", "state", "reset"}) ==
        "xstep xself_test xadd_rows xstate xreset ");
  CHECK(ids({"fc", "fc_bias", "fc_mem"}) == "fc xfc_bias xfc_mem ");
  CHECK(ids({"fc_bias", "fc"}) == "fc_bias xfc ");
}

TEST_CASE(
    "firmware: numbers are written so that they are read back, and denormals as the zero that they count "
    "as") {
  CHECK(st::detail::c_number(1.0) == "1.0");
  CHECK(st::detail::c_number(-0.1f) == "(-0.1f)");
  CHECK(st::detail::c_number(1e-5f) == "1e-05f");
  CHECK(st::detail::c_number(100000.0) == "1e+05");
  CHECK(st::detail::c_element(-3.0) == "-3.0");
  CHECK(st::detail::c_number(std::numeric_limits<float>::denorm_min()) == "0.0f");
  CHECK(st::detail::c_number(-std::numeric_limits<double>::denorm_min()) == "0.0");
}

TEST_CASE("firmware: a recorded input ends where a membrane comes close to its threshold") {
  const auto net = small(1, 1);
  st::Sequence<double> input(3, 1, 2);
  auto linear = net;
  linear.parameter("fc.bias").set(0);
  input(0, 0, 0) = 2;            // U is 2
  input(1, 0, 1) = 0.3;          // 0.5 * 2 + 0.3 - 1
  input(2, 0, 0) = 0.85 + 5e-5;  // 0.15 + 0.85 is 1, the threshold
  const std::string text = st::c_source(linear, {.self_test = input});
  CHECK(has(text, "which runs 2 recorded"));
  CHECK(has(text, "expected[2][NETWORK_OUTPUTS] = {\n    {1, 1, 1},\n    {0, 0, 0}};"));
  CHECK(has(st::c_source(linear, {.self_test = input, .self_test_margin = 1e-5}), "which runs 3 recorded"));
  input(0, 0, 0) = 1;
  CHECK(fault(linear, st::FirmwareOptions<double>{.self_test = input}) ==
        "in the first step of self_test a membrane is less than 0.0001 away from its threshold, expected "
        "another "
        "input or a smaller self_test_margin");
}

TEST_CASE("firmware: what C cannot have is refused by its path and type") {
  st::Random random(1);
  CHECK(fault(st::Sequential{st::Linear<double>(2, 3, random), [](const auto& x) { return 2.0 * x; }})
            .substr(0, 7) == "1 is a ");
  CHECK(fault(st::Sequential{st::named("in", st::Sequential{st::named("own", OwnLayer())}),
                             st::Linear<double>(2, 3, random)}) ==
        "in.own is a firmware_test::OwnLayer, expected Linear, convolutions, pools, batch norms, Flatten, "
        "Dropout and neurons of the library");
  CHECK(
      fault(st::Sequential{st::named("conv1", st::Conv2d<double>({2, 3, 3}, 2, 2, random, {.groups = 2}))}) ==
      "conv1 is a spiketape::Conv2d of 2 groups, expected one");
  CHECK(fault(st::Sequential{st::Dropout<double>(0.5)}) == "the network has no layer that computes");
  CHECK(
      fault(st::Sequential{st::Linear<double>(2, 3, random), st::named("bn", st::BatchNorm1d<double>(2))}) ==
      "bn has 2 channels, its input 3 features");
  CHECK(fault(st::Sequential{st::named("axon", st::Delay<double>({.max_delay = 2})), Leaky({.beta = 0.5})}) ==
        "axon is a spiketape::Delay, expected Linear, convolutions, pools, batch norms, Flatten, Dropout and "
        "neurons of the library");
  CHECK(fault(st::Sequential{st::Linear<double>(2, 3, random), st::named("block", st::Residual{Leaky({.beta = 0.5})})}) ==
        "block is a spiketape::Residual, expected layers one after the other");
  CHECK(fault(st::Sequential{st::Linear<double>(2, 3, random), st::Leaky<double, OwnReset>({.beta = 0.5})}) ==
        "1 has the reset firmware_test::OwnReset, expected one of spiketape::reset");
  CHECK(fault(st::Leaky<double, st::reset::Subtract, st::surrogate::ATan, OwnLevels>({.beta = 0.5})) ==
        "the network has the quantizer firmware_test::OwnLevels, expected one of spiketape::quant");
  CHECK(fault(small(std::numeric_limits<double>::infinity())) ==
        "fc has the weight inf, expected finite numbers");
  CHECK(fault(st::Sequential{st::Linear<double>(2, 3, random), st::Linear<double>(4, 3, random)}) ==
        "1 expects 4 features, its input has 3");
  CHECK(fault(Leaky({.beta = 0.5})) ==
        "the network does not say how many inputs it has, expected a self_test with them");
  // Thresholds that are all infinite are what Integrator has.
  CHECK(has(st::c_source(small(1, std::numeric_limits<double>::infinity())), "spikes[i] = 0;"));
}

TEST_CASE("firmware: options that make no sense are refused") {
  for (const char* name : {"", "2net", "a-b", "a__b", "_a", "a_", "na\xc3\xafve"})
    CHECK(has(fault(small(), st::FirmwareOptions<double>{.name = name}),
              "', expected letters, digits and single underscores between them, no digit first"));
  CHECK(fault(small(), st::FirmwareOptions<double>{.self_test_steps = 0}) ==
        "self_test_steps is 0, expected at least 1");
  CHECK(fault(small(), st::FirmwareOptions<double>{.self_test_margin = -1}) ==
        "self_test_margin is -1, expected a number that is not negative");
  CHECK(fault(small(), st::FirmwareOptions<double>{.self_test = st::Sequence<double>(3, 2, 2)}) ==
        "self_test has shape (3, 2, 2), expected at least one step of one sample");
  CHECK(fault(small(), st::FirmwareOptions<double>{.self_test = st::Sequence<double>(3, 1, 4)}) ==
        "fc expects 2 features, its input has 4");
  // No input can keep a membrane this far from its threshold.
  CHECK(has(fault(small(), st::FirmwareOptions<double>{.self_test_margin = 2}), "found no input that keeps"));
}

}  // namespace firmware_test
