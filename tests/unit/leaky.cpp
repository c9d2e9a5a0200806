#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/leaky.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace leaky_test {

namespace st = spiketape;
using numeric::random_array, numeric::random_sequence, numeric::same;
using st::Index;
using Leaky = st::Leaky<double>;
using Array = st::Array<double>;
using Sequence = st::Sequence<double>;
using Tape = st::Tape<double>;

namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}
std::string options_error(const Leaky::Options& options) {
  return error([&] { Leaky lif(options); });
}

st::Row<double> row_of(std::initializer_list<double> values) {
  st::Row<double> row(static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), row.data());
  return row;
}

/// Inputs that make a neuron of beta 0.8 fire every few steps.
Sequence currents(unsigned seed, const st::Shape& shape) {
  st::Random random(seed);
  return random_sequence<double>(random, shape, -0.4, 1.2);
}

}  // namespace

TEST_CASE("a neuron integrates, fires above the threshold, and is reset in the next step") {
  Sequence input(5, 1, 1);
  input.array().setConstant(0.75);
  const auto [spk, mem] = Leaky({.beta = 0.5})(input);
  st::Array<double> membranes(5, 1), spikes(5, 1);
  membranes << 0.75, 1.125, 0.3125, 0.90625, 1.203125;
  spikes << 0, 1, 0, 0, 1;
  CHECK(same(mem.array(), membranes));
  CHECK(same(spk.array(), spikes));
  // At the threshold it does not fire.
  input.array().setConstant(1);
  CHECK(Leaky({.beta = 0.0})(input).spk.array().sum() == 0);
}

TEST_CASE("coefficients are one number or one for each neuron") {
  const Sequence input = currents(81, {4, 2, 3});
  const st::Row<double> betas = row_of({0.2, 0.9, 0.5});
  const auto whole = Leaky({.beta = betas, .threshold = {0.5, 1.5, 1.0}, .graded_spikes_factor = 3})(input);
  for (Index i = 0; i < 3; ++i) {
    Sequence one(4, 2, 1);
    one.array() = input.array().col(i);
    const double thresholds[] = {0.5, 1.5, 1.0};
    const auto alone = Leaky({.beta = betas[i], .threshold = thresholds[i], .graded_spikes_factor = 3})(one);
    CHECK(same(whole.spk.array().col(i), alone.spk.array()));
    CHECK(same(whole.mem.array().col(i), alone.mem.array()));
  }
  const Eigen::ArrayXd column = betas.transpose();  // a column is as good
  CHECK(same(Leaky({.beta = column}).beta().array(), betas));
  CHECK(Leaky({.beta = row_of({0.5})}).beta().cols() == 1);
  CHECK(st::Leaky<float>({.beta = 1}).beta().array()(0, 0) == 1.0f);

  Leaky lif({.beta = 0.5, .learn_beta = true, .graded_spikes_factor = 2, .learn_graded_spikes_factor = true});
  CHECK(lif.parameters() == st::ParameterList<double>{lif.beta().ptr(), lif.graded_spikes_factor().ptr()});
  CHECK(lif.beta().name() == "beta");
  CHECK(lif.threshold().array()(0, 0) == 1);
  CHECK_FALSE(lif.init_hidden());
  CHECK_FALSE(lif.output());
  Leaky copy = lif;  // a copy learns for itself
  copy.beta().array().setZero();
  CHECK(lif.beta().array()(0, 0) == 0.5);
}

