// A training that goes on from a checkpoint ends with the bits of one that was not interrupted, and a file that
// does not fit is refused before anything is changed.
#include <spiketape/autograd/ops.hpp>
#include <spiketape/data/batches.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/io/checkpoint.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/best.hpp>
#include <spiketape/optim/early_stopping.hpp>
#include <spiketape/optim/schedules.hpp>
#include <spiketape/optim/sgd.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "plain_neurons.hpp"
#include "temporary_folder.hpp"

#include <string>
#include <utility>

namespace checkpoint_test {

namespace st = spiketape;

namespace {

st::Images images() {
  st::Images images;
  images.pixels.resize(11, 4);
  st::Random random(3);
  for (int i = 0; i < 11; ++i) images.labels.push_back(static_cast<int>(random.below(3)));
  for (std::uint8_t& pixel : images.pixels.reshaped()) pixel = static_cast<std::uint8_t>(random.below(256));
  return images;
}

/// A training that is saved after each batch, and what it has made.
template <typename Optimizer>
struct Training {
  st::Images images_ = images();
  st::Random random{5};
  st::Sequential<st::Linear<double>, st::Leaky<double>> net{
      st::Linear<double>(4, 3, random), st::Leaky<double>({.beta = 0.5, .learn_beta = true})};
  Optimizer optimizer{net.parameters(), {.lr = 0.05}};
  st::Batches<double> batches{images_, 4, random};
  st::Shards<double> shards{2, 1, 1};
  int epoch = 0;
  double loss = 0;
  std::string note = "none";
  st::Checkpoint checkpoint{{"net", net},         {"optimizer", optimizer}, {"batches", batches},
                            {"shards", shards},   {"random", random},       {"epoch", epoch},
                            {"loss", loss},       {"note", note}};

