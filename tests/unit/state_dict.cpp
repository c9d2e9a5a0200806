// Networks as state_dicts: names, layouts and options go out and come back, and what does not fit is refused with
// all names before anything is changed.
#include <spiketape/autograd/ops.hpp>
#include <spiketape/io/state_dict.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/sgd.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "plain_neurons.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace state_dict_test {

namespace st = spiketape;

namespace {

struct Half {  // a surrogate of the user's own
  double height = 0.5;
  int kind = 3;
  bool wide = true;
  template <typename T>
  T derivative(const T& x) const {
    return st::where(st::abs(x) < T(1), T(height));
  }
};

auto make_net(unsigned seed = 1, double beta = 0.5) {
  st::Random random(seed);
  return st::Sequential(st::named("fc1", st::Linear<double>(2, 3, random)),
                        st::named("lif1", st::Leaky<double>({.beta = beta})),
                        st::named("fc2", st::Linear<double>(3, 1, random)));
}

st::Tensor& at(st::Safetensors& contents, const std::string& name) {
  const auto found = std::find_if(contents.tensors.begin(), contents.tensors.end(),
                                  [&](const st::Tensor& tensor) { return tensor.name == name; });
  REQUIRE(found != contents.tensors.end());
  return *found;
}
void erase(st::Safetensors& contents, const std::string& name) {
  std::erase_if(contents.tensors, [&](const st::Tensor& tensor) { return tensor.name == name; });
}
st::Tensor number(const std::string& name, std::int64_t value) {
  st::Tensor tensor{name, st::DType::I64, {}, std::vector<std::uint8_t>(8)};
  for (std::size_t k = 0; k < 8; ++k)
    tensor.bytes[k] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> 8 * k);
  return tensor;
}
st::Tensor row(const std::string& name, const std::vector<double>& values) {
  st::Tensor tensor = st::to_tensor(
      name, st::Array<double>(Eigen::Map<const st::Row<double>>(values.data(), st::Index(values.size()))));
  tensor.shape.erase(tensor.shape.begin());
  return tensor;
}
bool same(const st::Safetensors& a, const st::Safetensors& b) {
  return std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(), b.tensors.end(),
                    [](const st::Tensor& x, const st::Tensor& y) {
                      return x.name == y.name && x.type == y.type && x.shape == y.shape && x.bytes == y.bytes;
                    }) &&
         a.metadata == b.metadata;
}
/// What a strict load of `contents` says; the network must be as before.
template <typename Network>
std::string fault(Network& net, const st::Safetensors& contents, const st::LoadOptions& options = {}) {
  const st::Safetensors before = st::state_dict(net);
  const std::string text = error_text<std::invalid_argument>([&] { st::load_state_dict(net, contents, options); });
  CHECK(same(st::state_dict(net), before));
  const std::string begin = "spiketape::load_state_dict: the contents do not fit the network\n";
  REQUIRE(text.starts_with(begin));
  return text.substr(begin.size());
}

}  // namespace

TEST_CASE("a state_dict has PyTorch's names and layouts") {
  const auto net = make_net();
  const st::Safetensors contents = st::state_dict(net);
  std::string names;
  for (const st::Tensor& tensor : contents.tensors)
    names += tensor.name + st::detail::shape_text(tensor.shape) + ' ' + st::name_of(tensor.type) + '\n';
  CHECK(names ==
        "fc1.bias(3) F64\nfc1.weight(3, 2) F64\nfc2.bias(1) F64\nfc2.weight(1, 3) F64\nlif1.beta() F64\n"
        "lif1.graded_spikes_factor() F64\nlif1.reset_mechanism_val() I64\nlif1.threshold() F64\n");
  const st::Array<double> weight = st::to_array<double>(*contents.find("fc1.weight"));
  CHECK((weight == net.layer<0>().weight().array().transpose()).all());
  CHECK(contents.metadata.at("lif1.spike_grad") == "surrogate::ATan{2}");
  CHECK(contents.metadata.at("lif1.reset_mechanism") == "reset::Subtract");
  CHECK(contents.metadata.at("lif1.reset_delay") == "true");
  CHECK(contents.metadata.at("lif1.state_quant") == "quant::None");
  CHECK(contents.metadata.at("lif1.inhibition") == "false");
  CHECK(contents.metadata.at("spiketape.state_dict") == "1");
}

TEST_CASE("policies stand in the metadata with their members") {
  const auto texts = [](const auto& neuron) { return st::state_dict(neuron).metadata; };
  const auto quantized = texts(st::Leaky<double, st::reset::Zero, Half, st::quant::NonUniform>(
      {.beta = 0.5, .spike_grad = {.height = 0.1}, .state_quant = {.num_bits = 4, .multiplier = 0.25}}));
  CHECK(quantized.at("reset_mechanism") == "reset::Zero");
  CHECK(quantized.at("spike_grad").ends_with("Half{0.1, 3, true}"));
  CHECK(quantized.at("state_quant") == "quant::NonUniform{4, true, 1, 0, 0.2, 0.25}");
  const auto triangle = [](auto x) { return st::max(1.0 - st::abs(x), 0.0); };
  const st::Leaky<double, st::reset::None, decltype(triangle)> with_lambda({.beta = 0.5, .spike_grad = triangle});
  CHECK(texts(with_lambda).at("spike_grad") == "lambda");
  CHECK(texts(with_lambda).at("reset_mechanism") == "reset::None");
}

