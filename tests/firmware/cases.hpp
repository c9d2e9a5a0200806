// Networks of many kinds, each as a C file and with what the library computes, in one C program that
// compares.
#pragma once

#include <spiketape/io/firmware.hpp>
#include <spiketape/nn/named.hpp>
#include <spiketape/nn/sequential.hpp>

#include <span>
#include <string>
#include <type_traits>

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

    auto state = net.state(1);
    std::string outputs;
    st::Index features = 0;
    int spikes = 0;
    for (int t = 0; t < steps; ++t) {
      const auto result = net(input.view().step(t), state);
      const auto& output = st::detail::passed_on(result);
      features = output.features;
      for (const Scalar number : output.array().reshaped()) {
        outputs += st::detail::c_element(is_neuron_last(net) ? Scalar(number != 0) : number) + ", ";
        spikes += number != 0;
      }
    }
    declarations_ += "#define " + st::detail::in_capitals(name) + "_IMPLEMENTATION\n#define " +
                     st::detail::in_capitals(name) + "_SELF_TEST\n" + (fused() ? "#define " : "#undef ") +
                     st::detail::in_capitals(name) + "_FUSED\n" +
                     st::c_source(net, {.name = name, .self_test_steps = 8}) + '\n';
    const std::string type = st::detail::c_type<Scalar>, out = is_neuron_last(net) ? "uint8_t" : type;
    declarations_ +=
        "static int check_" + name + "(void) {\n  static const " + type + " inputs[] = {" +
        numbers(std::span<const Scalar>(input.view().data, static_cast<std::size_t>(input.array().size()))) +
        "};\n  static const " + type + " expected[] = {" + outputs + "};\n  static " + name +
        "_state state;\n  int t, i, wrong = 0;\n" + "  " + name + "_reset(&state);\n  for (t = 0; t < " +
        std::to_string(steps) + "; ++t) {\n    " + out + " found[" + std::to_string(features) + "];\n    " +
        name + "_step(&state, inputs + t * " + std::to_string(inputs) + ", found);\n    for (i = 0; i < " +
        std::to_string(features) + "; ++i) wrong += found[i] != expected[t * " + std::to_string(features) +
        " + i];\n  }\n" + compared_states(net, state) + "  return wrong;\n}\n";
    if (kind.silent) ++spikes;
    checks_ += "  failed += report(\"" + name + "\", check_" + name + "(), " + name + "_self_test(), " +
               std::to_string(spikes) + ");\n";
  }

  template <typename Network>
  void add(const std::string& name, const Network& net, st::Index inputs, double size = 2) {
    add(name, net, inputs, Kind{.size = size});
  }

  /// The program, in C that is also C++.
  std::string program() const {
    return "#include <stdio.h>\n" + declarations_ + R"(
static int report(const char* name, int wrong, int self_test, int outputs) {
  const int failed = wrong != 0 || self_test != 0 || outputs == 0;
  printf("%s %s: %d outputs that are not zero, %d numbers differ, self-test %d\n", failed ? "FAILED" : "ok    ",
         name, outputs, wrong, self_test);
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
  template <typename Network>
  static bool is_neuron_last(const Network& net) {
    return st::detail::c_layers(net, 0).back().is_neuron();
  }
  template <typename Numbers>
  static std::string numbers(const Numbers& all) {
    std::string text;
    for (const auto number : all) text += st::detail::c_element(number) + ", ";
    return text;
  }
  /// Lines that count the numbers of the last states that differ.
  template <typename Network, typename State>
  static std::string compared_states(const Network& net, const State& state) {
    std::string lines;
    std::size_t k = 0;
    for (const auto& layer : st::detail::c_layers(net, 0)) {
      if (!layer.is_neuron()) continue;
      if (layer.recurrent) ++k;
      for (const std::string& name : layer.states) {
        const std::string array = "expected_" + layer.id + '_' + name;
        lines += "  {\n    static const " + std::string(st::detail::c_type<typename Network::Scalar>) + ' ' +
                 array + "[] = {" + numbers(state[k].reshaped()) + "};\n    for (i = 0; i < " +
                 std::to_string(state[k].cols()) + "; ++i) wrong += state." + layer.id + '_' + name +
                 "[i] != " + array + "[i];\n  }\n";
        ++k;
      }
    }
    return lines;
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
void add_recurrent(Cases& cases);
void add_quantized(Cases& cases);