  /// Trains up to `last` batches or to the end; saves behind each.
  void run(const std::string& path, int last = 1000) {
    for (; epoch < 3; ++epoch)
      for (const auto& batch : batches.shuffled()) {
        loss = shards.run(net, st::repeat(batch.input, 5), [&](const auto& out, st::Index first, st::Index count) {
          return st::cross_entropy(out.mem, batch.labels.subspan(std::size_t(first), std::size_t(count)),
                                   {.samples = batch.size()});
        });
        optimizer.step(shards.gradients());
        note = std::to_string(random());
        checkpoint.save(path);
        if (--last == 0) return;
      }
  }
};

template <typename T>
std::string bytes(const T& training) {
  return st::safetensors_bytes(training.checkpoint.contents());
}

template <typename Optimizer>
void check_every_interruption() {
  const TemporaryFolder folder;
  Training<Optimizer> whole;
  whole.run(folder / "whole");
  for (int taken = 1; taken <= 9; ++taken) {
    INFO("interrupted behind batch " << taken);
    Training<Optimizer>().run(folder / "part", taken);
    Training<Optimizer> rest;
    rest.checkpoint.load(folder / "part");
    CHECK(bytes(rest) == std::string(reinterpret_cast<const char*>(st::read_file(folder / "part").data()),
                                     st::read_file(folder / "part").size()));
    rest.run(folder / "part");
    CHECK(bytes(rest) == bytes(whole));
  }
}

/// What is said of a file that does not fit; the parts must be as before.
std::string fault(const st::Checkpoint& checkpoint, const std::string& path) {
  const std::string before = st::safetensors_bytes(checkpoint.contents());
  const std::string text = error_text<std::runtime_error>([&] { checkpoint.load(path); });
  CHECK(st::safetensors_bytes(checkpoint.contents()) == before);
  const std::string begin = "spiketape::Checkpoint: '" + path + "' does not fit the program:\n";
  REQUIRE(text.starts_with(begin));
  return text.substr(begin.size());
}

}  // namespace

TEST_CASE("a training that was interrupted ends with the same bits") {
  check_every_interruption<st::Adam<double>>();
}

TEST_CASE("groups, changed options, schedules and what watches a metric go on") {
  const TemporaryFolder folder;
  enum class Setup { as_saved, other_group, no_group, nesterov };
  const auto train = [&](int first, int last, const std::string& load, Setup setup = Setup::as_saved) {
    st::Random random(5);
    st::Linear<double> net(4, 3, random);
    st::SGD<double> sgd(net.parameters(),
                        {.lr = 0.1, .momentum = 0.5, .nesterov = setup == Setup::nesterov});
    if (setup != Setup::no_group)
      sgd.add_group({setup == Setup::other_group ? net.weight().ptr() : net.bias().ptr()},
                    {.lr = 0.03, .momentum = 0.9});
    st::Tape<double> tape;
    st::ReduceLROnPlateau plateau({.lr = 0.1, .factor = 0.3, .patience = 0});
    st::EarlyStopping stop({.patience = 3});
    st::Best best(net);
    const st::Checkpoint checkpoint{{"net", net},         {"sgd", sgd},   {"tape", tape},
                                    {"plateau", plateau}, {"stop", stop}, {"best", best}};
    if (!load.empty()) checkpoint.load(load);
    bool stopped = false;
    for (int k = first; k < last; ++k) {
      tape.reset();
      const st::Array<double> input = st::Array<double>::Constant(2, 4, 1.0 + k);
      const auto loss = st::mean(st::square(net(tape.constant(input)) - 1.0));
      tape.backward(loss);
      sgd.step(tape.gradients());
      best(loss.item());
      sgd.set_lr(plateau(loss.item()));
      stopped = stop(loss.item());
      if (k == 0) sgd.set_options({.lr = 0.02, .momentum = 0.7, .weight_decay = 0.1}, 1);
      if (k == 1) sgd.set_options({.lr = 0.2, .momentum = 0.7, .weight_decay = 0.1});
    }
    checkpoint.save(folder / "now");
    best.restore();
    return st::safetensors_bytes(checkpoint.contents()) + std::to_string(best.epoch()) + (stopped ? " stopped" : "");
  };
  const std::string whole = train(0, 5, "");
  for (const int taken : {1, 2, 3, 4}) {
    INFO("interrupted behind step " << taken);
    train(0, taken, "");
    CHECK(train(taken, 5, folder / "now") == whole);
  }
  const auto refused = [&](Setup setup) {
    train(0, 2, "");
    return error_text<std::runtime_error>([&] { train(2, 3, folder / "now", setup); });
  };
  CHECK(refused(Setup::other_group).find("\nsgd.0.weight.group is missing\n") != std::string::npos);
  CHECK(refused(Setup::no_group).find("\nsgd.group1.lr is unknown\n") != std::string::npos);
  CHECK(refused(Setup::nesterov).find("\nsgd.nesterov is missing") != std::string::npos);
}

TEST_CASE("SGD goes on with its velocities, and a pass in order with its place") {
  const TemporaryFolder folder;
  const auto train = [&](int first, int last, const std::string& load, const std::string& save) {
    const st::Images all = images();
    st::Random random(5);
    st::Linear<double> net(4, 3, random);
    st::SGD<double> sgd(net.parameters(), {.lr = 0.1, .momentum = 0.5});
    st::Batches<double> batches(all, 4, random);
    st::Tape<double> tape;
    st::Checkpoint checkpoint{{"net", net}, {"sgd", sgd}, {"batches", batches}, {"tape", tape}};
    if (!load.empty()) checkpoint.load(load);
    int taken = first;
    for (const auto& batch : batches.in_order()) {
      tape.reset();
      tape.backward(st::cross_entropy(net(tape.constant(batch.input)), batch.labels));
      sgd.step(tape.gradients());
      if (++taken == last) {
        checkpoint.save(save);
        break;
      }
    }
    CHECK(taken == last);
    return st::safetensors_bytes(checkpoint.contents());
  };
  const std::string whole = train(0, 3, "", folder / "whole");
  train(0, 1, "", folder / "part");
  CHECK(train(1, 3, folder / "part", folder / "rest") == whole);
}

TEST_CASE("hidden states, windows, states and arrays go on") {
  const TemporaryFolder folder;
  const auto train = [&](int first, int last, const std::string& load) {
    st::Random random(5);
    st::Sequential net{st::named("fc", st::Linear<double>(2, 3, random)),
                       st::named("lif", st::Leaky<double>({.beta = 0.9, .init_hidden = true}))};
    st::Leaky<double> other({.beta = 0.5});
    auto state = other.state(1);
    st::Array<double> sum;
    st::SGD<double> sgd(net.parameters(), {.lr = 0.1});
    st::Windows<double> windows(3, {.truncate = true});
    bool started = false;
    float ratio = 0;
    st::Checkpoint checkpoint{{"net", net}, {"state", state},     {"sum", sum},    {"sgd", sgd},
                              {"windows", windows}, {"started", started}, {"ratio", ratio}};
    if (!load.empty()) checkpoint.load(load);
    CHECK(started == (first > 0));
    for (int k = first; k < last; ++k) {
      st::Sequence<double> input(6, 1, 2);
      input.array().setConstant(0.3 + k);
      windows.run(net, input, [](const auto& out, st::Index, st::Index) { return st::mean(out.spk); });
      sgd.step(windows.gradients());
      sum = other(st::Sequence<double>(net(input).spk), state).mem.array();
      started = true;
      ratio += 0.1f;
    }
    if (load.empty()) checkpoint.save(folder / "file");
    return st::safetensors_bytes(checkpoint.contents());
  };
  const std::string whole = train(0, 5, "");
  train(0, 2, "");
  CHECK(train(2, 5, folder / "file") == whole);
  // The network of a checkpoint is read alone, too.
  st::Random random(1);
  st::Sequential net{st::named("fc", st::Linear<double>(2, 3, random)),
                     st::named("lif", st::Leaky<double>({.beta = 0.9, .init_hidden = true}))};
  CHECK(st::load(net, folder / "file", {.prefix = "net."}).complete());
}

TEST_CASE("a checkpoint that does not fit is refused, with all that does not") {
  const TemporaryFolder folder;
  st::Random random(1);
  st::Linear<double> net(2, 2, random), wide(3, 2, random);
  st::Adam<double> adam(net.parameters()), other(wide.parameters(), {.beta1 = 0.5});
  st::Shards<double> shards(2, 1, 1), more(4, 2, 1);
  int epoch = 3;
  std::string text = "text";
  st::Checkpoint{{"net", net}, {"adam", adam}, {"shards", shards}, {"epoch", epoch}, {"text", text}}.save(folder / "x");
  std::int8_t small = 1;
  double number = 0;
  CHECK(fault({{"net", wide}, {"adam", other}, {"shards", more}, {"epoch", number}, {"word", text}}, folder / "x") ==
        "net.weight has shape (2, 2), expected (2, 3)\n"
        "adam.0.weight was 2 x 2, now it is 3 x 2\n"
        "epoch is I64 of shape (), expected F64, one number\n"
        "word is missing\n"
        "text is unknown\n"
        "adam.beta1 was 0.9, now it is 0.5\n"
        "shards.shards was 2, now it is 4");
  CHECK(fault({{"net", net}}, folder / "x") ==
        "adam.0.weight.beta1_power is unknown\nadam.0.weight.beta2_power is unknown\n"
        "adam.1.bias.beta1_power is unknown\nadam.1.bias.beta2_power is unknown\nadam.lr is unknown\n"
        "epoch is unknown\nshards.round is unknown\nshards.seed is unknown\nadam.0.weight is unknown\n"
        "adam.1.bias is unknown\nadam.beta1 is unknown\nadam.beta2 is unknown\nadam.eps is unknown\n"
        "adam.optimizer is unknown\nadam.parameters is unknown\nadam.weight_decay is unknown\n"
        "shards.block is unknown\nshards.shards is unknown\ntext is unknown");
  const st::Checkpoint parts{{"net", net}, {"adam", adam}, {"shards", more}, {"epoch", small}, {"text", text}};
  CHECK(fault(parts, folder / "x") == "shards.shards was 2, now it is 4");
  parts.load(folder / "x", {.other_bits = true});
  CHECK(small == 3);
  st::Safetensors contents = st::read_safetensors(folder / "x");
  for (st::Tensor& tensor : contents.tensors)
    if (tensor.name == "epoch") tensor.bytes[1] = 1;
  contents.metadata["spiketape.checkpoint"] = "2";
  contents.metadata["spiketape.target"] = "other";
  st::write_safetensors(folder / "y", contents);
  const st::Checkpoint same{{"net", net}, {"adam", adam}, {"shards", shards}, {"epoch", small}, {"text", text}};
  CHECK(fault(same, folder / "y") ==
        "spiketape.checkpoint was 2, now it is 1\nepoch is 259, which is out of range\n"
        "spiketape.target was other, now it is " + std::string(st::detail::target_text));
}

TEST_CASE("an order of batches that is none is refused") {
  const TemporaryFolder folder;
  const st::Images all = images();
  st::Batches<double> batches(all, 4, st::Random(1));
  const st::Checkpoint checkpoint{{"batches", batches}};
  checkpoint.save(folder / "x");
  st::Safetensors contents = st::read_safetensors(folder / "x");
  for (st::Tensor& tensor : contents.tensors) {
    if (tensor.name == "batches.order") tensor.bytes[0] = tensor.bytes[8];
    if (tensor.name == "batches.place") tensor.bytes[0] = 12;
  }
  st::write_safetensors(folder / "x", contents);
  CHECK(fault(checkpoint, folder / "x") ==
        "batches.order is not an order of 0 to 10\nbatches.place is -244, which is out of range");
}

TEST_CASE("names of parts are checked") {
  int a = 1, b = 2;
  const auto text = [](auto&& make) { return error_text<std::invalid_argument>(make); };
  CHECK(text([&] { st::Checkpoint{{"a", a}, {"a", b}}; }) ==
        "spiketape::Checkpoint: two parts have the name 'a', expected different ones");
  CHECK(text([&] { st::Checkpoint{{"a.b", a}}; }) ==
        "spiketape::Checkpoint: name is 'a.b', expected some letters and no dot, and not 'spiketape'");
}

}  // namespace checkpoint_test