TEST_CASE("coefficients that cannot be say why") {
  const std::string leaky = "spiketape::Leaky: ";
  CHECK(options_error({.beta = st::Row<double>()}) ==
        leaky + "beta has no values, expected one or one for each neuron");
  CHECK(options_error({.beta = 0.5, .threshold = st::Row<double>()}) ==
        leaky + "threshold has no values, expected one or one for each neuron");
  CHECK(options_error({.beta = nan_value}) == leaky + "beta is NaN, expected a number");
  CHECK(options_error({.beta = {0.5, nan_value, 0.5}}) == leaky + "beta is NaN, expected a number");
  CHECK(options_error({.beta = 0.5, .threshold = nan_value}) ==
        leaky + "threshold is NaN, expected a number");
  CHECK(options_error({.beta = 0.5, .graded_spikes_factor = nan_value}) ==
        leaky + "graded_spikes_factor is NaN, expected a number");
  CHECK(options_error({.beta = 0.5, .graded_spikes_factor = {1, std::numeric_limits<double>::infinity()}}) ==
        leaky + "graded_spikes_factor is inf, expected a finite number");
  const std::string expected = " (expected 1 value or one for each neuron)";
  CHECK(options_error({.beta = {0.1, 0.2, 0.3}, .threshold = {1.0, 2.0}}) ==
        leaky + "threshold has 2 values, beta has 3" + expected);
  CHECK(options_error({.beta = {0.1, 0.2}, .threshold = {1.0, 2.0, 3.0}}) ==
        leaky + "beta has 2 values, threshold has 3" + expected);
  CHECK(options_error({.beta = 0.1, .threshold = {1.0, 2.0, 3.0}, .graded_spikes_factor = {1.0, 2.0}}) ==
        leaky + "graded_spikes_factor has 2 values, threshold has 3" + expected);
}

TEST_CASE("an input or a membrane that does not fit says why") {
  const Leaky lif({.beta = {0.1, 0.2, 0.3}}), shared({.beta = 0.1});
  const std::string leaky = "spiketape::Leaky: ";
  const std::string features =
      leaky + "beta has 3 values, input has 4 features (expected 1 value or one for each feature)";
  const Array input = Array::Zero(2, 4), narrow = Array::Zero(2, 3), fewer = Array::Zero(1, 4);
  Tape tape;
  CHECK(error([&] { lif(input); }) == features);
  CHECK(error([&] { lif(Sequence(3, 2, 4)); }) == features);
  CHECK(error([&] { lif(tape.constant(input)); }) == features);

  CHECK(error([&] { shared(input, narrow); }) ==
        leaky + "mem has shape (1, 2, 3), input of (1, 2, 4) expects (1, 2, 4)");
  CHECK(error([&] { shared(input, fewer); }) ==
        leaky + "mem has shape (1, 1, 4), input of (1, 2, 4) expects (1, 2, 4)");
  CHECK(error([&] { shared(Sequence(5, 2, 4), Sequence(5, 2, 4)); }) ==
        leaky + "mem has shape (5, 2, 4), input of (5, 2, 4) expects (1, 2, 4)");
  CHECK(error([&] { shared(tape.constant(input), tape.constant(narrow)); }) ==
        leaky + "mem has shape (1, 2, 3), input of (1, 2, 4) expects (1, 2, 4)");
  Tape other;
  CHECK(error([&] { shared(tape.constant(input), other.constant(input)); }).find("another tape") !=
        std::string::npos);

  Array spk(2, 3), mem(2, 4);
  CHECK(error([&] { shared.forward_into(input, {}, spk, mem); }) ==
        "spiketape::Leaky::forward_into: the result spk has shape (1, 2, 3), input has (1, 2, 4)");
  Array spk2(2, 4), mem2(1, 4);
  CHECK(error([&] { shared.forward_into(input, {}, spk2, mem2); }) ==
        "spiketape::Leaky::forward_into: the result mem has shape (1, 1, 4), input has (1, 2, 4)");
  CHECK(error([&] { shared.forward_into(input, narrow, spk2, mem); }).find("mem has shape (1, 2, 3)") !=
        std::string::npos);
}

