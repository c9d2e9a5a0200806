// What every neuron's calls must do, whatever its states: explicit and hidden states, memory of the caller's,
// networks.
#pragma once

#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"
#include "results.hpp"

#include <spiketape/autograd/ops.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include <sstream>
#include <stdexcept>
#include <vector>

namespace calls {

namespace st = spiketape;
using numeric::same;
using st::Index;
using Array = st::Array<double>;
using Sequence = st::Sequence<double>;

constexpr st::Shape shape{7, 3, 5};

inline Sequence currents(unsigned seed, const st::Shape& of = shape) {
  st::Random random(seed);
  return numeric::random_sequence<double>(random, of, -0.5, 2.5);
}

/// A neuron of `shape.features` that fires now and then and learns all it can; `change` may change its
/// options.
template <typename Neuron, typename Change>
Neuron make(bool all_to_all, Change&& change) {
  using Options = typename Neuron::Options;
  Options options = [] {
    if constexpr (requires(Options o) { o.alpha; })
      return Options{.alpha = 0.9, .beta = 0.7};
    else
      return Options{.beta = 0.7};
  }();
  if constexpr (requires { options.learn_alpha; }) options.learn_alpha = true;
  if constexpr (requires { options.learn_rho; }) options.learn_rho = options.learn_adaptation = true;
  options.learn_beta = options.learn_threshold = options.learn_graded_spikes_factor = true;
  if constexpr (requires { options.all_to_all; }) {
    options.all_to_all = all_to_all;
    options.linear_features = all_to_all ? shape.features : 0;
    options.V = 0.4;
    change(options);
    if (!all_to_all) return Neuron(options);
    st::Random random(5);
    return Neuron(options, random);
  } else {
    change(options);
    return Neuron(options);
  }
}

template <typename Neuron>
Neuron make(bool all_to_all = false) {
  return make<Neuron>(all_to_all, [](auto&) {});
}
template <typename Neuron>
Neuron make_hidden(bool all_to_all = false) {
  return make<Neuron>(all_to_all, [](auto& options) { options.init_hidden = true; });
}

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}

/// An error about a state says which one it is.
template <typename Neuron>
void check_state_errors() {
  const auto lif = make<Neuron>();
  const auto names = results::carried<Neuron>(results::names<Neuron>());
  const std::string prefix = std::string("spiketape::") + Neuron::name + ": ";
  const Sequence input = currents(1);
  for (std::size_t wrong = 0; wrong < names.size(); ++wrong) {
    std::array<Array, Neuron::carried> states;
    states.fill(Array::Zero(3, 5));
    states[wrong] = Array::Zero(2, 5);
    const std::string text = prefix + names[wrong] + " has shape (1, 2, 5), input of ";
    CHECK(error([&] { results::call(lif, input.step(0), states); }) == text + "(1, 3, 5) expects (1, 3, 5)");
    CHECK(error([&] { results::call(lif, input, states); }) == text + "(7, 3, 5) expects (1, 3, 5)");
    st::Tape<double> tape;
    CHECK(error([&] { results::call(lif, tape.constant(input), states); }) ==
          text + "(7, 3, 5) expects (1, 3, 5)");
    states[wrong] = Array();  // empty: zeros
    CHECK_NOTHROW(results::call(lif, input, states));
  }
  const auto hidden = make_hidden<Neuron>();
  std::array<Array, Neuron::carried> states;
  const std::string passed =
      prefix + (Neuron::carried == 1 ? "mem was" : "states were") +
      " passed to a neuron with init_hidden = true, which keeps its own; expected a call "
      "without " +
      (Neuron::carried == 1 ? "mem" : "them");
  CHECK(error([&] { results::call(hidden, input, states); }) == passed);
  st::Tape<double> tape;
  CHECK(error([&] { results::call(hidden, tape.constant(input), states); }) == passed);
  hidden(input);
  CHECK(error([&] { hidden(Array(Array::Zero(2, 5))); }) ==
        prefix +
            "the hidden membrane has shape (3, 5), input has (2, 5); expected the same, or reset_mem() "
            "before, in "
            "a network reset_hidden(net)");
  hidden.reset_mem();
  CHECK_NOTHROW(hidden(Array(Array::Zero(2, 5))));
}