TEST_CASE("a network is what was saved of another, and its optimizer goes on") {
  const TemporaryFolder folder;
  const auto net = make_net(1, 0.75);
  auto other = make_net(2);
  st::SGD<double> sgd(other.parameters(), {.lr = 0.1});
  st::save(net, folder / "net.safetensors");
  const st::LoadReport report = st::load(other, folder / "net.safetensors");
  CHECK(report.complete());
  CHECK(report.text().empty());
  CHECK(same(st::state_dict(other), st::state_dict(net)));
  st::Tape<double> tape;
  const st::Array<double> x = st::Array<double>::Ones(1, 2);
  tape.backward(st::sum(other(tape.constant(x))));
  sgd.step(tape.gradients());
  CHECK((other.layer<0>().weight().array() != net.layer<0>().weight().array()).any());
}

TEST_CASE("one error lists all that does not fit") {
  auto net = make_net();
  st::Safetensors contents = st::state_dict(make_net(2));
  erase(contents, "fc1.bias");
  erase(contents, "lif1.beta");
  at(contents, "fc2.weight").shape = {3, 1};
  at(contents, "fc2.bias").name = "fc2.biass";
  contents.metadata["lif1.reset_delay"] = "false";
  contents.metadata["lif1.spike_grad"] = "surrogate::ATan{3}";
  contents.metadata["about"] = "texts of others do not matter";
  const std::string all =
      "missing in the file: fc1.bias, lif1.beta, fc2.bias\n"
      "unknown to the network: fc2.biass\n"
      "refused: fc2.weight has shape (3, 1), expected (1, 3)\n"
      "refused: lif1.reset_delay is false in the file, true in the network\n"
      "refused: lif1.spike_grad is surrogate::ATan{3} in the file, surrogate::ATan{2} in the network";
  CHECK(fault(net, contents) == all);
  const st::LoadReport report = st::load_state_dict(net, contents, {.strict = false});
  CHECK(report.text() == all);
  CHECK_FALSE(report.complete());
  CHECK((net.layer<0>().weight().array() == make_net(2).layer<0>().weight().array()).all());
  CHECK((net.layer<0>().bias().array() == make_net(1).layer<0>().bias().array()).all());
  const TemporaryFolder folder;
  st::write_safetensors(folder / "x", contents);
  CHECK(error_text<std::runtime_error>([&] { st::load(net, folder / "x"); }) ==
        "spiketape::load: '" + (folder / "x") + "' does not fit the network\n" + all);
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

TEST_CASE("names of other files are translated, hidden states are skipped") {
  auto net = make_net();
  st::Safetensors contents = st::state_dict(make_net(2));
  for (st::Tensor& tensor : contents.tensors) {
    if (tensor.name.starts_with("fc2.")) tensor.name.replace(0, 3, "out.linear");
    if (tensor.name == "lif1.beta") tensor.name = "lif1.decay";
    tensor.name = "model." + tensor.name;
  }
  contents.metadata = {{"model.lif1.reset_delay", "false"}};
  contents.tensors.push_back(row("model.lif1.mem", {1, 2, 3}));
  contents.tensors.push_back(row("optimizer.lr", {1}));
  st::LoadOptions options{.prefix = "model.", .names = {{"out.linear", "fc2"}, {"lif1.decay", "lif1.beta"}}};
  CHECK(fault(net, contents, options) ==
        "refused: lif1.reset_delay is false in the file, true in the network\n"
        "skipped: optimizer.lr, lif1.mem");
  contents.metadata.clear();
  CHECK(st::load_state_dict(net, contents, options).skipped ==
        std::vector<std::string>{"optimizer.lr", "lif1.mem"});
  CHECK(same(st::state_dict(net), st::state_dict(make_net(2))));
  options.names["nowhere"] = "fc3";
  options.names["lif1.threshold"] = "lif1.beta";
  CHECK(fault(net, contents, options) ==
        "missing in the file: lif1.threshold\n"
        "refused: model.lif1.threshold: another tensor has the name lif1.beta, too\n"
        "refused: the option names: the file has nothing of the name nowhere\n"
        "skipped: optimizer.lr, lif1.mem");
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
}

TEST_CASE("networks in networks, functions and single layers have their paths") {
  st::Random random(1);
  const auto make = [&] {
    return st::Sequential(st::named("block", st::Sequential(st::Linear<double>(2, 2, random, {.bias = false}),
                                                            st::Leaky<double>({.beta = 0.5}))),
                          [](const auto& x) { return 2.0 * x; }, st::Linear<double>(2, 1, random));
  };
  auto net = make(), other = make();
  const st::Safetensors contents = st::state_dict(net);
  std::string names;
  for (const st::Tensor& tensor : contents.tensors) names += tensor.name + ' ';
  CHECK(names ==
        "2.bias 2.weight block.0.weight block.1.beta block.1.graded_spikes_factor block.1.reset_mechanism_val "
        "block.1.threshold ");
  CHECK(contents.metadata.count("block.1.reset_delay") == 1);
  st::load_state_dict(other, contents);
  CHECK(same(st::state_dict(other), contents));
  st::Linear<double> alone(2, 1, random);
  st::Safetensors last;
  for (const st::Tensor& tensor : contents.tensors)
    if (tensor.name.starts_with("2.")) last.tensors.push_back(tensor);
  st::load_state_dict(alone, last, {.prefix = "2."});
  CHECK((alone.weight().array() == net.layer<2>().weight().array()).all());
}

TEST_CASE("files of later versions and networks that are gone are refused") {
  auto net = make_net();
  st::Safetensors contents = st::state_dict(net);
  contents.metadata["spiketape.state_dict"] = "2";
  CHECK(fault(net, contents) == "refused: spiketape.state_dict is 2, this version of the library reads 1");
  auto moved = std::move(net);
  CHECK_THROWS_AS(st::state_dict(net), std::invalid_argument);
  CHECK_THROWS_AS(st::load_state_dict(net, contents), std::invalid_argument);
}

}  // namespace state_dict_test