TEST_CASE("a neuron with hidden state takes no membrane, and no other batch before it is reset") {
  const Leaky lif({.beta = 0.5, .init_hidden = true});
  CHECK(lif.init_hidden());
  const Array input = Array::Ones(2, 4), more = Array::Ones(3, 4);
  const std::string passed =
      "spiketape::Leaky: mem was passed to a neuron with init_hidden = true, which keeps its own; expected a "
      "call "
      "without mem";
  Tape tape;
  CHECK(error([&] { lif(input, input); }) == passed);
  CHECK(error([&] { lif(Sequence(3, 2, 4), input); }) == passed);
  CHECK(error([&] { lif(tape.constant(input), tape.constant(input)); }) == passed);
  lif(input);
  const std::string other =
      "spiketape::Leaky: the hidden membrane has shape (2, 4), input has (3, 4); expected the same, or "
      "reset_mem() before, in a network reset_hidden(net)";
  CHECK(error([&] { lif(more); }) == other);
  CHECK(error([&] { lif(tape.constant(more)); }) == other);
  CHECK(lif.mem().rows() == 2);  // as it was
  lif.reset_mem();
  CHECK_NOTHROW(lif(more));
}

TEMPLATE_TEST_CASE("a NaN stays in its own neuron and does not spike", "", st::reset::None,
                   st::reset::Subtract, st::reset::Zero, st::reset::ZeroBeforeInput) {
  Sequence clean = currents(82, {6, 3, 19});
  for (Index t = 1; t < 6; ++t) clean(t, 1, 7) = -50;  // a neuron that wins nothing
  Sequence dirty = clean;
  dirty(1, 1, 7) = nan_value;
  for (const bool delayed : {true, false}) {
    for (const bool inhibition : {true, false}) {
      INFO((delayed ? "delayed" : "same step") << (inhibition ? ", inhibition" : ""));
      const st::Leaky<double, TestType> lif({.beta = 0.8, .inhibition = inhibition, .reset_delay = delayed});
      const auto expected = lif(clean), result = lif(dirty);
      CHECK(expected.spk.array().sum() > 0);
      for (Index t = 0; t < 6; ++t)
        for (Index b = 0; b < 3; ++b)
          for (Index i = 0; i < 19; ++i) {
            const bool hit = t >= 1 && b == 1 && i == 7;
            REQUIRE(std::isnan(result.mem(t, b, i)) == hit);
            REQUIRE(result.spk(t, b, i) == (hit ? 0 : expected.spk(t, b, i)));
            if (!hit) REQUIRE(result.mem(t, b, i) == expected.mem(t, b, i));
          }
    }
  }
}

TEST_CASE("an infinite membrane spikes and resets cleanly") {
  Sequence input(4, 1, 1);
  input.array() << infinity, 0.5, 0.25, 0;
  const auto check = [&](const auto& lif, std::initializer_list<double> expected, double spikes) {
    const auto [spk, mem] = lif(input);
    CHECK(same(mem.array(), row_of(expected).transpose()));
    CHECK(spk(0, 0, 0) == 1);
    CHECK(spk.array().sum() == spikes);
  };
  check(st::Leaky<double, st::reset::Zero>({.beta = 0.5}), {infinity, 0, 0.25, 0.125}, 1);
  check(st::Leaky<double, st::reset::ZeroBeforeInput>({.beta = 0.5}), {infinity, 0.5, 0.5, 0.25}, 1);
  check(st::Leaky<double, st::reset::Zero>({.beta = 0.5, .reset_delay = false}), {0, 0.5, 0.5, 0.25}, 1);
  check(Leaky({.beta = 0.5}), {infinity, infinity, infinity, infinity}, 4);  // ∞ − θ = ∞, not NaN
  check(Leaky({.beta = 0.5, .reset_delay = false}), {infinity, infinity, infinity, infinity}, 4);
}