/// A sequence, a loop with explicit states and a loop with hidden states give the same, on arrays and on
/// tapes.
template <typename Neuron>
void check_loops(bool all_to_all) {
  INFO(Neuron::name << (all_to_all ? ", all to all" : ""));
  const auto plain = make<Neuron>(all_to_all), hidden = make_hidden<Neuron>(all_to_all);
  const Sequence input = currents(2);
  const auto whole = results::parts(plain(input));
  CHECK(whole[0].array().sum() > 3);
  std::array<Array, Neuron::carried> states;
  for (Index t = 0; t < shape.steps; ++t) {
    const auto by_states = results::call(plain, input.step(t), states);
    const auto by_hidden = results::parts(hidden(input.step(t)));
    for (std::size_t k = 0; k < whole.size(); ++k) {
      REQUIRE(same(by_states[k], whole[k].step(t)));
      REQUIRE(same(by_hidden[k], whole[k].step(t)));
    }
    states = results::carried<Neuron>(by_states);
    CHECK(same(hidden.mem(), states.back()));
  }
  hidden.reset_mem();

  const auto gradients = [&](const Neuron& lif, auto&& step) {
    st::Tape<double> tape;
    const auto x = tape.variable(input);
    st::Var<double> loss;
    std::array<st::Var<double>, Neuron::carried> vars;
    for (Index t = 0; t < shape.steps; ++t) {
      const auto returned = step(lif, st::step(x, t), vars);
      vars = results::carried<Neuron>(returned);
      for (const auto& part : returned) loss = loss.empty() ? st::sum(part) : loss + st::sum(part);
    }
    tape.backward(loss);
    std::vector<Array> list{x.adjoint().array()};
    for (const auto& parameter : lif.parameters()) list.push_back(tape.gradients().gradient(parameter));
    return list;
  };
  const auto by_states = gradients(
      plain, [](const auto& lif, const auto& x, const auto& vars) { return results::call(lif, x, vars); });
  const auto by_hidden =
      gradients(hidden, [](const auto& lif, const auto& x, const auto&) { return results::parts(lif(x)); });
  REQUIRE(by_states.size() == by_hidden.size());
  CHECK(by_states.size() == plain.parameters().size() + 1);
  for (std::size_t k = 0; k < by_states.size(); ++k) {
    CHECK(same(by_states[k], by_hidden[k]));
    CHECK(by_states[k].abs().maxCoeff() > 0);
  }
}

/// reset_mem, reset_hidden and detach_hidden.
template <typename Neuron>
void check_hidden(bool all_to_all) {
  INFO(Neuron::name << (all_to_all ? ", all to all" : ""));
  const auto lif = make_hidden<Neuron>(all_to_all), other = make_hidden<Neuron>(all_to_all);
  CHECK(lif.init_hidden());
  const Sequence input = currents(3);
  const auto first = results::parts(lif(input));
  CHECK(lif.mem().rows() == 3);
  CHECK_FALSE(same(lif(input).mem.array(), first.back().array()));
  const auto forgets = [&](auto&& forget) {
    lif(input);
    forget();
    CHECK(lif.mem().size() == 0);
    const auto again = results::parts(lif(input));
    for (std::size_t k = 0; k < first.size(); ++k) CHECK(same(again[k].array(), first[k].array()));
  };
  forgets([&] { lif.reset_mem(); });
  forgets([&] { lif.reset_hidden(); });
  other(input);
  forgets([&] { st::reset_hidden(lif, other); });
  CHECK(other.mem().size() == 0);

  // Values go on, gradients do not.
  Array connected;
  for (const bool detach : {false, true}) {
    lif.reset_mem();
    st::Tape<double> tape;
    const auto before = tape.variable(input.step(0)), after = tape.variable(input.step(1));
    lif(before);
    if (detach) st::detach_hidden(lif, other);
    const auto returned = results::parts(lif(after));
    auto loss = st::sum(returned[0]);
    for (const auto& part : returned) loss = loss + st::sum(part);
    tape.backward(loss);
    CHECK(before.has_adjoint() == !detach);
    CHECK(after.has_adjoint());
    if (detach) CHECK(same(returned.back().array(), connected));
    connected = returned.back().array();
  }
}

