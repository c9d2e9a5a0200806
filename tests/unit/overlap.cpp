// Memory that is written and read: a call into the caller's memory refuses all but what it says it can do.
#include <spiketape/nn/linear.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <string>

namespace overlap_test {

namespace st = spiketape;
using st::Index;
using View = st::SequenceView<float>;

namespace {

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}

const std::string into = "spiketape::Leaky::forward_into: the result ";

}  // namespace

TEST_CASE("a neuron refuses results that share some numbers with what they must not") {
  const st::Leaky<float> lif({.beta = 0.5});
  st::Array<float> memory = st::Array<float>::Constant(20, 9, 0.75f);
  const auto rows = [&](Index first, Index column = 0) {
    return View(memory.data() + first * 9 + column, {1, 3, 4}, 9);
  };
  const auto call = [&](const View& input, const View& mem, const View& spk_out, const View& mem_out) {
    return error([&] { lif.forward_into(input, mem, spk_out, mem_out); });
  };
  const std::string state = "lies where mem of the step before lies, expected ";
  CHECK(call(rows(0), rows(3), rows(9), rows(4)) == into + "mem " + state + "exactly there or other memory");
  CHECK(call(rows(0), rows(3), rows(6), rows(3, 2)) ==
        into + "mem " + state + "exactly there or other memory");
  CHECK(call(rows(0), rows(3), rows(6), View(rows(3).data, {1, 3, 4}, 8)) ==
        into + "mem " + state + "exactly there or other memory");
  CHECK(call(rows(0), rows(3), rows(5), rows(9)) == into + "spk " + state + "other memory");
  CHECK(call(rows(0), rows(3), rows(3), rows(9)) == into + "spk " + state + "other memory");
  CHECK(call(rows(0), rows(3), rows(2), rows(9)) ==
        into + "spk lies where input lies, expected other memory");
  CHECK(call(rows(0), rows(3), rows(6), rows(0)) ==
        into + "mem lies where input lies, expected other memory");
  CHECK(call(rows(0), rows(3), rows(6), rows(7)) ==
        into + "mem lies where the result spk lies, expected other memory");
  CHECK(call(rows(0), rows(3), View(rows(6).data, {1, 3, 4}, 3), rows(9)) ==
        into + "spk has a stride of 3, expected at least 4");
  CHECK(call(View(memory.data(), {1, 3, 4}, 0), rows(3), rows(6), rows(9)) ==
        "spiketape::Leaky: input has a stride of 0, expected at least 4");
  CHECK(call(rows(0), View(rows(3).data, {1, 3, 4}, 1), rows(6), rows(9)) ==
        "spiketape::Leaky: mem has a stride of 1, expected at least 4");

  // Different columns share nothing, and a result may take the place of its state.
  const st::Array<float> input = st::Array<float>::Constant(3, 4, 0.75f);
  const auto expected = lif(input, input);
  lif.forward_into(rows(0), rows(3), rows(0, 5), rows(3, 4));
  CHECK(numeric::same(rows(3, 4).array(), expected.mem));
  CHECK(numeric::same(rows(0, 5).array(), expected.spk));
  lif.forward_into(rows(0), rows(3), rows(6), rows(3));
  CHECK(numeric::same(rows(3).array(), expected.mem));
  // A single row has no stride, so it may lie in the gap of others.
  const View one(memory.data() + 14 * 9, {1, 1, 4}, 4), gap(one.data + 4, {1, 1, 4}, 4);
  lif.forward_into(one, {}, gap, View(one.data + 8, {1, 1, 4}, 1));
  CHECK(numeric::same(View(one.data + 8, {1, 1, 4}, 4).array(), one.array()));
}

TEST_CASE("each state has its place, and all to all the spikes have none but their own") {
  const st::Synaptic<double> two({.alpha = 0.5, .beta = 0.5});
  st::Array<double> input = st::Array<double>::Ones(2, 3), syn = input, mem = input, spk = input;
  CHECK(error([&] {
          two.forward_into(input, {syn, mem}, {spk, mem, syn});
        }) ==
        "spiketape::Synaptic::forward_into: the result syn lies where mem of the step before lies, expected "
        "other memory");
  CHECK_NOTHROW(two.forward_into(input, {syn, mem}, {spk, syn, mem}));

  st::Random random(4);
  const st::RLeaky<double> all({.beta = 0.5, .linear_features = 3}, random),
      self({.beta = 0.5, .all_to_all = false});
  st::Array<double> memory = st::Array<double>::Zero(5, 3);
  const auto at = [&](Index row) { return st::SequenceView<double>(memory.data() + row * 3, {1, 2, 3}, 3); };
  CHECK(error([&] {
          all.forward_into(input, {at(0), mem}, {at(1), mem});
        }) ==
        "spiketape::RLeaky::forward_into: the result spk lies where the spikes of the step before lie, "
        "expected "
        "other memory, since all act on all");
  CHECK(error([&] {
          all.forward_into(input, {at(0), mem}, {at(0), mem});
        }).find("expected other memory") != std::string::npos);
  CHECK(error([&] {
          self.forward_into(input, {at(0), mem}, {at(1), mem});
        }).find("expected exactly there") != std::string::npos);
  CHECK_NOTHROW(self.forward_into(input, {at(0), mem}, {at(0), mem}));
}

TEST_CASE("a leaf's value and adjoint share no number") {
  st::Array<float> memory = st::Array<float>::Ones(4, 16);
  st::Tape<float> tape;
  const auto rows = [&](Index first) { return View(memory.data() + first * 16, {1, 2, 4}, 16); };
  CHECK(error([&] { static_cast<void>(tape.leaf(rows(0), rows(1))); }) ==
        "spiketape::Tape::leaf: adjoint lies where value lies, expected other memory");
  CHECK_NOTHROW(tape.leaf(rows(0), rows(2)));
}

TEST_CASE("a layer refuses rows that share numbers") {
  st::Random random(6);
  const st::Linear<float> layer(4, 4, random);
  st::Array<float> in = st::Array<float>::Ones(3, 4), out = in;
  CHECK(error([&] {
          layer.forward_into(in, View(out.data(), {1, 3, 4}, 3));
        }) == "spiketape::Linear::forward_into: output has a stride of 3, expected at least 4");
  CHECK(error([&] {
          layer.forward_into(View(in.data(), {1, 3, 4}, 1), out);
        }) == "spiketape::Linear: input has a stride of 1, expected at least 4");
  const st::SequenceView<const float> narrow(in.data(), {1, 3, 4}, 2);
  auto state = layer.state(3);
  CHECK(error([&] { layer(narrow); }) == "spiketape::Linear: input has a stride of 2, expected at least 4");
  CHECK(error([&] { layer(narrow, state); }) ==
        "spiketape::Linear: input has a stride of 2, expected at least 4");
  CHECK_NOTHROW(layer.forward_into(View(in.data(), {1, 1, 4}, 0), View(out.data(), {1, 1, 4}, 0)));
}

}  // namespace overlap_test