TEST_CASE("beta is clamped to [0, 1], and has no gradient outside") {
  const Sequence input = currents(83, {5, 2, 5});
  const auto run = [&](const st::Row<double>& beta, Array* gradient) {
    const Leaky lif({.beta = beta, .learn_beta = true});
    Tape tape;
    const auto [spk, mem] = lif(tape.constant(input));
    tape.backward(sum(mem));
    *gradient = tape.gradients().gradient(lif.beta());
    return Array(mem.array());
  };
  Array outside, inside;
  CHECK(same(run(row_of({-0.5, 0, 0.5, 1, 1.5}), &outside), run(row_of({0, 0, 0.5, 1, 1}), &inside)));
  CHECK(outside(0, 0) == 0);
  CHECK(outside(0, 4) == 0);
  CHECK(same(outside.middleCols(1, 3), inside.middleCols(1, 3)));
  CHECK(inside.abs().minCoeff() > 0);  // the bounds belong to the range
}

TEST_CASE("a call with hidden state in a loop is the loop with an explicit membrane") {
  const Sequence input = currents(84, {7, 3, 19});
  const Leaky hidden({.beta = 0.8, .init_hidden = true, .learn_beta = true}),
      plain({.beta = 0.8, .learn_beta = true});
  CHECK(hidden.mem().size() == 0);
  Array mem;
  for (Index t = 0; t < 7; ++t) {
    const auto ours = hidden(input.step(t));
    const auto expected = plain(input.step(t), mem);
    mem = expected.mem;
    CHECK(same(ours.spk, expected.spk));
    CHECK(same(ours.mem, expected.mem));
    CHECK(same(hidden.mem(), expected.mem));
  }
  // A sequence goes on from there, and leaves its last membrane.
  CHECK(same(hidden(input).mem.array(), plain(input, mem).mem.array()));
  CHECK(same(hidden.mem(), plain(input, mem).mem.step(6)));

  hidden.reset_mem();
  const auto gradients = [&](const Leaky& lif, bool explicit_membrane) {
    Tape tape;
    const auto x = tape.variable(input);
    st::Var<double> state, total;
    for (Index t = 0; t < 7; ++t) {
      const auto [spk, membrane] = explicit_membrane ? lif(st::step(x, t), state) : lif(st::step(x, t));
      state = membrane;
      total = total.empty() ? sum(spk) + sum(membrane) : total + sum(spk) + sum(membrane);
    }
    tape.backward(total);
    Array all(input.array().rows() + 1, 19);
    all.topRows(input.array().rows()) = x.adjoint().array();
    all.bottomRows(1).setConstant(tape.gradients().gradient(lif.beta())(0, 0));
    lif.reset_mem();  // it knows the tape, which ends here
    return all;
  };
  const Array ours = gradients(hidden, false);
  CHECK(same(ours, gradients(plain, true)));
  CHECK(ours.abs().minCoeff() > 0);
}

TEST_CASE("a hidden membrane can be forgotten") {
  const Sequence input = currents(85, {3, 2, 5});
  const Leaky lif({.beta = 0.8, .init_hidden = true});
  const Array first = lif(input.step(0)).mem;
  CHECK_FALSE(same(lif(input.step(0)).mem, first));
  const auto none = lif.reset_mem();
  CHECK(lif.mem().size() == 0);
  CHECK(same(lif(input.step(0)).mem, first));
  lif.reset_hidden();
  CHECK(lif.mem().size() == 0);
  Tape tape;
  CHECK(same(lif(tape.constant(input.step(0))).mem.array(), first));
  lif.reset_mem();
  CHECK(same(lif(tape.constant(input.step(0))).mem.array(), first));
  lif.reset_mem();
  // What it returns is taken for zeros, as snnTorch's loops expect.
  CHECK(same(Leaky({.beta = 0.8})(input.step(0), none).mem, first));
}

TEST_CASE("a detached membrane keeps its values and stops the gradient") {
  const Sequence input = currents(86, {2, 2, 5});
  const Leaky lif({.beta = 0.8, .init_hidden = true});
  Tape tape;
  const auto run = [&](bool detach) {
    tape.reset();
    lif.reset_mem();
    const auto before = tape.variable(input.step(0)), after = tape.variable(input.step(1));
    lif(before);
    if (detach) lif.detach_hidden();
    const auto out = lif(after);
    tape.backward(sum(out.mem));
    CHECK(before.has_adjoint() == !detach);
    CHECK(same(after.adjoint().array(), Array::Ones(2, 5)));
    return Array(out.mem.array());
  };
  const Array connected = run(false);
  CHECK(same(run(true), connected));
}

