#include <spiketape/autograd/tape.hpp>

#include <spiketape/autograd/ops.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace tape_test {

namespace st = spiketape;
using numeric::random_array, numeric::random_sequence, numeric::same;
using st::Index;
using Tape = st::Tape<double>;
using Var = st::Var<double>;

namespace {

static_assert(!std::is_copy_constructible_v<Tape> && !std::is_move_constructible_v<Tape>);
static_assert(std::is_trivially_copyable_v<Var>, "a handle is light");

/// An operation of a user's own, by the door of all others.
struct Cube {
  Var a, out;
  void backward(Tape& tape) const {
    if (!out.has_adjoint()) return;
    tape.touch(a).add(out.adjoint().stored_steps(), [&](Index t) {
      return 3 * a.value().step(t).array().square() * out.adjoint().step(t).array();
    });
  }
};
Var cube(const Var& a) {
  Tape& tape = a.tape();
  const Var out = tape.result(a.shape(), a.differentiable(), a.constant());
  tape.writable(out).array() = a.array().cube();
  if (out.differentiable()) tape.record(Cube{a, out});
  return out;
}

struct NotTrivial {
  std::string text;
  void backward(Tape&) const {}
};
static_assert(st::Recordable<Cube, double> && !st::Recordable<Cube, float>);
static_assert(!st::Recordable<NotTrivial, double>, "nothing in the arena is destroyed");

/// Memory of the caller's, as a leaf needs it.
struct Foreign {
  st::Shape shape;
  st::Array<double> memory;
  Foreign(const st::Shape& shape_, double fill)
      : shape(shape_),
        memory(st::Array<double>::Constant(shape.steps * shape.batch,
                                           st::detail::padded<double>(shape.features), fill)) {}
  st::SequenceView<double> view() { return {memory.data(), shape, memory.cols()}; }
};

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}

}  // namespace

TEST_CASE("an arena hands out aligned pieces that do not overlap, and again after a rewind") {
  st::Arena arena;
  CHECK(arena.capacity() == 0);
  const std::size_t sizes[] = {1, 64, 0, 65, 70000, 3, 1 << 20, 100};  // some larger than a block
  std::vector<std::byte*> pieces;
  for (int round = 0; round < 3; ++round) {
    std::vector<std::pair<std::byte*, std::byte*>> taken;
    for (std::size_t i = 0; i < std::size(sizes); ++i) {
      auto* piece = static_cast<std::byte*>(arena.allocate(sizes[i]));
      CHECK(reinterpret_cast<std::uintptr_t>(piece) % 64 == 0);
      std::fill_n(piece, sizes[i], std::byte(i));  // sanitizers see what is not ours
      for (const auto& [begin, end] : taken) CHECK((piece + sizes[i] <= begin || end <= piece));
      if (sizes[i] > 0) taken.emplace_back(piece, piece + sizes[i]);
      if (round == 0) pieces.push_back(piece);
      CHECK(piece == pieces[i]);
    }
    arena.rewind();
  }
  const std::size_t capacity = arena.capacity();
  CHECK(capacity >= (1 << 20) + 70000);
  arena.allocate(1 << 20);
  CHECK(arena.capacity() == capacity);
}

TEMPLATE_TEST_CASE("values on a tape are copies in padded rows", "", float, double) {
  st::Random random(1);
  st::Array<TestType> source = random_array<TestType>(random, 3, 9);
  const st::Array<TestType> expected = source.middleCols(2, 5);
  st::Tape<TestType> tape;
  const auto x = tape.variable(source.middleCols(2, 5));
  const auto repeated = tape.constant(source.middleCols(2, 5), 4);
  source.setZero();

  CHECK(x.shape() == st::Shape{1, 3, 5});
  CHECK(x.differentiable());
  CHECK(same(x.array(), expected));
  CHECK(repeated.shape() == st::Shape{4, 3, 5});
  CHECK(repeated.steps() == 4);
  CHECK(repeated.batch() == 3);
  CHECK(repeated.features() == 5);
  CHECK(repeated.constant());
  CHECK_FALSE(repeated.differentiable());
  CHECK(same(repeated.array(), expected));
  for (const auto& view : {x.value(), repeated.value()}) {
    CHECK(view.stride == st::detail::padded<TestType>(5));
    CHECK(reinterpret_cast<std::uintptr_t>(view.data) % 64 == 0);
    for (Index row = 0; row < 3; ++row)
      for (Index i = 5; i < view.stride; ++i) REQUIRE(view.data[row * view.stride + i] == 0);
  }
  CHECK(st::view_of(x).data == x.value().data);
  const auto sequence = random_sequence<TestType>(random, {2, 3, 4});
  CHECK(same(tape.constant(sequence).array(), sequence.array()));
  CHECK(tape.variable(st::Sequence<TestType>::repeat(expected, 6)).constant());
}

