// Damaged contents of files with networks and checkpoints: each is refused with a text, and then nothing has
// changed, or it is taken, and then what is saved again is what was read.
#include <spiketape/autograd/ops.hpp>
#include <spiketape/data/batches.hpp>
#include <spiketape/io/checkpoint.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>

#include "../catch.hpp"
#include "../plain_neurons.hpp"
#include "damage.hpp"

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

namespace st = spiketape;

namespace {

st::Tensor& some(st::Safetensors& contents, Damage& damage) {
  return contents.tensors[damage.below(contents.tensors.size())];
}

/// Changes one to three things in the contents of a file that is in the format.
void hurt(st::Safetensors& contents, Damage& damage) {
  for (std::size_t left = 1 + damage.below(3); left > 0 && !contents.tensors.empty(); --left) {
    st::Tensor& tensor = some(contents, damage);
    switch (damage.below(9)) {
      case 0:
        tensor.name = some(contents, damage).name;  // perhaps its own
        break;
      case 1:
        tensor.name.resize(damage.below(tensor.name.size() + 1));
        break;
      case 2:
        std::swap(tensor.bytes, some(contents, damage).bytes);
        break;
      case 3:
        tensor.type = st::detail::dtype_facts[damage.below(st::detail::dtype_facts.size())].type;
        break;
      case 4:
        tensor.shape.push_back(1);
        break;
      case 5:
        if (!tensor.shape.empty()) tensor.shape.pop_back();
        break;
      case 6:
        for (std::uint8_t& byte : tensor.bytes)
          if (damage.below(4) == 0) byte = damage.byte();
        break;
      case 7:
        std::swap(tensor, contents.tensors.back());
        contents.tensors.pop_back();
        break;
      default:
        if (contents.metadata.empty()) break;
        auto at = contents.metadata.begin();
        for (std::size_t k = damage.below(contents.metadata.size()); k > 0; --k) ++at;
        at->second += 'x';
        if (damage.below(2) == 0) contents.metadata.erase(at);
    }
    // A file that is in the format holds as many bytes as its shapes take; what a program makes may not.
    if (damage.below(8) > 0)
      for (st::Tensor& each : contents.tensors)
        each.bytes.resize(st::detail::bytes_of(each.type, each.shape).value_or(0));
  }
}

/// Calls take(damage), which says whether it was taken, for each case.
template <typename Take>
void check(std::uint64_t by_default, Take&& take) {
  std::uint64_t taken = 0;
  const std::uint64_t cases = for_each_seed(by_default, [&](Damage& damage) { taken += take(damage) ? 1 : 0; });
  INFO(taken << " taken of " << cases);
  if (cases >= 1000) CHECK((taken > cases / 100 && taken < cases));
}

}  // namespace

TEST_CASE("damaged networks are refused whole or taken whole") {
  st::Random random(1);
  st::Sequential net{st::Linear<double>(2, 3, random), st::Lapicque<double>({.beta = 0.5}),
                     st::RLeaky<double>({.beta = 0.5, .V = 0.25, .all_to_all = false}),
                     st::Alpha<double>({.alpha = 0.75, .beta = 0.5, .init_hidden = true})};
  const st::Safetensors sound = st::state_dict(net);
  check(3000, [&](Damage& damage) {
    st::Safetensors contents = sound;
    hurt(contents, damage);
    auto copy = net;
    const std::string before = st::safetensors_bytes(st::state_dict(copy));
    bool taken = false;
    try {
      st::load_state_dict(copy, contents, {.strict = damage.below(4) > 0, .convert = damage.below(2) == 0});
      taken = true;
    } catch (const std::invalid_argument& error) {
      if (std::string(error.what()).find("spiketape::load_state_dict: ") != 0) FAIL(error.what());
      if (st::safetensors_bytes(st::state_dict(copy)) != before)
        FAIL("a refused file has changed the network");
    }
    const st::Safetensors now = st::state_dict(copy);
    auto again = net;
    st::load_state_dict(again, now);
    if (st::safetensors_bytes(st::state_dict(again)) != st::safetensors_bytes(now))
      FAIL("what was saved is not what was loaded");
    const st::Array<double> input = st::Array<double>::Ones(1, 2);
    try {
      static_cast<void>(copy(input));
    } catch (const std::invalid_argument&) {  // a coefficient may be for another number of neurons
    }
    return taken;
  });
}

TEST_CASE("damaged checkpoints are refused whole or taken whole") {
  st::Images images;
  images.pixels.setZero(5, 2);
  images.labels.assign(5, 0);
  st::Random random(1);
  st::Linear<double> net(2, 2, random);
  st::Adam<double> adam(net.parameters());
  st::Batches<double> batches(images, 2, random);
  auto state = st::Leaky<double>({.beta = 0.5}).state(1);
  state.set(0, st::Array<double>::Ones(1, 2));
  std::uint8_t count = 3;
  bool yes = true;
  std::string text = "text";
  const st::Checkpoint checkpoint{{"net", net},     {"adam", adam}, {"batches", batches}, {"state", state},
                                  {"count", count}, {"yes", yes},   {"random", random},   {"text", text}};
  st::Tape<double> tape;
  const st::Array<double> ones = st::Array<double>::Ones(1, 2);
  tape.backward(st::sum(net(tape.constant(ones))));
  adam.step(tape.gradients());
  const st::Safetensors sound = checkpoint.contents();
  check(3000, [&](Damage& damage) {
    st::Safetensors contents = sound;
    hurt(contents, damage);
    checkpoint.set_contents(sound);
    bool taken = false;
    try {
      checkpoint.set_contents(contents, "it", {.other_bits = damage.below(2) == 0});
      taken = true;
    } catch (const std::invalid_argument& error) {
      if (std::string(error.what()).find("spiketape::Checkpoint::set_contents: tensor ") != 0)
        FAIL(error.what());
    } catch (const std::runtime_error& error) {
      if (std::string(error.what()).find("spiketape::Checkpoint: it does not fit the program:\n") != 0)
        FAIL(error.what());
      if (st::safetensors_bytes(checkpoint.contents()) != st::safetensors_bytes(sound))
        FAIL("a refused file has changed a part");
    }
    checkpoint.set_contents(checkpoint.contents());
    for (const auto& batch : batches.shuffled()) static_cast<void>(batch);
    return taken;
  });
}