TEST_CASE("a hidden membrane survives a reset of its tape as a constant") {
  const Sequence input = currents(87, {6, 2, 5});
  const Leaky lif({.beta = 0.8, .init_hidden = true, .learn_beta = true}),
      plain({.beta = 0.8, .learn_beta = true});
  Tape tape, expected_tape, third;
  const Sequence start = currents(88, {3, 2, 5});
  lif(tape.variable(start));
  const Array kept = lif.mem();
  CHECK(same(kept, plain(start).mem.step(2)));
  Tape* const tapes[] = {&tape, &third};  // reset, or another one
  for (Tape* next : tapes) {
    tape.reset();
    lif.reset_mem();
    lif(tape.variable(start));
    if (next == &tape) tape.reset();
    const auto x = next->variable(input);
    const auto ours = lif(x);
    next->backward(sum(ours.mem));

    expected_tape.reset();
    expected_tape.gradients().clear();
    const auto y = expected_tape.variable(input);
    const auto expected = plain(y, expected_tape.constant(kept));
    expected_tape.backward(sum(expected.mem));
    CHECK(same(ours.mem.array(), expected.mem.array()));
    CHECK(same(x.adjoint().array(), y.adjoint().array()));
    CHECK(same(next->gradients().gradient(lif.beta()), expected_tape.gradients().gradient(plain.beta())));
  }
}

TEST_CASE("a hidden membrane outlives its tape, also when another takes its place") {
  const st::Leaky<double> lif({.beta = 0.5, .init_hidden = true});
  std::optional<st::Tape<double>> tape;
  for (int round = 0; round < 3; ++round) {
    tape.emplace();  // destroys the last one; the new one has its address
    const auto x = tape->variable(st::Array<double>{{0.4}});
    const auto mem = lif(x).mem;
    CHECK(mem.item() == Approx(0.8 * (1 - std::pow(0.5, round + 1))));
    tape->backward(mem);
    CHECK(x.adjoint().data[0] == 1);
  }
}

TEST_CASE("results go where the caller says, the membrane in place") {
  const Sequence input = currents(89, {6, 3, 19});
  for (const bool inhibition : {false, true}) {
    for (const bool delayed : {false, true}) {
      const Leaky lif({.beta = 0.8, .init_hidden = true, .inhibition = inhibition, .reset_delay = delayed});
      const auto expected = Leaky({.beta = 0.8, .inhibition = inhibition, .reset_delay = delayed})(input);
      Array spk_memory = Array::Constant(5, 25, 77), mem_memory = Array::Constant(3, 22, 77);
      auto spk = spk_memory.block(1, 3, 3, 19);
      auto mem = mem_memory.leftCols(19);
      mem.setZero();
      for (Index t = 0; t < 6; ++t) {
        lif.forward_into(input.step(t), mem, spk, mem);
        CHECK(same(spk, expected.spk.step(t)));
        CHECK(same(mem, expected.mem.step(t)));
      }
      CHECK((mem_memory.rightCols(3) == 77).all());
      spk.setConstant(77);
      CHECK((spk_memory == 77).all());
      CHECK(lif.mem().size() == 0);  // hidden state is neither read nor written
    }
  }
  Sequence spk(6, 3, 19), mem(6, 3, 19);
  const Leaky lif({.beta = 0.8});
  lif.forward_into(input, {}, spk, mem);
  CHECK(same(mem.array(), lif(input).mem.array()));
  lif.forward_into(Sequence::repeat(input.step(1), 6), input.step(0), spk, mem);
  CHECK(same(mem.array(), lif(Sequence::repeat(input.step(1), 6), input.step(0)).mem.array()));
}

