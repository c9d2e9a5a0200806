// Whether denormals count as zero at an optimizer's level, at which compilers move arithmetic, and are kept
// with SPIKETAPE_KEEP_DENORMALS. Prints what is wrong. unit/denormals.cpp has the calls of every kind.
#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/layer.hpp>
#include <spiketape/optim/sgd.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>

namespace {

namespace st = spiketape;
using st::detail::FloatMode;

constexpr float smallest = std::numeric_limits<float>::min();
int wrong = 0;

FloatMode mode() { return st::detail::float_mode() & ~st::detail::exception_flags; }

/// `number` is denormal unless calls flush it.
void check(const char* what, float number) {
  const int expected = st::detail::flushes_denormals ? FP_ZERO : FP_SUBNORMAL;
  if (std::fpclassify(number) == expected) return;
  std::printf("%s: %g\n", what, static_cast<double>(number));
  ++wrong;
}
void check_mode(const char* what, FloatMode expected) {
  if (mode() == expected) return;
  std::printf("%s: the mode is %llx, expected %llx\n", what, static_cast<unsigned long long>(mode()),
              static_cast<unsigned long long>(expected));
  ++wrong;
}

struct Scale : st::Layer<Scale, float> {
  bool throws = false;

  explicit Scale(bool throws_ = false) : throws(throws_) {}
  st::Shape result(const st::Shape& input) const { return input; }
  void forward(st::SequenceView<const float> x, st::SequenceView<float> y, st::Context<float>&) const {
    y.array() = x.array() * 0.5f;
    if (throws) throw std::runtime_error("forward");
  }
  void backward(st::SequenceView<const float>, st::SequenceView<const float> y_adjoint,
                st::Adjoint<float> x_adjoint, st::Context<float>&) const {
    x_adjoint.add(y_adjoint.array() * 0.5f);
    if (throws) throw std::runtime_error("backward");
  }
};

void check_calls() {
  const FloatMode before = mode();
  const st::Array<float> x = st::Array<float>::Constant(1, 20, smallest);

  st::Array<float> silent = st::Array<float>::Constant(1, 20, 0.5f), spk = silent;
  const st::Array<float> none = st::Array<float>::Zero(1, 20);
  const st::Leaky<float> lif({.beta = 0.9f, .learn_beta = true});
  for (int t = 0; t < 1000; ++t) lif.forward_into(none, silent, spk, silent);
  check("a silent membrane", silent(0, 3));
  check_mode("behind a neuron", before);

  const Scale scale;
  check("a layer", scale(x)(0, 19));
  check("an op", (st::view_of(x) * 0.5f).array()(0, 7));
  check("a mean", st::mean(st::Array<float>(st::Array<float>::Constant(1, 1, smallest / 2))));

  st::Tape<float> tape;
  const auto in = tape.variable(x);
  tape.backward(st::sum(scale(in)) * smallest);
  check("an adjoint", in.adjoint().row(0, 0)[5]);
  tape.reset();
  const auto still = tape.constant(st::Array<float>(none));
  const auto out = lif(still, st::Array<float>(x * 0.04f));
  tape.backward(st::sum(out.mem));
  check("the gradient of a shared coefficient", tape.gradients().gradient(lif.beta())(0, 0));
  check_mode("behind a tape", before);

  st::Parameter<float> p("p", 1, 20);
  p.array().setConstant(2 * smallest);
  st::SGD<float> sgd({p.ptr()}, {.lr = 1});
  st::GradientSums<float> sums;
  std::fill_n(sums.sum_of(p.ptr()).open(), 20, 1.25f * smallest);
  sgd.step(sums);
  check("an optimizer", p.array()(0, 11));
  check_mode("behind an optimizer", before);
}

void check_exceptions() {
  const FloatMode before = mode();
  const Scale scale(true);
  const st::Array<float> x = st::Array<float>::Ones(1, 20);
  int caught = 0;
  try {
    static_cast<void>(scale(x));
  } catch (const std::runtime_error&) {
    ++caught;
  }
  check_mode("behind an exception of a layer", before);
  st::Tape<float> tape;
  const auto loss = st::sum(tape.variable(x));
  struct Throws {
    void backward(st::Tape<float>&) const { throw std::runtime_error("backward"); }
  };
  tape.record(Throws());
  try {
    tape.backward(loss);
  } catch (const std::runtime_error&) {
    ++caught;
  }
  check_mode("behind an exception of a record", before);
  if (caught != 2) std::puts("an exception is missing"), ++wrong;
}

/// Numbers in memory, and a scope among the arithmetic on them.
__attribute__((noinline)) void halve(float* numbers, int count, float* flushed, float* kept) {
  for (int i = 0; i < count; ++i) kept[i] = numbers[i] * 0.5f;
  {
    const st::FlushDenormals flush;
    for (int i = 0; i < count; ++i) flushed[i] = numbers[i] * 0.5f;
  }
  for (int i = 0; i < count; ++i) numbers[i] *= 0.5f;
}
void check_scope() {
  float numbers[33], flushed[33], kept[33];
  std::fill_n(numbers, 33, smallest);
  halve(numbers, 33, flushed, kept);
  for (int i = 0; i < 33; ++i) {
    check("within a scope", flushed[i]);
    if (std::fpclassify(kept[i]) != FP_SUBNORMAL || std::fpclassify(numbers[i]) != FP_SUBNORMAL) {
      std::puts("around a scope: flushed, too");
      ++wrong;
    }
  }
}

}  // namespace

int main() {
  const st::detail::FloatModeScope keeping(st::detail::float_mode() & ~st::detail::flush_bits);
  check_calls();
  check_exceptions();
  check_scope();
  std::printf("%d wrong\n", wrong);
  return wrong == 0 ? 0 : 1;
}
