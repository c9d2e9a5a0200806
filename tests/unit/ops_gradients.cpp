// The adjoint of every op against central differences, for every kind of operand.
#include "ops_check.hpp"

#include <utility>

namespace ops_gradients_test {

namespace st = spiketape;
using ops_check::Formula, ops_check::Input, ops_check::random_input, ops_check::Var, ops_check::Vars;
using st::Over, st::Shape;

namespace {

constexpr Shape shape{3, 2, 5};

/// All kinds of operands that fit to (3, 2, 5): whole, repeated, and with extents of 1.
std::vector<Input> operands(st::Random& random, double low, double high) {
  std::vector<Input> all;
  for (const Shape& extents : {shape, Shape{1, 2, 5}, Shape{3, 1, 5}, Shape{3, 2, 1}, Shape{1, 1, 5},
                               Shape{1, 2, 1}, Shape{3, 1, 1}, Shape{1, 1, 1}})
    all.push_back(random_input(random, extents, false, low, high));
  all.push_back(random_input(random, shape, true, low, high));
  all.push_back(random_input(random, {3, 2, 1}, true, low, high));
  return all;
}

/// As it stands and with repeated steps; of 19 features too, more than a line.
void check_one(const char* what, const Formula& formula, double low = -1, double high = 1) {
  st::Random random(43);
  for (const bool constant : {false, true})
    for (const Shape& extents : {shape, Shape{2, 1, 19}, Shape{1, 2, 1}}) {
      INFO(st::detail::text_of(extents) << (constant ? " repeated" : ""));
      ops_check::check(what, {random_input(random, extents, constant, low, high)}, formula);
    }
}

}  // namespace

TEST_CASE("arithmetic of two has the right gradients, whatever the operands have in common") {
  const std::vector<std::pair<const char*, Formula>> ops{
      {"a + b", [](const Vars& x) { return x[0] + x[1]; }},
      {"a - b", [](const Vars& x) { return x[0] - x[1]; }},
      {"a * b", [](const Vars& x) { return x[0] * x[1]; }},
      {"a / b", [](const Vars& x) { return x[0] / x[1]; }},
      {"max", [](const Vars& x) { return st::max(x[0], x[1]); }},
      {"min", [](const Vars& x) { return st::min(x[0], x[1]); }},
  };
  st::Random random(41);
  const std::vector<Input> first = operands(random, 0.4, 2), second = operands(random, 0.4, 2);
  for (const auto& [what, formula] : ops)
    for (const Input& a : first)
      for (const Input& b : second) {
        INFO(st::detail::text_of(a.shape(), b.shape()) << a.constant() << b.constant());
        ops_check::check(what, {a, b}, formula);
      }
}

TEST_CASE("numbers on both sides have the right gradients") {
  check_one("numbers", [](const Vars& x) {
    return (2.0f * x[0] + 1) * (x[0] * 0.3 - 2) - (1 - x[0]) / 4 + 3 / (x[0] + 2u) - (0.1 + x[0]);
  });
  check_one("-a", [](const Vars& x) { return -x[0]; });
}

TEST_CASE("a value that is used several times has the gradients of all uses") {
  check_one("v * v", [](const Vars& x) { return x[0] * x[0]; });
  check_one("v / (v + 3) + v", [](const Vars& x) { return x[0] / (x[0] + 3) + x[0]; });
  check_one("v - mean(v)", [](const Vars& x) { return st::square(x[0] - st::mean(x[0])) * x[0]; });
  check_one("softmax by hand", [](const Vars& x) {
    const Var e = st::exp(x[0] - st::max(x[0], Over::features));
    return e / st::sum(e, Over::features);
  });
}

TEST_CASE("functions have the right gradients") {
  check_one("exp", [](const Vars& x) { return st::exp(x[0]); });
  check_one(
      "log", [](const Vars& x) { return st::log(x[0]); }, 0.3, 2);
  check_one("abs", [](const Vars& x) { return st::abs(x[0]); });
  check_one("square", [](const Vars& x) { return st::square(x[0]); });
  check_one(
      "sqrt", [](const Vars& x) { return st::sqrt(x[0]); }, 0.3, 2);
  check_one(
      "tanh", [](const Vars& x) { return st::tanh(x[0]); }, -3, 3);
  check_one(
      "sigmoid", [](const Vars& x) { return st::sigmoid(x[0]); }, -3, 3);
  check_one("clamp", [](const Vars& x) { return st::clamp(x[0], -0.5, 0.25); });
  check_one("softmax", [](const Vars& x) { return st::softmax(x[0]); });
  check_one("log_softmax", [](const Vars& x) { return st::log_softmax(x[0]) + x[0]; });
}

TEST_CASE("reductions have the right gradients") {
  check_one("sum", [](const Vars& x) { return st::sum(x[0]); });
  check_one("mean", [](const Vars& x) { return st::mean(x[0]); });
  for (const Over over : {Over::steps, Over::batch, Over::features}) {
    INFO("over " << static_cast<int>(over));
    check_one("sum", [=](const Vars& x) { return st::sum(x[0], over); });
    check_one("mean", [=](const Vars& x) { return st::mean(x[0], over); });
    check_one("max", [=](const Vars& x) { return st::max(x[0], over) + st::mean(x[0], over); });
    check_one("min", [=](const Vars& x) { return st::min(x[0], over); });
  }
}

TEST_CASE("parts and stacks of steps have the right gradients") {
  const std::vector<std::pair<const char*, Formula>> ops{
      {"step", [](const Vars& x) { return st::step(x[0], 2) * st::step(x[0], 0) + st::step(x[0], 2); }},
      {"steps", [](const Vars& x) { return st::steps(x[0], 1, 2) * st::steps(x[0], 0, 2); }},
      {"all steps", [](const Vars& x) { return st::steps(x[0], 0, 3); }},
      {"features", [](const Vars& x) { return st::features(x[0], 1, 3) * st::features(x[0], 2, 3); }},
      {"stack", [](const Vars& x) { return st::stack(x); }},
      {"stack of parts",
       [](const Vars& x) {
         return st::stack(Vars{st::step(x[0], 1), x[1], st::exp(x[1]), st::step(x[0], 1)});
       }},
  };
  st::Random random(47);
  for (const auto& [what, formula] : ops)
    for (const bool constant : {false, true}) {
      INFO((constant ? "repeated" : ""));
      ops_check::check(what, {random_input(random, shape, constant), random_input(random, {1, 2, 5})},
                       formula);
    }
}

}  // namespace ops_gradients_test