TEST_CASE("forward is the call, under snnTorch's name") {
  const Sequence input = currents(90, {4, 2, 5});
  const Leaky lif({.beta = 0.8});
  const Array mem = input.step(3);
  CHECK(same(lif.forward(input).mem.array(), lif(input).mem.array()));
  CHECK(same(lif.forward(input, mem).mem.array(), lif(input, mem).mem.array()));
  CHECK(same(lif.forward(input.step(0)).spk, lif(input.step(0)).spk));
  CHECK(same(lif.forward(input.step(0), mem).mem, lif(input.step(0), mem).mem));
  Tape tape;
  const auto x = tape.constant(input), m = tape.constant(mem);
  CHECK(same(lif.forward(x).mem.array(), lif(input).mem.array()));
  CHECK(same(lif.forward(x, m).mem.array(), lif(input, mem).mem.array()));
}

TEST_CASE("steps of any kind go in, and a repeated one is as good as many") {
  const Sequence input = currents(91, {4, 3, 9});
  const Leaky lif({.beta = 0.8});
  const Array block = input.array().block(1, 2, 3, 5);
  CHECK(same(lif(input.array().block(1, 2, 3, 5)).mem, lif(block).mem));
  CHECK(same(lif(input.array().row(2)).mem, lif(Array(input.array().row(2))).mem));
  Sequence many(6, 3, 9);
  for (Index t = 0; t < 6; ++t) many.step(t) = input.step(1);
  const auto once = lif(Sequence::repeat(input.step(1), 6));
  CHECK_FALSE(once.mem.constant());
  CHECK(same(once.mem.array(), lif(many).mem.array()));
  Tape tape;
  const auto x = tape.variable(input.step(1), 6), y = tape.variable(many);
  const auto a = lif(x), b = lif(y);
  CHECK(same(a.mem.array(), b.mem.array()));
  tape.backward(sum(a.mem * a.mem) + sum(a.spk) + sum(b.mem * b.mem) + sum(b.spk));
  Array total = Array::Zero(3, 9);
  for (Index t = 0; t < 6; ++t) total += y.adjoint().step(t).array();
  CHECK(numeric::near(x.adjoint().array(), total, tolerance::rounding<double>));
}

TEST_CASE("an empty batch and an empty sequence are no trouble") {
  for (const auto& [inhibition, learns] : {std::pair{false, false}, {false, true}, {true, true}}) {
    const Leaky lif({.beta = 0.8, .inhibition = inhibition, .learn_beta = learns});
    CHECK(lif(Array(0, 5)).mem.cols() == 5);
    CHECK(lif(Array(0, 5), Array(0, 5)).mem.rows() == 0);
    CHECK(lif(Array(3, 0)).spk.rows() == 3);
    for (const st::Shape shape : {st::Shape{3, 0, 5}, st::Shape{0, 2, 5}, st::Shape{3, 2, 0}}) {
      CHECK(lif(Sequence(shape)).spk.shape() == shape);
      Tape tape;
      const auto x = tape.variable(Sequence(shape));
      const auto m = tape.variable(Array(Array::Zero(shape.batch, shape.features)));
      const auto [spk, mem] = lif(x, m);
      CHECK(mem.shape() == shape);
      tape.backward(sum(mem) + sum(spk));
      CHECK(x.adjoint().shape() == shape);
      if (learns) CHECK(tape.gradients().gradient(lif.beta())(0, 0) == 0);
    }
  }
  const Leaky hidden({.beta = 0.8, .init_hidden = true});
  hidden(Sequence(3, 0, 5));
  CHECK(hidden.mem().size() == 0);
  hidden(Array(Array::Ones(2, 5)));
  hidden(Sequence(0, 2, 5));  // no step: the membrane stays
  CHECK((hidden.mem() == 1).all());
}

}  // namespace leaky_test
