// Networks of many kinds, each as a C file and with what the library computes, in one C program that
// compares.
#pragma once

#include <spiketape/core/numbers.hpp>
#include <spiketape/io/firmware.hpp>
#include <spiketape/nn/named.hpp>
#include <spiketape/nn/sequential.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace st = spiketape;

class Cases {
 public:
  struct Kind {
    double size = 2;      // of the largest current
    bool silent = false;  // there are only membranes to compare
    bool whole = false;   // currents are whole numbers, so that sums tie
  };
  /// Adds a network that takes so many currents.
  template <typename Network>
  void add(const std::string& name, const Network& net, st::Index inputs, const Kind& kind) {
    using Scalar = typename Network::Scalar;
    constexpr int steps = 40;
    st::Random random(7);
    st::Sequence<Scalar> input(steps, 1, inputs);
    // Some inputs are zero, and some steps have none.
    for (int t = 0; t < steps; ++t)
      for (Scalar& number : input.step(t).reshaped())
        number = t % 9 == 8 || random.uniform() < 0.3
                     ? Scalar(0)
                     : static_cast<Scalar>(random.uniform(-0.2 * kind.size, kind.size));
    if (kind.whole) input.array() = input.array().round();

    auto layers = st::detail::c_layers(net, 0);
    st::detail::give_sizes(layers, inputs);
    const bool spikes = layers.back().is_neuron();
    auto state = net.state(1);
    std::string outputs, hashes;
    int nonzero = kind.silent ? 1 : 0;
    for (int t = 0; t < steps; ++t) {
      const auto result = net(input.view().step(t), state);
      for (const Scalar number : st::detail::passed_on(result).array().reshaped()) {
        outputs += spikes ? (number != 0 ? "1, " : "0, ") : st::detail::c_element(number) + ", ";
        nonzero += number != 0;
      }
      std::uint64_t hash = 0;
      std::size_t k = 0;
      for (const auto& layer : layers) {
        if (layer.recurrent) ++k;  // the spikes
        for (std::size_t part = 0; part < layer.states.size(); ++part, ++k)
          for (const Scalar number : state[k].reshaped()) hash = mixed(hash, static_cast<double>(number));
      }
      hashes += std::to_string(hash) + "u, ";
    }
    std::string mix;  // the states of the C file, in the same order
    for (const auto& layer : layers)
      for (const std::string& part : layer.states)
        mix += "    for (i = 0; i < " + std::to_string(layer.outputs) +
               "; ++i) hash = mixed(hash, (double)state." + layer.id + '_' + part + "[i]);\n";

    std::string text = R"(#define UPPER_IMPLEMENTATION
#define UPPER_SELF_TEST
FUSED
SOURCE
static int check_NAME(void) {
  static const TYPE inputs[] = {INPUTS};
  static const OUT outputs[] = {OUTPUTS};
  static const uint64_t hashes[] = {HASHES};
  static NAME_state state;
  int t, i, wrong = 0;
  NAME_reset(&state);
  for (t = 0; t < STEPS; ++t) {
    OUT found[UPPER_OUTPUTS];
    uint64_t hash = 0;
    NAME_step(&state, inputs + t * UPPER_INPUTS, found);
    for (i = 0; i < UPPER_OUTPUTS; ++i) wrong += found[i] != outputs[t * UPPER_OUTPUTS + i];
MIX    wrong += hash != hashes[t];
  }
  return wrong;
}
)";
    const auto replace = [&text](const std::string& what, const std::string& by) {
      for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
    };
    const std::string upper = st::detail::in_capitals(name), type = st::detail::c_type<Scalar>;
    const std::span<const Scalar> numbers(input.view().data, static_cast<std::size_t>(input.array().size()));
    std::string all;
    for (const Scalar number : numbers) all += st::detail::c_element(number) + ", ";
    replace("FUSED", fused() ? "#define UPPER_FUSED" : "");
    replace("UPPER", upper);
    replace("NAME", name);
    replace("TYPE", type);
    replace("OUTPUTS}", outputs + '}');
    replace("INPUTS}", all + '}');
    replace("HASHES", hashes);
    replace("STEPS", std::to_string(steps));
    replace("MIX", mix);
    replace("OUT ", (spikes ? "uint8_t" : type) + ' ');
    replace("SOURCE", st::c_source(net, {.name = name, .self_test_steps = 8}));
    declarations_ += text;
    checks_ += "  failed += report(\"" + name + "\", check_" + name + "(), " + name + "_self_test(), " +
               std::to_string(nonzero) + ");\n";
  }
  template <typename Network>
  void add(const std::string& name, const Network& net, st::Index inputs, double size = 2) {
    add(name, net, inputs, Kind{.size = size});
  }

  /// The program, in C that is also C++.
  std::string program() const {
    return R"(#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t mixed(uint64_t hash, double number) {
  uint64_t bits;
  number += 0.0; /* both zeros are the same */
  memcpy(&bits, &number, sizeof bits);
  return (hash ^ bits) * 0x9e3779b97f4a7c15u;
}
)" + declarations_ +
           R"(
static int report(const char* name, int wrong, int self_test, int outputs) {
  const int failed = wrong != 0 || self_test != 0 || outputs == 0;
  printf("%s %s: %d outputs that are not zero, %d outputs or states differ, self-test %d\n",
         failed ? "FAILED" : "ok    ", name, outputs, wrong, self_test);
  return failed;
}
int main(void) {
  int failed = 0;
)" + checks_ +
           "  return failed != 0;\n}\n";
  }

 private:
  static bool fused() {
#ifdef EIGEN_VECTORIZE_FMA
    return true;
#else
    return false;
#endif
  }
  static std::uint64_t mixed(std::uint64_t hash, double number) {
    return (hash ^ st::detail::bits_as<std::uint64_t>(number + 0.0)) * 0x9e3779b97f4a7c15u;
  }

  std::string declarations_, checks_;
};

/// A row of `count` numbers from `low` to `high`.
template <typename Scalar>
st::Row<Scalar> row(st::Index count, double low, double high) {
  st::Row<Scalar> numbers(count);
  for (st::Index i = 0; i < count; ++i)
    numbers[i] = static_cast<Scalar>(low + (high - low) * double(i * 7 % count) / double(count));
  return numbers;
}

/// Linear, neurons, Linear and neurons of another kind. The weights are large enough that all spike.
template <typename Scalar, typename First, typename Second>
auto network(st::Index inputs, st::Index hidden, st::Index outputs, First first, Second second) {
  st::Random random(3);
  st::Sequential net{st::named("fc1", st::Linear<Scalar>(inputs, hidden, random)),
                     st::named("a", std::move(first)),
                     st::named("fc2", st::Linear<Scalar>(hidden, outputs, random, {.bias = hidden % 2 == 0})),
                     st::named("b", std::move(second))};
  for (const char* name : {"fc1.weight", "fc2.weight"}) {
    const st::Array<Scalar> larger = 5 * net.parameter(name).array();
    net.parameter(name).set(larger);
  }
  return net;
}

void add_leaky(Cases& cases);
void add_coupled(Cases& cases);
void add_shapes(Cases& cases);
void add_images(Cases& cases);
void add_recurrent(Cases& cases);
void add_quantized(Cases& cases);