TEST_CASE("a tape that is reset takes the same memory again") {
  st::Random random(2);
  const auto input = random_sequence<double>(random, {30, 16, 100});
  Tape tape;
  std::size_t capacity = 0;
  const double* place = nullptr;
  for (int i = 0; i < 5; ++i) {
    tape.reset();
    const Var x = tape.variable(input);
    tape.backward(sum(cube(x * x) + 2 * x));
    if (i == 0) {
      capacity = tape.capacity();
      place = x.value().data;
      CHECK(capacity >= 5 * sizeof(double) * 30 * 16 * 100);
    }
    CHECK(tape.capacity() == capacity);
    CHECK(x.value().data == place);
  }
}

TEST_CASE("an operation of one's own passes gradients on like the library's") {
  st::Random random(3);
  const auto input = random_sequence<double>(random, {2, 3, 5});
  Tape tape;
  const Var x = tape.variable(input);
  const Var y = 2 * cube(x);
  const Var unused = cube(y);
  tape.backward(sum(y) + sum(x));
  CHECK(numeric::near(x.adjoint().array(), 6 * input.array().square() + 1, tolerance::rounding<double>));
  CHECK(y.has_adjoint());
  CHECK_FALSE(unused.has_adjoint());

  tape.reset();
  const Var repeated = tape.variable(input.step(0), 4);
  tape.backward(sum(cube(repeated)));
  CHECK(
      numeric::near(repeated.adjoint().array(), 4 * 3 * input.step(0).square(), tolerance::rounding<double>));
  // No gradient by constants: nothing is recorded for them.
  tape.reset();
  CHECK_FALSE(cube(tape.constant(input)).differentiable());
}

TEST_CASE("a value without a use has a zero gradient or none, as the tape says") {
  Tape tape;
  const st::Array<double> ones = st::Array<double>::Ones(2, 3);
  const Var x = tape.variable(ones), lonely = tape.variable(ones), c = tape.constant(ones);
  CHECK_FALSE(x.has_adjoint());
  const Var none = tape.variable(ones, 0);  // no steps
  tape.backward(sum(x) + sum(none));
  CHECK(same(x.adjoint().array(), ones));
  CHECK(same(none.adjoint().array(), 0 * ones));
  CHECK_FALSE(lonely.has_adjoint());
  const std::string text = "spiketape::Var::adjoint: no gradient has reached this value";
  CHECK(error([&] { lonely.adjoint(); }) == text);
  CHECK(error([&] { c.adjoint(); }) == text + ": it is a constant");
}

TEST_CASE("a handle from before a reset says so, whatever it is asked") {
  Tape tape;
  const st::Array<double> ones = st::Array<double>::Ones(1, 1);
  const Var old = tape.variable(ones);
  CHECK(old.valid());
  tape.reset();
  const Var x = tape.variable(ones);
  CHECK(x.valid());
  CHECK_FALSE(old.valid());
  CHECK_FALSE(old.empty());
  const std::string text =
      ": the tape of the handle has been reset or destroyed since, expected a new handle";
  CHECK(error([&] { old.shape(); }) == "spiketape::Var::shape" + text);
  CHECK(error([&] { old.constant(); }) == "spiketape::Var::constant" + text);
  CHECK(error([&] { old.differentiable(); }) == "spiketape::Var::differentiable" + text);
  CHECK(error([&] { old.value(); }) == "spiketape::Var::value" + text);
  CHECK(error([&] { old.array(); }) == "spiketape::Var::value" + text);
  CHECK(error([&] { old.item(); }) == "spiketape::Var::shape" + text);
  CHECK(error([&] { old.has_adjoint(); }) == "spiketape::Var::has_adjoint" + text);
  CHECK(error([&] { old.tape(); }) == "spiketape::Var::tape" + text);
  CHECK(error([&] { static_cast<void>(x * old); }) == "spiketape::Var::shape" + text);
  CHECK(error([&] { static_cast<void>(2 * old); }) == "spiketape::Var::shape" + text);
  CHECK(error([&] { static_cast<void>(sum(old)); }) == "spiketape::Var::shape" + text);
  CHECK(error([&] { static_cast<void>(step(old, 0)); }) == "spiketape::Var::shape" + text);
  CHECK(error([&] { tape.backward(old); }) == "spiketape::Var::tape" + text);
  CHECK(error([&] { static_cast<void>(tape.open_adjoint(old)); }) == "spiketape::Var::tape" + text);

  const Var empty;
  CHECK(empty.empty());
  CHECK_FALSE(empty.valid());
  CHECK(error([&] { empty.shape(); }) ==
        "spiketape::Var::shape: the handle is empty; of a network whose last neuron has init_hidden = true, "
        "states are empty unless that neuron has output = true");
  CHECK(error([&] { static_cast<void>(empty + x); }) ==
        "spiketape::operator+: the value is an empty handle; of a network whose last neuron has init_hidden = "
        "true, states are empty unless that neuron has output = true");
}