/// Results in memory of the caller's, states in place.
template <typename Neuron>
void check_forward_into(bool all_to_all) {
  INFO(Neuron::name << (all_to_all ? ", all to all" : ""));
  constexpr std::size_t parts = 1 + Neuron::state_count;
  const Sequence input = currents(4);
  for (const bool delayed : {true, false}) {
    const auto lif = make<Neuron>(all_to_all, [&](auto& options) { options.reset_delay = delayed; });
    const auto expected = results::parts(lif(input));

    std::array<Sequence, parts> whole;
    typename Neuron::ResultViews views;
    for (std::size_t k = 0; k < parts; ++k) {
      whole[k] = Sequence(shape);
      views[k] = whole[k];
    }
    lif.forward_into(input, typename Neuron::CarriedViews{}, views);
    for (std::size_t k = 0; k < parts; ++k) CHECK(same(whole[k].array(), expected[k].array()));

    // A stream of steps: the states in place, in the left of wider arrays. Spikes that act all to all
    // alternate between two places.
    std::array<Array, parts + 1> memory;
    memory.fill(Array::Constant(3, 8, 77));
    const auto view = [&](std::size_t k) {
      auto left = memory[k].leftCols(5);
      return st::SequenceView<double>(left);
    };
    typename Neuron::CarriedViews states{};
    for (Index t = 0; t < shape.steps; ++t) {
      for (std::size_t k = 0; k < parts; ++k) views[k] = view(k);
      if (all_to_all && t % 2 == 1) views[0] = view(parts);
      lif.forward_into(input.step(t), states, views);
      for (std::size_t k = 0; k < parts; ++k) CHECK(same(views[k].array(), expected[k].step(t)));
      for (std::size_t k = 0; k < Neuron::carried; ++k) states[k] = views[parts - Neuron::carried + k];
    }
    for (std::size_t k = 0; k < parts; ++k) CHECK((memory[k].rightCols(3) == 77).all());
    if (all_to_all)
      CHECK(error([&] { lif.forward_into(input.step(0), states, views); }) ==
            std::string("spiketape::") + Neuron::name +
                "::forward_into: the result spk lies where the spikes of the step before lie, expected other "
                "memory, since all act on all");

    // What does not fit is named.
    const auto names = results::names<Neuron>();
    Array narrow(3, 4);
    for (std::size_t k = 0; k < parts; ++k) {
      auto wrong = views;
      wrong[k] = narrow;
      CHECK(error([&] { lif.forward_into(input.step(0), typename Neuron::CarriedViews{}, wrong); }) ==
            std::string("spiketape::") + Neuron::name + "::forward_into: the result " + names[k] +
                " has shape (1, 3, 4), input has (1, 3, 5)");
    }
    for (std::size_t k = 0; k < Neuron::carried; ++k) {
      typename Neuron::CarriedViews wrong{};
      wrong[k] = narrow;
      CHECK(error([&] { lif.forward_into(input.step(0), wrong, views); }) ==
            std::string("spiketape::") + Neuron::name + ": " + results::carried<Neuron>(names)[k] +
                " has shape (1, 3, 4), input of (1, 3, 5) expects (1, 3, 5)");
    }
  }
}

