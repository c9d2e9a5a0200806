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
#include "state_dict_parts.hpp"
#include "temporary_folder.hpp"

#include <string>
#include <utility>
#include <vector>

namespace state_dict_test {

namespace st = spiketape;
using namespace state_dict_parts;

namespace {

auto make_net(unsigned seed = 1, double beta = 0.5) {
  st::Random random(seed);
  return st::Sequential(st::named("fc1", st::Linear<double>(2, 3, random)),
                        st::named("lif1", st::Leaky<double>({.beta = beta})),
                        st::named("fc2", st::Linear<double>(3, 1, random)));
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