TEST_CASE("values of two tapes do not mix") {
  Tape one, two;
  const st::Array<double> ones = st::Array<double>::Ones(1, 1);
  const Var a = one.variable(ones), b = two.variable(ones);
  CHECK(error([&] { static_cast<void>(a + b); }) ==
        "spiketape::operator+: the two values are on different tapes");
  CHECK(error([&] { static_cast<void>(a * b); }) ==
        "spiketape::operator*: the two values are on different tapes");
  CHECK(error([&] { one.backward(b); }) == "spiketape::Tape::backward: the value belongs to another tape");
  CHECK(error([&] { static_cast<void>(one.open_adjoint(b)); }) ==
        "spiketape::Tape::open_adjoint: the value belongs to another tape");
  CHECK(error([&] { one.writable(b); }) == "spiketape::Tape::writable: the value belongs to another tape");
  two.backward(b);  // and none of this did any harm
  CHECK(b.adjoint().array()(0, 0) == 1);
}

TEST_CASE("a recording is differentiated once") {
  Tape tape;
  const st::Array<double> ones = st::Array<double>::Ones(1, 1);
  const Var x = tape.variable(ones);
  const Var y = 3 * x;
  tape.backward(y);
  const std::string text = ": backward has been run on this recording, expected a reset before going on";
  CHECK(error([&] { tape.backward(y); }) == "spiketape::Tape::backward" + text);
  CHECK(error([&] { tape.backward(); }) == "spiketape::Tape::backward" + text);
  CHECK(error([&] { static_cast<void>(2 * x); }) == "spiketape::Tape::result" + text);
  CHECK(error([&] { static_cast<void>(tape.variable(ones)); }) == "spiketape::Tape::result" + text);
  CHECK(error([&] { tape.record(Cube{x, y}); }) == "spiketape::Tape::record" + text);
  CHECK(x.adjoint().array()(0, 0) == 3);
  tape.reset();
  const Var again = tape.variable(ones);
  tape.backward(again * again);
  CHECK(again.adjoint().array()(0, 0) == 2);
}

TEST_CASE("what is no loss says why, and the recording is still good") {
  Tape tape;
  const st::Array<double> ones = st::Array<double>::Ones(1, 2);
  const Var x = tape.variable(ones);
  CHECK(error([&] { tape.backward(x); }) ==
        "spiketape::Tape::backward: loss has shape (1, 1, 2), expected (1, 1, 1)");
  CHECK(error([&] { tape.backward(sum(tape.constant(ones))); }) ==
        "spiketape::Tape::backward: loss depends on no variable and no parameter");
  CHECK(error([&] { x.item(); }) == "spiketape::Var::item: shape is (1, 1, 2), expected (1, 1, 1)");
  CHECK(sum(x).item() == 2);
  tape.backward(sum(x));
  CHECK(same(x.adjoint().array(), ones));
}

TEST_CASE("a step is repeated only if it is one") {
  Tape tape;
  const st::Sequence<double> two(2, 3, 4);
  CHECK(error([&] { static_cast<void>(tape.constant(two, 5)); }) ==
        "spiketape::Tape::constant: input has 2 steps, expected 1 to repeat it");
  CHECK(error([&] { static_cast<void>(tape.variable(two, 5)); }) ==
        "spiketape::Tape::variable: input has 2 steps, expected 1 to repeat it");
  CHECK(error([&] { static_cast<void>(tape.variable(two.view().step(0), -1)); }) ==
        "spiketape::Tape::variable: steps is -1, expected at least 0");
}