/// Coefficients of one number for each neuron: as if every neuron were alone.
template <typename Neuron>
void check_per_neuron() {
  const Sequence input = currents(5);
  const auto with = [&](auto&& value) {
    return make<Neuron>(false, [&](auto& options) {
      options.beta = value(0.5, 0.7);
      options.threshold = value(0.6, 1.2);
      options.graded_spikes_factor = value(0.5, 2);
      if constexpr (requires { options.alpha; }) options.alpha = value(0.8, 0.95);
      if constexpr (requires { options.V; }) options.V = value(-0.5, 0.5);
      if constexpr (requires { options.rho; }) options.rho = value(0.5, 0.9);
      if constexpr (requires { options.adaptation; }) options.adaptation = value(0.5, 1.5);
    });
  };
  const auto at = [](double low, double high, Index i) {
    return low + (high - low) * static_cast<double>(i) / 4;
  };
  const auto whole = results::parts(with([&](double low, double high) {
    st::Row<double> row(shape.features);
    for (Index i = 0; i < shape.features; ++i) row[i] = at(low, high, i);
    return row;
  })(input));
  for (Index i = 0; i < shape.features; ++i) {
    const auto alone = with([&](double low, double high) { return at(low, high, i); });
    Sequence column(shape.steps, shape.batch, 1);
    column.array() = input.array().col(i);
    const auto one = results::parts(alone(column));
    CHECK(one[0].array().sum() > 0);
    for (std::size_t k = 0; k < one.size(); ++k) CHECK(same(whole[k].array().col(i), one[k].array()));
  }
}

/// In a network the spikes are passed on, and `output` says whether a last neuron with hidden states hands
/// them on.
template <typename Neuron>
void check_sequential(bool all_to_all) {
  INFO(Neuron::name << (all_to_all ? ", all to all" : ""));
  using Linear = st::Linear<double>;
  for (const bool output : {false, true}) {
    st::Random random(6);
    const auto neuron = [&] {
      return make<Neuron>(all_to_all, [&](auto& options) {
        options.init_hidden = true;
        options.output = output;
      });
    };
    Linear first(4, 5, random), second(5, 5, random);
    first.weight().array() *= 6;  // so that they fire
    second.weight().array() *= 6;
    const st::Sequential<Linear, Neuron, Linear, Neuron> net{Linear(first), neuron(), Linear(second),
                                                               neuron()};
    const auto plain = make<Neuron>(all_to_all);
    const Sequence input = currents(7, {6, 3, 4});
    const auto expected = results::parts(plain(second(plain(first(input)).spk)));
    CHECK(expected[0].array().sum() > 0);
    const auto check = [&](const auto& result, const auto& all, const auto& rows) {
      const auto parts = results::parts(result);
      CHECK(same(rows(parts[0]), rows(expected[0])));
      for (std::size_t k = 1; k < parts.size(); ++k) {
        if (output)
          CHECK(numeric::near(rows(parts[k]), rows(expected[k]), tolerance::rounding<double>));
        else
          CHECK(all(parts[k]));
      }
      net.reset_hidden();
      CHECK(net.template layer<1>().mem().size() == 0);
      CHECK(net.template layer<3>().mem().size() == 0);
    };
    check(
        net(input), [](const auto& part) { return part.array().size() == 0; },
        [](const auto& part) { return Array(part.array()); });
    st::Tape<double> tape;
    const auto on_tape = net(tape.variable(input));
    check(
        on_tape, [](const auto& part) { return part.empty(); },
        [](const auto& part) { return Array(part.array()); });
    const auto step = net(Array(input.step(0)));
    CHECK(same(step.spk, Array(expected[0].step(0))));
    CHECK((step.mem.size() == 0) == !output);
    CHECK(net.parameters().size() == 4 + 2 * plain.parameters().size());
  }
}

/// All of it.
template <typename Neuron>
void check_all() {
  check_state_errors<Neuron>();
  check_per_neuron<Neuron>();
  for (const bool all_to_all : {false, true}) {
    if constexpr (!requires(typename Neuron::Options options) { options.all_to_all; })
      if (all_to_all) continue;
    check_loops<Neuron>(all_to_all);
    check_hidden<Neuron>(all_to_all);
    check_forward_into<Neuron>(all_to_all);
    check_sequential<Neuron>(all_to_all);
  }
}

}  // namespace calls