TEST_CASE("a leaf reads memory of the caller's and its gradient is written there") {
  st::Random random(4);
  Foreign value({2, 3, 5}, 0), adjoint({2, 3, 5}, 99), unused({2, 3, 5}, 99);
  value.view().array() = random_array<double>(random, 6, 5);
  Tape tape;
  for (int round = 0; round < 2; ++round) {  // written, not added: a second round gives the same
    tape.reset();
    const Var x = tape.leaf(value.view(), adjoint.view());
    const Var lonely = tape.leaf(value.view(), unused.view());
    CHECK(x.value().data == value.memory.data());
    CHECK(x.differentiable());
    tape.backward(sum(x * x));
    CHECK(same(adjoint.view().array(), 2 * value.view().array()));
    CHECK(same(unused.view().array(), st::Array<double>::Zero(6, 5)));
    CHECK(lonely.has_adjoint());
    CHECK(x.adjoint().data == adjoint.memory.data());
    adjoint.memory.setConstant(99);
    unused.memory.setConstant(99);
  }

  tape.reset();
  Foreign narrow({2, 3, 4}, 0);
  CHECK(error([&] { static_cast<void>(tape.leaf(value.view(), narrow.view())); }) ==
        "spiketape::Tape::leaf: adjoint has shape (2, 3, 4), value has (2, 3, 5)");
  st::Sequence<double> tight(2, 3, 5);
  CHECK(error([&] { static_cast<void>(tape.leaf(tight, adjoint.view())); }) ==
        "spiketape::Tape::leaf: rows have a stride of 5, expected at least 8 (whole cache lines); copy with "
        "Tape::variable instead");
  CHECK(error([&] { static_cast<void>(tape.leaf(value.view(), tight)); }).find("stride of 5") !=
        std::string::npos);
}

TEST_CASE("a backward pass starts from adjoints that are there") {
  st::Random random(5);
  const st::Array<double> input = random_array<double>(random, 4, 5);
  const st::Array<double> given = random_array<double>(random, 4, 5);
  Tape tape;
  const Var x = tape.variable(input);
  const Var y = cube(x);
  CHECK(same(tape.open_adjoint(y).array(), st::Array<double>::Zero(4, 5)));
  tape.open_adjoint(y).array() += given;  // opening twice clears nothing
  CHECK(same(tape.open_adjoint(y).array(), given));
  tape.backward();
  CHECK(numeric::near(x.adjoint().array(), 3 * input.square() * given, tolerance::rounding<double>));

  tape.reset();
  const Var c = tape.constant(input);
  CHECK(error([&] { static_cast<void>(tape.open_adjoint(c)); }) ==
        "spiketape::Tape::open_adjoint: the value is a constant, expected a differentiable one");
}

TEST_CASE("a second tape over slices of the first gives the gradient of the whole") {
  st::Random random(6);
  const st::Array<double> input = random_array<double>(random, 4, 5);
  Tape outer, inner;
  const Var x = outer.variable(input);
  const Var y = cube(x);
  const auto value = outer.writable(y), adjoint = outer.open_adjoint(y);
  for (const Index first : {0, 2}) {
    inner.reset();
    const auto rows = [&](const st::SequenceView<double>& view) {
      return st::SequenceView<double>(view.row(0, first), {1, 2, 5}, view.stride);
    };
    const Var slice = inner.leaf(rows(value), rows(adjoint));
    inner.backward(sum(slice * slice));
  }
  outer.backward();
  CHECK(numeric::near(x.adjoint().array(), 6 * input.pow(5), tolerance::rounding<double>));
}

TEST_CASE("a backward that adds without asking whether it is the first gets NaN in builds with assertions") {
  struct Careless {
    Var a, out;
    void backward(Tape& t) const { t.touch(a).view.array() += out.adjoint().array(); }
  };
  Tape tape;
  const Var a = tape.variable(st::Array<double>::Ones(2, 3).eval());
  const Var out = tape.result(a.shape(), true, false);
  tape.writable(out).array() = a.array();
  tape.record(Careless{a, out});
  tape.backward(st::sum(out));
  CHECK(a.adjoint().array().isNaN().all());
}

}  // namespace tape_test
